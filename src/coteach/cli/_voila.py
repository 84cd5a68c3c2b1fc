"""The options of `voila`, so that who knows it can type what she is used to.

Rule: an option does what it did, or is named with the reason why not; none is passed over in
silence, and one that protects a page is never taken for granted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coteach.errors import UserError
from coteach.i18n import gettext as _

HEARD = frozenset({"port", "ip", "base_url", "theme", "strip_sources", "show_tracebacks",
                   "no_browser", "open_browser", "debug"})
NEEDLESS = frozenset({
    "enable_nbextensions", "show_margins", "autoreload", "progressive_rendering", "preheat_kernel",
    "default_pool_size", "classic_tree", "pool_size", "log_level", "static", "static_root",
    "port_retries", "http_keep_alive_timeout", "cull_idle_timeout", "cull_interval",
    "cull_connected", "cull_busy", "extension_allowlist", "extension_denylist", "file_whitelist",
    "file_allowlist", "file_denylist", "file_blacklist", "allow_template_override",
    "allow_theme_override", "attempt_fix_notebook", "timeout", "browser", "connection_dir_root"})
PROTECTING = frozenset({"token", "auto_token", "identity_provider_class", "authorizer_class",
                        "cookie_secret"})
SECTIONS = ("Voila.", "VoilaConfiguration.", "VoilaExecutor.", "MappingKernelManager.",
            "MultiKernelManager.", "KernelManager.", "ServerApp.")


@dataclass
class Heard:
    """What a command line asks for."""

    paths: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    needless: list[str] = field(default_factory=list)


def read(arguments: list[str]) -> Heard:
    """Read a command line's notebook, and the options that are not coteach's own.

    Raises
    ------
    UserError
        One is unknown, can't be honoured, or has no value.
    """
    heard = Heard()
    waiting = list(arguments)
    while waiting:
        given = waiting.pop(0)
        if not given.startswith("--"):
            heard.paths.append(given)
            continue
        name, _equals, value = given[2:].partition("=")
        for section in SECTIONS:
            name = name.removeprefix(section)
        name = name.replace("-", "_")
        if name == "template":
            raise UserError(
                _("coteach has one template of its own; {option} can't choose another.").format(
                    option=given), hint=_("Leave it away."), code="no-template")
        if name in PROTECTING:
            raise UserError(
                _("{option} is not honoured here, and without it the page would be open.").format(
                    option=given.partition("=")[0]),
                hint=_("Leave it away and let the page listen on this machine only."),
                code="no-token")
        if name in HEARD:
            if not value and waiting and not waiting[0].startswith("--") and name not in (
                    "no_browser", "debug"):
                value = waiting.pop(0)
            heard.values[name] = value or "True"
        elif name in NEEDLESS:
            heard.needless.append(given.partition("=")[0])
            if not value and waiting and waiting[0] in ("True", "False"):
                waiting.pop(0)
        else:
            raise UserError(_("There is no option {option}.").format(
                option=given.partition("=")[0]),
                hint=_("See coteach page --help."), code="bad-option")
    return heard


def truth(name: str, value: str) -> bool:
    """Return what a value such as ``True`` or ``0`` means.

    Raises
    ------
    UserError
        It is neither.
    """
    found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        value.lower())
    if found is None:
        raise UserError(_("--{name} has the value {value!r}; it must be True or False.").format(
            name=name, value=value), code="bad-value")
    return found
