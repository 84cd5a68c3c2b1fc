"""Kernelspecs that start kernels in a sandbox.

Written as `python3` and put in front by `JUPYTER_PATH`, one makes every stock kernel manager
(nbgrader's, Voila's) use the sandbox without knowing it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROVISIONER = "coteach-sandbox"


def write_kernelspec(folder: Path, *, name: str = "python3",
                     config: dict[str, Any] | None = None) -> Path:
    """Write `folder/kernels/<name>/kernel.json`; return the folder for `JUPYTER_PATH`.

    Parameters
    ----------
    folder
        A folder of its own; `JUPYTER_PATH` or `KernelSpecManager.kernel_dirs` (there with
        `/kernels` added) leads to it.
    name
        The kernel's name.
    config
        Traits of `SandboxProvisioner`, for example ``{"memory_mb": 512}``.
    """
    place = folder / "kernels" / name
    place.mkdir(parents=True, exist_ok=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
        "metadata": {
            "debugger": False,
            "kernel_provisioner": {"provisioner_name": PROVISIONER, "config": config or {}},
        },
    }
    file = place / "kernel.json"
    text = json.dumps(spec, indent=1)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        fresh = file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)
    return folder
