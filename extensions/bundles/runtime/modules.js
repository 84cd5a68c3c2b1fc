// Which class of which module a widget is made of, and where it comes from.
//
// Rule: what most pages need is in the entry; the rest is loaded when a page has it. A module that
// is not ours is one of this environment's, or the widget stays a picture.

import * as base from "@jupyter-widgets/base";
import * as amd from "./amd.js";
import * as anywidget from "./anywidget.js";
import * as common from "./controls.js";
import { output, shared } from "./shared.js";

const RARE = [
  [/^(?:Naive)?(?:Date|Time)/, () => import("./controls_dates.js")],
  [/^(?:Accordion|Tab|Stack|SelectionContainer)/, () => import("./controls_containers.js")],
  [/./, () => import("./controls_more.js")],
];

/** Everything of @jupyter-widgets/controls, for modules that build on it. */
export const allControls = async () => ({ ...common, ...Object.assign({},
  ...await Promise.all(RARE.map(([, load]) => load()))) });

let labextensions = "";

/** Set up what other packages' modules may ask for; `root` is where the service's page/ lies. */
export function configure(root) {
  labextensions = `${root}labextensions/`;
  amd.configure(`${root}nbextensions/`, {
    "@jupyter-widgets/base": () => base,
    "@jupyter-widgets/controls": allControls,
    "@jupyter-widgets/output": () => output,
    "jupyter-js-widgets": async () => ({ ...base, ...await allControls() }),
    ...shared,
  });
}

async function federated(module) {
  const { load } = await import("./federated.js");
  return load(labextensions, module);
}

/** Return a class of a widget. */
export async function findClass(name, module) {
  let found;
  if (module === "@jupyter-widgets/base") found = base;
  else if (module === "@jupyter-widgets/controls") {
    found = name in common ? common : await RARE.find(([names]) => names.test(name))[1]();
  } else if (module === "@jupyter-widgets/output") found = output;
  else if (module === "anywidget") found = anywidget;
  else found = await amd.load(module).catch(() => federated(module));
  const made = found?.[name] ?? found?.default?.[name];
  if (!made) throw new Error(`${module} has no ${name}`);
  return made;
}
