// Widget modules of packages that ship for JupyterLab alone: webpack's federated modules, from
// share/jupyter/labextensions. Loaded when a module is not there in the older form.
//
// Rule: of a JupyterLab extension only the plugin runs that registers widgets; there is no Lab here.

import "./connect.js";
import * as base from "@jupyter-widgets/base";
import { allControls } from "./modules.js";
import { output, shared } from "./shared.js";

const VERSIONS = { "@jupyter-widgets/base": "6.0.11", "@jupyter-widgets/controls": "5.0.12",
  "@jupyter-widgets/output": "6.0.11", "@lumino/algorithm": "2.0.2", "@lumino/coreutils": "2.2.1",
  "@lumino/messaging": "2.0.3", "@lumino/signaling": "2.1.4", "@lumino/widgets": "2.7.1" };

const loaded = new Map();

/** What extensions share with their host: a module by name and version. */
async function scope() {
  const made = { "@jupyter-widgets/base": base, "@jupyter-widgets/controls": await allControls(),
    "@jupyter-widgets/output": output };
  for (const [name, get] of Object.entries(shared)) if (name in VERSIONS) made[name] = get();
  return Object.fromEntries(Object.entries(made).map(([name, module]) =>
    [name, { [VERSIONS[name]]: { get: () => Promise.resolve(() => module), from: "coteach",
      eager: true, loaded: 1 } }]));
}

function script(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${address} is not there`));
    element.src = address;
    document.head.append(element);
  });
}

/** Return what an extension registers under its own name. */
export function load(root, name) {
  if (!loaded.has(name)) {
    loaded.set(name, find(root, name));
    loaded.get(name).catch(() => loaded.delete(name));
  }
  return loaded.get(name);
}

async function find(root, name) {
  const answer = await fetch(`${root}${name}/package.json`);
  if (!answer.ok) throw new Error(`${name} is not installed here`);
  const build = (await answer.json()).jupyterlab?._build;
  if (!build?.load || !build.extension) throw new Error(`${name} is no extension`);
  // Webpack looks for its own parts beside the script, or where JupyterLab would have said.
  await script(`${root}${name}/${build.load}`);
  const container = window._JUPYTERLAB?.[name];
  if (!container) throw new Error(`${name} defines nothing`);
  await container.init(await scope());
  const module = (await container.get(build.extension))();
  const found = {};
  const registry = { registerWidget: ({ name: given, exports }) => { found[given] = exports; } };
  for (const plugin of [].concat(module.default ?? module)) {
    const wanted = [...plugin.requires ?? [], ...plugin.optional ?? []];
    const place = wanted.findIndex((token) => /jupyterWidgetRegistry/i.test(token?.name ?? ""));
    if (place < 0) continue;
    // Whatever else it wants of a Lab is not here; one that can't do without fails alone.
    await plugin.activate({}, ...wanted.map((_token, index) => (index === place ? registry : null)));
  }
  const exports = found[name] ?? Object.values(found)[0];
  return typeof exports === "function" ? exports() : exports;
}
