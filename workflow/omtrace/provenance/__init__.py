"""What was made of what: manifest, ledger, verify, trace and registration. Nothing here needs pandas."""

# What the head digest covers; printed at the end of a run and by ``verify --help``.
COVERS = "results, raw files and their rows of the register, code, plan, configuration, profile and lock"
COVERS_NOT = "installed packages, hardware, and the ledger's own text"
