"""The environment of a program in a sandbox: named variables, never a copy of ours."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from coteach.sandbox.model import HOME
from coteach.sandbox.view import search_path

KEPT = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "COTEACH_LANGUAGE")


def scrubbed(environ: Mapping[str, str], keep: Iterable[str] = (),
             extra: Mapping[str, str] | None = None, *, threads: int = 1) -> dict[str, str]:
    """Return an environment that holds no secret.

    Parameters
    ----------
    environ
        Where the kept variables come from.
    keep
        Names to keep besides language and time zone.
    extra
        Variables to set.
    threads
        How many threads numerical libraries start; they take one for each processor otherwise.
    """
    found = {name: environ[name] for name in (*KEPT, *keep) if name in environ}
    found.setdefault("LANG", "C.UTF-8")
    found.update(
        HOME=str(HOME), USER="me", LOGNAME="me", SHELL="/bin/bash", PATH=search_path(),
        TMPDIR="/tmp",  # noqa: S108  private to the sandbox
        VIRTUAL_ENV=sys.prefix, PYTHONDONTWRITEBYTECODE="1",
        JUPYTER_RUNTIME_DIR="/tmp/jupyter",  # noqa: S108
    )
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                 "NUMEXPR_NUM_THREADS", "ARROW_NUM_THREADS"):
        found[name] = str(threads)
    found.update(extra or {})
    return found
