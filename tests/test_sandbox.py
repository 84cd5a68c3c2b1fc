"""People's code sees its own files and nothing else, and gets no more rights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox_box import MODES, PERSON, fresh_box

from coteach import sandbox
from coteach.errors import UserError
from coteach.ports import by_chance, free_port, internal_port, may_reserve
from coteach.sandbox import Bind, Sandbox, Uids, command, probe, trial, uids


@pytest.fixture(params=MODES)
def box(request):
    with fresh_box(request.param) as made:
        yield made


def test_a_trial_says_that_this_machine_can():
    assert probe().ok, probe().reason
    assert probe().mode == ("root" if os.geteuid() == 0 else "user")
    assert sandbox.ensure() is probe()
    assert probe().limits["ports"] in ("rules", "none")


def test_a_trial_says_whether_visitors_can_share_a_sandbox():
    found = sandbox.inner_probe()
    assert found.ok and found.home in ("overlay", "copy"), found
    assert not found.reason or found.home != "overlay"


def test_where_no_sandbox_is_possible_code_is_refused(monkeypatch):
    monkeypatch.setattr(trial, "probe", lambda: trial.Probe(False, "none", "This machine does not."))
    with pytest.raises(UserError, match="This machine does not"):
        sandbox.ensure()
    assert not sandbox.ensure(trust_local=True).ok


def test_the_home_is_writable_and_private(box):
    text = box.sh("cd && pwd && echo mine > note && id -un && stat -c %U note && ls -A /home")
    assert text.split() == ["/home/me", "me", "me", "me"]
    assert (box.home / "note").read_text() == "mine\n"
    assert (box.home / "note").stat().st_uid == box.owner


def test_files_of_others_and_of_the_machine_are_not_there(box):
    paths = [str(box.other / "diary"), str(box.folder), "/root", "/etc/shadow", "/etc/ssh", "/var/log",
             "/var/lib", "/sys", "/run/coteach", "/boot", "/old", "/new", "/proc/1/root/root",
             "/proc/1/root/old", str(Path(__file__))]
    assert box.python(f"import os; print([p for p in {paths} if os.path.lexists(p)])").strip() == "[]"
    assert "secret" not in box.sh(f"cat {box.other}/diary; find / -name diary 2>/dev/null")
    assert sorted(box.sh("ls /").split()) == sorted(
        {"dev", "etc", "home", "proc", "run", "tmp", "usr", "var"}
        | {name for name in os.listdir("/") if name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32")}
        | {path.parts[1] for path in (Path(sys.prefix), Path(sandbox.__file__))})


def test_the_system_and_coteach_are_read_only(box):
    places = ["/usr/x", "/etc/x", "/x", "/dev/x", "/home/x", "/proc/x", f"{sys.prefix}/x",
              str(Path(sandbox.__file__).parent / "x"), "/usr/bin/x"]
    for place in places:
        assert "refused" in box.sh(f"touch {place} 2>/dev/null || echo refused"), place
    assert "Read-only" in box.sh("touch /usr/x") or "denied" in box.sh("touch /usr/x")
    assert not Path("/usr/x").exists()


def test_other_processes_are_not_there(box):
    seen = box.python("import os; print([p for p in os.listdir('/proc') if p.isdigit()])")
    assert seen.strip() == "['1', '2']"
    assert "refused" in box.sh(f"kill -0 {os.getpid()} || echo refused")


def test_the_environment_is_what_was_given(box):
    os.environ["COTEACH_TEST_SECRET"] = "never"
    try:
        seen = box.sh("cat /proc/*/environ | tr '\\0' '\\n'; env", env={"GIVEN": "1"})
    finally:
        del os.environ["COTEACH_TEST_SECRET"]
    assert "GIVEN=1" in seen and "never" not in seen


def test_links_lead_nowhere(box):
    (box.home / "a").symlink_to(box.other / "diary")
    (box.home / "b").symlink_to("/etc/shadow")
    (box.home / "c").symlink_to("/old/etc/passwd")
    (box.home / "tmp").symlink_to("/")
    assert box.sh("cat ~/a ~/b ~/c ~/tmp/root/.bashrc 2>/dev/null; echo end").strip() == "end"


def test_a_bind_in_a_writable_folder_is_refused_at_once():
    for bind in (Bind(Path("/usr"), Path("/home/me/course")),):
        with pytest.raises(ValueError, match="writable"):
            Sandbox(home=Path("/tmp/x"), binds=(bind,))
    with pytest.raises(ValueError, match="absolute"):
        Sandbox(home=Path("x"))
    with pytest.raises(ValueError, match="absolute"):
        Sandbox(home=Path("/tmp/../root"))
    with pytest.raises(ValueError, match="no ports"):
        Sandbox(home=Path("/tmp/x"), bind_ports=(70000,))
    with pytest.raises(ValueError, match="user id"):
        Sandbox(home=Path("/tmp/x"), uid=0)


def test_more_folders_are_shown_to_read_or_to_write_and_some_are_hidden(box):
    given = box.make("given", box.owner)
    (given / "text").write_text("for all")
    (given / "private").mkdir()
    (given / "private" / "key").write_text("hidden")
    given.chmod(0o755)
    text = box.sh("cat /srv/given/text; touch /srv/given/new || echo refused; ls /srv/given/private;"
                  "echo new > /srv/box/new",
                  binds=[(str(given), "/srv/given", False),
                         (str(box.make("box", box.owner)), "/srv/box", True)],
                  hidden=["/srv/given/private"])
    assert "for all" in text and "refused" in text and "key" not in text
    assert (box.folder / "box" / "new").read_text() == "new\n"


def test_nothing_gets_more_rights(box):
    facts = box.sh("grep -E 'Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp:' /proc/self/status /proc/1/status")
    assert facts.count("0000000000000000") == 8
    assert facts.count("NoNewPrivs:\t1") == 2 and facts.count("Seccomp:\t2") == 2
    assert "refused" in box.sh("mount -t tmpfs x /tmp 2>/dev/null || echo refused")


@pytest.mark.parametrize("flags", ["-U", "-Ur", "-m", "-n", "-p -f", "-Urm"])
def test_no_namespace_inside_the_namespace(box, flags):
    assert "refused" in box.sh(f"unshare {flags} true 2>/dev/null || echo refused")


def test_a_nested_sandbox_may_make_namespaces_and_mounts_of_its_own(box):
    assert box.sh("unshare -Urmpin -f sh -c 'mount -t tmpfs x /tmp && touch /tmp/x && ls /tmp'; grep -c Seccomp: /proc/self/status",
                  nested=True).split() == ["x", "1"]
    assert "refused" in box.sh("unshare -Urm true || echo refused")


def test_a_nested_sandbox_can_not_take_its_own_walls_down(box):
    given = box.make("given", box.owner)
    given.chmod(0o755)
    (given / "private").mkdir()
    (given / "private" / "key").write_text("hidden")
    for tried in ("umount /srv/given/private; ls /srv/given/private", "umount -l /srv/given; ls /srv/given/private",
                  "mount -o remount,rw,bind /usr && touch /usr/ct-nested", "mount -o remount,rw,bind / && touch /ct-nested",
                  "umount -l /usr; ls /root", "umount -l /proc; ls /proc/1/root/root", "mount --bind /proc/1/root /tmp; ls /tmp/root",
                  "mount -t sysfs x /tmp && ls /tmp/kernel", "mount -t devtmpfs x /tmp && ls /tmp/mem", "mknod /tmp/mem c 1 1 && echo made",
                  "mount -t cgroup -o memory x /tmp && ls /tmp/coteach", "mount -t cgroup2 x /tmp && echo 1 > /tmp/cgroup.procs && echo moved",
                  "unshare -u true && echo made", "unshare -C true && echo made", "unshare -C mount -t cgroup2 x /tmp && ls /tmp", "unshare -T true && echo made", "hostname other && echo made",
                  "nsenter -t 1 -m true && echo made", "chroot / true && echo made"):
        seen = box.sh(f"unshare -Urm bash -c 'echo in; {tried}' 2>/dev/null", nested=True,
                      binds=[(str(given), "/srv/given", False)], hidden=["/srv/given/private"])
        assert seen == "in\n", tried
    assert not Path("/usr/ct-nested").exists()


def test_clone_and_foreign_sockets_are_refused(box):
    code = ("import ctypes, os, socket, platform\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "n = {'x86_64': 56, 'aarch64': 220}[platform.machine()]\n"
            "r = libc.syscall(n, 0x10000000 | 17, 0, 0, 0, 0)\n"
            "if r == 0: os._exit(0)\n"
            "print('clone', r, ctypes.get_errno())\n"
            "print('clone3', libc.syscall(435, 0, 0), ctypes.get_errno())\n"
            "for family in (40, 38):\n"
            "    try: socket.socket(family, socket.SOCK_STREAM if family == 40 else socket.SOCK_SEQPACKET); print('open')\n"
            "    except OSError as e: print('socket', e.errno)\n")
    assert box.python(code).split() == ["clone", "-1", "1", "clone3", "-1", "38",
                                       "socket", "97", "socket", "97"]


def test_without_network_there_is_only_a_loopback_of_its_own(box):
    with subprocess.Popen([sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"],
                          stdout=subprocess.PIPE, text=True, cwd=box.folder,
                          env={**os.environ, "PYTHONUNBUFFERED": "1"}) as server:
        port = int(server.stdout.readline().split("port ")[1].split()[0])
        code = (f"import socket, urllib.request as u\n"
                f"s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())\n"
                f"print('own', [n for _, n in socket.if_nameindex()])\n"
                f"try: print(u.urlopen('http://127.0.0.1:{port}/', timeout=5).status)\n"
                f"except OSError as e: print('cut off')\n"
                f"try: socket.create_connection(('10.0.0.1', 9), 3)\n"
                f"except OSError as e: print(e.errno)\n")
        try:
            assert box.python(code, network=False).splitlines() == ["own ['lo']", "cut off", "101"]
            assert "200" in box.python(code, network=True)
        finally:
            server.terminate()


BINDS = """
import socket
def tried(port, *kind):
    try:
        with socket.socket(*(kind or (socket.AF_INET, socket.SOCK_STREAM))) as s:
            s.bind(("::1" if s.family is socket.AF_INET6 else "127.0.0.1", port))
            s.listen()
            return "listens"
    except OSError as e:
        return e.errno
