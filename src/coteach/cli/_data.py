"""The option `--data`: a folder that is coteach's own, or can become so.

Rule: the folders of a deployment get closed modes, so a folder with somebody else's things in it is
refused before anything is touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coteach import settings as settings_module
from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.settings import Settings

_OURS = {"coteach.toml", "coteach.sqlite"}
"""Either of these says that a folder is a deployment's, or is meant to be."""
_ALL = {"blobs", "hub", "lessons", "secrets"}
"""So do all of these; a deployment with a database server has no file of its own."""


def folder(text: str) -> Path:
    """Return the folder that was named.

    Raises
    ------
    UserError
        The name is empty, no folder, or the folder is somebody else's.
    """
    if not text.strip():
        raise UserError(_("The data folder has no name."),
                        hint=_("Write it after --data, or leave --data away."), code="no-data")
    path = Path(text)
    try:
        names = {entry.name for entry in path.iterdir()}
    except FileNotFoundError:
        return path
    except OSError as error:
        raise UserError(_("The folder {folder} can't be used: {reason}.").format(
            folder=path, reason=error.strerror or error), code="bad-data") from None
    if names and not names & _OURS and not names >= _ALL:
        raise UserError(_("The folder {folder} is not empty and holds nothing of coteach.").format(
            folder=path.absolute()),
            hint=_("Name an empty or a new folder; coteach closes its folder to others."),
            code="not-ours")
    return path


def deployment(data: Path | None) -> Settings:
    """Return the settings of a deployment that is there.

    Raises
    ------
    NotFound
        The folder holds none.
    """
    settings = settings_module.load(data)
    if not settings.database_url and not settings.layout.database.is_file():
        raise NotFound(_("There is no coteach in {folder}.").format(folder=settings.data),
                       hint=_("Name its data folder with --data."), code="no-data")
    return settings


Data = Annotated[Path | None, typer.Option(
    parser=folder, metavar="FOLDER",
    help="The folder for everything that is kept. [default: ./.coteach]")]
