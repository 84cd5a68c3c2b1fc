// Small helpers for making elements; no framework.

/** Make an element: h("button", {class: "x", onclick: f}, "text", child, …). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "style") element.style.cssText = value; // pages forbid the attribute (CSP)
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return seconds as m:ss or h:mm:ss. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

/** Wait some milliseconds. */
export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Return an id that nothing else on the page has. Each widget has a module of its own, so a counter
 * would start again in each.
 */
export const uniqueId = (prefix) => `${prefix}-${Math.random().toString(36).slice(2, 12)}`;

/** Tell the page that a step of the module may be done now; the sidebar in JupyterLab listens. */
export const tellProgress = () => window.dispatchEvent(new Event("coteach-progress"));
