"""Other people's notebooks: which ones are compared, what they import, and how they are fetched.

Rule: fetching runs no code of what is fetched. pip asks a source distribution's own build system
for its name before it hands the file over, and some of those build a whole JupyterLab first; here
pip finds a stand-in that reads the name from the file that lies there for this (`PKG-INFO`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Source:
    """A source distribution, the notebooks in it, and what they import besides coteach's own."""

    package: str
    notebooks: tuple[str, ...]
    needs: tuple[str, ...] = ()


def _all(pattern: str, *names: str) -> tuple[str, ...]:
    return tuple(pattern.format(name) for name in names)


SOURCES = (
    Source("voila==0.5.13", _all(
        "notebooks/{}.ipynb", "basics", "bqplot", "dashboard", "gridspecLayout", "interactive",
        "ipympl", "mimerenderers", "multiple_widgets", "query-strings", "yaml"),
        ("bqplot", "ipympl", "scipy", "vega_datasets")),
    Source("ipywidgets==7.7.2", _all(
        "docs/source/examples/{}.ipynb", "Beat Frequencies", "Controller", "Exploring Graphs",
        "Factoring", "Image Browser", "Image Processing", "Layout Example", "Layout Templates",
        "Lorenz Differential Equations", "Media widgets", "Output Widget", "Using Interact",
        "Variable Inspector", "Widget Alignment", "Widget Asynchronous", "Widget Basics",
        "Widget Events", "Widget List", "Widget Styling"),
        ("networkx", "sympy", "scipy", "scikit-image")),
    # From here on: widgets with a front end of their authors' own.
    Source("ipycanvas==0.13.1", _all(
        "examples/{}.ipynb", "RoughCanvas", "MultiCanvas", "fractals_tree",
        "drag_and_drop_example", "hand_drawing"), ("ipycanvas==0.13.1",)),
    Source("ipycytoscape==1.3.3", _all(
        "examples/{}.ipynb", "DAG example", "Labels", "HTML interaction with graph"),
        ("ipycytoscape==1.3.3", "networkx")),
    Source("pythreejs==2.4.2", _all(
        "examples/{}.ipynb", "Geometries", "Textures", "Shadows"), ("pythreejs==2.4.2",)),
    Source("bqplot-image-gl==1.10.2", _all(
        "examples/{}.ipynb", "brush-ellipse", "lines", "contour"),
        ("bqplot-image-gl==1.10.2", "ipyvuetify", "scikit-image")),
    Source("ipyevents==2.0.4", ("docs/events.ipynb",), ("ipyevents==2.0.4",)),
    Source("ipympl==0.10.0", ("docs/examples/full-example.ipynb",), ("ipympl==0.10.0",)),
    Source("anywidget==0.9.13", ("examples/Counter.ipynb",), ("anywidget",)),
    Source("jupyter-scatter==0.22.2", _all("notebooks/{}.ipynb", "get-started", "annotations"),
           ("jupyter-scatter==0.22.2",)),
    Source("xarray_leaflet==0.2.3", ("ui-tests/notebooks/test0.ipynb",),
           ("ipyleaflet==0.19.2", "xarray_leaflet==0.2.3", "rioxarray", "xarray==2024.11.0")),
)

_STAND_IN = '''
import os
from email.parser import BytesHeaderParser

def prepare_metadata_for_build_wheel(folder, settings=None):
    with open("PKG-INFO", "rb") as file:
        raw = file.read()
    about = BytesHeaderParser().parsebytes(raw)
    name = f"{about['Name'].replace('-', '_')}-{about['Version']}.dist-info"
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "wb") as file:
        file.write(raw)
    return name
'''
_BACKENDS = ("hatchling.build", "jupyter_packaging.build_api", "setuptools.build_meta")
"""The build systems of those distributions."""


def fetch(folder: Path, package: str) -> Path:
    """Return the unpacked source distribution of ``name==version``."""
    name, _equals, version = package.partition("==")
    target = folder / "sources"
    target.mkdir(exist_ok=True)
    patterns = {f"{name}-{version}.tar.gz", f"{name.replace('-', '_')}-{version}.tar.gz"}
    if not (found := [file for one in patterns for file in target.glob(one)]):
        place = _stand_in(folder / "stand-in")
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--use-pep517",
             "--no-build-isolation", f"--no-binary={name}", "--dest", str(target), package],
            check=True, env={**os.environ, "PYTHONPATH": str(place)})
        found = [file for one in patterns for file in target.glob(one)]
    with tarfile.open(found[0]) as archive:
        # Pythons before 3.11.4 can't refuse paths that lead outside; these archives have none.
        safely: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder / "unpacked", **safely)  # noqa: S202  what is fetched is named
    return folder / "unpacked" / found[0].name.removesuffix(".tar.gz")


def _stand_in(place: Path) -> Path:
    """Write modules that have the build systems' names and build nothing."""
    for module in _BACKENDS:
        package, _dot, part = module.partition(".")
        (place / package).mkdir(parents=True, exist_ok=True)
        (place / package / "__init__.py").touch()
        # A project with a setup.py alone is asked for under another name of setuptools'.
        legacy = "import sys\n__legacy__ = sys.modules[__name__]\n"
        (place / package / f"{part}.py").write_text(_STAND_IN + legacy, encoding="utf-8")
    return place
