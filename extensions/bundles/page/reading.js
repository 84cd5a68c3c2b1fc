// Reading: wide tables scroll in themselves, and a page opens where it was left.

/** A wide table scrolls in itself and not the page, and the keyboard reaches it. */
export function narrowTables(root) {
  for (const table of root.querySelectorAll(".ct-cell table")) {
    if (table.parentElement.classList.contains("ct-scroll")) continue;
    const box = document.createElement("div");
    box.className = "ct-scroll";
    box.tabIndex = 0;
    table.replaceWith(box);
    box.append(table);
  }
}

const keyOf = (data, lesson) => `ct-place:${data.base}${lesson}:${data.pupil || ""}`;

/** Remember a place for another version of this lesson. */
export function carryPlace(data, lesson) {
  try {
    const place = localStorage.getItem(keyOf(data, data.lesson));
    if (place) localStorage.setItem(keyOf(data, lesson), place);
  } catch { /* a browser that keeps nothing starts at the top */ }
}

/** Open the page where it was left: the cell at the top of the screen, and how far in it. */
export function keepPlace(data) {
  if (!data.lesson) return;
  const key = keyOf(data, data.lesson);
  const cells = () => [...document.querySelectorAll(".ct-cell[id]")];
  let moved = false;
  const go = () => {
    try {
      const { cell, into } = JSON.parse(localStorage.getItem(key) || "{}");
      const found = cell && document.getElementById(cell);
      if (found && !moved) scrollTo(0, found.getBoundingClientRect().top + scrollY + into);
    } catch { /* nothing kept */ }
  };
  const save = () => {
    const cell = cells().filter((one) => one.getBoundingClientRect().top <= 1).pop();
    try {
      if (!cell || scrollY < 80) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify({ cell: cell.id,
        into: Math.round(-cell.getBoundingClientRect().top) }));
    } catch { /* nothing can be kept */ }
  };
  if (!location.hash) {
    if ("scrollRestoration" in history) history.scrollRestoration = "manual";
    go();
    // Once more when the pictures have their size, unless the reader moved on.
    addEventListener("load", () => requestAnimationFrame(go), { once: true });
  }
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(kind, () => { moved = true; }, { once: true, passive: true });
  }
  let timer;
  addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 400);
  }, { passive: true });
}
