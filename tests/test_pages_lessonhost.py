"""What a lesson shows is recorded as a front end would have shown it; one process, many cells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

CELLS = {
    "plot": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "late-plot": "plt.plot([1, 2])\nprint('before it')\nplt.show()",
    "frame": "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\nprint('awaited')",
    "task": "async def later():\n    print('from a task')\nt = asyncio.create_task(later())",
    "capture": "%%capture kept\nprint('hidden')\ndisplay(1)",
    "captured": "print(repr(kept.stdout), len(kept.outputs))",
    "update": "h = display('old', display_id=True)\nh.update('new')",
    "later-update": "display('first', display_id='shared');",
    "updates-it": "from IPython.display import update_display, clear_output\n"
                  "update_display('second', display_id='shared')",
    "clear": "print('gone')\nclear_output()\nprint('kept')",
    "clear-wait": "print('gone')\nclear_output(wait=True)",
    "clear-then": "print('one')\nclear_output(wait=True)\nprint('two')",
    "both": "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out again')",
    "shell": "!echo from the shell",
    "kernel": "print(get_ipython().kernel is not None, get_ipython().__class__.__name__)",
    "underscore": "6 * 7",
    "uses-it": "print(_ + 1)",
    "output": "import ipywidgets\nout = ipywidgets.Output()\ndisplay(out)\n"
              "with out:\n    print('inside'); display('shown inside')\nprint('outside')",
    "output-error": "bad = ipywidgets.Output()\nwith bad:\n    1/0\nprint('goes on')",
    "nested": "outer, inner = ipywidgets.Output(), ipywidgets.Output()\n"
              "with outer:\n    print('outer')\n    with inner:\n        print('inner')\n"
              "    print('outer again')",
    "interact": "def f(n=2):\n    plt.plot([n]); plt.show(); print(f'n is {n}')\n"
                "ipywidgets.interact(f, n=(0, 5));",
    "flood": "for n in range(3000): display(n)",
    "rich-flood": "from IPython.display import HTML\nHTML('x' * 9_000_000)",
    "tiny-prints": "for n in range(200_000): print(n)",
    "input": "input('name? ')",
    "exit": "exit()",
    "syntax": "this is no python",
    "after": "print('after all that')",
}


def run(folder: Path, cells: dict[str, str], **spec: object) -> tuple[dict, float, int]:
    """Execute cells in a host without walls; return its result, the seconds and the memory."""
    (folder / "out").mkdir()
    (folder / "lesson.json").write_text(json.dumps(
        {"cells": [{"id": name, "source": source} for name, source in cells.items()]}))
    (folder / "spec.json").write_text(json.dumps({
        "lesson": str(folder / "lesson.json"), "out": str(folder / "out"),
        "socket": str(folder / "sock"), "cwd": str(folder), "digest": "d", "seconds": 5, **spec}))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_NUM_THREADS": "1",
           "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "coteach.pages.lessonhost", str(folder / "spec.json")], env=env,
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while not (folder / "out" / "result.json").exists():
            assert process.poll() is None and time.monotonic() - began < 60
            time.sleep(0.02)
        peak = next(int(line.split()[1]) for line in Path(
            f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
        return json.loads((folder / "out" / "result.json").read_text()), (
            time.monotonic() - began), peak >> 10
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> dict:
    return run(tmp_path_factory.mktemp("host"), CELLS)[0]


def shown(result: dict, cell: str) -> list[str]:
    """The outputs of a cell, each as one short text."""
    return [_text(output) for output in result["cells"][cell]["outputs"]]


def _text(output: dict) -> str:
    if output["output_type"] == "stream":
        return f"{output['name']}: {output['text'].strip()}"
    if output["output_type"] == "error":
        return f"error: {output['ename']}"
    data = output["data"]
    return "picture" if "image/png" in data else data.get("text/plain", "")[:40]


@pytest.mark.parametrize(("cell", "expected"), [
    ("plot", ["picture"]), ("late-plot", ["stdout: before it", "picture"]),
    ("await", ["stdout: awaited"]), ("task", ["stdout: from a task"]),
    ("capture", []), ("captured", ["stdout: 'hidden\\n' 1"]), ("update", ["'new'"]),
    ("later-update", ["'second'"]), ("updates-it", []), ("clear", ["stdout: kept"]),
    ("clear-wait", ["stdout: gone"]), ("clear-then", ["stdout: two"]),
    ("both", ["stdout: out", "stderr: err", "stdout: out again"]),
    ("shell", ["stdout: from the shell"]), ("kernel", ["stdout: True LessonShell"]),
    ("uses-it", ["stdout: 43"]), ("input", ["stdout: name?", "error: EOFError"]), ("syntax", ["error: SyntaxError"]),
    ("after", ["stdout: after all that"]),
])
def test_outputs_are_those_of_a_front_end(result, cell, expected):
    assert shown(result, cell) == expected


def test_an_output_widget_holds_what_was_shown_inside_it(result):
    def held(cell: str) -> list[list[str]]:
        views = [o["data"].get("application/vnd.jupyter.widget-view+json")
                 for o in result["cells"][cell]["outputs"] if "data" in o]
        return [[_text(o) for o in result["states"][v["model_id"]]["state"]["outputs"]]
                for v in views if v]
    assert held("output") == [["stdout: inside", "'shown inside'"]]
    assert "stdout: outside" in shown(result, "output")
    outputs = [s["state"]["outputs"] for s in result["states"].values()
               if s["model_name"] == "OutputModel"]
    texts = [[_text(o) for o in some] for some in outputs]
    assert ["error: ZeroDivisionError"] in texts and shown(result, "output-error") == [
        "stdout: goes on"]
    assert ["stdout: inner"] in texts and ["stdout: outer\nouter again"] in texts
    assert ["picture", "stdout: n is 2"] in texts, "interact draws into its own"


def test_a_flood_is_cut_where_it_is_made(result):
    cut = {cell for cell, about in result["cells"].items() if about["cut"]}
    assert cut == {"flood", "rich-flood", "tiny-prints"}
    assert len(result["cells"]["flood"]["outputs"]) == 500
    assert len(json.dumps(result["cells"]["rich-flood"])) < 2000
    assert len(json.dumps(result["cells"]["tiny-prints"])) < 150_000
    assert len(result["cells"]["tiny-prints"]["outputs"]) == 1


def test_errors_are_named_for_the_author(result):
    found = {error["cell"]: (error["kind"], error["ename"]) for error in result["errors"]}
    assert found.keys() <= {"input", "syntax", "exit"}
    assert found["input"] == ("raised", "EOFError") and found["syntax"][1] == "SyntaxError"
    assert result["reasons"] == []


def test_widget_ids_follow_from_the_lesson_and_not_from_chance(tmp_path):
    cells = {"a": "import ipywidgets\nipywidgets.VBox([ipywidgets.IntSlider()])"}
    found = []
    for name, digest in (("one", "x"), ("two", "x"), ("three", "y")):
        (tmp_path / name).mkdir()
        found.append(run(tmp_path / name, cells, digest=digest)[0]["states"].keys())
    assert found[0] == found[1] and not found[0] & found[2]


def test_a_print_of_100_mb_costs_neither_memory_nor_time(tmp_path):
    for name in ("quiet", "loud"):
        (tmp_path / name).mkdir()
    _result, quiet, low = run(tmp_path / "quiet", {"a": "t = 'x' * 100_000_000"})
    _result, loud, high = run(tmp_path / "loud", {"a": "t = 'x' * 100_000_000\nprint(t)\nprint(t)"})
    assert high - low < 60, f"{low} to {high} MB"
    assert loud < quiet + 3
    assert (tmp_path / "loud" / "out" / "result.json").stat().st_size < 200_000


@pytest.mark.parametrize(("source", "reason"), [
    ("import threading, time\n"
     "threading.Thread(target=time.sleep, args=(60,), daemon=True, name='w').start()", "threads"),
    ("import subprocess\np = subprocess.Popen(['sleep', '60'])", "processes"),
    ("import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))", "network"),
    ("import asyncio\nt = asyncio.ensure_future(asyncio.sleep(60))", "tasks"),
])
def test_a_lesson_that_can_not_be_copied_says_why(tmp_path, source, reason):
    result = run(tmp_path, {"a": source})[0]
    assert [row["reason"] for row in result["reasons"]] == [reason]
