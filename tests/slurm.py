"""One node of Slurm on this machine, for the tests of the cluster profile: Debian's slurm-wlm and munge, run as root.

``python tests/slurm.py`` brings it up by hand, until Ctrl-C.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
# The executor takes the SLURM_ variables out of the environment of a job, so that only this place reaches it.
CONFIGURATION = Path("/etc/slurm/slurm.conf")
SECONDS_TO_WAIT = 30
# No cgroups, no accounting. Without DefMemPerCPU a job that asks for no memory takes the whole node.
SETTINGS = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
MpiDefault=none
ReturnToService=2
MinJobAge=300
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why Slurm cannot be brought up here, as a line; nothing where it can."""
    programs = [name for name in PROGRAMS if not shutil.which(name)]
    if programs:
        return f"Slurm is not installed ({', '.join(programs)}); Debian has it as slurm-wlm and munge"
    return "" if os.geteuid() == 0 else "only root can bring up Slurm"


def free_ports(count: int) -> list[int]:
    """So many ports of the loopback interface that nobody listens to."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]


def memory_mb() -> int:
    """Most of this machine's memory, for jobs."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 9 // 10 // 2**20


def wait_until(*command: str | Path, answer: str) -> None:
    """Repeat a command until it prints ``answer``. Raises RuntimeError when the time is over."""
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while answer not in (done := subprocess.run(command, capture_output=True, text=True)).stdout:
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{command[0]} did not say {answer!r} in {SECONDS_TO_WAIT} s: {done.stdout}{done.stderr}"
            )
        time.sleep(0.2)


@contextmanager
def configured(text: str) -> Iterator[None]:
    """The text as Slurm's configuration of this machine; afterwards what was there before."""
    before = CONFIGURATION.read_bytes() if CONFIGURATION.exists() else None
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
    CONFIGURATION.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        CONFIGURATION.unlink()
        if before is not None:
            CONFIGURATION.write_bytes(before)


@contextmanager
def service(*command: str | Path) -> Iterator[None]:
    """A program that runs in the foreground, until the end of the block; what it wrote is printed after an error."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(  # a session of its own: Ctrl-C is for who started it, which then ends it
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield
        except Exception:
            log.seek(0)
            print(f"{command[0]}:", log.read(), sep="\n")
            raise
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def munge(folder: Path) -> Iterator[None]:
    """The service by which Slurm's parts trust each other, with a key of its own."""
    key, socket_file = folder / "munge.key", folder / "munge.socket"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    files = {
        "socket": socket_file,
        "key-file": key,
        "pid-file": folder / "munge.pid",
        "seed-file": folder / "munge.seed",
    }
    with service("munged", "--foreground", *(f"--{name}={path}" for name, path in files.items())):
        wait_until("munge", "--no-input", f"--socket={socket_file}", answer="MUNGE:")
        yield


@contextmanager
def node() -> Iterator[None]:
    """Slurm with one node, this machine, that takes jobs until the end of the block; nothing of it is left behind.

    Raises RuntimeError if it does not come up.
    """
    idle = ("sinfo", "--noheader", "--format=%T")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="omtrace-slurm-")))
        folder.chmod(0o755)  # else munge refuses to put its socket there
        for name in ("state", "spool"):
            (folder / name).mkdir()
        controller_port, node_port = free_ports(2)
        text = SETTINGS.format(
            host=socket.gethostname().partition(".")[0],
            folder=folder,
            controller_port=controller_port,
            node_port=node_port,
            cores=os.cpu_count(),
            memory=memory_mb(),
        )
        stack.enter_context(configured(text))
        stack.enter_context(munge(folder))
        stack.enter_context(service("slurmctld", "-D"))
        stack.enter_context(service("slurmd", "-D"))
        wait_until(*idle, answer="idle")
        try:
            yield
        finally:
            subprocess.run(["scancel", "--partition=main"], check=True)
            wait_until(*idle, answer="idle")


if __name__ == "__main__":
    if reason := missing():
        raise SystemExit(reason)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt), node():
        print("Slurm takes jobs; Ctrl-C ends it.", flush=True)
        signal.pause()
