"""`coteach lesson`: what an author types, from a new pack to another school's deployment."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from coteach.cli import app
from coteach.errors import UserError
from coteach.lessonpack import Lesson, find_lessons, learning_resource, weight
from coteach.lessonpack.exchange import take_in

TIDES = Path(__file__).resolve().parent.parent / "courses" / "lessons" / "tides"


def lesson(*arguments: object):
    return CliRunner().invoke(app, ["lesson", *map(str, arguments)])


def findings(pack: Path, *more: str) -> tuple[int, dict[str, list[dict]]]:
    done = lesson("check", pack, "--no-run", "--json", *more)
    by_name: dict[str, list[dict]] = {}
    for found in json.loads(done.stdout)["checks"]:
        by_name.setdefault(found["name"], []).append(found)
    return done.exit_code, by_name


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the lesson that comes with coteach."""
    return Path(shutil.copytree(TIDES, tmp_path / "tides"))


def edit(pack: Path, cell: str, source: str, kind: str = "") -> None:
    notebook = nbformat.read(pack / "lesson.ipynb", as_version=4)
    for found in notebook.cells:
        if found.id == cell:
            found.source = source
            found.cell_type = kind or found.cell_type
    nbformat.write(notebook, pack / "lesson.ipynb")


@pytest.mark.parametrize("language", ["en", "vi", "zh-Hant", "de"])
def test_a_new_pack_passes_its_own_check(tmp_path, language):
    done = lesson("new", tmp_path / "Bean Race", "--language", language, "--author", "Mei \"M\" Lin")
    assert done.exit_code == 0
    made = Lesson.load(tmp_path / "Bean Race")
    assert (made.id, made.languages, made.authors) == ("bean-race", (language,), ('Mei "M" Lin',))
    code, found = findings(made.folder)
    assert code == 0
    assert {f["state"] for few in found.values() for f in few} == {"ok"}


def test_a_new_pack_takes_the_place_of_nothing(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "work.txt").write_text("years of it")
    done = lesson("new", tmp_path / "mine")
    assert isinstance(done.exception, UserError)
    assert [p.name for p in tmp_path.rglob("*")] == ["mine", "work.txt"]


@pytest.mark.parametrize(("arguments", "said"), [
    (["--licence", "my own"], "my own"), (["--id", "../x"], "../x"),
    (["--language", "klingon!"], "klingon!")])
def test_a_value_that_can_not_be_used_is_named_and_nothing_is_made(tmp_path, arguments, said):
    done = lesson("new", tmp_path / "mine", *arguments)
    assert isinstance(done.exception, UserError)
    assert said in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_good_pack_is_said_to_be_good(pack):
    code, found = findings(pack)
    assert code == 0
    assert {name: few[0]["state"] for name, few in found.items()} == dict.fromkeys(
        ("structure", "licence", "translation", "weight", "offline"), "ok")


def test_a_broken_pack_is_a_failed_check_and_a_missing_one_a_wrong_argument(pack):
    (pack / "lesson.ipynb").write_text("{}")
    code, found = findings(pack)
    assert code == 1
    assert "no list of cells" in found["structure"][0]["sentence"]
    assert lesson("check", pack.parent / "nowhere").exception.status == 404


def test_stale_and_missing_translations_are_named_by_cell(pack):
    edit(pack, "story", "# Something else")
    po = pack / "i18n" / "vi.po"
    po.write_text(po.read_text().replace('msgctxt "look"', 'msgctxt "elsewhere"'))
    _code, found = findings(pack)
    said = {(f["language"], f["cell"]): f["sentence"] for f in found["translation"] if f["cell"]}
    assert "has changed" in said["zh-Hant", "story"] and "has changed" in said["vi", "story"]
    assert "is not translated" in said["vi", "look"]


def test_pictures_that_are_missing_or_from_the_network_are_what_pupils_would_not_see(pack):
    edit(pack, "moon", "![a](assets/none.png) ![b](https://pictures.example/b.png) "
                       "<img src='http://pictures.example/c.png'> [link](https://fine.example) "
                       "`![d](assets/not-meant.png)`")
    code, found = findings(pack)
    assert code == 1
    assert [f["cell"] for f in found["assets"] if f["state"] == "failed"] == ["moon"]
    assert "none.png" in found["assets"][0]["sentence"]
    addresses = " ".join(f["sentence"] for f in found["offline"])
    assert "b.png" in addresses and "c.png" in addresses and "fine.example" not in addresses


def test_an_address_in_code_is_a_warning(pack):
    edit(pack, "noon", "import pandas\npandas.read_csv('https://data.example/x.csv')  # https://x.y")
    code, found = findings(pack)
    assert code == 0
    assert [(f["cell"], f["state"]) for f in found["offline"]] == [("noon", "warning")]


def test_a_heavy_pack_names_its_heaviest_files(pack):
    (pack / "assets" / "moon.svg").write_bytes(b"x" * 900_000)
    _code, found = findings(pack)
    assert found["weight"][0]["state"] == "warning"
    assert "moon.svg (900 kB)" in found["weight"][0]["way_out"]
    assert weight.weight(Lesson.load(pack)).loaded > 900_000


def test_a_licence_that_forbids_translation_is_pointed_out(pack):
    toml = pack / "lesson.toml"
    toml.write_text(toml.read_text().replace("CC-BY-4.0", "CC-BY-ND-4.0"))
    assert findings(pack)[1]["licence"][0]["state"] == "warning"


