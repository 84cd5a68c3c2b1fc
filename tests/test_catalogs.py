"""Every sentence a person reads is there in every language, whole and with its placeholders."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from coteach import i18n

ROOT = Path(__file__).parent.parent
OTHERS = [tag for tag in i18n.LANGUAGES if tag != "en"]
ROOMS = {
    "coteach": ("babel.cfg", ".", "src/coteach/locale/{tag}/coteach.po"),
    "widgets": ("widgets/babel.cfg", "widgets/coteach_widgets",
                "widgets/coteach_widgets/locale/{tag}.po"),
}
PLACE = re.compile(r"\{[a-z_]*[^}]*\}")


def forms(text):
    return list(text) if isinstance(text, (tuple, list)) else [text]


@pytest.fixture(scope="module", params=list(ROOMS))
def room(request, tmp_path_factory):
    config, folder, catalog = ROOMS[request.param]
    template = tmp_path_factory.mktemp("pot") / "all.pot"
    subprocess.run(
        [str(Path(sys.executable).parent / "pybabel"), "-q", "extract", "-F", config, "-k", "t",
         "-k", "n:1,2", "-k", "N_", "-o", str(template), folder], cwd=ROOT, check=True)
    with template.open("rb") as file:
        return {(m.context, forms(m.id)[0]) for m in read_po(file) if m.id}, catalog


@pytest.mark.parametrize("tag", OTHERS)
def test_every_sentence_in_the_code_is_translated(room, tag):
    wanted, catalog = room
    assert len(wanted) > 100
    with (ROOT / catalog.format(tag=tag)).open("rb") as file:
        found = {(m.context, forms(m.id)[0]): m for m in read_po(file) if m.id}
    assert sorted(str(key) for key in wanted - set(found)) == []
    empty = [key for key in wanted if not all(forms(found[key].string)) or found[key].fuzzy]
    assert empty == []


@pytest.mark.parametrize("tag", OTHERS)
def test_translations_keep_the_placeholders(room, tag):
    _wanted, catalog = room
    with (ROOT / catalog.format(tag=tag)).open("rb") as file:
        for message in read_po(file):
            allowed = {place for form in forms(message.id) for place in PLACE.findall(form)}
            for form in forms(message.string):
                assert set(PLACE.findall(form)) <= allowed, message.id
            if not isinstance(message.id, (tuple, list)) and message.id:
                assert set(PLACE.findall(message.string)) == allowed, message.id
