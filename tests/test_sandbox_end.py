"""A sandbox ends when it should, with everything inside, and not before."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from sandbox_box import MODES, fresh_box, gone

from coteach import sandbox


@pytest.fixture(params=MODES)
def box(request):
    with fresh_box(request.param) as made:
        yield made


def test_the_exit_code_is_passed_on(box):
    assert box.run(["/bin/sh", "-c", "exit 7"]).returncode == 7
    assert box.run(["/bin/sh", "-c", "kill -TERM $$"]).returncode == 143
    missing = box.run(["/bin/no-such-program"])
    assert missing.returncode == 127 and "can't start /bin/no-such-program" in missing.stderr


def test_a_signal_reaches_the_program_and_what_it_started(box):
    child = box.start([sys.executable, "-c",
                       "import time\ntry:\n  print('go', flush=True); time.sleep(60)\n"
                       "except KeyboardInterrupt: print('interrupted')"])
    assert child.stdout.readline() == "go\n"
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=10)[0] == "interrupted\n" and child.returncode == 0


@pytest.mark.parametrize("how", ["kill", "end"])
def test_ending_it_ends_everything_inside(box, how):
    child = box.start(["/bin/bash", "-c", "trap '' TERM INT; (setsid bash -c 'trap \"\" TERM; echo go; sleep 99; : ct-deep' &) ; sleep 99; : ct-deep"])
    assert child.stdout.readline() == "go\n"
    child.kill() if how == "kill" else sandbox.end(child.pid)
    child.wait(timeout=10)
    assert child.returncode in (-9, 137) and gone("ct-deep")


def test_it_ends_when_the_program_ends_whatever_is_left_running(box):
    done = box.run(["/bin/bash", "-c", "(setsid sleep 98.7 &) ; exit 3"], timeout=20)
    assert done.returncode == 3 and gone("98.7")


def test_it_ends_with_the_process_that_started_it(box):
    line = box.line(["/bin/bash", "-c", "echo go; sleep 99; : ct-orphan"])
    code = "import subprocess, sys, json, time; subprocess.Popen(json.loads(sys.argv[1])); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code, json.dumps(line)], stdout=subprocess.PIPE,
                              text=True, cwd="/")
    assert parent.stdout.readline() == "go\n"
    parent.kill()
    parent.wait()
    assert gone("ct-orphan", 10)


def test_it_stays_when_told_so(box):
    line = box.line(["/bin/bash", "-c", "echo go; sleep 2; touch ~/stayed; : ct-stays"],
                    die_with_parent=False)
    code = "import subprocess, sys, json, time; subprocess.Popen(json.loads(sys.argv[1])); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code, json.dumps(line)], stdout=subprocess.PIPE,
                              text=True, cwd="/")
    assert parent.stdout.readline() == "go\n"
    parent.kill()
    parent.wait()
    assert gone("ct-stays", 10) and (box.home / "stayed").exists()
