"""`coteach page`: the class page of any notebook, without Hub or accounts, as `voila` would."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import structlog
import typer

from coteach import i18n
from coteach.cli import _voila
from coteach.cli.up import write_ready_file
from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _


def register(app: typer.Typer) -> None:
    """Add the command."""
    # Voila's options come through as arguments, before and after the notebook.
    app.command("page", context_settings={"ignore_unknown_options": True})(page)


def page(
    arguments: Annotated[list[str], typer.Argument(
        metavar="NOTEBOOK", help="A notebook, a lesson pack, or a folder of notebooks.")],
    port: Annotated[int | None, typer.Option(
        help="The port. [default: 8866, or the next one that is free]", min=1, max=65535)] = None,
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
    if len(heard.paths) != 1:
        raise UserError(
            _("{argument!r} is one argument too many.").format(argument=heard.paths[1])
            if heard.paths else _("Name a notebook."), code="bad-argument")
    notebook = Path(heard.paths[0])
    for option in heard.needless:
        _say(_("{option} is not needed here and has no effect.").format(option=option))
    sources = not _voila.truth("strip_sources", said.get("strip_sources", "True"))
    tracebacks = any(_voila.truth(name, said.get(name, "False"))
                     for name in ("show_tracebacks", "debug"))
    browser = not no_browser and ready_file is None and not _voila.truth(
        "no_browser", said.get("no_browser", "False")) and _voila.truth(
        "open_browser", said.get("open_browser", "True"))
    theme = theme or said.get("theme", "")
    if theme not in ("", "light", "dark"):
        raise UserError(_("There is no theme {theme!r}, only light and dark.").format(theme=theme),
                        code="no-theme")
    tag = i18n.match(language) if language else i18n.get_language()
    if tag is None:
        raise UserError(_("{language!r} is no language of coteach.").format(language=language),
                        code="no-language")
    if not notebook.exists():
        raise NotFound(_("There is no file {file}.").format(file=notebook), code="no-file")
    # Only now: it loads the whole rendering machine.
    from coteach.solo.run import Running, Wanted, is_loopback, serve

    wanted = Wanted(
        path=notebook, ip=ip or said.get("ip", "127.0.0.1"), port=port or _port(said.get("port")),
        base_url=base_url if base_url != "/" else said.get("base_url", "/"), language=tag,
        show_sources=show_code or sources, show_tracebacks=show_tracebacks or tracebacks,
        theme=theme, trust_local=trust_local)
    if wanted.trust_local:
        _say(_("The notebook runs without a sandbox: it can do everything this user can."))
    if not is_loopback(wanted.ip):
        _say(_("Others can reach this page. Over http their browsers give no camera and no "
               "microphone and keep no page for later; put a server with https in front of it, "
               "see docs/tls.md."))
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info,
                    structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)

    def ready(running: Running) -> None:
        if ready_file is not None:
            write_ready_file(ready_file, {"url": running.url, "pid": os.getpid()})
        _say(_("{name} is at {url}").format(name=notebook.name or notebook, url=running.url))
        _say(_("Stop with Ctrl-C."))
        if browser:
            webbrowser.open(running.url)

    try:
        asyncio.run(serve(wanted, ready, _say))
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UserError(_("{port!r} is no port.").format(port=text), code="bad-port")
    return int(text)
