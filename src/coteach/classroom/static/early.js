// The pages before a class page have the worker at hand already that keeps that page; see sw.js.
navigator.serviceWorker?.register("/c/sw.js", { scope: "/c/" }).catch(() => {});
