"""What a forked child does: reads its request, puts up the walls, calls its function.

The template knows nothing of a request. The child that reads it becomes the supervisor of the
sandbox; inside, the function runs in the place where a program would have been executed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from coteach.forkserver import fresh
from coteach.sandbox.launcher import inner, supervisor, syscalls, words

_LARGEST = 4 << 20


def become(connection: int, more: Sequence[int] = ()) -> NoReturn:
    """Serve the one request that comes through a connection, then end.

    Parameters
    ----------
    more
        Open files that the function is to have.
    """
    code = 125
    try:
        os.setsid()
        for number in (signal.SIGCHLD, *inner.FORWARDED):
            signal.signal(number, signal.SIG_DFL)
        _only(connection, *more)
        request = _read(connection)
        if more:
            request["arguments"]["fds"] = list(more)
        _streams(request["log"])
        fresh.environment(request["env"])
        syscalls.set_title(request["title"])
        words.tell_also(connection)
        words.report(pid=os.getpid())
        code = _run(request, connection)
        words.report(code=code)
    except BaseException as error:
        words.tell_also(connection)
        words.say(f"can't start: {error!r}")
    finally:
        os._exit(code)


def _only(*kept: int) -> None:
    """Close every open file but the standard ones and these."""
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, 1 << 16)


def _read(connection: int) -> dict[str, Any]:
    text = b""
    while not text.endswith(b"\n"):
        part = os.read(connection, 1 << 16)
        if not part or len(text) > _LARGEST:
            raise OSError(0, "the request is not whole")
        text += part
    request: dict[str, Any] = json.loads(text)
    return request


def _streams(log: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    nothing = os.open("/dev/null", os.O_RDONLY)
    # A link in place of the log would be somebody else's file.
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    for source, number in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, number)
    os.close(nothing)
    os.close(out)


def _run(request: dict[str, Any], connection: int) -> int:
    def program() -> int:
        return _call(request["entry"], request["arguments"])

    spec = request["spec"]
    if spec["apart"]:
        return supervisor.supervise(spec, lambda: inner.hung_up(connection), program)
    return supervisor.accompany(spec, lambda: inner.hung_up(connection), program)


def _call(entry: str, arguments: dict[str, Any]) -> int:
    module, _colon, name = entry.partition(":")
    try:
        function: Callable[[dict[str, Any]], object] = getattr(
            importlib.import_module(module), name)
    except Exception as error:
        words.say(f"can't start {entry}: {error}")
        return 127
    words.report(running=True)
    words.tell_also(None)
    _only(*arguments.get("fds", ()))
    fresh.reseed()
    sys.argv[:] = [entry]
    try:
        function(arguments)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BaseException:
        with contextlib.suppress(BaseException):
            traceback.print_exc()
        return 1
    return 0
