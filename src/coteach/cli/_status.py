"""What `coteach up` says in the terminal: little, and readable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coteach.i18n import gettext as _
from coteach.settings import EVERY_ADDRESS, Settings
from coteach.supervisor.run import Change
from coteach.supervisor.service import State
from coteach.supervisor.tls import own_addresses


class Screen:
    """The terminal of one run.

    Parameters
    ----------
    settings
        What runs; set again when ports were chosen.
    console
        Where to print.
    """

    def __init__(self, settings: Settings, console: Console | None = None) -> None:
        self.settings = settings
        self.authority: Path | None = None
        self._console = console or Console(highlight=False)
        self._up = False
        self._stopping = False

    def note(self, text: str) -> None:
        """Print one sentence as it is."""
        self._console.print(escape(text), soft_wrap=True)

    def starting(self) -> None:
        """Say that it has begun, and what will not work, before anybody finds out."""
        self.note(_("coteach is starting; its data is in {folder}.").format(
            folder=self.settings.layout.root))
        if self.settings.trust_local:
            self.note(_("Notebooks run without a sandbox: whoever can open one can read everything "
                        "this user can."))
        if self._beyond_this_machine and not self._https:
            self.note(_("Without https, browsers on other machines give no camera and no "
                        "microphone: the device check, practice and live rooms work only on this "
                        "machine. Start with --tls self-signed, or see docs/tls.md."))

        if self.settings.turn:
            self.note(_("Open in the firewall for TURN: port {port} (UDP and TCP){more}.").format(
                port=self.settings.turn_port,
                more=_(" and {port} (TCP)").format(port=self.settings.turn_tls_port)
                if self.settings.tls_cert else ""))

    @property
    def _beyond_this_machine(self) -> bool:
        from coteach.cli.up import is_loopback

        return not is_loopback(self.settings.bind) or bool(self.settings.public_url)

    @property
    def _https(self) -> bool:
        return bool(self.settings.tls_cert) or self.settings.public_url.startswith("https:")

    def changed(self, change: Change) -> None:
        """Say what happened to a part, once everything was up."""
        if not self._up or self._stopping:
            return
        if change.state is State.DOWN:
            self.note(_("{part} ended ({reason}) and is started again; its log is {file}.").format(
                part=change.name, reason=change.exit, file=change.log))
        elif change.state is State.READY and change.restarts:
            self.note(_("{part} is back.").format(part=change.name))

    def ready(self, welcome: dict[str, Any]) -> None:
        """Print the address and how to come in."""
        self._up = True
        print_ = self._console.print
        print_()
        print_(f"[bold]coteach[/bold]  {escape(self.settings.url)}")
        if not self.settings.public_url and self.settings.bind in EVERY_ADDRESS:
            scheme = "https" if self._https else "http"
            for address in own_addresses():
                print_(f"         {scheme}://{address}:{self.settings.port}")
        if self.authority is not None:
            self._tell_about_authority()
        if logins := welcome.get("logins"):
            print_()
            self.note(_("This is a demo: its people do not exist. Sign in as one of them:"))
            table = Table(box=None, padding=(0, 2), show_header=False)
            for name, password in logins.items():
                table.add_row(escape(str(name)), f"[bold]{escape(str(password))}[/bold]")
            print_(table)
        if code := welcome.get("class_code"):
            self.note(_("Pupils enter {url} with the class code {code}.").format(
                url=f"{self.settings.url}/c/", code=code))
        if link := welcome.get("invitation"):
            print_()
            self.note(_("Nobody has an account yet. Open this link once, within 14 days, to make "
                        "the first trainer's:"))
            self.note(link)
        print_()
        self.note(_("Stop with Ctrl-C. Logs: {folder}").format(folder=self.settings.layout.logs))

    def _tell_about_authority(self) -> None:
        self.note(_("The other laptops must trust this school's authority once:"))
        self.note(_("1. Copy {file} to the laptop, with a USB stick for example.").format(
            file=self.authority))
        self.note(_("2. Open it there and install it as a trusted root authority. Chromebook and "
                    "Chrome: Settings, Privacy and security, Security, Manage certificates. "
                    "Firefox: Settings, Privacy & Security, View Certificates, Authorities. "
                    "iPad: install the profile, then Settings, General, About, Certificate Trust "
                    "Settings."))
        self.note(_("3. Open the https address above; the browser must show no warning."))
        self.note(_("Every step for each kind of device is in docs/tls.md."))

    def stopping(self) -> None:
        """Say that it ends."""
        self._stopping = True
        self.note(_("Stopping …"))
