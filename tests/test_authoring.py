"""An author hears what is wrong with an assignment before teachers do; a good one passes."""

from __future__ import annotations

import json

import nbformat
import pytest
from grading_course import ASSIGNMENT, make_source, source_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coteach import cli
from coteach.errors import NotFound
from coteach.grading import CourseFolder
from coteach.grading.authoring import check, files
from coteach.grading.authoring.code import code
from coteach.grading.authoring.finding import cells_of
from coteach.grading.authoring.markers import markers
from coteach.grading.authoring.marks import marks

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def mark(grade_id="t", **change):
    return {"nbgrader": {"grade": False, "solution": False, "locked": False, "task": False,
                         "schema_version": 3, "grade_id": grade_id, **change}}


def a_test(source, grade_id="t", **change):
    return new_code_cell(source, metadata=mark(
        grade_id, **{"grade": True, "locked": True, "points": 1, **change}))


def answer(source, grade_id="a", **change):
    return new_code_cell(source, metadata=mark(grade_id, **{"solution": True, **change}))


def of(look, *cells):
    """Return check, state and name of what a look finds in these cells."""
    return [(f.check, f.state, f.cell) for f in look(cells_of("nb", new_notebook(cells=cells)))]


def of_code(tmp_path, *cells):
    return of(lambda found: code(found, tmp_path), *cells)


@pytest.mark.parametrize(("cells", "found"), [
    ([answer("a"), answer("b")], [("grade-id", "failed", "a")] * 2),
    ([a_test("assert a", grade_id="")], [("grade-id", "failed", "#1")]),
    ([a_test("assert a", grade_id=None)], [("grade-id", "failed", "#1")]),
    ([a_test("assert a", points=None)], [("points", "failed", "t")]),
    ([a_test("assert a", points=-2)], [("points", "failed", "t")]),
    ([a_test("assert a", points="two")], [("points", "failed", "t")]),
    ([a_test("assert a", points=float("nan"))], [("points", "failed", "t")]),
    ([a_test("assert a", points=0)], [("points", "warning", "t")]),
    ([a_test("assert a", schema_version=1)], [("schema", "failed", "t")]),
    ([a_test("assert a", locked=False)], [("locked", "warning", "t")]),
    ([answer("x = 1\nassert x", grade=True, points=1)], []),
    ([answer("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\nassert x == 1", grade=True, points=1)],
     [("locked", "failed", "a")]),
    ([answer("### BEGIN SOLUTION\nassert 1\n### END SOLUTION")], []),
    ([new_markdown_cell("x", metadata=mark(grade=True, points=1))], [("kind", "failed", "t")]),
    ([new_code_cell("x", metadata=mark(task=True, points=1))], [("kind", "failed", "t")]),
    ([new_markdown_cell("x", metadata=mark(task=True))], [("points", "failed", "t")]),
    ([answer("a"), a_test("assert a"), new_code_cell("free")], [])])
def test_marking_information_that_cannot_work_is_found(cells, found):
    assert of(marks, *cells) == found


