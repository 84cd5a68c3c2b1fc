"""The `coteach` command.

Rule: exit code 0 done, 1 failed, 2 wrong arguments or missing input; an error is one sentence on
stderr that names the value and the way out. Each command is a module here with `register(app)`.
"""

from __future__ import annotations

import importlib
import os
import sys

import typer

from coteach import i18n
from coteach.errors import UserError

COMMANDS = (
    "coteach.cli.up",
    "coteach.cli.doctor",
    "coteach.cli.assignment",
    "coteach.cli.grade",
    "coteach.cli.report",
    "coteach.cli.grades",
    "coteach.cli.page",
    "coteach.cli.live",
    "coteach.cli.lesson",
    "coteach.cli.bench",
)
"""The modules of the commands, in the order `coteach --help` shows them."""

_ARGUMENT_STATUS = (400, 404, 415, 422)


def build() -> typer.Typer:
    """Return the application with every command."""
    made = typer.Typer(
        name="coteach", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True,
        rich_markup_mode="rich",
        help="Train teachers for distance teaching and give small, remote schools live lessons.")

    @made.callback()
    def whole() -> None:
        pass  # keeps command names even while there is only one

    for name in COMMANDS:
        importlib.import_module(name).register(made)
    return made


def terminal_language() -> str:
    """Return the language of the terminal, from the usual variables."""
    for name in ("COTEACH_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").split(".")[0]
        if value and (found := i18n.match(value)):
            return found
    return i18n.DEFAULT_LANGUAGE


app = build()


def main() -> None:
    """Run the command line."""
    i18n.set_language(terminal_language())
    try:
        app()
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2 if error.status in _ARGUMENT_STATUS else 1) from None
