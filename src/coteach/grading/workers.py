"""Worker processes: started, asked, given a deadline, and replaced when one ends."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from coteach import sandbox
from coteach.grading.reason import Reason

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "MPLCONFIGDIR")


class WorkerFailed(Exception):
    """A worker gave no answer; the reason may be read by anybody."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Worker:
    """One process, started at the first question; not for two threads at once."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._folder = tempfile.TemporaryDirectory(prefix="ct-w-")
        sandbox.claim(Path(self._folder.name))

    def _start(self) -> subprocess.Popen[str]:
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # nbgrader calls alembic by its name when it makes a gradebook.
        environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', '')}"
        # What a worker that had to be killed leaves behind goes with this folder.
        environ["TMPDIR"] = self._folder.name
        environ.update(JUPYTER_RUNTIME_DIR=f"{self._folder.name}/run",
                       JUPYTER_PLATFORM_DIRS="1", PYTHONWARNINGS="ignore", OMP_NUM_THREADS="1",
                       OPENBLAS_NUM_THREADS="1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "coteach.grading.worker"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env=environ, start_new_session=True, cwd=self._folder.name)
        self._answers = queue.Queue()
        threading.Thread(target=_read, args=(self._process, self._answers), daemon=True).start()
        return self._process

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Return the answer to a request.

        Raises
        ------
        WorkerFailed
            It took longer than `seconds`, the worker ended, or something went wrong in it.
        """
        process = self._process
        if process is None or process.poll() is not None:
            process = self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise WorkerFailed(Reason("timeout", {"seconds": str(int(seconds))})) from None
        except BrokenPipeError:
            line = ""
        if not line:
            self.close()
            raise WorkerFailed(Reason("too-much"))
        found = json.loads(line)
        if "error" in found:
            raise WorkerFailed(Reason("other", {"detail": found["error"].rstrip(".")}))
        answer: dict[str, Any] = found["answer"]
        return answer

    def close(self) -> None:
        """End the process ."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
        self._folder.cleanup()


def _read(process: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        answers.put(line)
    answers.put("")
