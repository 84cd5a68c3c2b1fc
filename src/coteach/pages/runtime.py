"""Where the built scripts of a class page lie: the first view's, and the widget runtime's.

Rule: `hatch_build.py runtime` writes them with a manifest; only this module reads it. Files with a
hash in their name never change, so browsers may keep them for ever.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from coteach.errors import UserError
from coteach.i18n import gettext as _

FOLDER = Path(__file__).parent / "static" / "runtime"


@cache
def manifest() -> dict[str, Any]:
    """Return what was built: `entry`, `parts`, `css`, `page`, and `sizes` compressed."""
    try:
        return dict(json.loads((FOLDER / "manifest.json").read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise UserError(_("The scripts of class pages are not built."),
                        hint=_("In a checkout, run: python hatch_build.py runtime")) from error


def page_script(base_url: str) -> str:
    """Return the address of the script that every class page loads."""
    return f"{base_url}page/static/runtime/{manifest()['page']}"


def stylesheet(base_url: str) -> str:
    """Return the address of the style of widgets; only pages that have some need it."""
    return f"{base_url}page/static/runtime/{manifest()['css']}"


def page_data(base_url: str) -> dict[str, Any]:
    """Return what the page tells its script: where the runtime is, and what it loads with it."""
    folder = f"{base_url}page/static/runtime/"
    return {"runtime": folder + manifest()["entry"],
            "parts": [folder + name for name in manifest()["parts"]]}
