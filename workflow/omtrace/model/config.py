"""The configuration, ``config/config.yaml``, as a closed, typed model: which studies there are."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from omtrace.faults import Fault
from omtrace.model.closed import Closed, checked
from omtrace.model.document import read_document
from omtrace.model.folders import Folders
from omtrace.model.lines import checked_file, with_lines

CONFIG = "config/config.yaml"

Study = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]

NAMES = "a list of study names"


class Config(Closed):
    """The whole configuration. A study's choices stand in its plan."""

    studies: tuple[Study, ...] = Field(title=NAMES, description="studies that plain snakemake runs, in this order")
    retrieved: tuple[Study, ...] = Field(
        (), title=NAMES, description="studies whose raw files are retrieved; run by name"
    )
    mirror: str = Field("", description="folder searched for retrieved files before the network; empty: none")
    plans: str = Field("config/studies", description="folder of the plans, one <study>.yaml each")
    register_: str = Field("config/exports.csv", alias="register", description="the register of raw files")
    raw: str = Field("data/raw", description="folder of the raw files, with a folder for each study")

    @property
    def folders(self) -> Folders:
        """Where plans, register and raw files lie."""
        return Folders(self.plans, self.register_, self.raw)

    @model_validator(mode="after")
    def once(self) -> "Config":
        """Each study is listed once."""
        twice = [study for study, count in Counter([*self.studies, *self.retrieved]).items() if count > 1]
        if twice:
            raise ValueError(f"listed more than once: {', '.join(twice)}")
        return self


def read_config(content: Mapping[str, object], path: str | Path = CONFIG) -> Config:
    """What Snakemake read from the file and from --config, checked. Raises Fault with every complaint.

    Where the content is that of the file alone, complaints name the line.
    """
    try:
        return checked(Config, dict(content), str(path))
    except Fault as fault:
        path = Path(path)
        if path.is_file() and read_document(path) == content:  # raises Fault for what YAML reads as something else
            fault = with_lines(fault.lines, str(path), path)
        raise fault from None


def read_config_file(path: str | Path = CONFIG) -> Config:
    """The configuration of a file. Raises Fault with every complaint and its line, or for a file that is missing."""
    path = Path(path)
    if not path.exists():
        raise Fault(f"{path}: missing; run this in the folder of omtrace, or restore it")
    return checked_file(Config, read_document(path), path)


def config_schema() -> str:
    """The configuration as JSON Schema (draft 2020-12), for editors: workflow/schemas/config.schema.json."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
