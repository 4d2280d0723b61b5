"""Folders in which jobs cannot run. ``make`` asks here too, before there is an environment: it needs Python alone."""

import os
import sys

from omtrace.faults import Fault

# Snakemake hands the path of Python to a shell as it is.
SHELL = " \t\n\r\"'`$&;|<>()[]*?\\:"  # the colon: it parts the folders of PATH
# It fills in the names of scripts as it does wildcards.
FILLED = "{}"
CALLED = {
    " ": "a blank",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a line break",
    ":": "a colon",
    "'": "a single quote",
}


def refuse_folder(folder: str, python: str) -> None:
    """Raise Fault where Snakemake's jobs cannot run: ``folder`` holds the workflow, ``python`` is what runs it."""
    for path, characters in ((folder, FILLED), (python, SHELL + FILLED)):
        wrong = dict.fromkeys(CALLED.get(one, one) for one in path if one in characters)
        if wrong:
            shown = path if path.isprintable() else repr(path)
            raise Fault(
                f"{shown}: Snakemake's jobs cannot run with {' and '.join(wrong)} in this path; give the folder "
                "a name of letters, digits, dot, hyphen and underscore"
            )


if __name__ == "__main__":  # from the folder workflow/
    home = os.path.dirname(os.getcwd())
    try:
        refuse_folder(home, os.path.join(home, ".venv", "bin", "python"))
    except Fault as fault:
        sys.stdout.write(f"omtrace: {fault}")
