"""The pages the proxy shows by itself: a part is away, or a Lab is somebody else's.

They are plain files in all languages at once: nothing that could translate them runs there.
"""

from __future__ import annotations

import html
import json
from pathlib import Path

from coteach.i18n import LANGUAGE_COOKIE, LANGUAGES, language
from coteach.i18n import gettext as _

_AGAIN = '<meta http-equiv="refresh" content="4">'
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{again}<title>coteach</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  font: 1.0625rem/1.6 system-ui, "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", sans-serif;
  box-sizing: border-box; background: #fbf8f2; color: #1b2826 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #141a19; color: #eeebe3 }} }}
main {{ max-width: 34rem }} h1 {{ font-size: 1.5rem; line-height: 1.3 }}
section + section {{ margin-top: 2rem }} [hidden] {{ display: none }}
</style>
<main role="status">{sections}</main>
<script>
const known = {tags};
const cookie = document.cookie.match(/(?:^|; ){cookie}=([^;]*)/);
const wanted = [cookie && cookie[1], ...navigator.languages].map((tag) =>
  tag && (known.find((k) => tag.toLowerCase().startsWith(k.toLowerCase()))
    || (tag.toLowerCase().startsWith("zh") && "zh-Hant"))).find(Boolean) || "en";
for (const part of document.querySelectorAll("section")) part.hidden = part.lang !== wanted;
document.documentElement.lang = wanted;
</script></html>
"""


def _page(title_of: str, text_of: str, *, again: bool = True, home_of: str = "") -> str:
    sections = []
    for tag in LANGUAGES:
        with language(tag):
            home = f'<p><a href="/">{html.escape(_(home_of))}</a></p>' if home_of else ""
            sections.append(f'<section lang="{tag}"><h1>{html.escape(_(title_of))}</h1>'
                            f"<p>{html.escape(_(text_of))}</p>{home}</section>")
    return _PAGE.format(again=_AGAIN if again else "", sections="".join(sections),
                        tags=json.dumps(list(LANGUAGES)), cookie=LANGUAGE_COOKIE)


def N_(message: str) -> str:
    """Mark a sentence that is translated later."""
    return message


def write(folder: Path) -> Path:
    """Write the pages into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    waiting = _page(N_("One moment"),
                    N_("This part of coteach is starting. The page loads again by itself."))
    wrong = _page(N_("Something went wrong"),
                  N_("The page could not be shown. It is tried again in a few seconds."))
    other = _page(N_("This is not your JupyterLab"),
                  N_("This JupyterLab belongs to another person, and nobody else can open it."),
                  again=False, home_of=N_("Go to your start page"))
    for name, text in {
            "503": waiting, "404": waiting, "403": other, "error": wrong}.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder
