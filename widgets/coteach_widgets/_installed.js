// The page kept on this device for times without a line: registers the service worker and tells it
// what belongs to the page. Works on https and on localhost only; elsewhere nothing happens.

const SETTLED = 2500; // after the page is there; its own loading comes first

/** Keep this class page and what it loaded. */
export function keepPage(page) {
  const base = page.base;
  if (!base || !globalThis.isSecureContext || !navigator.serviceWorker) return;
  if (!document.querySelector('link[rel="manifest"]')) {
    const link = document.createElement("link");
    link.rel = "manifest";
    link.href = `${base}manifest.webmanifest?lang=${document.documentElement.lang}`;
    document.head.append(link);
  }
  const tell = async () => {
    try {
      await navigator.serviceWorker.register(`${base}sw.js`, { scope: base });
      const ready = await navigator.serviceWorker.ready;
      const loaded = performance.getEntriesByType("resource").map((entry) => entry.name)
        .filter((name) => new URL(name).origin === location.origin);
      ready.active.postMessage({ type: "keep", page: location.href, pupil: page.pupil, files: loaded });
    } catch { /* this browser does not let us; the page works as before */ }
  };
  const later = () => setTimeout(tell, SETTLED);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}
