// A class page after its text has arrived: reading order, a kernel that is gone, leaving the page.
// A plain script and not a module: it must run before Voila's.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("coteach-page")?.textContent || "{}");
  const cells = document.getElementById("ct-cells");

  // Outputs came after the text; their place is their `order`.
  for (const waiting of cells.querySelectorAll(".ct-waiting")) waiting.remove();
  const place = (el) => Number(el.style.order) || 0;
  for (const el of [...cells.children].sort((a, b) => place(a) - place(b))) cells.append(el);

  // A wide table scrolls in itself and not the page, and the keyboard reaches it.
  for (const table of cells.querySelectorAll("table")) {
    if (table.parentElement.classList.contains("ct-scroll")) continue;
    const box = document.createElement("div");
    box.className = "ct-scroll";
    box.tabIndex = 0;
    table.replaceWith(box);
    box.append(table);
  }

  const gone = document.getElementById("ct-gone");
  document.getElementById("ct-restart")?.addEventListener("click", () => location.reload());
  const over = document.getElementById("ct-over");

  /** A class that was closed takes no more answers: say so, and let nobody type for nothing. */
  function close() {
    over.hidden = false;
    gone.hidden = true;
    for (const control of cells.querySelectorAll(
      ".ct-question :is(button, input, select, textarea)")) control.disabled = true;
  }

  async function closed() {
    if (document.visibilityState === "visible" && navigator.onLine !== false) {
      const page = await fetch(location.pathname, { method: "HEAD", cache: "no-store" })
        .catch(() => null);
      if (page?.status === 410) {
        close();
        return;
      }
    }
    setTimeout(closed, 4000);
  }
  if (data.answers) setTimeout(closed, 4000);

  if (!data.kernel) return;
  const address = `${data.base}page/kernels/${data.kernel}`;
  let misses = 0;

  async function look() {
    if (document.visibilityState === "visible" && navigator.onLine !== false) {
      try {
        const answer = await fetch(address, { cache: "no-store" });
        // Only the server's own word counts; a line that is down says nothing about the kernel.
        misses = answer.status === 404 ? misses + 1 : 0;
      } catch { misses = 0; }
      if (misses) {
        // Is it the kernel alone, or is the page itself over (a class that was closed)?
        const page = await fetch(location.pathname, { method: "HEAD", cache: "no-store" })
          .catch(() => null);
        if (page?.status === 410) close();
        else gone.hidden = false;
        document.body.classList.add("ct-kernel-gone");
        return;
      }
    }
    setTimeout(look, 4000);
  }
  setTimeout(look, 3000);

  addEventListener("pagehide", (event) => {
    // A page kept for the Back button still needs its kernel; the server gives it a minute anyway.
    if (!event.persisted) navigator.sendBeacon(`${address}/close`);
  });
})();
