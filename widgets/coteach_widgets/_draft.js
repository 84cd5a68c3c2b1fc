// What was typed and not saved yet, made an answer where it can be one.

const MOST_NUMBER = 1e21; // as the server counts

/** Return a number that a child of any of our languages may have written, or null.
 *
 * The question's own unit may stand behind it. */
export function numberIn(text, unit = "") {
  // Full-width digits come from Chinese keyboards, a comma from Vietnamese ones.
  const own = unit.trim().normalize("NFKC");
  let plain = text.trim().normalize("NFKC");
  if (own && plain.endsWith(own)) plain = plain.slice(0, -own.length).trim();
  plain = plain.replace(",", ".").replace(/[−–]/g, "-");
  const found = /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
  return Math.abs(found) < MOST_NUMBER ? found : null;
}

/** Return a question's cell and key from its name. */
export function placeOf(name) {
  const [cell, ...rest] = name.split("#");
  return { cell, key: rest.join("#") };
}

/** Return the answer that a draft {kind, value} is; null if it is none, or the one before. */
export function answerOf({ kind, value }, before) {
  if (Array.isArray(value)) return kind === "draw" && value.length ? { ...before, strokes: value } : null;
  const text = typeof value === "string" ? value.trim() : "";
  if (!text) return null;
  if (kind === "text") return before?.text === text ? null : { text };
  if (kind === "exit") return before?.words === text ? null : { ...before, words: text };
  const number = kind === "number" ? numberIn(text) : null;
  return number === null || number === before?.number ? null : { number };
}
