"""jupyter_server's view of a kernel that a lesson host has forked.

Its handlers and sockets work as with any kernel; only how it starts and ends is ours.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerBase
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from coteach.pages.line import Line


class LineProvisioner(KernelProvisionerBase):
    """Gives jupyter_client's manager a kernel that is there already, at the end of a line."""

    line: Line

    @property
    def has_process(self) -> bool:
        """Whether the kernel is there."""
        return not self.line.ended.done()

    async def poll(self) -> int | None:
        """Return None while it runs."""
        return None if self.has_process else 0

    async def wait(self) -> int | None:
        """Return when it has ended."""
        await asyncio.shield(self.line.ended)
        return 0

    async def send_signal(self, signum: int) -> None:
        """Interrupt it; any other signal ends it."""
        self.line.order(b"I" if signum == signal.SIGINT else b"K")

    async def kill(self, restart: bool = False) -> None:
        """End it."""
        self.line.close()

    async def terminate(self, restart: bool = False) -> None:
        """End it."""
        self.line.close()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Return where it is."""
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Hang up."""
        self.line.close()


class VisitorKernel(ServerKernelManager):
    """jupyter_server's manager of one kernel, for one that a host has forked."""

    async def _async_pre_start_kernel(self, **kw: Any) -> tuple[list[str], dict[str, Any]]:
        self.kernel_id = kw["kernel_id"]
        self.shutting_down = False
        line: Line = kw["line"]
        self.transport, self.ip = "ipc", line.ip
        for place, name in enumerate(("shell", "iopub", "stdin", "hb", "control"), start=1):
            setattr(self, f"{name}_port", place)
        self.session.key = kw["key"].encode()
        self.provisioner = LineProvisioner(kernel_id=self.kernel_id, parent=self)
        self.provisioner.line = line
        self.provisioner.connection_info = self.get_connection_info()
        return [], {}

    async def _async_post_start_kernel(self, **kw: Any) -> None:
        """Open no socket of our own: such a kernel is ended by its line and not asked to end."""

    def emit(self, schema_id: Any = "", data: Any = None) -> None:
        """Nobody listens to jupyter_server's events here, and each costs milliseconds."""

    def cleanup_connection_file(self) -> None:
        """There is no such file, and whoever makes one may keep it."""


class OneSpec(KernelSpecManager):
    """Knows Python, whatever this machine has."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kernel of class pages."""
        return KernelSpec(display_name="Python 3", language="python", argv=[])
