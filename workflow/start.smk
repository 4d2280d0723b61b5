# Before anything is read: no byte code, plain words for what is wrong, and a configuration that can be read at all.
import os
import shutil
import sys
from pathlib import Path

WORKFLOW = Path(str(workflow.current_basedir))  # the folder of this file, wherever the run takes place


def stop(lines):
    """End the run with these lines alone: an exception would bring Snakemake's list of workflow files with it."""
    sys.stderr.write("".join(f"omtrace: {line}\n" for line in lines))
    sys.exit(1)


# Snakemake itself ends in a traceback where it cannot write.
if not os.access(".snakemake" if os.path.isdir(".snakemake") else ".", os.W_OK):
    stop([f"{os.getcwd()}: a run keeps its state here, and cannot write; run it in a copy of the folder"])

# Stale or planted byte code of the package is never run: none is there before its first import, and it writes none.
for folder in list(WORKFLOW.glob("omtrace/**/__pycache__")):
    try:
        shutil.rmtree(folder)
    except OSError as error:
        if folder.exists():  # else another run has just removed it
            stop([f"{folder}: old byte code, which cannot be removed ({error.strerror}); remove it yourself"])

from omtrace.faults import Fault, plain_line
from omtrace.model.document import read_document
from omtrace.model.folders import CONFIG as CONFIG_FILE


def or_stop(call, *arguments):
    """The result of a call; a fault, or what the disk refuses, as plain lines that stop the run before any job."""
    try:
        return call(*arguments)
    except Fault as fault:
        stop(fault.lines)
    except OSError as error:
        stop([plain_line(error)])


# Snakemake's own reader ends in a traceback, or takes "no" for false, where ours says what to write instead.
if not workflow.modifier.skip_configfile:
    if CONFIG_FILE.exists():
        or_stop(read_document, CONFIG_FILE)
    elif not workflow.overwrite_configfiles:
        stop([f"{CONFIG_FILE}: missing in {Path.cwd()}; run this in the folder that has it, or name that: --directory"])