def test_an_export_is_the_pack_with_a_description_and_always_the_same_bytes(pack, tmp_path):
    (pack / ".ipynb_checkpoints").mkdir()
    (pack / ".ipynb_checkpoints" / "old.ipynb").write_text("secret")
    toml = pack / "lesson.toml"
    toml.write_text(toml.read_text().replace('school = ""', 'school = ""\nfrom_tomorrow = "kept"'))
    for name in ("one.zip", "two.zip"):
        assert lesson("export", pack, "--out", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = archive.namelist()
        about = json.loads(archive.read("tides/lesson.jsonld"))
        assert b"from_tomorrow" in archive.read("tides/lesson.toml")
    assert not any("checkpoints" in name for name in names)
    assert about["@type"] == "LearningResource"
    assert {"@language": "vi", "@value": "Thủy triều"} in about["name"]
    assert about["license"].endswith("CC-BY-4.0.html")
    assert about == learning_resource(Lesson.load(tmp_path / "one.zip"))


def test_a_link_is_not_followed_into_an_export(pack, tmp_path):
    (pack / "assets" / "passwords.svg").symlink_to("/etc/passwd")
    done = lesson("export", pack, "--out", tmp_path / "out.zip")
    assert "assets/passwords.svg" in str(done.exception)
    assert not (tmp_path / "out.zip").exists()


def test_an_import_can_be_opened_for_a_class_and_is_safe_to_repeat(pack, tmp_path, settings):
    toml = pack / "lesson.toml"
    toml.write_text(toml.read_text().replace('id = "tides"', 'id = "ebb"'))
    lesson("export", pack, "--out", tmp_path / "ebb.zip")
    for same in (False, True):
        done = lesson("import", tmp_path / "ebb.zip", "--data", settings.data, "--json")
        assert json.loads(done.stdout)["same"] is same
    assert "ebb" in [found.id for found in find_lessons(settings)]


def test_another_version_replaces_only_when_told_and_the_old_one_is_kept(pack, settings):
    old = take_in(pack, settings).lesson.version
    toml = pack / "lesson.toml"
    toml.write_text(toml.read_text().replace(f'version = "{old}"', 'version = "9.9"'))
    with pytest.raises(UserError, match=re.escape(old)):
        take_in(pack, settings)
    taken = take_in(pack, settings, replace=True)
    assert (taken.before, taken.lesson.version) == (old, "9.9")
    assert taken.kept and Lesson.load(taken.kept).version == old
    assert [found.version for found in find_lessons(settings) if found.id == "tides"] == ["9.9"]
    assert not [p for p in settings.layout.lessons.iterdir() if p.name.startswith(".import")]


def test_a_broken_import_leaves_what_was_there(pack, settings, tmp_path):
    take_in(pack, settings)
    (tmp_path / "broken.zip").write_bytes(b"PK nothing")
    done = lesson("import", tmp_path / "broken.zip", "--data", settings.data, "--replace")
    assert isinstance(done.exception, UserError)
    assert [p.name for p in settings.layout.lessons.iterdir()] == ["tides"]


def test_a_translation_is_refreshed_and_loses_no_word(pack):
    po = pack / "i18n" / "vi.po"
    before = po.read_text()
    assert lesson("translate", pack, "vi").exit_code == 0
    edit(pack, "story", "# The island\n\nIt is gone.")
    done = lesson("translate", pack, "vi")
    assert "1 to look at again" in done.stdout
    after = po.read_text()
    assert "#, fuzzy" in after
    assert before.splitlines()[0] in after
    edit(pack, "look", "")
    lesson("translate", pack, "vi")
    assert "Hãy kéo thanh trượt" in po.read_text()
    assert lesson("check", pack, "--no-run").exit_code == 0


def test_a_new_language_starts_with_every_text_and_says_what_to_do(pack):
    done = lesson("translate", pack, "de")
    assert "lesson.toml" in done.stdout
    assert (pack / "i18n" / "de.po").read_text().count('msgstr ""') > 10
    assert lesson("translate", pack, "en").exception.code == "own-language"
    assert lesson("translate", pack, "x1y").exception.code == "no-language"


def test_a_difference_is_told_by_cell_also_when_a_cell_was_only_moved(pack, tmp_path):
    other = Path(shutil.copytree(pack, tmp_path / "other"))
    assert "same" in lesson("diff", pack, other).stdout
    notebook = nbformat.read(other / "lesson.ipynb", as_version=4)
    cells = notebook.cells
    cells.append(cells.pop(0))
    cells[0].source += "\n\nA new line."
    del cells[3]
    extra = nbformat.v4.new_markdown_cell("New")
    extra.id = "extra"
    cells.append(extra)
    nbformat.write(notebook, other / "lesson.ipynb")
    (other / "assets" / "moon.svg").write_text("<svg/>")
    found = json.loads(lesson("diff", pack, other, "--json").stdout)
    kinds = {change["cell"]: change["kind"] for change in found["cells"]}
    assert kinds == {"story": "moved", "look": "changed", "noon": "removed", "extra": "added"}
    assert found["files"] == {"assets/moon.svg": "changed"}
    assert "+A new line." in lesson("diff", pack, other).stdout
