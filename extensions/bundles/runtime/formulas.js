// Formulas in the texts of widgets. The server translates TeX to MathML, as it did for the page's own
// text; each formula is asked for once, and what can't be translated stays as it is written.

const SIGNS = /\$\$([^$]+)\$\$|\$([^$]+)\$/g;
const known = new Map();

function translated(tex, block) {
  const address = `${document.body.dataset.baseUrl}formulas?tex=${encodeURIComponent(tex)}${
    block ? "&block=1" : ""}`;
  if (!known.has(address)) {
    known.set(address, fetch(address).then((answer) => (answer.ok ? answer.text() : null), () => {
      known.delete(address); // the line was down: the next time it is asked for again
      return null;
    }));
  }
  return known.get(address);
}

async function replace(text) {
  const all = [...text.data.matchAll(SIGNS)];
  const made = await Promise.all(all.map(([, block, line]) => translated(block ?? line, block)));
  if (!made.some(Boolean) || !text.isConnected) return;
  const whole = document.createElement("span");
  let last = 0;
  all.forEach((found, place) => {
    whole.append(text.data.slice(last, found.index));
    if (made[place]) whole.insertAdjacentHTML("beforeend", made[place]);
    else whole.append(found[0]);
    last = found.index + found[0].length;
  });
  whole.append(text.data.slice(last));
  text.replaceWith(whole); // one element: a label lays its parts out in a row
}

/** Translate the formulas in an element. */
export function typeset(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    if (walker.currentNode.data.split("$").length > 2) texts.push(walker.currentNode);
  }
  texts.forEach(replace);
}
