"""The option `--out`: a file that is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from coteach.errors import UserError
from coteach.i18n import gettext as _


def write(file: Path, raw: bytes) -> None:
    """Write a file in the place of an earlier one.

    Raises
    ------
    UserError
        It can't be written.
    """
    scratch = file.with_name(f".{file.name}.new")
    try:
        scratch.write_bytes(raw)
        scratch.replace(file)
    except OSError as error:
        raise UserError(_("The file {file} can't be written: {error}.").format(
            file=file, error=error.strerror), code="bad-file") from None
