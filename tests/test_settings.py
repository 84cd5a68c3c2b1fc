"""Settings are read in order, checked, and say what is wrong."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from coteach import settings as s
from coteach.errors import UserError


def test_environment_wins_over_the_file_and_an_argument_over_both(tmp_path):
    (tmp_path / "coteach.toml").write_text("port = 9000\nrecording_days = 7\n")
    assert s.load(tmp_path, environ={}).port == 9000
    assert s.load(tmp_path, environ={"COTEACH_PORT": "9001"}).port == 9001
    assert s.load(tmp_path, environ={"COTEACH_PORT": "9001"}, port=9002).port == 9002
    assert s.load(tmp_path, environ={}).recording_days == 7


@pytest.mark.parametrize("text", ["port = 99999", "port = 'x'", "prot = 1", "port =", "demo = 'maybe'"])
def test_a_wrong_setting_is_named(tmp_path, text):
    (tmp_path / "coteach.toml").write_text(text)
    with pytest.raises(UserError, match=r"port|prot|demo|coteach\.toml"):
        s.load(tmp_path, environ={})


def test_a_secret_is_made_once_and_only_the_owner_reads_it(tmp_path):
    s.Layout(tmp_path).create()
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda _n: s.Secrets(tmp_path / "secrets").get("session"), range(8)))
    assert len(set(values)) == 1 and len(values[0]) == 64
    assert stat.S_IMODE((tmp_path / "secrets" / "session").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_a_damaged_secret_is_an_error_and_not_an_empty_key(tmp_path):
    s.Layout(tmp_path).create()
    (tmp_path / "secrets" / "live").write_text("")
    with pytest.raises(UserError, match="damaged"):
        s.Secrets(tmp_path / "secrets").get("live")


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_other_people_of_the_machine_list_and_read_nothing_of_the_data_folder(tmp_path):
    root = tmp_path / "data"
    (root / "logs").mkdir(parents=True)
    for name in ("coteach.sqlite", "coteach.sqlite-wal", "demo.json", "coteach.toml"):
        (root / name).write_text("")
    for path in (root, *root.iterdir()):
        path.chmod(0o755)
    layout = s.Layout(root)
    layout.create()
    assert mode(root) == mode(layout.homes) == mode(layout.run) == 0o711
    for path in root.iterdir():
        if path not in (layout.homes, layout.run):
            assert mode(path) & 0o077 == 0, path


def test_a_folder_that_is_closed_already_is_not_opened(tmp_path):
    root = tmp_path / "data"
    root.mkdir(mode=0o700)
    s.Layout(root).create()
    assert mode(root) == 0o700
