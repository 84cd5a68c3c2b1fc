"""What a person does in JupyterLab, for journeys."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def sidebar(page: Page) -> Locator:
    """Return coteach's sidebar."""
    return page.locator("#coteach-sidebar")


def open_step(page: Page, title: str) -> None:
    """Choose a step in the sidebar; the notebook shows its cell."""
    sidebar(page).get_by_text(title).first.click()
    page.wait_for_timeout(500)


def run_cell(page: Page, text: str) -> Locator:
    """Run the cell whose source has this text and return the cell."""
    cell = page.locator(".jp-Notebook:visible .jp-CodeCell").filter(has_text=text).first
    expect(cell).to_be_visible(timeout=60_000)
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=60_000)
    cell.locator(".jp-InputArea .cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output").first).to_be_visible(timeout=60_000)
    return cell


def write_cell(page: Page, marker: str, text: str, kind: str = "Code") -> None:
    """Replace the source of the first cell of a kind that has a marker in it."""
    cell = page.locator(f".jp-Notebook:visible .jp-{kind}Cell").filter(has_text=marker).first
    expect(cell).to_be_visible()
    if cell.locator(".jp-MarkdownOutput:visible").count():
        cell.locator(".jp-MarkdownOutput").dblclick()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Shift+Enter")
