"""Each page in each language, as its people see it; no English is left on the others' pages."""

from __future__ import annotations

import re

import lab
import pytest
from playwright.sync_api import Page, expect

ENGLISH = re.compile(r"\b(the|your|you|and|with|this|here|not yet|waits?|done)\b", re.IGNORECASE)
COMMON = ["/", "/me"]


def assert_translated(page: Page, language: str) -> None:
    expect(page.locator("html")).to_have_attribute("lang", language)
    if language != "en":
        words = page.locator("main").inner_text()
        left = [line for line in words.splitlines() if len(ENGLISH.findall(line)) >= 2]
        assert left == [], f"{page.url} in {language}"


@pytest.mark.parametrize(("language", "teacher"),
                         [("en", "bruno"), ("zh-Hant", "chen"), ("vi", "dao")])
def test_a_teachers_pages_are_in_her_language(new_page, sign_in, screenshot, language, teacher):
    page = new_page(language)
    sign_in(page, teacher)
    for path in [*COMMON, "/c/teach/"]:
        page.goto(path)
        assert_translated(page, language)
        screenshot(page, f"teacher{path.replace('/', '-').rstrip('-')}-{language}")


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_a_trainers_pages_are_in_the_language_she_chooses(
        new_page, sign_in, screenshot, language):
    page = new_page("en")
    sign_in(page, "trainer")
    page.goto(f"/?lang={language}")
    assert_translated(page, language)
    screenshot(page, f"trainer-{language}")
    page.locator("a[href^='/cohorts/']").first.click()
    assert_translated(page, language)
    screenshot(page, f"trainer-cohort-{language}")
    cohort = page.url.split("?")[0]
    page.goto(f"{cohort}/grading")
    assert_translated(page, language)
    screenshot(page, f"trainer-grading-{language}")
    page.goto(f"{cohort}/report")
    # While it is made the page loads itself again and again; the finished one has its own header.
    expect(page.locator("header.top a.back")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("lang", language)
    screenshot(page, f"trainer-report-{language}")
    page.goto("/?lang=en")


@pytest.mark.parametrize(("language", "teacher", "title"), [
    ("zh-Hant", "chen", "佈置線上教室"), ("vi", "dao", "Chuẩn bị lớp học trực tuyến")])
def test_the_module_and_the_sidebar_are_in_her_language(
        new_page, sign_in, screenshot, language, teacher, title):
    page = new_page(language)
    sign_in(page, teacher)
    page.locator("a.button.primary, .next a").first.click()
    expect(lab.sidebar(page)).to_contain_text(title, timeout=90_000)
    expect(page.locator(".jp-Notebook h1").first).to_contain_text(title, timeout=60_000)
    assert len(ENGLISH.findall(lab.sidebar(page).inner_text())) < 2
    screenshot(page, f"lab-module-{language}", phone=False)
