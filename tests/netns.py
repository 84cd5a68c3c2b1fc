"""A network of its own on this machine, as a school has: a namespace behind a pair of interfaces.

What a process in it sends by UDP can be dropped, as strict networks do. Nothing is installed for
it and nothing of this machine's own network is changed but one interface, which goes at the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def missing() -> str:
    """Return why this machine can't have one; empty when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root here"
    if shutil.which("ip") is None:
        return "the program ip (iproute2) is missing"
    trial = Network("trial")
    try:
        trial.open()
    except subprocess.CalledProcessError as error:
        return f"no network namespace here: {error.stderr.decode().strip()}"
    finally:
        trial.close()
    return ""


class Network:
    """One network; `host` is this machine's address in it.

    Parameters
    ----------
    name
        A few letters; processes of other test runs use others.
    """

    def __init__(self, name: str) -> None:
        self.name = f"ct-{name}-{os.getpid()}"
        self._outside = f"ct{name[:4]}{os.getpid()}"[:15]
        net = f"10.{100 + os.getpid() // 256 % 100}.{os.getpid() % 256}"
        self.host, self.guest = f"{net}.1", f"{net}.2"

    def open(self) -> Network:
        inside = f"i{self._outside}"[:15]
        self._ip("netns", "add", self.name)
        self._ip("link", "add", self._outside, "type", "veth", "peer", "name", inside,
                 "netns", self.name)
        self._ip("addr", "add", f"{self.host}/24", "dev", self._outside)
        self._ip("link", "set", self._outside, "up")
        within = ("-n", self.name)
        self._ip(*within, "addr", "add", f"{self.guest}/24", "dev", inside)
        self._ip(*within, "link", "set", "lo", "up")
        self._ip(*within, "link", "set", inside, "up")
        self._ip(*within, "route", "add", "default", "via", self.host)
        # The rule for its own addresses comes first by default, and nothing can be put before it.
        self._ip(*within, "rule", "add", "pref", "100", "lookup", "local")
        self._ip(*within, "rule", "del", "pref", "0")
        return self

    def drop_udp(self) -> None:
        """Let no UDP in or out from now on."""
        self._ip("-n", self.name, "rule", "add", "pref", "1", "ipproto", "udp", "blackhole")

    def wrapped(self, program: str, folder: Path) -> Path:
        """Return a program that runs another one inside."""
        made = folder / f"inside-{Path(program).name}"
        made.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {program} "$@"\n')
        made.chmod(0o755)
        return made

    def close(self) -> None:
        for words in (("link", "del", self._outside), ("netns", "del", self.name)):
            subprocess.run(["ip", *words], capture_output=True)

    @staticmethod
    def _ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)
