"""What a drawing writes to is learnt by one copy of a process and copied ahead in another."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from coteach.pages import touched

PICTURE = {"output_type": "display_data", "data": {"image/png": "aaaa"}}
TEXT = {"output_type": "stream", "text": "hello"}
PROGRAM = """
import gc, json, os, resource, signal, sys
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt, numpy
from IPython.core.pylabtools import print_figure
from coteach.pages import touched

def draw():
    plt.figure().subplots().plot([1, 2, 3])
    print_figure(plt.gcf(), "png")
    plt.close("all")

def traps(before):
    out, into = os.pipe()
    if os.fork() == 0:
        before()
        seen = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        draw()
        os.write(into, str(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - seen).encode())
        os._exit(0)
    return int(os.read(out, 20))

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
draw(); gc.collect(); gc.freeze()
fresh = traps(lambda: None)
learnt = touched.learn()
figures = plt.get_fignums()
print(json.dumps({"fresh": fresh, "learnt": learnt, "ahead": traps(touched.copy_ahead),
                  "figures": figures, "files": len(os.listdir("/proc/self/fd"))}))
touched._draw = lambda: 1 / 0
print(json.dumps({"learnt": touched.learn(), "ahead": traps(touched.copy_ahead)}))
"""


@pytest.mark.parametrize(("outputs", "states", "expected"), [
    ([TEXT, PICTURE], {}, True),
    ([TEXT], {"m": {"state": {"outputs": [PICTURE]}}}, True),
    ([TEXT], {"m": {"state": {"value": 3}}, "n": {"state": {"outputs": None}}}, False),
])
def test_a_lesson_draws_when_a_cell_or_an_output_area_shows_a_picture(outputs, states, expected):
    import matplotlib.figure  # noqa: F401
    assert touched.draws({"c": {"outputs": outputs}}, states) is expected


def test_a_lesson_that_sets_its_text_with_tex_starts_no_programs_for_this(monkeypatch):
    import matplotlib
    monkeypatch.setitem(matplotlib.rcParams, "text.usetex", True)
    assert not touched.draws({"c": {"outputs": [PICTURE]}}, {})


def test_a_drawing_stops_less_often_and_a_trial_that_fails_costs_nothing():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True,
                          timeout=120, check=True)
    first, failed = map(json.loads, done.stdout.splitlines())
    assert first["learnt"] > 1 << 20
    assert first["ahead"] < 0.75 * first["fresh"]
    assert first["figures"] == [] and first["files"] <= 12
    assert failed["learnt"] == 0 and failed["ahead"] > 0.75 * first["fresh"]
    assert "trial drawing failed" in done.stderr
