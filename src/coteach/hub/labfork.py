"""The one template that this deployment's Labs are forked from.

It is started while the Hub starts, lives as long as the Hub, and is missed by nobody: where it
can't be had, `coteach.hub.spawner` starts Labs the ordinary way.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from coteach import sandbox
from coteach.forkserver import ForkFailed, ForkServer
from coteach.settings import Settings

ENTRY = "coteach.hub.labentry:main"
PROGRAM = "jupyterhub-singleuser"
"""The command that a fork stands for; a deployment with another gets ordinary processes."""

# `jupyterhub.singleuser` itself would patch Jupyter's handlers without this.
ENVIRON = {"JUPYTERHUB_SINGLEUSER_EXTENSION": "1"}

IMPORTS = (
    "coteach.hub.labentry", "jupyter_server.serverapp", "jupyterlab.labapp",
    "jupyterhub.singleuser", "jupyterhub.singleuser.extension", "coteach.labserver.handlers",
    # What the extensions of this environment bring.
    "jupyter_lsp?", "jupyter_server_terminals?", "jupyter_server_ydoc.app?",
    "jupyter_server_fileid.extension?", "notebook.app?", "notebook_shim?",
    "voila.server_extension?",
    "nbgrader.server_extensions.formgrader?", "nbgrader.server_extensions.assignment_list?",
    "nbgrader.server_extensions.course_list?", "nbgrader.server_extensions.validate_assignment?",
    # What is imported only when a server starts or gets its first request.
    "jupyter_server.services.contents.largefilemanager", "jupyter_server.view.handlers",
    "jupyter_server.kernelspecs.handlers", "jupyter_server.nbconvert.handlers",
    *(f"jupyter_server.services.{name}.handlers" for name in (
        "api", "config", "contents", "events", "kernels", "kernelspecs", "nbconvert", "security",
        "sessions")),
    "jupyter_server.services.shutdown", "jupyter_core.migrate", "jupyterlab_server.process_app?",
    "jupyterlab_server.translation_utils", "nbconvert.exporters", "ipykernel.kernelspec", "IPython",
    "notebook_shim.nbserver?", "jupyter_lsp.virtual_documents_shadow?", "jinja2.ext",
    "tornado.platform.asyncio",
)

_AGAIN_SECONDS = 60.0

_servers: dict[Path, ForkServer] = {}
_failed: dict[Path, float] = {}


def server_of(settings: Settings) -> ForkServer | None:
    """Return this deployment's template, None where Labs are not forked."""
    if not settings.fork_labs or not sandbox.probe().ok:
        return None
    root = settings.layout.root
    if time.monotonic() < _failed.get(root, 0):
        return None
    if root not in _servers:
        layout = settings.layout
        _servers[root] = ForkServer("labs", IMPORTS, layout.run, layout.logs / "fork-labs.log",
                                    ENVIRON)
    return _servers[root]


def failed(settings: Settings) -> None:
    """Leave the template alone for a while, because it did not give a Lab."""
    _failed[settings.layout.root] = time.monotonic() + _AGAIN_SECONDS


def launch(settings: Settings) -> None:
    """Start the template and go on; it gets ready while the Hub does."""
    server = server_of(settings)
    if server is not None and server.pid is None:
        try:
            server.launch()
        except ForkFailed:
            failed(settings)


def program_path() -> str:
    """Return what a Lab finds in `sys.argv[0]`, and lists of processes show."""
    import sysconfig

    return os.path.join(sysconfig.get_path("scripts"), PROGRAM)
