// What every widget does first.

import { chosenLanguage, setCatalog } from "./_i18n.js";

/** Take language and words from a widget's model. */
export function begin(model) {
  const catalogs = model.get("catalogs") ?? {};
  setCatalog(catalogs[model.get("language") || chosenLanguage()] ?? {});
}
