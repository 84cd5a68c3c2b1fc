"""People's code takes no more than its share of processes, memory, time and files."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sandbox_box import MODES, fresh_box, gone, processes_with

from coteach import sandbox


@pytest.fixture(params=MODES)
def box(request):
    with fresh_box(request.param) as made:
        yield made


def test_a_fork_bomb_is_bounded_and_others_go_on(box):
    bomb = box.start(["/bin/bash", "-c", "echo go; b() { b | b & }; b 2>/dev/null; sleep 60 # ct-bomb"],
                     processes=40)
    try:
        assert bomb.stdout.readline() == "go\n"
        seen = []
        for _look in range(15):
            time.sleep(0.1)
            seen.append(len(processes_with("ct-bomb")))
        assert 10 < max(seen) <= 50
        began = time.monotonic()
        assert box.sh("echo fine") == "fine\n"
        assert subprocess.run(["true"], timeout=10).returncode == 0
        assert time.monotonic() - began < 10
    finally:
        bomb.kill()
        bomb.wait()
    assert gone("ct-bomb")


def test_threads_count_as_processes(box):
    code = ("import threading, time\n"
            "n = 0\n"
            "try:\n"
            "    while n < 200: threading.Thread(target=time.sleep, args=(5,), daemon=True).start(); n += 1\n"
            "except RuntimeError: pass\n"
            "print(n)")
    assert int(box.python(code, processes=30)) < 32


def test_one_greedy_allocation_is_a_memory_error_and_the_program_goes_on(box):
    code = ("try: x = b'x' * (3 << 30)\n"
            "except MemoryError: print('too much')\n"
            "print('alive')")
    assert box.python(code, memory_mb=512).split() == ["too", "much", "alive"]


def test_many_small_programs_together_do_not_get_more_memory(box):
    code = ("import os, sys, time\n"
            "for n in range(6):\n"
            "    if os.fork() == 0: x = bytearray(os.urandom(1 << 20)) * 300; time.sleep(4); os._exit(0)\n"
            "ends = [os.wait()[1] for n in range(6)]\n"
            "print('killed', sum(os.WIFSIGNALED(e) for e in ends), 'alive')")
    other = box.start(["/bin/bash", "-c", "sleep 3; echo calm"], memory_mb=512)
    done = box.run([sys.executable, "-c", code], memory_mb=512)
    words = done.stdout.split()
    assert words[0] == "killed" and int(words[1]) >= 3 and words[2] == "alive", done
    assert "the limit of 512 MB of memory was reached" in done.stderr
    assert other.communicate(timeout=20)[0] == "calm\n"


def test_memory_that_no_process_maps_is_counted_or_refused(box):
    code = ("import os, sys\n"
            "held = 0\n"
            "try:\n"
            "    for n in range(20):\n"
            "        fd = os.memfd_create('m')\n"
            "        for _ in range(100): os.write(fd, b'x' * (1 << 20)); held += 1\n"
            "except OSError: pass\n"
            "print(held)")
    done = box.run([sys.executable, "-c", code], memory_mb=300)
    assert done.returncode == 137 or int(done.stdout) < 310


def test_files_processor_time_and_the_private_tmp_are_bounded(box):
    assert "File size limit" in box.sh("head -c 3M /dev/zero > ~/big", file_mb=2) or \
        (box.home / "big").stat().st_size == 2 << 20
    assert "No space" in box.sh("head -c 40M /dev/zero > /tmp/big", tmp_mb=16)
    began = time.monotonic()
    assert box.run([sys.executable, "-c", "while True: pass"], cpu_seconds=1).returncode == 128 + 24
    assert time.monotonic() - began < 20


def test_the_private_tmp_is_empty_and_goes_away(box):
    # The environment itself is shown where it lies, and that may be below /tmp.
    shown = {Path(p).parts[2] for p in (sys.prefix, sandbox.__file__) if Path(p).parts[1] == "tmp"}
    found = box.sh("ls -A /tmp; touch /tmp/ct-left-behind /dev/shm/ct-left-behind").split()
    assert set(found) <= shown
    assert not Path("/tmp/ct-left-behind").exists() and not Path("/dev/shm/ct-left-behind").exists()


def test_a_whole_class_weighs_more_than_one_person(box):
    def weights():
        return {p: int(p.read_text()) for name in ("cpu.shares", "cpu.weight")
                for p in Path("/sys/fs/cgroup").glob(f"**/coteach/*/{name}")}

    before = weights()
    running = [box.start(["/bin/bash", "-c", "echo go; sleep 60"], cpu_weight=weight)
               for weight in (50, 500)]
    try:
        assert [r.stdout.readline() for r in running] == ["go\n"] * 2
        made = sorted(value for path, value in weights().items() if path not in before)
        if not made:
            pytest.skip("processors are not shared out by control groups here")
        assert made[-1] // made[0] in (9, 10)
    finally:
        for process in running:
            process.kill()
            process.wait()
    with pytest.raises(ValueError, match="no weight"):
        sandbox.Sandbox(home=Path("/tmp/x"), cpu_weight=0)


def test_no_control_group_is_left_behind(box):
    box.sh("true")
    left = [str(p) for p in Path("/sys/fs/cgroup").glob("*/coteach/*") if p.is_dir()]
    alive = [p for p in left if Path(f"/proc/{Path(p).name.partition('-')[0]}").exists()]
    assert left == alive
