"""omtrace: analyses of trial and preclinical data in which every number knows its raw cells.

The package is compiled from its source at every start and writes no byte code: what ran is what its files say, whatever
their time stamps. The workflow removes byte code that others left (see ``workflow/common.smk``).
"""

import sys

__version__ = "0.4.0"

sys.dont_write_bytecode = True
