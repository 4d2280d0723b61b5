"""Where a study's plan, the register and the raw files lie: as the configuration says, or in their usual folders."""

import re
from dataclasses import dataclass
from pathlib import Path

from omtrace.faults import Fault
from omtrace.model.register import RAW, REGISTER, Export, read_register

CONFIG = Path("config/config.yaml")
PLANS = Path("config/studies")
BASE = re.compile(r"^extends:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
BASE_FORM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*\.yaml\Z")
CHOSEN = re.compile(r"^[\"']?(plans|register|raw)[\"']?\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Folders:
    """Paths from the folder in which the workflow is run: ``base``, seen from the one that holds results/ and ledger.

    The two are one folder, but for a module of another workflow that has a prefix.
    """

    plans: str = PLANS.as_posix()
    register: str = REGISTER.as_posix()
    raw: str = RAW.as_posix()
    base: str = "."

    def plan(self, study: str) -> str:
        """Where the plan of a study lies."""
        return f"{self.plans}/{study}.yaml"

    def start(self, root: str | Path) -> Path:
        """The folder that these paths start from. ``root``: the one that holds results/."""
        return Path(root) / self.base


def folders_of(root: str | Path = ".") -> Folders:
    """The folders that the configuration below ``root`` names. Raises Fault for one that is not readable."""
    path = Path(root) / CONFIG
    # Most configurations name none, and a command that starts fast need not read YAML to see that.
    if not path.is_file() or not CHOSEN.search(path.read_text(encoding="utf-8", errors="replace")):
        return Folders()
    from omtrace.model.config import read_config_file

    return read_config_file(path).folders


def plan_file(study: str, root: str | Path = ".") -> Path:
    """The file of a study's plan."""
    return Path(root) / folders_of(root).plan(study)


def base_of(path: Path) -> Path | None:
    """The file that a plan extends, seen from its text alone; None where it extends none.

    Raises
    ------
    Fault
        For one that is not FOLDER/NAME.yaml in the folder of the plans.
    """
    try:
        match = BASE.search(path.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError:
        return None
    if not match:
        return None
    if not BASE_FORM.match(match[1]):
        raise Fault(
            f"{path}: extends: {match[1]!r} is not FOLDER/NAME.yaml, beside the plan, such as shared/trial.yaml"
        )
    return path.parent / match[1]


def register_file(root: str | Path = ".") -> Path:
    """The file of the register."""
    return Path(root) / folders_of(root).register


def read_registered(root: str | Path = ".") -> list[Export]:
    """The rows of the register. Raises Fault with every finding, by line and column."""
    folders = folders_of(root)
    return read_register(Path(root) / folders.register, folders.raw)
