"""Coming in with a name card of a class that wants three secret pictures."""

from __future__ import annotations

from playwright.sync_api import Page

PICTURES = ("crab", "kite", "sun")


def choose_card(page: Page, name: str) -> int:
    """Tap a card and its three pictures, whether they are new or known; return how many taps."""
    page.get_by_text(name, exact=True).click()
    secret = page.locator("#secret")
    choosing = secret.get_attribute("data-choosing") == "yes"
    for picture in PICTURES:
        secret.locator(f"button[value={picture}]").click()
    if choosing:
        secret.locator("button[name=keep]").click()
    return 5 if choosing else 4
