"""Starting the real `coteach up` for journeys, and stopping it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ports import free_port

READY_SECONDS = 180


@dataclass
class Deployment:
    """A running `coteach up`."""

    process: subprocess.Popen[str]
    data: Path
    ready_file: Path
    url: str = ""
    logins: dict[str, str] = field(default_factory=dict)
    class_code: str = ""

    def pids(self) -> dict[str, int]:
        """Return the processes of now; a part that came back has another one."""
        found: dict[str, int] = json.loads(self.ready_file.read_text())["pids"]
        return found

    def logs(self, lines: int = 15) -> str:
        """Return the end of each log, for a message when something failed."""
        texts = []
        for file in sorted((self.data / "logs").glob("*.log")):
            tail = file.read_text(errors="replace").splitlines()[-lines:]
            texts.append("\n".join([f"--- {file.name}", *tail]))
        return "\n".join(texts)

    def stop(self) -> float:
        """Stop it as Ctrl-C does and return how long that took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return time.monotonic() - began


def start(data: Path, *arguments: str, command: list[str] | None = None,
          environ: dict[str, str] | None = None, port: int | None = None) -> Deployment:
    """Start `coteach up` and return when its first page answers."""
    data.mkdir(parents=True, exist_ok=True)
    ready = data.parent / f"{data.name}.ready.json"
    ready.unlink(missing_ok=True)
    output = data.parent / f"{data.name}.out"
    command = command or [str(Path(sys.executable).parent / "coteach")]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COTEACH_")}
    with output.open("w") as out:
        process = subprocess.Popen(
            [*command, "up", "--data", str(data), "--port", str(port or free_port()),
             "--ready-file", str(ready), *arguments],
            stdout=out, stderr=subprocess.STDOUT, text=True, env={**clean, **(environ or {})})
    made = Deployment(process, data, ready)
    deadline = time.monotonic() + READY_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"coteach up did not get ready:\n{output.read_text()}\n{made.logs()}")
        time.sleep(0.1)
    said = json.loads(ready.read_text())
    made.url, made.logins, made.class_code = said["url"], said["logins"], said["class_code"]
    return made
