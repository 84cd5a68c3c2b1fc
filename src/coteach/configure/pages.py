"""The look and the language of the Hub's own pages."""

from __future__ import annotations

from typing import Any

from coteach import i18n, paths, ui
from coteach.settings import Settings


def update_pages(c: Any, settings: Settings) -> None:
    """Use coteach's templates, translated by the language cookie."""
    c.JupyterHub.template_paths = [
        str(paths.shared("hub_config") / "templates"), str(ui.TEMPLATES)]
    c.JupyterHub.jinja_environment_options = {
        "extensions": ["coteach.hub.templating.Translation"]}
    c.JupyterHub.template_vars = {
        "demo": settings.demo, "languages": i18n.LANGUAGES,
        "language_cookie": i18n.LANGUAGE_COOKIE}
    c.JupyterHub.logo_file = ""
