"""A lesson notebook becomes a page through Voila's renderer and exporter, with coteach's template.

Rule: text first. The template sends every text cell before a kernel is asked for, then each output
as its cell has run; a cell that fails shows one calm sentence and the rest goes on.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import structlog
from jupyter_core.utils import ensure_async
from traitlets.config import Config
from voila.configuration import VoilaConfiguration
from voila.execute import VoilaExecutor
from voila.exporter import VoilaMarkdownRenderer
from voila.notebook_renderer import NotebookRenderer
from voila.paths import collect_template_paths

from coteach.i18n import gettext as _
from coteach.pages.kernels import LessonKernels, NoKernelFree
from coteach.pages.questions import questions_of

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = "coteach"
MOST_OUTPUT = 4_000_000
"""Characters that one lesson may put on a page while it runs."""

log = structlog.get_logger("pages")


class LessonExecutor(VoilaExecutor):
    """Runs the cells; stops listening to a lesson that floods the page."""

    said = 0

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: Any) -> Any:
        """Keep an output, until there were too many."""
        content = msg["content"]
        size = len(content.get("text", "")) + sum(
            len(str(value)) for value in content.get("data", {}).values())
        self.said += size
        if self.said > MOST_OUTPUT and msg["msg_type"] != "error":
            return None
        return super().output(outs, msg, display_id, cell_index)


class AssetRenderer(VoilaMarkdownRenderer):
    """Leaves pictures of the lesson as files, so that a browser can keep them."""

    asset_base = ""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return the element of a picture; `assets/x.png` is served beside the page."""
        if url.startswith("assets/") and ".." not in url:
            url = self.asset_base + url.removeprefix("assets/")
        # Not Voila's: it asks a contents manager for files, and there is none here.
        return str(super(VoilaMarkdownRenderer, self).image(text, url, title))


def voila_configuration() -> VoilaConfiguration:
    """Return Voila's options as every page of coteach uses them."""
    return VoilaConfiguration(
        template=TEMPLATE, strip_sources=True, show_tracebacks=False,
        allow_template_override="NO", allow_theme_override="NO", theme="light")


def executor_config(seconds: int, **more: Any) -> Config:
    """Return the traits of the executor: each cell has some seconds, and none ends the lesson."""
    return Config({"LessonExecutor": {
        "timeout": seconds, "interrupt_on_timeout": True, "allow_errors": True,
        "startup_timeout": 60, "store_widget_state": True, **more}})


class NoFiles:
    """Stands where Voila wants a contents manager; the notebook is handed over, never looked up."""

    def file_exists(self, path: str) -> bool:
        """Return False."""
        return False


@dataclass
class Progress:
    """What the template is told while it is being sent."""

    state: str = "starting"
    """``starting``, ``running``, ``full`` or ``failed``."""
    sentence: str = ""

    def __deepcopy__(self, memo: Any) -> Progress:
        """Return itself: the exporter copies resources, and this must stay the one we change."""
        return self


class LessonRenderer(NotebookRenderer):
    """Voila's renderer for a notebook in memory, with a kernel started when the text is sent.

    Parameters
    ----------
    notebook
        The lesson, already in the reader's language.
    kernels, visitor, env, folder
        Where the kernel comes from, whose it is, what it is told and where its files lie.
    resources
        What the template shows around the lesson.
    config
        Traits of the executor, from `executor_config`.
    """

    def __init__(self, notebook: nbformat.NotebookNode, kernels: LessonKernels, *, visitor: str,
                 env: dict[str, str], folder: Path | None, base_url: str,
                 page_config: dict[str, Any], resources: dict[str, Any], config: Config,
                 asset_base: str = "") -> None:
        renderer = type("LessonMarkdown", (AssetRenderer,), {"asset_base": asset_base})
        config.VoilaExporter.markdown_renderer_class = renderer
        super().__init__(
            notebook_path="lesson.ipynb", voila_configuration=voila_configuration(),
            traitlet_config=config, template_paths=template_paths(), base_url=base_url,
            contents_manager=NoFiles(), page_config=page_config, mathjax_url="", mathjax_config="",
            kernel_spec_manager=kernels.kernel_spec_manager)
        self._given = notebook
        self._kernels = kernels
        self._visitor, self._env, self._folder = visitor, env, folder
        self._more = resources
        self._stack = AsyncExitStack()
        self.kernel_id = ""
        self.progress = Progress()
        self.executor: LessonExecutor | None = None
        self.failed_cells: list[str] = []

    async def load_notebook(self, path: str) -> nbformat.NotebookNode:
        """Return the notebook that was given, to be run by our kernel whatever it names."""
        self._given.metadata["kernelspec"] = nbformat.from_dict(
            {"name": "python3", "language": "python", "display_name": "Python 3"})
        return self._given

    async def initialize(self, **kwargs: Any) -> None:
        """Prepare the exporter."""
        await super().initialize(**kwargs)
        self.resources.update(self._more)
        self.resources["progress"] = self.progress

    async def _jinja_kernel_start(self, nb: Any, kernel_id: Any = None,
                                  kernel_future: Any = None) -> str:
        try:
            self.kernel_id = await self._stack.enter_async_context(
                self._kernels.run(self._visitor, self._env, self._folder))
        except NoKernelFree as error:
            self.progress.state, self.progress.sentence = "full", str(error)
            return ""
        except Exception:
            log.exception("a lesson kernel did not start")
            self.progress.state = "failed"
            self.progress.sentence = _(
                "The moving parts of this page did not start. You can read on.")
            return ""
        self.executor = LessonExecutor(
            nb, km=self._kernels.get_kernel(self.kernel_id), config=self.traitlet_config,
            show_tracebacks=True)
        self.executor.kc = await self.executor.async_start_new_kernel_client()
        self.progress.state = "running"
        return self.kernel_id

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> Any:
        if self.executor is None:
            return
        for index, cell in enumerate(nb.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            cell.outputs = []
            try:
                cell = await self.executor.execute_cell(cell, None, index, store_history=False)
            except Exception as error:  # the kernel died or the cell never ended
                log.warning("a cell of a lesson did not run", cell=cell.get("id"),
                            error=type(error).__name__)
                cell.outputs = [nbformat.v4.new_output(
                    "error", ename=type(error).__name__, evalue="", traceback=[])]
            if any(output.output_type == "error" for output in cell.outputs):
                self.failed_cells.append(str(cell.get("id", index)))
                log.info("a cell of a lesson raised", cell=cell.get("id"), errors=[
                    f"{o.ename}: {o.evalue}"[:200] for o in cell.outputs
                    if o.output_type == "error"])
            # Warnings are for the author, in the notebook; a reader can do nothing about them.
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
            yield cell
        await self._cleanup_resources()

    async def _cleanup_resources(self) -> None:
        if self.executor is not None and self.executor.kc is not None:
            await ensure_async(self.executor.kc.stop_channels())

    def questions(self) -> list[dict[str, Any]]:
        """Return the questions that the lesson showed, in order, after it was run."""
        if self.executor is None:
            return []
        return questions_of(self.executor.nb, self.executor.widget_state)

    async def close(self, error: BaseException | None = None) -> None:
        """End the run: the kernel stays for the page, or goes when the page was not finished."""
        await self._stack.__aexit__(
            type(error) if error else None, error, error.__traceback__ if error else None)


def template_paths() -> list[str]:
    """Return where Voila's exporter looks for templates, coteach's own first."""
    return [str(TEMPLATES / TEMPLATE), *collect_template_paths(["voila", "nbconvert"], "lab",
                                                               prune=True)]
