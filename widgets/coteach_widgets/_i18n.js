// Words in the reader's language. Mark every string: t("literal") and n("one", "many", count).

let catalog = {};

/** Return the tag of the language to use: chosen by cookie, by the page, by the notebook. */
export function chosenLanguage(fallback = "") {
  const cookie = document.cookie.match(/(?:^|;\s*)coteach_lang=([^;]+)/);
  return decodeURIComponent(cookie?.[1] ?? "") || fallback || document.documentElement.lang || "en";
}

/** Use a catalog {msgid: msgstr | [msgstr, …]} from now on. */
export function setCatalog(entries) {
  catalog = entries ?? {};
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Join sentences: with a space, and without one after a full-width mark. */
export function sentences(...parts) {
  return parts.filter(Boolean).reduce((text, part) => (
    !text || /[。！？」）]$/.test(text) ? text + part : `${text} ${part}`), "");
}

/** Translate; {names} are filled from `values`. */
export function t(message, values = {}) {
  const found = catalog[message];
  return fill((Array.isArray(found) ? found[0] : found) || message, values);
}

/** Translate a message with a number, which is {count} in it. */
export function n(singular, plural, count, values = {}) {
  const found = catalog[singular];
  const forms = Array.isArray(found) ? found : [singular, plural];
  const text = forms.length === 1 ? forms[0] : forms[count === 1 ? 0 : 1];
  return fill(text || plural, { count, ...values });
}
