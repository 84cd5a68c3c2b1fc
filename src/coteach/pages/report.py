"""A report: a notebook of ours is run over a folder of inputs and becomes one HTML file.

The notebook is shipped with coteach and trusted, its inputs hold what people wrote: so it runs in a
sandbox like everything else, and the file it becomes has no script.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import structlog
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async

from coteach import sandbox
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.i18n import language as use_language
from coteach.pages.executor import LessonExecutor, executor_config
from coteach.pages.exporter import Exporter
from coteach.pages.words import page_words
from coteach.settings import Settings, load

INPUTS = "/home/inputs"
CELL_SECONDS = 60
REPORT_SECONDS = 90
"""For all of a report: the kernel's start, its cells and the page."""

STATIC = Path(__file__).parent / "static"

log = structlog.get_logger("pages")


async def render_report(notebook: nbformat.NotebookNode | Path, *, inputs: Path, language: str,
                        title: str = "", styles: str = "", settings: Settings | None = None) -> str:
    """Run a report notebook and return it as one HTML file without code and scripts.

    Parameters
    ----------
    notebook
        The notebook, or where it lies.
    inputs
        A folder that the notebook reads; inside its path is in `COTEACH_INPUTS`. It is copied.
    language
        BCP 47 tag, for the page and, as `COTEACH_LANG`, for the notebook.
    title
        The page's title; the notebook's own when empty.
    styles
        CSS to put before the report's own (the design tokens).

    Raises
    ------
    UserError
        The notebook could not be run to its end.
    """
    nb = nbformat.read(notebook, as_version=4) if isinstance(notebook, Path) else notebook
    with use_language(language), tempfile.TemporaryDirectory(prefix="ct-report-") as scratch:
        sandbox.claim(Path(scratch))
        try:
            async with asyncio.timeout(REPORT_SECONDS) as clock:
                nb = await _run(nb, Path(scratch), inputs, language, settings or load())
                return await _export(nb, language=language, title=title, styles=styles)
        except (TimeoutError, UserError):
            # nbclient takes a cell that is cancelled for one whose kernel died.
            if not clock.expired():
                raise
            log.error("a report took too long", seconds=REPORT_SECONDS)
            raise UserError(
                _("This report took longer than {seconds} seconds and was stopped.").format(
                    seconds=f"{REPORT_SECONDS:g}"),
                hint=_("Try again; if it stays so, tell whoever runs this coteach."),
                status=503, code="report-too-long") from None


def _shown(inputs: Path, target: Path) -> Path:
    """Copy the inputs so that the sandbox's user can read them."""
    shutil.copytree(inputs, target)
    for folder, _folders, files in os.walk(target):
        os.chmod(folder, 0o755)  # noqa: S103  it lies in a folder that only we can enter
        for name in files:
            os.chmod(os.path.join(folder, name), 0o644)
    return target


async def _run(nb: nbformat.NotebookNode, scratch: Path, inputs: Path, language: str,
               settings: Settings) -> nbformat.NotebookNode:
    readable = _shown(inputs, scratch / "inputs")
    plain = not sandbox.ensure(settings.trust_local).ok
    specs = sandbox.write_kernelspec(scratch / "spec", config={
        "memory_mb": max(1024, settings.lesson_memory_mb), "processes": 64, "cpu_seconds": 300,
        "folder": "none", "read_only": {str(readable): INPUTS}, "trust_local": settings.trust_local,
        "keep_env": ["COTEACH_LANG", "COTEACH_INPUTS", "MPLBACKEND"]})
    manager: Any = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(
            kernel_dirs=[str(specs / "kernels")], ensure_native_kernel=False))
    executor = LessonExecutor(
        nb, km=manager, show_tracebacks=True,
        config=executor_config(CELL_SECONDS, allow_errors=False))
    try:
        await manager.start_kernel(env={
            "PATH": os.environ.get("PATH", os.defpath), "COTEACH_LANG": language,
            "COTEACH_INPUTS": str(readable) if plain else INPUTS,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
        executor.kc = await executor.async_start_new_kernel_client()
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code" and cell.source.strip():
                cell.outputs = []
                await executor.execute_cell(cell, None, index, store_history=False)
                cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        return nb
    except Exception as error:
        log.error("a report could not be made", error=str(error)[-2000:])
        raise UserError(_("This report could not be made."),
                        hint=_("Try again; if it stays so, tell whoever runs this coteach."),
                        status=500, code="report-failed") from error
    finally:
        if executor.kc is not None:
            await ensure_async(executor.kc.stop_channels())
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)


async def _export(nb: nbformat.NotebookNode, *, language: str, title: str, styles: str) -> str:
    css = styles + (STATIC / "page.css").read_text(encoding="utf-8")
    resources = {
        "language": language, "language_code": language, "words": page_words(), "styles": css,
        "metadata": {"name": "report"}, "theme": "light", "base_url": "/",
        "page_title": title or nb.metadata.get("title", _("Report"))}
    return await asyncio.to_thread(Exporter("report.html.j2").render, nb, resources)
