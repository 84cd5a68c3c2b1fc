// A small stand-in for sanitize-html, which is 80 kB compressed and which base-manager uses for one
// thing only: descriptions with markup in them. The browser's own parser does the work, in a
// document that loads and runs nothing.

const ADDRESS = /^(?:https?:|mailto:|data:image\/(?:png|jpe?g|gif|webp);|[^:]*$)/i;

/** Return HTML with nothing but the allowed tags and attributes; other tags leave their text. */
export default function sanitize(html, { allowedTags, allowedAttributes }) {
  const page = new DOMParser().parseFromString(`<body>${html}`, "text/html");
  const allowed = (tag, name) => [...(allowedAttributes["*"] ?? []),
    ...(allowedAttributes[tag] ?? [])].some((wanted) => (wanted.endsWith("*")
      ? name.startsWith(wanted.slice(0, -1)) : wanted === name));
  for (const element of [...page.body.querySelectorAll("*")].reverse()) {
    const tag = element.localName;
    if (!allowedTags.includes(tag)) {
      if (/^(?:script|style|textarea|option|noscript|template|iframe|object)$/.test(tag)) {
        element.remove();
      } else element.replaceWith(...element.childNodes);
      continue;
    }
    for (const { name, value } of [...element.attributes]) {
      const address = name === "href" || name === "src";
      if (!allowed(tag, name) || (address && !ADDRESS.test(value.replace(/[\s\u0000-\u001f]/g, "")))) {
        element.removeAttribute(name);
      }
    }
  }
  return page.body.innerHTML;
}
