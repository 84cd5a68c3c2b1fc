// Bundles with esbuild. Run by hatch_build.py:
//   node build.mjs proxy OUT          configurable-http-proxy and our gate as one file, with its
//                                     error pages
//   node build.mjs widgets SOURCE OUT each SOURCE/<name>.js (not _<name>.js) as OUT/<name>.js
//   node build.mjs runtime OUT        the class page: page/index.js, which every page loads, and
//                                     runtime/index.js, its widgets, with what they load later;
//                                     hashes in their names, and manifest.json
// Nothing is downloaded here and nothing here runs on a teacher's machine.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/** Return the licence texts of the packages whose files went into a bundle. */
function licences(metafile) {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = input.match(/^(?:.*\/)?(node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (found) packages.add(found[1]);
  }
  return [...packages].sort().map((folder) => {
    const about = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const file = readdirSync(join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(join(here, folder, file), "utf8") : "";
    return `${about.name} ${about.version} (${about.license})\n\n${text}`;
  }).join(`\n${"-".repeat(72)}\n`);
}

async function proxy(out) {
  const source = join(here, "node_modules/configurable-http-proxy");
  mkdirSync(join(out, "lib"), { recursive: true });
  const result = await build({
    absWorkingDir: here,
    entryPoints: [join(here, "proxy.mjs")],
    loader: { "": "js" },
    outfile: join(out, "lib/configurable-http-proxy.js"),
    bundle: true, minify: true, metafile: true, platform: "node", format: "esm", target: "node20",
    legalComments: "none",
    // Its CommonJS parts call require(); an ES module has none unless it makes one.
    banner: { js: "import{createRequire as __cr}from'module';const require=__cr(import.meta.url);" },
  });
  // It reads its version from ../package.json and its error pages from error/ beside itself.
  const about = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const { name, version, license } = about;
  writeFileSync(join(out, "package.json"),
    JSON.stringify({ name, version, license, type: "module" }, null, 1) + "\n");
  cpSync(join(source, "lib/error"), join(out, "lib/error"), { recursive: true });
  writeFileSync(join(out, "LICENSES.txt"), licences(result.metafile));
}

async function widgets(source, out) {
  const entryPoints = readdirSync(source)
    .filter((name) => name.endsWith(".js") && !name.startsWith("_"))
    .map((name) => join(source, name));
  if (!entryPoints.length) return;
  const result = await build({
    entryPoints, outdir: out, bundle: true, minify: true, metafile: true, format: "esm",
    target: ["es2022"], charset: "utf8", legalComments: "none",
  });
  const texts = licences(result.metafile);
  if (texts) writeFileSync(join(out, "LICENSES.txt"), texts);
}

async function runtime(out) {
  const common = { absWorkingDir: here, outdir: out, entryNames: "[name]-[hash]",
    bundle: true, minify: true, metafile: true, format: "esm", target: ["es2020"],
    charset: "utf8", legalComments: "none" };
  // By itself: it shares nothing with the runtime, and a first view should be few requests.
  const page = await build({ ...common, entryPoints: { page: join(here, "page/index.js") } });
  const result = await build({ ...common, splitting: true, chunkNames: "part-[hash]",
    entryPoints: { runtime: join(here, "runtime/index.js"),
      widgets: join(here, "runtime/widgets.css") },
    alias: {
      // Base-manager uses sanitize-html (80 kB compressed) for short descriptions only.
      "sanitize-html": join(here, "runtime/sanitize.js"),
      // Widgets use jQuery to find and empty elements; requests and animations stay out.
      jquery: join(here, "node_modules/jquery/dist/jquery.slim.js"),
    },
  });
  const outputs = { ...page.metafile.outputs, ...result.metafile.outputs };
  const fileOf = (source) => Object.keys(outputs).find((name) =>
    outputs[name].entryPoint === source);
  const entry = fileOf("runtime/index.js");
  // What the entry needs at once: the page fetches all of it in one round trip.
  const parts = new Set();
  const follow = (name) => {
    for (const { path, kind } of outputs[name].imports) {
      if (kind !== "import-statement" || parts.has(path)) continue;
      parts.add(path);
      follow(path);
    }
  };
  follow(entry);
  const sizes = Object.fromEntries(Object.keys(outputs).sort().map((name) =>
    [basename(name), gzipSync(readFileSync(join(here, name)), { level: 9 }).length]));
  writeFileSync(join(out, "manifest.json"), JSON.stringify({ entry: basename(entry),
    parts: [...parts].map((name) => basename(name)).sort(),
    css: basename(fileOf("runtime/widgets.css")), page: basename(fileOf("page/index.js")), sizes }, null, 1) + "\n");
  writeFileSync(join(out, "LICENSES.txt"), licences(result.metafile));
}

const [what, ...folders] = process.argv.slice(2);
if (what === "proxy") await proxy(folders[0]);
else if (what === "widgets" && existsSync(folders[0])) await widgets(folders[0], folders[1]);
else if (what === "runtime") await runtime(folders[0]);
else {
  console.error(
    `build.mjs: ${what ?? "nothing"} is not something to bundle (proxy, widgets, runtime).`);
  process.exit(2);
}