@pytest.mark.parametrize(("cell", "count", "word"), [
    (answer("### BEGIN SOLUTION\nx = 1"), 1, "never ended"),
    (answer("x = 1\n### END SOLUTION"), 1, "before it"),
    (answer("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION"), 1, "inside a region"),
    (answer("### begin solution\nx = 1\n### end solution"), 2, "does not know the marker"),
    (answer("#BEGIN_SOLUTION\nx = 1\n#END_SOLUTION"), 2, "### BEGIN SOLUTION"),
    (a_test("### BEGIN HIDDEN TEST\nassert x\n### END HIDDEN TEST"), 2, "BEGIN HIDDEN TESTS"),
    (a_test("### BEGIN HIDDEN TESTS\nassert x"), 1, "never ended"),
    (answer("### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS"), 1, "another kind"),
    (new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"), 1, "another kind"),
    (new_markdown_cell("### BEGIN MARK SCHEME\nx\n### END MARK SCHEME"), 1, "another kind"),
    (answer("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"), 0, ""),
    (new_markdown_cell("In the beginning the solution is empty."), 0, "")])
def test_regions_that_would_stay_in_the_release_are_found(cell, count, word):
    found = list(markers(cells_of("nb", new_notebook(cells=[cell]))))
    assert len(found) == count
    assert all(f.state == "failed" for f in found)
    assert word in "".join(f"{f.sentence} {f.way_out}" for f in found)


@pytest.mark.parametrize(("source", "state"), [
    ("assert price(2) == 0.1", "warning"), ("assert mean == total / 3", "warning"),
    ("assert [0.1, 2] == f()", "warning"), ("assert price(2) == 0.5", ""),
    ("assert f(2) == 4", ""), ("import math\nassert math.isclose(f(2), 0.1)", ""),
    ("assert callable(f)", "warning"), ("assert 'f' in globals()", "warning"),
    ("assert x is not None and isinstance(x, int)", "warning"),
    ("assert isinstance(x, int)\nassert x > 3", ""),
    ("assert (f(1) == 2, 'message')", "failed"), ("# tests\n'''nothing'''", "failed"),
    ("", "failed"), ("import numpy as np", "failed"), ("total = f(1)\ntotal", ""),
    ("try:\n    assert f(1) == 2\nexcept Exception:\n    pass", "warning"),
    ("try:\n    f(0)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('no')", ""),
    ("%timeit f(1)\nassert f(1) == 2", "")])
def test_tests_that_test_little_are_found(tmp_path, source, state):
    assert of_code(tmp_path, a_test(source)) == ([("weak-test", state, "t")] if state else [])


@pytest.mark.parametrize(("source", "state"), [
    ("f(2)", "failed"), ("x = 1\nf", "failed"), ("f(2);", ""), ("assert f(2) == 4\n(f(2) == 4) * 2", ""),
    ("import pickle\nassert pickle.load(open('here')) == f(1)", "warning"),
    ("import json\nassert json.load(open('here')) == f(1)", "")])
def test_a_test_in_which_the_answer_decides_is_found(tmp_path, source, state):
    (tmp_path / "here").write_text("1")
    found = of_code(tmp_path, answer("def f(n): return n"), a_test(source))
    assert found == ([("weak-test", state, "t")] if state else [])


def test_a_test_that_looks_at_the_clock_or_the_network_is_said_to_be_unstable(tmp_path):
    for source in ("import time\nassert f(1) < time.time()", "import requests\nassert f(1) == 2"):
        assert of_code(tmp_path, a_test(source)) == [("unstable", "warning", "t")]
    assert of_code(tmp_path, a_test("assert f('now') == 2")) == []


@pytest.mark.parametrize(("source", "check_", "state"), [
    ("open('gone.csv')", "data-file", "failed"), ("pd.read_csv('gone.csv')", "data-file", "failed"),
    ("Path('gone.txt').read_text()", "data-file", "failed"),
    ("np.loadtxt('../up.txt')", "data-file", "failed"),
    ("open('/home/me/data.csv')", "data-file", "failed"),
    (r"open(r'C:\data.csv')", "data-file", "failed"),
    ("pd.read_csv('https://example.org/a.csv')", "network", "warning"),
    ("open('here.csv')", "", ""), ("open('made.csv', 'w')\nopen('made.csv')", "", ""),
    ("df.to_csv('made.csv')\npd.read_csv('made.csv')", "", ""), ("open(name)", "", ""),
    ("json.loads('{\"a\": 1}')", "", "")])
def test_data_files_that_are_not_given_are_found(tmp_path, source, check_, state):
    (tmp_path / "here.csv").write_text("1")
    found = of_code(tmp_path, new_code_cell(source))
    assert found == ([(check_, state, "#1")] if check_ else [])


def test_a_picture_that_is_not_given_is_a_note(tmp_path):
    (tmp_path / "here.png").write_bytes(b"1")
    text = "![](gone.png) ![](here.png) <img src='https://example.org/a.png'> ![](attachment:a.png)"
    assert of_code(tmp_path, new_markdown_cell(text)) == [("data-file", "warning", "#1")]


def test_files_that_cannot_be_read_told_apart_or_handed_in_are_found(tmp_path):
    whole = nbformat.writes(new_notebook(metadata=PYTHON))
    for name in ("One.ipynb", "one.ipynb", "two.IPYNB"):
        (tmp_path / name).write_text(whole)
    (tmp_path / "cut.ipynb").write_text(whole[:30])
    (tmp_path / "empty.ipynb").write_bytes(b"")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "three.ipynb").write_text(whole)
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(21 << 20)
    with (tmp_path / "heavy.csv").open("wb") as file:
        file.truncate(3 << 20)
    read, wrong = files.notebooks(tmp_path)
    assert sorted(read) == ["One", "one"]
    assert sorted(f.notebook for f in wrong) == ["cut", "empty"]
    found = [*files.names(tmp_path), *files.sizes(tmp_path)]
    assert sorted((f.check, f.state, f.notebook) for f in found) == [
        ("notebook-name", "failed", "One"), ("notebook-name", "failed", "one"),
        ("notebook-name", "failed", "two"), ("notebook-name", "warning", "three"),
        ("size", "failed", ""), ("size", "warning", "")]