"""


def test_with_network_it_listens_on_its_own_ports_and_on_any_but_on_no_service(box):
    own, service = free_port("127.0.0.1"), internal_port("127.0.0.1")
    other = free_port("127.0.0.1", taken={own})
    told = f"{BINDS}\nprint(tried({own}), tried(0), tried({service}), tried({other}))"
    told += f"\nprint(tried({other}, socket.AF_INET6, 1), tried({other}, 2, 1, 262))"
    assert box.python(told, network=True, bind_ports=[own]).split() == [
        "listens", "listens", "13", "13", "13", "93"], "multipath TCP is no way around"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {told!r}])"
    assert box.python(child, network=True).split()[:4] == ["13", "listens", "13", "13"]
    assert box.python(told, network=False).split()[:2] == ["listens", "listens"]


def test_a_port_of_a_service_needs_rights_where_the_kernel_has_no_rules_for_ports(box):
    service = internal_port("127.0.0.1")
    told = f"{BINDS}\nprint(tried({service}))"
    become = ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups"]
    if may_reserve():
        done = subprocess.run([*become, sys.executable, "-c", told], capture_output=True, text=True)
        assert service < 1024 and done.stdout.strip() == "13", done.stderr
    else:
        assert service not in by_chance() and service >= 1024


def test_terminals_work(box):
    code = ("import os, pty, sys\n"
            "pid, fd = pty.fork()\n"
            "if pid == 0: os.execvp('bash', ['bash', '-c', 'tty; echo done'])\n"
            "out = b''\n"
            "while True:\n"
            "    try: data = os.read(fd, 1000)\n"
            "    except OSError: break\n"
            "    if not data: break\n"
            "    out += data\n"
            "print(out.decode().split())")
    assert box.python(code).strip() == "['/dev/pts/0', 'done']"


def test_libraries_of_lessons_work(box):
    code = ("import numpy, pandas, pyarrow, matplotlib; matplotlib.use('agg')\n"
            "import matplotlib.pyplot as p; p.plot([1, 2]); p.savefig('x.png')\n"
            "import coteach_widgets, ipywidgets, ssl, sqlite3, multiprocessing as m\n"
            "if __name__ == '__main__': print(m.Pool(2).map(abs, [-1, -2]))")
    env = {"OPENBLAS_NUM_THREADS": "1"}
    assert "[1, 2]" in box.python(code, env=env, memory_mb=512)


def test_nothing_secret_stands_on_the_command_line():
    line = command(Sandbox(home=Path("/tmp/x")), ["program"])
    assert not any(value in " ".join(line) for name, value in os.environ.items()
                   if len(value) > 12 and any(w in name for w in ("TOKEN", "SECRET", "KEY")))


def test_a_person_keeps_her_user_id(tmp_path):
    file = tmp_path / "uids.json"
    first, second = Uids(file).of("amina"), Uids(file).of("đào")
    assert first != second and first > 200_000
    assert Uids(file).of("amina") == first
    file.write_text("{")
    with pytest.raises(UserError, match="damaged"):
        Uids(file).of("amina")


def test_two_borrowed_user_ids_are_never_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(uids, "LAST_LEASE", uids.FIRST_LEASE + 2)
    leases = [uids.lease(tmp_path) for _ in range(3)]
    assert len({held.uid for held in leases}) == 3
    with pytest.raises(UserError, match="Too many"):
        uids.lease(tmp_path)
    leases[1].close()
    assert uids.lease(tmp_path).uid == leases[1].uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_home_is_given_without_following_links(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("x")
    home = tmp_path / "home"
    (home / "deep").mkdir(parents=True)
    (home / "deep" / "link").symlink_to(outside)
    sandbox.give(home, PERSON)
    assert (home / "deep").stat().st_uid == PERSON and outside.stat().st_uid == os.geteuid()
    assert (home / "deep" / "link").lstat().st_uid == PERSON
