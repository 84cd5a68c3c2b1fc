"""The look: contrast of the tokens, the frame's words, and times in the reader's zone."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime

import pytest

from coteach import i18n, ui
from coteach.supervisor.parts import node_binary
from coteach.ui import times

TOKENS = (ui.STATIC / "tokens.css").read_text(encoding="utf-8")


def palette(dark: bool) -> dict[str, str]:
    light, _at, rest = TOKENS.partition("@media (prefers-color-scheme: dark)")
    pattern = re.compile(r"--ct-([a-z-]+):\s*(#[0-9a-f]{6});")
    found = dict(pattern.findall(light))
    return {**found, **dict(pattern.findall(rest))} if dark else found


def luminance(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


GROUNDS = ("paper", "surface", "sunk")
AAA = [("ink", ground) for ground in (*GROUNDS, "accent-soft", "signal-soft")]
AA = [*[("quiet", g) for g in GROUNDS], *[("accent", g) for g in (*GROUNDS, "accent-soft")],
      *[("accent-strong", g) for g in (*GROUNDS, "accent-soft")], ("accent-ink", "accent"),
      ("accent-ink", "accent-strong"), *[("signal", g) for g in (*GROUNDS, "signal-soft")]]
SHAPES = [*[("edge", g) for g in GROUNDS], *[("signal-mark", g) for g in ("paper", "surface", "signal-soft")],
          *[("focus", g) for g in GROUNDS]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast_is_aaa_for_text_aa_for_the_rest_and_three_to_one_for_shapes(dark):
    colours = palette(dark)
    weak = [f"{one} on {other}: {ratio:.2f} < {least}"
            for least, pairs in ((7, AAA), (4.5, AA), (3, SHAPES)) for one, other in pairs
            if (ratio := contrast(colours[one], colours[other])) < least]
    assert weak == []


def test_both_themes_have_the_same_colours():
    light, dark = TOKENS.split("@media (prefers-color-scheme: dark)")
    names = re.compile(r"--ct-([a-z-]+):\s*#")
    assert set(names.findall(light)) == set(names.findall(dark))


def test_the_base_style_uses_only_tokens_for_colour_and_loads_nothing():
    css = re.sub(r"/\*.*?\*/", "", (ui.STATIC / "base.css").read_text(encoding="utf-8"), flags=re.S)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(|url\(|@import", css)
    used = set(re.findall(r"var\((--ct-[a-z0-9-]+)", css))
    assert used <= set(re.findall(r"(--ct-[a-z0-9-]+):", TOKENS))


def test_a_sentence_escapes_what_is_put_into_it():
    assert ui.fill("Hello {name}.", name="<b>") == "Hello &lt;b&gt;."


def test_static_addresses_change_with_the_file():
    static = ui.environment(static="/c/static/").globals["static"]
    assert re.fullmatch(r"/c/static/base\.css\?v=[0-9a-f]{10}", static("base.css"))


@pytest.mark.parametrize(("language", "city", "shown"), [
    ("en", "Taipei", "Mon, Nov 23, 8:05"), ("zh-Hant", "台北", "11月23日 週一"),
    ("vi", "Đài Bắc", "20:05 Th 2, 23 thg 11")])
def test_a_time_is_the_readers_and_names_its_zone(language, city, shown, monkeypatch):
    class Now(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 24, tzinfo=UTC)
    monkeypatch.setattr(times, "datetime", Now)
    with i18n.language(language):
        text = times.when(datetime(2026, 11, 23, 12, 5, tzinfo=UTC), "Asia/Taipei")
    assert shown in text.replace("\u202f", " ") and text.endswith(f"({city})")


def test_a_zone_nobody_knows_is_utc():
    assert times.zone_name("Moon/Sea") == "UTC"
    assert times.zone_name("../../etc/passwd") == "UTC"


def test_scripts_translate_with_the_pages_strings():
    script = f"""
      globalThis.document = {{ getElementById: () => ({{ textContent: {json.dumps(json.dumps(
          {"Saved.": "已儲存。", "{n} answer": ["{n} 個答案"], "Hi {name}": "嗨 {name}"}))} }}),
          documentElement: {{ lang: "zh-Hant" }} }};
      const {{ t, n, language }} = await import({json.dumps((ui.STATIC / "i18n.js").as_uri())});
      console.log(JSON.stringify([t("Saved."), t("Not there"), n("{{n}} answer", "{{n}} answers", 3),
        n("{{n}} day", "{{n}} days", 1), t("Hi {{name}}", {{ name: "<b>" }}), language]));"""
    done = subprocess.run([str(node_binary()), "--input-type=module", "-e", script], check=True,
                          capture_output=True, text=True)
    assert json.loads(done.stdout) == ["已儲存。", "Not there", "3 個答案", "1 day", "嗨 <b>", "zh-Hant"]


def test_markdown_of_people_is_shown_and_their_tags_and_links_do_nothing():
    html = ui.markdown.to_html("1. **Who**\n2. what\n\n<script>alert(1)</script>\n\n"
                               "[x](javascript:alert) <b onclick=x>")
    assert "<strong>Who</strong>" in html and "<ol>" in html and "<a href" in html
    assert "<script" not in html and "javascript:" not in html and "<b " not in html
