"""Fork server with the heavy libraries imported: starting Python and importing them took most of a run.

``warm_up`` starts it for one run of Snakemake, on Linux; it ends with that run. A rule's script starts as ever, before
any import of weight, and hands itself over (``hand_over``): the same script runs in a fork, in the same folder and
environment, with the same output and exit code, and ends when the script that handed it over ends. Wherever that
cannot be had (another system, another Python, a job on another machine) the script simply goes on by itself, and so it
does where the environment variable OMTRACE_WARM_START is set to nothing. No result depends on it.

The socket has a name and no file, so that a run that is killed leaves none behind. Such a name has no permissions: both
ends look whether the other is a process of the same user.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
import warnings

VARIABLE = "OMTRACE_WARM_START"  # the socket's name, for jobs of this run; set to nothing: every script starts alone
# What jobs import, in the order in which a run asks for it. A job never waits for more than one of them.
LIBRARIES = (
    "snakemake.script",
    "pandas",
    "pyarrow.parquet",
    "pyarrow.compute",
    "omtrace.validation.validate",
    "pandera.pandas",
    "pandera.backends.pandas.builtin_checks",  # else the first validation imports them
    "omtrace.derivations.records",
    "scipy.special",
    "omtrace.analyses.run",
    "scipy.optimize",
    "scipy.stats",  # seaborn brings it too, later than the first analyses need it
    "omtrace.figures",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "omtrace.report.templated",
    "omtrace.report.payload",
    "omtrace.report.summary",
    "omtrace.report.checklists",
    "omtrace.report.dictionary",
    "omtrace.readers.lookup",
)


def warm_up() -> None:
    """Start the process for the jobs of this run. It ends when this process does, however that ends."""
    if sys.platform != "linux" or VARIABLE in os.environ:  # with Apple's libraries in it a process is not safe to fork
        return
    name = f"omtrace-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen(64)  # from here on jobs may ask; they wait until the process is there
        process = subprocess.Popen(
            [sys.executable, "-m", "omtrace.warm_start", str(listening.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()],
        )
    os.environ[VARIABLE] = name
    atexit.register(_end, process)


def _end(process: subprocess.Popen) -> None:
    process.terminate()  # it may be importing; all jobs have ended
    process.communicate()  # its times, and those of its jobs, count as this process's


def hand_over() -> int | None:
    """Have this script run in a fork, and give its exit code; None where it has to run here."""
    name = os.environ.pop(VARIABLE, "")
    if not name:
        return None
    request = {
        "python": sys.executable,
        "script": os.path.abspath(sys.argv[0]),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
    }
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(f"\0{name}")
            if not _is_of_this_user(asking):
                return None
            socket.send_fds(asking, [json.dumps(request).encode() + b"\0"], [1, 2])
            answers = asking.makefile()
            if not answers.readline():
                return None
        except OSError:
            return None
        ended = answers.readline()
        answers.read()  # until the process has ended
    if not ended:
        sys.stderr.write("omtrace: the job's process was ended from outside; was there too little memory?\n")
    return int(ended or 1)


def _is_of_this_user(connection: socket.socket) -> bool:
    """Whether the process at the other end is one of this user."""
    process = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", process)[1] == os.getuid())


def serve(listening: socket.socket) -> None:
    """Import the libraries, and fork a job whenever one asks, until the run that started this process has ended."""
    codes: list[int] = []  # that of the job, in the process that ran it
    atexit.register(_leave, codes)  # the first: it is called after those of libraries and jobs
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the jobs, and ends the run, which ends this
    signal.signal(signal.SIGCHLD, _reap)
    # The one other thread is that of pyarrow's allocator, which is made for forks; Python 3.12 warns of any.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*multi-threaded.*")
    waiting = list(LIBRARIES)
    while True:
        ready, _, _ = select.select([sys.stdin, listening], [], [], 0 if waiting else None)
        if listening in ready:
            connection, _ = listening.accept()
            if _is_of_this_user(connection) and not os.fork():
                listening.close()
                codes.append(_job(connection))
                sys.exit()
            connection.close()
        elif ready:
            return
        else:
            importlib.import_module(waiting.pop(0))
            gc.freeze()  # what is imported stays: jobs need not go through it for cycles, nor copy its pages


def _leave(codes: list[int]) -> None:
    """End without taking the libraries apart, for which each job would copy memory that it shares: 0.1 s of each."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(codes[0] if codes else 0)


def _reap(*_: object) -> None:
    """Take leave of the jobs that have ended, so that their times count as this process's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _job(connection: socket.socket) -> int:
    """Run what is asked for, in this process, and tell its exit code, which is given as well."""
    request = _received(connection)
    if request.get("python") != sys.executable:
        return 1
    connection.sendall(b"accepted\n")
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    code = _run(request)
    with contextlib.suppress(ConnectionError):  # after Ctrl-C nobody waits for it
        connection.sendall(f"{code}\n".encode())  # the connection ends with this process, after all that it says
    return code


def _received(connection: socket.socket) -> dict:
    """The request; from here on this process writes where the script that asks writes."""
    text = b""
    while not text.endswith(b"\0"):
        part, streams, _, _ = socket.recv_fds(connection, 2**16, 2)
        if not part:
            sys.exit(1)
        text += part
        for place, stream in enumerate(streams, 1):
            os.dup2(stream, place)
            os.close(stream)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return json.loads(text[:-1])


def _end_with(connection: socket.socket) -> None:
    connection.recv(1)  # nothing is ever sent: the script that asked is gone
    os.kill(os.getpid(), signal.SIGTERM)


def _run(request: dict) -> int:
    """Run a script as Python would; its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv[:] = [request["script"]]
    code: object = 0
    try:
        runpy.run_path(request["script"], run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    return int(code or 0)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
