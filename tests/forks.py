"""Commands and jobs of the tests' whole runs, in forks of a process that has imported the libraries, on Linux.

Starting Python and importing was most of the time of a small run. A fork imports the package itself, from where its
environment says, and has the folder, output and exit code of ``python -m MODULE``. The process answers as the package's
``warm_start`` does, and so serves the jobs of these runs as well. Run as a script, this file is that process or, in a
fork of it, a command.
"""

import atexit
import json
import os
import runpy
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "workflow/omtrace"
COMMAND = "OMTRACE_TESTS_COMMAND"  # the module and its arguments, as JSON
SECONDS = 900  # that a command may take
LIBRARIES = (
    "snakemake.cli",
    "snakemake.script",
    "snakemake.executors.local",
    "snakemake.linting",
    "pandas",
    "pyarrow.parquet",
    "pyarrow.compute",
    "pandera.pandas",
    "pandera.backends.pandas.builtin_checks",
    "scipy.special",
    "scipy.optimize",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "jinja2",
    "click",
)


@cache
def server() -> str:
    """The socket's name of the process that forks; it is started at the first call, and ends with this process."""
    name = f"omtrace-tests-{secrets.token_hex(8)}"
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # as jobs have
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen(64)
        process = subprocess.Popen(
            [sys.executable, "-I", __file__, str(listening.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[listening.fileno()],
            env=os.environ | one_thread,
        )
    atexit.register(process.communicate)
    return name


def run(folder: Path, *command: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run ``python -m MODULE ARGUMENTS`` in a folder: exit code, stdout and stderr."""
    request = {
        "python": sys.executable,
        "script": __file__,
        "folder": str(folder),
        "environment": {**environment, COMMAND: json.dumps(command)},
    }
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(SECONDS)
        asking.connect(f"\0{server()}")
        socket.send_fds(asking, [json.dumps(request).encode() + b"\0"], [out.fileno(), err.fileno()])
        answer = asking.makefile().read().split()  # until the process has ended
        for file in (out, err):
            file.seek(0)
        said = out.read().decode(), err.read().decode()
    assert answer[:1] == ["accepted"] and len(answer) == 2, (command, answer, *said)
    return int(answer[1]), *said


def _compile_once() -> None:
    """Compile the package once: a fork takes the code of a module of the same bytes (tracebacks name these files)."""
    texts = {path: path.read_bytes() for path in PACKAGE.rglob("*.py")}
    known = {text: compile(text, path, "exec") for path, text in texts.items()}
    compile_anew = SourceFileLoader.source_to_code

    def source_to_code(self: SourceFileLoader, data: bytes, path: str, **more: int) -> object:
        return known.get(data) or compile_anew(self, data, path, **more)

    SourceFileLoader.source_to_code = source_to_code


def _serve(listening: int) -> None:
    """Fork for whoever asks, as ``warm_start`` does; each fork finds the package where its own environment says."""
    spec = spec_from_file_location("warm_start", PACKAGE / "warm_start.py")
    warm_start = module_from_spec(spec)
    spec.loader.exec_module(warm_start)
    run_script = warm_start._run

    def run_elsewhere(request: dict) -> int:
        paths = request["environment"].get("PYTHONPATH", "").split(os.pathsep)
        sys.path[:0] = [os.path.dirname(request["script"]), *filter(None, paths)]
        sys.dont_write_bytecode = bool(request["environment"].get("PYTHONDONTWRITEBYTECODE"))  # which -I has ignored
        return run_script(request)

    _compile_once()
    warm_start.LIBRARIES, warm_start._run = LIBRARIES, run_elsewhere
    warm_start.serve(socket.socket(fileno=listening))


def _command() -> None:
    """Become ``python -m MODULE ARGUMENTS``, in a session of its own."""
    module, *arguments = json.loads(os.environ.pop(COMMAND))
    os.setsid()
    sys.path[0] = os.getcwd()
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    if COMMAND in os.environ:
        _command()
    else:
        _serve(int(sys.argv[1]))
