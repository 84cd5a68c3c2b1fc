"""`coteach page`: the class page of any notebook, without Hub or accounts, as `voila` would."""

from __future__ import annotations

import asyncio
import logging
import os
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coteach.cli import _language, _voila
from coteach.cli._terminal import log_here, say, write_ready_file
from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _

if TYPE_CHECKING:
    from coteach.solo.run import Running, Wanted


def register(app: typer.Typer) -> None:
    """Add the command."""
    # Voila's options come through as arguments, before and after the notebook.
    app.command("page", context_settings={"ignore_unknown_options": True})(page)


def page(
    arguments: Annotated[list[str], typer.Argument(
        metavar="NOTEBOOK", help="A notebook, a lesson pack, or a folder of notebooks.")],
    port: Annotated[int | None, typer.Option(
        help="The port. [default: 8866, or the next one that is free; 0: any free one]", min=0,
        max=65535)] = None,
    ip: Annotated[str | None, typer.Option(
        help="The address to listen on. [default: 127.0.0.1, this machine only]")] = None,
    ready_file: Annotated[Path | None, typer.Option(
        help="Written (JSON: url, pid) when the page answers.")] = None,
    base_url: Annotated[str, typer.Option(help="Where the page lies.")] = "/",
    language: Annotated[str, typer.Option(
        help="Language of the page around the notebook. [default: the terminal's]")] = "",
    show_code: Annotated[bool, typer.Option(
        "--show-code", help="Show the code too; Voila's --strip_sources=False.")] = False,
    show_tracebacks: Annotated[bool, typer.Option(
        "--show-tracebacks", help="Show readers what a failed cell said.")] = False,
    theme: Annotated[str, typer.Option(
        help="light or dark for everybody. [default: as each reader has set it]")] = "",
    no_browser: Annotated[bool, typer.Option(
        "--no-browser", help="Do not open a browser.")] = False,
    trust_local: Annotated[bool, typer.Option(
        "--trust-local",
        help="Run the notebook without a sandbox. Only for your own on your own machine.")] = False,
) -> None:
    """Show a notebook as a page that opens at once; Voila's own options are understood too."""
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    heard = _voila.read(arguments)
    said = heard.values
    notebook = _notebook(heard.paths)
    for option in heard.needless:
        say(_("{option} is not needed here and has no effect.").format(option=option))
    sources = not _asked(said, "strip_sources", "True") or show_code
    tracebacks = _asked(said, "show_tracebacks") or _asked(said, "debug") or show_tracebacks
    opens = not (no_browser or ready_file or _asked(said, "no_browser")) and _asked(
        said, "open_browser", "True")
    theme = _theme(theme or said.get("theme", ""))
    tag = _language.chosen(language)
    if not notebook.exists():
        raise NotFound(_("There is no file {file}.").format(file=notebook), code="no-file")
    # Only now: it loads the whole rendering machine.
    from coteach.solo.run import Wanted

    wanted = Wanted(
        path=notebook, ip=ip or said.get("ip", "127.0.0.1"),
        port=_port(said.get("port")) if port is None else port,
        base_url=base_url if base_url != "/" else said.get("base_url", "/"), language=tag,
        show_sources=sources, show_tracebacks=tracebacks, theme=theme, trust_local=trust_local)
    _serve(wanted, ready_file, opens)


def _serve(wanted: Wanted, ready_file: Path | None, opens: bool) -> None:
    """Serve until a signal, and say at the terminal and in the file where the page is."""
    from coteach.solo.run import is_loopback, serve

    if wanted.trust_local:
        say(_("The notebook runs without a sandbox: it can do everything this user can."))
    if not is_loopback(wanted.ip):
        say(_("Others can reach this page. Over http their browsers give no camera and no "
               "microphone and keep no page for later; put a server with https in front of it, "
               "see docs/tls.md."))
    log_here(logging.ERROR)

    def ready(running: Running) -> None:
        if ready_file is not None:
            write_ready_file(ready_file, {"url": running.url, "pid": os.getpid()})
        say(_("{name} is at {url}").format(name=wanted.path.name or wanted.path, url=running.url))
        say(_("Stop with Ctrl-C."))
        if opens:
            webbrowser.open(running.url)

    try:
        asyncio.run(serve(wanted, ready, say))
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _notebook(paths: list[str]) -> Path:
    """Return the one path of a command line."""
    if len(paths) != 1:
        raise UserError(
            _("{argument!r} is one argument too many.").format(argument=paths[1])
            if paths else _("Name a notebook."), code="bad-argument")
    return Path(paths[0])


def _asked(said: dict[str, str], name: str, usual: str = "False") -> bool:
    """Say whether one of Voila's switches is on."""
    return _voila.truth(name, said.get(name, usual))


def _theme(theme: str) -> str:
    if theme not in ("", "light", "dark"):
        raise UserError(_("There is no theme {theme!r}, only light and dark.").format(theme=theme),
                        code="no-theme")
    return theme


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not int(text) < 65536:
        raise UserError(_("{port!r} is no port.").format(port=text), code="bad-port")
    return int(text)