@pytest.mark.parametrize(("spec", "state"), [
    ({"name": "python3", "language": "python"}, None), ({"name": "conda-x"}, "warning"),
    ({"name": "ir", "language": "R"}, "failed"), (None, "warning")])
def test_a_kernel_that_is_not_here_is_found(spec, state):
    metadata = {"kernelspec": {"display_name": "K", **spec}} if spec else {}
    found = list(files.kernel("nb", new_notebook(metadata=metadata)))
    assert [f.state for f in found] == ([state] if state else [])


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A course whose faults are seen only when it is released and run."""
    root = tmp_path_factory.mktemp("planted")
    folder = root / "source" / "ps"
    folder.mkdir(parents=True)
    long = "    return sorted(range(n), key=lambda each: -each)"
    nbformat.write(new_notebook(metadata=PYTHON, cells=[
        new_code_cell("given = 5\nprint(open('data.txt').read())"),
        answer(f"def f(n):\n    ### BEGIN SOLUTION\n{long}\n    ### END SOLUTION", "f"),
        a_test("assert f(2) == [1, 0]", "good", points=2),
        a_test("assert given == 5", "nothing-to-do", points=3),
        a_test("assert f(2) == [0, 1], 'upside down'", "wrong", points=1),
        a_test("len(f(3)) / 2", "part", points=2),
        a_test("assert 'sorted' in f.__code__.co_names", "inside"),
        a_test("import random\nassert f(2) == [1, 0], random.random()", "steady"),
        a_test("import time\ntime.time_ns() % 997 / 997", "clock"),
        new_code_cell(f"# for me:\n# {long.strip()}"),
        new_code_cell("1 / 0"),
        new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
    ]), folder / "faults.ipynb")
    nbformat.write(source_notebook(), folder / "good.ipynb")
    doubled = source_notebook()
    doubled.cells.append(doubled.cells[1].copy())
    doubled.cells[-1]["id"] = "copy"
    nbformat.write(doubled, folder / "doubled.ipynb")
    (folder / "data.txt").write_text("1")
    (folder / "notes.py").write_text(f"def f(n):\n{long}\n")
    return root


@pytest.fixture(scope="module")
def found(planted):
    before = sorted(planted.rglob("*"))
    said = check(CourseFolder(planted), "ps")
    assert sorted(planted.rglob("*")) == before  # nothing is written into the course
    return {name: [f for f in said if f.notebook == name] for name in {f.notebook for f in said}}


def test_the_release_and_the_solution_are_tried(found):
    said = {(f.check, f.state, f.cell) for f in found["faults"]}
    assert said == {
        ("solution", "failed", "wrong"), ("solution", "failed", "part"),
        ("empty", "failed", "nothing-to-do"), ("solution", "warning", "#11"),
        ("left-in-release", "failed", "#10"), ("left-in-release", "failed", ""),
        ("beside", "warning", "inside"), ("unstable", "warning", "clock"),
        ("solution", "failed", "clock"), ("empty", "failed", "clock")}
    by_cell = {f.cell: f for f in found["faults"]}
    assert "upside down" in by_cell["wrong"].sentence
    assert "1.5 of 2" in by_cell["part"].sentence
    assert "3 points" in by_cell["nothing-to-do"].sentence
    assert "ZeroDivisionError" in by_cell["#11"].sentence
    assert "notes.py" in by_cell[""].sentence
    assert by_cell["wrong"].line.startswith("assert f(2)")


def test_a_broken_notebook_does_not_keep_the_others_from_being_tried(found):
    assert [(f.check, f.state) for f in found["good"]] == [("solution", "ok")]
    assert "3 points" in found["good"][0].sentence
    assert {(f.check, f.cell) for f in found["doubled"]} == {("grade-id", "lux"), ("release", "")}


def test_an_unknown_assignment_is_named(planted):
    with pytest.raises(NotFound, match="ps9"):
        check(CourseFolder(planted), "ps9")


def test_a_config_that_leaves_tests_open_is_found(tmp_path):
    make_source(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.LockCells.lock_grade_cells = False\n"
        "c.LockCells.lock_readonly_cells = False\n")
    said = check(CourseFolder(tmp_path), ASSIGNMENT, run=False)
    assert [(f.check, f.state, f.cell) for f in said] == [
        ("locked", "failed", "test-lux"), ("locked", "failed", "test-zero")]


@pytest.fixture
def coteach(monkeypatch, capsys):
    """The command, run in this process: exit code, what it printed, what it complained of."""
    def run(*arguments, cwd):
        monkeypatch.chdir(cwd)
        monkeypatch.setattr("sys.argv", ["coteach", "assignment", "check", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return end.value.code or 0, " ".join(out.split()), err
    return run


def test_the_command_ends_with_0_when_nothing_is_wrong(coteach, tmp_path):
    make_source(tmp_path)
    code_, out, err = coteach(ASSIGNMENT, "--no-run", cwd=tmp_path)
    assert (code_, err) == (0, "")
    assert out == "0 things are wrong, 0 notes."


def test_the_command_says_what_is_wrong_and_where_and_ends_with_1(coteach, tmp_path):
    make_source(tmp_path)
    file = tmp_path / "source" / ASSIGNMENT / "assignment.ipynb"
    bad = nbformat.read(file, as_version=4)
    bad.cells[3].metadata.nbgrader.grade_id = "test-lux"
    nbformat.write(bad, file)
    code_, out, _err = coteach(tmp_path, f"source/{ASSIGNMENT}/", cwd="/")
    assert code_ == 1
    assert "assignment.ipynb, cell test-lux (“assert lux(2) == 200”): The grade_id" in out
    assert "2 things are wrong, 1 note." in out
    code_, out, _err = coteach(tmp_path, ASSIGNMENT, "--json", cwd="/")
    said = json.loads(out)
    assert (code_, said["ok"], said["assignment"]) == (1, False, ASSIGNMENT)
    assert {"check": "grade-id", "state": "failed", "notebook": "assignment", "cell": "test-lux",
            "line": "assert lux(2) == 200"}.items() <= said["findings"][0].items()


@pytest.mark.parametrize(("arguments", "word"), [
    (["ps9"], "ps9"), (["nowhere", "ps"], "nowhere"), (["a", "b", "c"], "3 names"),
    ([], "ASSIGNMENT")])
def test_a_wrong_argument_ends_with_2(coteach, planted, arguments, word):
    code_, out, err = coteach(*arguments, cwd=planted)
    assert (code_, out) == (2, "")
    assert word in err
