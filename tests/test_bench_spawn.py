"""Both spawners start real Labs, and the figures are of all of them."""

from __future__ import annotations

import json
import subprocess
import sys

from coteach.bench import spawn


def test_two_labs_of_each_kind_are_started_and_measured():
    # As a program of its own: it becomes the parent of all orphans below it.
    code = ("import asyncio, json, sys; from coteach.bench import spawn\n"
            "print(json.dumps(asyncio.run(spawn.run(users=2, others=1, say=lambda line: print(line, file=sys.stderr)))))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["name"] == "spawn" and found["work"]["users"] == 2
    for side in ("ours", "stock"):
        assert found[side]["second_s"] > 0 and found[side]["at_once_s"] > 0
        assert 10 < found[side]["pss_mb"] < 400
    assert found["ours"]["pss_template_mb"] > 0
    assert found["ratio"]["cpu_s"] < 0.5 and found["ratio"]["pss_mb"] < 1
    assert {row.name for row in spawn.rows()} <= {*found["ours"]} and len(done.stderr.splitlines()) == 6
