"""``python -m omtrace``: the command ``omtrace``."""

import sys

from omtrace.cli import main

if __name__ == "__main__":
    sys.exit(main())
