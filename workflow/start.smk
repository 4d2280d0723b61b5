# Before anything is read: no byte code, plain words for what is wrong, and a configuration that can be read at all.
import shutil
import sys
from pathlib import Path

WORKFLOW = Path(str(workflow.current_basedir))  # the folder of this file, wherever the run takes place

# Stale or planted byte code of the package is never run: none is there before its first import, and it writes none.
for folder in list(WORKFLOW.glob("omtrace/**/__pycache__")):
    shutil.rmtree(folder)

from omtrace.faults import Fault
from omtrace.study.document import read_document
from omtrace.study.folders import CONFIG as CONFIG_FILE


def stop(lines):
    """End the run with these lines alone: an exception would bring Snakemake's list of workflow files with it."""
    sys.stderr.write("".join(f"omtrace: {line}\n" for line in lines))
    sys.exit(1)


def or_stop(call, *arguments):
    """The result of a call, with a fault as plain lines that stop the run before any job."""
    try:
        return call(*arguments)
    except Fault as fault:
        stop(fault.lines)


# Snakemake's own reader ends in a traceback, or takes "no" for false, where ours says what to write instead.
if not workflow.modifier.skip_configfile:
    if CONFIG_FILE.exists():
        or_stop(read_document, CONFIG_FILE)
    elif not workflow.overwrite_configfiles:
        stop([f"{CONFIG_FILE}: missing in {Path.cwd()}; run this in the folder that has it, or name that: --directory"])
