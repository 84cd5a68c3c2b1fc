// A plot is drawn for a sheet of paper and looked at on a phone: at a tap it is there in its full size
// and scrolls in its own box. Esc and the button close it; the focus goes back where it was.

import { h } from "./_dom.js";
import { t } from "./_i18n.js";

const WORTH = 1.2; // how much larger it must become to be worth a button
const FACTOR = 2; // of what the screen shows; a picture that is larger by itself gets its own size
const PLOTS = ".ct-cell :is(.jp-RenderedImage, .jp-RenderedSVG) img"; // these say so with a button
const PICTURES = `${PLOTS}, .ct-cell .jp-RenderedMarkdown img`;

/** The width at which its letters have the size they were drawn in. */
const ownWidth = (image) => Number(image.getAttribute("width")) || image.naturalWidth;

const isLarge = (image) => image.matches(PICTURES) && !image.closest("a, .ct-question, .ct-pictured button")
  && image.clientWidth > 0 && ownWidth(image) > WORTH * image.clientWidth;

function enlarge(image, across = 0.5, down = 0.5) {
  const large = h("img", { src: image.currentSrc || image.src, alt: image.alt });
  large.style.width = `${Math.round(Math.max(ownWidth(image), FACTOR * image.clientWidth))}px`;
  const box = h("div", { class: "ct-large-box", tabindex: "0" }, large);
  const dialog = h("dialog", { class: "ct-large", "aria-label": image.alt || t("Picture") },
    h("button", { type: "button", class: "ct-button", onclick: () => dialog.close() }, t("Close")), box);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  const middle = () => {
    box.scrollLeft = across * box.scrollWidth - box.clientWidth / 2;
    box.scrollTop = down * box.scrollHeight - box.clientHeight / 2;
  };
  middle();
  large.addEventListener("load", middle, { once: true });
}

/** Give a picture that is shown small its button; one that is not needs none. */
function dress(image) {
  const next = image.nextElementSibling;
  const has = Boolean(next?.classList.contains("ct-enlarge"));
  if (isLarge(image) === has) return;
  if (has) next.remove();
  else image.after(h("button", { type: "button", class: "ct-enlarge" }, t("Enlarge")));
}

/** Make the page's pictures large at a tap, those of a callback that come later too. */
export function largePictures() {
  if (!globalThis.HTMLDialogElement || !globalThis.ResizeObserver) return;
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => dress(target)));
  document.querySelectorAll(PLOTS).forEach((image) => sizes.observe(image));
  document.addEventListener("load", ({ target }) => {
    if (target.localName !== "img" || !target.matches(PLOTS)) return;
    sizes.observe(target);
    dress(target); // another picture may have the same size
  }, true);
  document.addEventListener("click", ({ target, clientX, clientY }) => {
    if (target.classList.contains("ct-enlarge")) enlarge(target.previousElementSibling);
    if (target.localName !== "img" || !isLarge(target)) return;
    const { left, top, width, height } = target.getBoundingClientRect();
    enlarge(target, (clientX - left) / width, (clientY - top) / height);
  });
}
