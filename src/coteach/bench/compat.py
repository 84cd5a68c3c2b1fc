"""``python -m coteach.bench.compat``: other people's notebooks under stock Voila and under coteach.

The notebooks come from the source distributions that their authors put on PyPI; nothing of them is
kept in this repository. Everything is fetched into a temporary folder, with an environment of its
own, by pip and uv. Rule: what is compared is what a person sees in a browser, and one touch.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coteach.bench import browser, examples, seeing
from coteach.bench.processes import Server, free_port
from coteach.errors import UserError


@dataclass(frozen=True)
class Compared:
    """One notebook under both."""

    package: str
    notebook: str
    stock: seeing.Seen
    ours: seeing.Seen

    @property
    def differences(self) -> list[str]:
        """What a person would notice, in words; empty: nothing."""
        return seeing.differences(self.stock, self.ours)


def environment(folder: Path) -> Path:
    """Make a Python environment with coteach and what the notebooks need; return its Python."""
    home = folder / "environment"
    needs = sorted({need for one in examples.SOURCES for need in one.needs})
    python = home / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    if not python.exists():
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    wanted = [r for r in importlib.metadata.requires("coteach") or () if "extra ==" not in r]
    constraints = Path(__file__).parents[3] / "constraints.txt"
    more = ["-c", str(constraints)] if constraints.exists() else []
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *more, *wanted,
                    *needs], check=True)
    # coteach runs from where it runs now, also from a checkout.
    places = {str(Path(spec.origin).parents[1]) for name in ("coteach", "coteach_widgets")
              if (spec := importlib.util.find_spec(name)) and spec.origin}
    site = next((home / "lib").glob("python3*")) / "site-packages"
    (site / "coteach-under-test.pth").write_text("\n".join(sorted(places)) + "\n")
    return python


async def compare(python: Path, package: str, notebook: Path, folder: Path,
                  chromium: browser.Browser) -> Compared:
    """Open a notebook under both, one after the other; a page that hangs gets a second chance."""
    seen: dict[str, seeing.Seen] = {}
    for name, command in (
            ("stock", ["-m", "voila", str(notebook), "--no-browser", "--Voila.ip=127.0.0.1"]),
            ("ours", ["-c", "from coteach.cli import main; main()", "page", str(notebook),
                      "--no-browser", "--language=en"])):
        for _turn in range(2):
            port = free_port()
            server = Server([str(python), *command, f"--port={port}"], notebook.parent, port,
                            folder / f"{name}.log")
            try:
                await asyncio.to_thread(server.start)
                seen[name] = await seeing.look(chromium, f"http://127.0.0.1:{port}/",
                                               folder / f"{package}-{notebook.stem}-{name}.png")
            except UserError as error:
                seen[name] = seeing.Seen(errors=[str(error)], reaction="-", came=False)
            finally:
                await asyncio.to_thread(server.end)
            if seen[name].came:
                break
    return Compared(package, notebook.name, seen["stock"], seen["ours"])


async def run(folder: Path, only: str = "") -> list[Compared]:
    """Compare all notebooks, or those with a part of `only` in ``package==version/path``."""
    print("making an environment …", file=sys.stderr)
    python = await asyncio.to_thread(environment, folder)
    found = []
    async with browser.opened() as chromium:
        for source in examples.SOURCES:
            names = [name for name in source.notebooks if any(
                part in f"{source.package}/{name}".lower() for part in only.lower().split(","))]
            if not names:
                continue
            print(f"fetching {source.package} …", file=sys.stderr)
            place = await asyncio.to_thread(examples.fetch, folder, source.package)
            for name in names:
                one = await compare(python, source.package, place / name, folder, chromium)
                print(f"{source.package} {one.notebook}: {one.ours.total} widgets, touched "
                      f"{one.ours.reaction}: {'; '.join(one.differences) or 'the same'}",
                      file=sys.stderr)
                found.append(one)
    return found


def table(found: list[Compared]) -> str:
    """Return the result as a Markdown table."""
    lines = ["| from | notebook | widgets, stock | coteach | reacts, stock | coteach | differs |",
             "|---|---|---|---|---|---|---|"]
    for one in found:
        lines.append("| " + " | ".join((
            one.package, one.notebook, str(one.stock.total), str(one.ours.total),
            one.stock.reaction, one.ours.reaction, "; ".join(one.differences) or "nothing")) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run it; the exit code says whether it could be done, not whether all is the same."""
    about = argparse.ArgumentParser(prog="python -m coteach.bench.compat", description=(
        "Compare other people's notebooks under stock Voila and under coteach page."))
    about.add_argument("--folder", type=Path, help="keep everything there, and pictures of pages")
    about.add_argument("--only", default="",
                       help="only notebooks with this in their package or path; commas for more")
    about.add_argument("--json", action="store_true", help="for programs")
    given = about.parse_args()
    folder = (given.folder or Path(tempfile.mkdtemp(prefix="coteach-compat-"))).absolute()
    folder.mkdir(exist_ok=True)
    try:
        found = asyncio.run(run(folder, given.only))
    except (subprocess.CalledProcessError, browser.BrowserError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    plain: list[Any] = [{**asdict(one), "differences": one.differences} for one in found]
    print(json.dumps(plain, indent=1) if given.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
