"""Voila's front end for class pages: which of its parts and extensions a page loads.

Each JupyterLab extension of this environment would otherwise be loaded by every pupil (5.6 MB), and
one broken extension would break all pages. So the few that widgets need are looked up by name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import structlog
import voila
from voila.utils import get_voila_labextensions_path

NEEDED = ("@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget")

log = structlog.get_logger("pages")


def extension_paths() -> list[str]:
    """Return the folders that hold front-end extensions."""
    return [str(path) for path in get_voila_labextensions_path()]


def extensions() -> list[dict[str, Any]]:
    """Return the extensions that pages load, as JupyterLab's page configuration describes them."""
    found = []
    for name in NEEDED:
        for root in extension_paths():
            try:
                about = json.loads((Path(root) / name / "package.json").read_text("utf-8"))
                build = about["jupyterlab"]["_build"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            found.append({"name": about["name"], "load": build["load"],
                          **{key: build[key] for key in ("extension", "mimeExtension", "style")
                             if key in build}})
            break
        else:
            log.error("a front-end extension that widgets need is missing", name=name)
    return found


def page_config(base_url: str) -> dict[str, Any]:
    """Return the configuration that Voila's script reads from the page."""
    return {
        "appVersion": voila.__version__, "appUrl": "voila/", "themesUrl": "/voila/api/themes",
        "baseUrl": base_url, "terminalsAvailable": False, "progressiveRendering": False,
        "fullStaticUrl": f"{base_url}voila/static",
        "fullLabextensionsUrl": f"{base_url}voila/labextensions",
        "extensionConfig": {}, "federated_extensions": extensions(),
        # No address of MathJax: the stock one is a CDN's. Formulas stay as they are written.
        "disabledExtensions": [],
        "jupyterLabTheme": "light",
    }
