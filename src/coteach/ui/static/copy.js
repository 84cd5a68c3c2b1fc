// A button with data-copy="ID" copies the field of that id and says so.
import { t } from "./i18n.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    const said = document.querySelector("[data-copy-said]");
    field.focus();
    field.select();
    try {
      // Not there over plain http beyond this machine; the old way still is.
      if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
      else if (!document.execCommand("copy")) throw new Error("refused");
      said.textContent = t("Copied. Paste it where you want it.");
    } catch {
      said.textContent = t("Copying did not work. The link is selected: copy it by hand.");
    }
  });
}
