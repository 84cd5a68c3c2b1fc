"""The doors of the deployment: signing in and up, in three languages, as a person sees them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from coteach.settings import load
from coteach.store import people
from coteach.store.database import Database


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_the_sign_in_page_is_readable_in_each_language(new_page, screenshot, language):
    page = new_page(language)
    page.goto("/hub/login")
    expect(page.locator("html")).to_have_attribute("lang", language)
    screenshot(page, f"sign-in-{language}")


def test_the_language_is_switched_on_the_page_and_stays(new_page):
    page = new_page("en")
    page.goto("/hub/login")
    page.get_by_role("link", name="Tiếng Việt").click()
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    page.goto("/hub/login")
    expect(page.locator("html")).to_have_attribute("lang", "vi")


def test_a_wrong_password_is_said_on_the_page(new_page, screenshot):
    page = new_page()
    page.goto("/hub/login")
    page.locator("input[name=username]").fill("amina")
    page.locator("input[name=password]").fill("not this one")
    page.locator("#login_submit").click()
    expect(page.get_by_role("alert")).to_contain_text("This name and this password do not fit together.")
    expect(page.locator("input[name=username]")).to_have_value("amina")
    screenshot(page, "sign-in-refused")


def test_a_teacher_makes_her_account_from_the_link_and_is_at_the_portal(
        deployment, new_page, screenshot):
    database = Database.of(load(deployment.data, environ={}))
    with database.session() as session:
        _row, token = people.invite(session, role="teacher")
    database.close()
    page = new_page()
    page.goto(f"/invite/{token}")
    screenshot(page, "invitation")
    page.get_by_role("link", name="Make your account").click()
    page.locator("input[name=username]").wait_for()
    screenshot(page, "sign-up")
    page.locator("input[name=display_name]").fill("Lan Hương")
    page.locator("input[name=username]").fill("lan.huong")
    page.locator("input[name=password]").fill("four words by hand")
    page.locator("input[name=password_again]").fill("four words by hand")
    page.locator("main button[type=submit]").click()
    expect(page.get_by_text("Lan Hương").first).to_be_visible()
    other = new_page()
    other.goto(f"/hub/signup?invite={token}")
    expect(other.get_by_role("heading", level=1)).to_have_text("This invitation was used already.")
    screenshot(other, "sign-up-used")


def test_signing_in_leads_to_the_portal(new_page, sign_in, screenshot):
    page = new_page()
    sign_in(page, "amina")
    screenshot(page, "portal-home")
