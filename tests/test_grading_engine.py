"""The engine runs a submission's cells and its tests in two processes."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading_engine import ran, runner, said, work

from coteach.grading.engine import changes


def test_an_answer_is_called_across_and_its_values_come_as_data():
    cells = ran("def lux(lamps):\n    return lamps * 100", "# test\nassert lux(2) == 200",
                "# test\nassert lux(2) == 201")
    assert [c.status for c in cells] == ["ok", "ok", "error"]


def test_what_a_cell_shows_is_kept_as_a_notebook_has_it():
    cells = ran("print('hello')\n1 + 1", "# test\n0.5")
    assert cells[0].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "hello\n"},
        {"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {},
         "execution_count": 1}]
    assert cells[1].outputs[0]["data"] == {"text/plain": "0.5"}


def test_an_answer_that_ends_python_fails_its_tests_and_no_more():
    cells = ran("x = 1", "# test\nassert x == 1", "import os; os._exit(0)", "y = 2",
                "# test\nassert y == 2")
    assert [c.status for c in cells] == ["ok", "ok", "error", "not-run", "error"]
    assert said(cells[4]) == "AnswerEnded: The answer's code ended Python itself."
    assert cells[4].message == "ended"


def test_files_beside_the_notebook_are_there_and_the_run_has_its_own_copy(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x\n1\n2\n")
    (tmp_path / "helper.py").write_text("def twice(x):\n    return x * 2\n")
    (tmp_path / "link").symlink_to("/etc/passwd")
    cells = ran("# given\nfrom helper import twice",
                "import pandas as pd, os\ndf = pd.read_csv('data/a.csv')\n"
                "open('data/a.csv', 'w').write('gone')\nnames = sorted(os.listdir())",
                "# test\nassert twice(len(df)) == 4 and names == ['data', 'helper.py']",
                files=tmp_path, own=frozenset({"helper.py"}))
    assert [said(c) for c in cells] == ["ok"] * 3
    assert (tmp_path / "data" / "a.csv").read_text() == "x\n1\n2\n"


def test_files_that_the_instructors_solution_changes_are_told(tmp_path: Path):
    for name in ("shop.db", "data.csv", "notes.txt"):
        (tmp_path / name).write_text("x")
    solution = work("open('shop.db', 'a').write('y')\nimport os; os.unlink('notes.txt')\n"
                    "x = open('data.csv').read()", "# test\nassert x == 'x'", files=tmp_path,
                    own=frozenset({"shop.db", "data.csv", "notes.txt"}))
    made = runner()
    assert made.do(changes(made.engine, solution)) == {"shop.db", "notes.txt"}


def test_two_runs_of_one_submission_give_the_same():
    notebook = work("import random, numpy as np\n[random.random(), np.random.rand(), hash('x'), "
                    "list({'a', 'b', 'c'})]", seed=7)
    one, other = runner().several(notebook, notebook)
    assert one.cells["0"].outputs == other.cells["0"].outputs
    assert one.cells["0"].outputs


def test_a_test_that_nothing_can_stop_is_left_out_and_the_others_have_their_run(
        monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("coteach.grading.engine.engine._PATIENCE", 1.0)
    cells = ran("y = 1", "# test\nimport signal, time\n"
                "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\ntime.sleep(60)",
                "# test\nassert y == 1", seconds=1.0)
    assert [(c.status, c.message) for c in cells] == [("ok", ""), ("timeout", "stuck"), ("ok", "")]


def test_a_notebook_without_cells_and_one_that_is_wrong_everywhere_have_a_run():
    assert runner().run().status == "ran"
    cells = ran("def f(:", "%nomagic", "# test\nassert f(1) == 1", "# test\nassert (", "é = '\\udc80'")
    assert [c.status for c in cells] == ["error"] * 4 + ["ok"]
    assert all(any(o["output_type"] == "error" for o in c.outputs) for c in cells[:4])
