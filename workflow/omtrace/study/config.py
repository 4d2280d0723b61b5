"""The configuration, ``config/config.yaml``, as a closed, typed model: which studies there are."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from omtrace.study.closed import Closed, checked

Study = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Config(Closed):
    """The whole configuration. A study's choices stand in its plan."""

    studies: tuple[Study, ...] = Field(description="studies that plain snakemake runs, in this order")
    retrieved: tuple[Study, ...] = Field((), description="studies whose raw files are retrieved; run by name")
    mirror: str = Field("", description="folder searched for retrieved files before the network; empty: none")
    plans: str = Field("config/studies", description="folder of the plans, one <study>.yaml each")
    register_: str = Field("config/exports.csv", alias="register", description="the register of raw files")
    raw: str = Field("data/raw", description="folder of the raw files, with a folder for each study")

    @model_validator(mode="after")
    def once(self) -> "Config":
        """Each study is listed once."""
        twice = [study for study, count in Counter([*self.studies, *self.retrieved]).items() if count > 1]
        if twice:
            raise ValueError(f"listed more than once: {', '.join(twice)}")
        return self


def read_config(content: Mapping[str, Any]) -> Config:
    """What Snakemake read from the file and from --config, checked. Raises Fault with every complaint."""
    return checked(Config, dict(content), "config/config.yaml")
