// Translation for scripts. The page brings its strings along in
// <script type="application/json" id="coteach-catalog">; a string without a translation is itself.
// Mark strings as literals: t("Saved."), n("{n} answer", "{n} answers", count).

const block = globalThis.document?.getElementById("coteach-catalog");
const catalog = block ? JSON.parse(block.textContent || "{}") : {};

/** The page's language as a BCP 47 tag. */
export const language = globalThis.document?.documentElement.lang || "en";

function fill(message, values) {
  return message.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** Translate a message and put values into its {placeholders}. */
export function t(message, values = {}) {
  const found = catalog[message];
  return fill(Array.isArray(found) ? found[0] : found || message, values);
}

/** Translate a message with a number; {n} stands for it. */
export function n(singular, plural, count, values = {}) {
  const found = catalog[singular];
  // Chinese and Vietnamese have one form; a list of two is singular and plural.
  const message = Array.isArray(found)
    ? found[Math.min(count === 1 ? 0 : 1, found.length - 1)]
    : found || (count === 1 ? singular : plural);
  return fill(message, { n: count, ...values });
}
