"""Jobs forked from a warm process are jobs like any other: same output, same end, nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from omtrace import warm_start

PACKAGE = str(Path(warm_start.__file__).parent.parent)
HANDED = """
import os, sys
from omtrace.warm_start import hand_over
code = hand_over()
if code is not None:
    sys.exit(code)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs are forked on Linux only")


@pytest.fixture(scope="module")
def process():
    """Environment variables of a run with a warm process."""
    started = {**os.environ, "PYTHONPATH": PACKAGE}
    code = "import os, sys; from omtrace.warm_start import VARIABLE, warm_up; warm_up(); "
    code += "print(os.environ[VARIABLE], flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=started
    ) as run:
        path = run.stdout.readline().strip()
        yield {**started, warm_start.VARIABLE: path}
        run.stdin.close()
        run.wait()
    with socket.socket(socket.AF_UNIX) as asking, pytest.raises(ConnectionRefusedError):
        for _ in range(500):  # until it has noticed that the run has ended
            asking.connect(f"\0{path}")
            time.sleep(0.02)


def script(folder, body, hand_over=HANDED):
    path = folder / "script.py"
    path.write_text(hand_over + body)
    return [sys.executable, str(path)]


def ran(folder, body, process):
    return subprocess.run(script(folder, body), capture_output=True, text=True, env=process, cwd=folder)


def test_a_job_runs_in_a_fork_with_the_folder_and_environment_of_its_script(tmp_path, process):
    body = "print(os.getcwd(), os.environ['HERE'], sys.argv[0], os.getppid(), 'pandas' in sys.modules)"
    alone = {name: value for name, value in process.items() if name != warm_start.VARIABLE} | {"HERE": "there"}
    ran(tmp_path, "", process)  # the first waits until pandas is imported
    time.sleep(1)
    told = ran(tmp_path, body, process | {"HERE": "there"})
    *same, parent, has = told.stdout.split()
    *plain, mine, _ = ran(tmp_path, body, alone).stdout.split()
    assert (told.returncode, told.stderr, same) == (0, "", plain)
    assert (parent != mine, has) == (True, "True")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("sys.exit(3)", 3, ""),
        ("sys.exit('no plan')", 1, "no plan\n"),
        ("sys.exit()", 0, ""),
        ("raise ValueError('at the end')", 1, "ValueError: at the end\n"),
        ("sys.stderr.write('half a line')", 0, "half a line"),
        ("import atexit; atexit.register(print, 'last', file=sys.stderr)", 0, "last\n"),
    ],
)
def test_its_exit_code_and_what_it_says_are_those_of_the_script(tmp_path, process, body, code, said):
    told = ran(tmp_path, body, process)
    assert (told.returncode, told.stdout, told.stderr[-len(said) :] if said else told.stderr) == (code, "", said)


def test_a_job_that_is_killed_is_a_failed_job_with_a_reason(tmp_path, process):
    told = ran(tmp_path, "os.kill(os.getpid(), 9)", process)
    assert told.returncode == 1
    assert "ended from outside" in told.stderr


def test_a_job_ends_with_the_script_that_handed_it_over(tmp_path, process):
    body = "import time; open('pid', 'w').write(str(os.getpid())); os.rename('pid', 'written'); time.sleep(60)"
    with subprocess.Popen(script(tmp_path, body), env=process, cwd=tmp_path) as asking:
        while not (tmp_path / "written").exists():
            time.sleep(0.02)
        job = int((tmp_path / "written").read_text())
        assert job != asking.pid
        asking.send_signal(signal.SIGKILL)
    for _ in range(500):
        if not alive(job):
            break
        time.sleep(0.02)
    assert not alive(job)


def alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_another_python_runs_its_scripts_itself(tmp_path, process):
    other = HANDED.replace("code =", "sys.executable = '/another/python'; code =")
    told = subprocess.run(script(tmp_path, "print(os.getppid())", other), capture_output=True, text=True, env=process)
    assert (told.returncode, told.stdout.strip()) == (0, str(os.getpid()))


OTHER_USER = """
import json, os, socket, sys
from omtrace.warm_start import VARIABLE, hand_over
name = os.environ[VARIABLE]
os.setuid(65534)
print(hand_over())
request = {"python": sys.executable, "script": sys.argv[1], "folder": "/", "environment": {}}
with socket.socket(socket.AF_UNIX) as asking:
    asking.connect(chr(0) + name)
    try:
        socket.send_fds(asking, [json.dumps(request).encode() + b"\\0"], [1, 2])
        print(asking.recv(100))
    except ConnectionError:
        print(b"")
"""


def test_a_process_of_another_user_gets_no_job(tmp_path, process):
    if os.geteuid():
        pytest.skip("only root can become another user")
    made = tmp_path / "made"
    (tmp_path / "job.py").write_text(f"open({str(made)!r}, 'w')")
    command = [sys.executable, "-c", OTHER_USER, str(tmp_path / "job.py")]
    told = subprocess.run(command, env=process, capture_output=True, text=True)
    assert (told.stdout.split("\n"), told.stderr) == (["None", "b''", ""], "")
    assert not made.exists()


def test_without_such_a_process_a_script_goes_on_by_itself(tmp_path, process):
    for gone in ({warm_start.VARIABLE: "nowhere"}, {warm_start.VARIABLE: ""}):
        told = ran(tmp_path, "print(os.getppid())", process | gone)
        assert (told.returncode, told.stdout.strip()) == (0, str(os.getpid()))
