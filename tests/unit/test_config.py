"""The configuration: what is wrong with it is told with its line, and its JSON Schema is that of the model."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from omtrace.cli import main
from omtrace.faults import Fault
from omtrace.model.config import config_schema, read_config, read_config_file
from omtrace.model.document import read_document

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config/config.yaml"
SCHEMA = ROOT / "workflow/schemas/config.schema.json"
SOUND = 'studies: [a]\nretrieved: []\nmirror: ""\n'


def written(folder: Path, text: str) -> Path:
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return folder / "config.yaml"


def test_the_schema_is_the_model(capsys):
    assert main(["schema", "config"]) == 0
    assert capsys.readouterr().out == config_schema()
    again = "omtrace schema config > workflow/schemas/config.schema.json"
    assert SCHEMA.read_text(encoding="utf-8") == config_schema(), again


def test_the_schema_takes_the_shipped_configuration_and_what_the_model_takes():
    schema = json.loads(config_schema())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    shipped = read_document(CONFIG)
    assert validator.is_valid(shipped) and read_config(shipped).studies == tuple(shipped["studies"])
    for key, value in (("studies", 3), ("studies", [False]), ("studies", ["../x"]), ("mirror", None), ("x", 1)):
        wrong = {**shipped, key: value}
        assert not validator.is_valid(wrong)
        with pytest.raises(Fault):
            read_config(wrong)


def test_the_file_names_its_schema_for_editors():
    name = CONFIG.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (CONFIG.parent / name).resolve() == SCHEMA


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SOUND.replace("[a]", "3"), "line 1: studies: a list of study names is needed, not the number 3"),
        (SOUND.replace("[a]", "\n- a\n- ../b"), "line 3: studies.1: '../b' must be lower case letters"),
        (SOUND.replace('""', "~"), "line 3: mirror: a text is needed, not nothing (as ~ and null are read)"),
        (SOUND.replace("mirror", "miror"), "line 3: miror: unknown key; did you mean 'mirror'?"),
        (SOUND.replace("[a]", "[a, no]"), "line 1: 'no' is read as false by YAML; write \"no\" in quotes"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, says):
    path = written(tmp_path, text)
    for attempt in (lambda: read_config_file(path), lambda: read_config(yaml_of(text), path)):
        with pytest.raises(Fault) as caught:
            attempt()
        assert any(line.startswith(f"{path}: {says}") for line in caught.value.lines), caught.value.lines


def yaml_of(text: str) -> dict:
    """What Snakemake hands over."""
    return yaml.safe_load(text)


def test_what_the_command_line_sets_has_no_line_in_the_file(tmp_path):
    path = written(tmp_path, SOUND)
    with pytest.raises(Fault, match="config.yaml: studies: a list of study names is needed, not 'b'"):
        read_config({**yaml_of(SOUND), "studies": "b"}, path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(Fault, match="config.yaml: missing; run this in the folder of omtrace"):
        read_config_file(tmp_path / "config.yaml")
