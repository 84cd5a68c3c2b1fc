// The page kept on this device for times without a line: registers the service worker and tells it
// what belongs to the page. Works on https and on localhost only; elsewhere nothing happens.
//
// Rule: at once, because a line may be down a second later. What the browser has loaded for the page
// is taken from its own cache then and costs no second trip; what it left for later (pictures far
// below) follows when the page has had its turn.

const SETTLED = 2500; // after the page is there; its own loading comes first

/** Addresses of everything this page has loaded or shows. */
function parts(all) {
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const shown = all ? [...document.images].map((image) => image.src) : [];
  return [...loaded, ...shown].filter((name) => name.startsWith(`${location.origin}/`));
}

/** Return the worker as soon as there is one, at work or not yet. */
async function worker(base) {
  const found = await navigator.serviceWorker.register(`${base}sw.js`, { scope: base });
  return found.active ?? found.waiting ?? found.installing;
}

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
  let filled = false;
  const tell = async (all) => {
    try {
      (await worker(base)).postMessage({ type: "keep", page: location.href, pupil: page.pupil,
        files: parts(all), filled });
    } catch { /* this browser does not let us; the page works as before */ }
  };
  const later = () => setTimeout(() => tell(!navigator.connection?.saveData), SETTLED);
  tell(false);
  // A page that came with its text alone is kept again when its outputs are there.
  document.addEventListener("ct-cells", () => { filled = true; later(); });
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}
