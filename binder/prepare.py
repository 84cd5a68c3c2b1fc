"""Write the folder that a binder opens: the module and the lesson in each language.

Rule: what is there already stays, so a visitor's changes outlive a restart of the server.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import sys
from pathlib import Path

import nbformat

from coteach.i18n import LANGUAGES
from coteach.lessonpack import get_course, get_lesson

WORDS = {
    "en": ("# Welcome to coteach", "Run this cell (Shift and Enter), then choose.",
           "The module for teachers", "The class page for pupils"),
    "zh-Hant": ("# 歡迎使用 coteach", "執行這一格（Shift 加 Enter），然後選一個。",
                "給教師的模組", "給學生的課堂網頁"),
    "vi": ("# Chào mừng đến với coteach", "Chạy ô này (Shift và Enter), rồi chọn.",
           "Học phần cho giáo viên", "Trang lớp học cho học sinh"),
}
LINKS = """
import html
import os

from IPython.display import HTML
from jupyter_server.serverapp import list_running_servers

servers = [server["base_url"] for server in list_running_servers()]
base = os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or (servers or ["/"])[0]
HTML("<ul>" + "".join(
    f'<li><a target="_blank" href="{html.escape(base + address)}">{html.escape(words)}</a></li>'
    for words, address in LINKS) + "</ul>")
"""


def write(notebook: nbformat.NotebookNode, file: Path) -> None:
    """Write a notebook, unless there is one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        nbformat.write(notebook, file)


def inlined(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Put a lesson's pictures into its text: Voila serves no files that lie beside a notebook."""
    def data(found: re.Match[str]) -> str:
        raw = base64.b64encode((folder / found[1]).read_bytes()).decode()
        return f"(data:image/svg+xml;base64,{raw})"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\((assets/[\w.-]+\.svg)\)", data, cell.source)
    return notebook


def prepare(root: Path) -> None:
    """Write the folder; its parent is the folder that the server shows."""
    lesson = get_lesson("tides")
    module = get_course("teaching-at-a-distance").modules[0]
    for tag in LANGUAGES:
        write(module.notebook_in(tag), root / tag / "module" / "module.ipynb")
        write(inlined(lesson.notebook_in(tag), lesson.folder), root / tag / "tides.ipynb")
        shutil.copytree(module.folder / "assets", root / tag / "module" / "assets",
                        dirs_exist_ok=True)
    write(welcome(root.name), root / "welcome.ipynb")
    config = root / ".config"
    config.mkdir(exist_ok=True)
    first = f"tree/{root.name}/welcome.ipynb"
    (config / "jupyter_server_config.json").write_text(json.dumps({
        "LabApp": {"default_url": f"/lab/{first}"},
        "JupyterNotebookApp": {"default_url": f"/notebooks/{root.name}/welcome.ipynb"},
        "ServerApp": {
            "default_url": f"/lab/{first}",
            "jpserver_extensions": {"jupyterlab": True, "voila.server_extension": True},
            # Voila's server extension asks a contents manager without awaiting its answer.
            "contents_manager_class":
                "jupyter_server.services.contents.largefilemanager.LargeFileManager"},
    }), encoding="utf-8")


def welcome(folder: str) -> nbformat.NotebookNode:
    """Return the notebook that opens first."""
    made = nbformat.v4.new_notebook()
    for tag, (title, ask, module, page) in WORDS.items():
        links = [(module, f"lab/tree/{folder}/{tag}/module/module.ipynb"),
                 (page, f"voila/render/{folder}/{tag}/tides.ipynb")]
        made.cells += [
            nbformat.v4.new_markdown_cell(f"{title}\n\n{ask}", id=f"welcome-{tag}"),
            nbformat.v4.new_code_cell(f"LINKS = {links!r}\n{LINKS.strip()}", id=f"links-{tag}")]
    return made


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
