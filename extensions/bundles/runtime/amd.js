// Loads widget modules of other packages in the form in which they are installed: AMD, from
// share/jupyter/nbextensions.
//
// Rule: `define` exists only while a script of ours is on its way, so a library inside an ES module
// never mistakes this page for RequireJS. A module that is not there rejects; nothing hangs.

const own = new Map();
const modules = new Map();
const names = new Map();
const loading = new Map();
let root = "";

/** Say where the modules lie, and which ones are made here. */
export function configure(address, made) {
  root = address;
  for (const [name, make] of Object.entries(made)) own.set(name, make);
}

function addressOf(name, from) {
  if (/^(?:[a-z]+:)?\/\//i.test(name) || name.startsWith("/")) return name;
  const file = (path) => (/\.m?js$/.test(path) ? path : `${path}.js`);
  if (name.startsWith(".")) return file(new URL(name, new URL(from ?? root, location.href)).href);
  const path = name.replace(/^nbextensions\//, "");
  return `${root}${file(path.includes("/") && !/^@[^/]+\/[^/]+$/.test(path) ? path
    : `${path}/index`)}`;
}

/** Return a module by its AMD name. */
export function load(name, from) {
  if (own.has(name)) return Promise.resolve(own.get(name)());
  if (names.has(name)) return names.get(name)();
  // Plugins of RequireJS and parts of the old notebook: nothing of them exists on this page.
  if (name.includes("!") || /^(?:base|notebook|services)\/js\//.test(name)) {
    return Promise.resolve({});
  }
  const address = addressOf(name, from);
  if (!modules.has(address)) {
    modules.set(address, fetchScript(address, name));
    modules.get(address).catch(() => modules.delete(address));
  }
  return modules.get(address);
}

function fetchScript(address, name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const defined = [];
    loading.set(script, { address, defined });
    install();
    script.onload = () => {
      done(script);
      for (const one of defined) if (one.name) names.set(one.name, once(one, address));
      const main = defined.find((one) => one.name === name) ?? defined.find((one) => !one.name)
        ?? defined[defined.length - 1];
      if (!main) reject(new Error(`${name} defines nothing`));
      else resolve(main.name ? names.get(main.name)() : evaluate(main, address));
    };
    script.onerror = () => {
      done(script);
      script.remove();
      reject(new Error(`${name} is not installed here`));
    };
    script.src = address;
    script.async = true;
    document.head.append(script);
  });
}

function done(script) {
  loading.delete(script);
  if (!loading.size) uninstall();
}

function once(one, address) {
  let made;
  return () => (made ??= evaluate(one, address));
}

async function evaluate({ deps, factory }, address) {
  if (typeof factory !== "function") return factory;
  const module = { exports: {}, id: address, uri: address };
  const ready = new Map();
  const localRequire = (wanted, then, failed) => {
    if (Array.isArray(wanted)) {
      Promise.all(wanted.map((dep) => load(dep, address)))
        .then((got) => then?.(...got), (error) => failed?.(error));
      return undefined;
    }
    if (!ready.has(wanted)) throw new Error(`${wanted} is not loaded yet`);
    return ready.get(wanted);
  };
  localRequire.toUrl = (path) => addressOf(path, address);
  // Without a list, a factory names what it needs in calls of require().
  const list = deps ?? [...String(factory).matchAll(/\brequire\s*\(\s*["']([^"']+)["']\s*\)/g)]
    .map((match) => match[1]);
  const special = { require: localRequire, exports: module.exports, module };
  const got = await Promise.all(list.map(async (dep) => {
    const value = Object.hasOwnProperty.call(special, dep) ? special[dep]
      : await load(dep, address);
    ready.set(dep, value);
    return value;
  }));
  const result = deps ? factory(...got) : factory(localRequire, module.exports, module);
  return result === undefined ? module.exports : result;
}

function define(name, deps, factory) {
  if (typeof name !== "string") [name, deps, factory] = [null, name, deps];
  if (!Array.isArray(deps)) [deps, factory] = [null, deps];
  if (deps === null && typeof factory === "function" && !factory.length) deps = [];
  const place = loading.get(document.currentScript)
    // A script that defines from a callback: only one can be meant when one is on its way.
    ?? (loading.size === 1 ? [...loading.values()][0] : null);
  place?.defined.push({ name, deps, factory });
}
define.amd = { jQuery: true };

function requireGlobal(wanted, then, failed) {
  Promise.all([].concat(wanted).map((name) => load(name)))
    .then((got) => then?.(...got), (error) => failed?.(error));
}
requireGlobal.config = requireGlobal.undef = () => {};
requireGlobal.toUrl = (path) => addressOf(path);
requireGlobal.defined = (name) => own.has(name) || names.has(name);

let before = null;

function install() {
  if (before) return;
  before = { define: window.define, require: window.require, requirejs: window.requirejs };
  Object.assign(window, { define, require: requireGlobal, requirejs: requireGlobal });
}

function uninstall() {
  for (const [name, value] of Object.entries(before ?? {})) {
    if (value === undefined) delete window[name];
    else window[name] = value;
  }
  before = null;
}
