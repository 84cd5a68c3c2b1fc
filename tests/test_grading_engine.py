"""The engine runs a submission's cells and its tests in two processes."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from coteach.grading.engine import Cell, Engine, Limits, Run, Work

Ask = Callable[..., Awaitable[Run]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Engine]:
    folder = Path(tempfile.mkdtemp(prefix="ct-eng-"))
    made = Engine(folder / "run", limits=Limits(memory_mb=384, wall_seconds=60), log=folder / "log")
    await made.start()
    yield made
    await made.close()


pytestmark = pytest.mark.asyncio(loop_scope="module")


def work(*cells: str, **more: object) -> Work:
    """Make a work of sources: one that begins with ``# given`` or ``# test`` is such a cell."""
    made = []
    for place, source in enumerate(cells):
        first = source.strip().partition("\n")[0]
        kind = {"# given": "given", "# test": "test"}.get(first, "student")
        made.append(Cell(str(place), source, kind))  # type: ignore[arg-type]
    return Work(tuple(made), **more)  # type: ignore[arg-type]


async def statuses(engine: Engine, *cells: str, **more: object) -> list[str]:
    run = await engine.run(work(*cells, **more))
    assert run.status == "ran", (run.reason, run.detail)
    return [cell.status for cell in run.cells.values()]


async def test_an_answer_is_called_across_and_its_values_come_as_data(engine: Engine):
    assert await statuses(
        engine, "def lux(lamps):\n    return lamps * 100", "# test\nassert lux(2) == 200",
        "# test\nassert lux(2) == 201") == ["ok", "ok", "error"]


async def test_what_a_cell_shows_is_kept_as_a_notebook_has_it(engine: Engine):
    run = await engine.run(work("print('hello')\n1 + 1", "# test\n0.5"))
    assert run.cells["0"].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "hello\n"},
        {"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {},
         "execution_count": 1}]
    assert run.cells["1"].outputs[0]["data"] == {"text/plain": "0.5"}


async def test_an_answer_that_ends_python_fails_its_tests_and_no_more(engine: Engine):
    run = await engine.run(work("x = 1", "# test\nassert x == 1", "import os; os._exit(0)",
                                "y = 2", "# test\nassert y == 2"))
    assert [c.status for c in run.cells.values()] == ["ok", "ok", "error", "not-run", "error"]
    assert run.cells["4"].message == "ended"


async def test_the_students_process_has_no_test_in_its_memory(engine: Engine):
    run = await engine.run(work(
        "def spy():\n    import gc\n    word = chr(45).join(['SECRET', 'EXPECTED'])\n"
        "    return [repr(o)[:300] for o in gc.get_objects() if word in repr(o)]",
        "# test\nassert spy() == []  # SECRET-EXPECTED"))
    assert run.cells["1"].status == "ok", run.cells["1"].outputs
