"""What is wrong with a plan, an option or the configuration is told in the words of YAML."""

import re
from datetime import date

import pytest
from omtrace.faults import Fault
from omtrace.model.closed import NEEDED, WRONG, Closed, checked
from omtrace.model.config import Config, read_config
from omtrace.model.plan import Plan
from omtrace.report.plan_page import PARTS, models, modules, within
from pydantic import Field, ValidationError

LISTS = [[], [1], ["x"], ["x"] * 9, [[]], [{}]]
MAPPINGS = [{}, {"a": 1}, {1: "a"}, {"a": "x"}, {"a": {}}, {"a": [1]}, {"a": None}]
NUMBERS = [True, 1, -1, 2.5, -1e9, 1e9, float("nan"), float("inf"), 10**30]
VALUES = [*LISTS, *MAPPINGS, *NUMBERS, None, "", "x", "X y", "x" * 99, date(2024, 1, 1)]
FOREIGN = re.compile(
    r"Input|should|\bvalid\b|tuple|dict\b|integer|boolean|string|\[key\]|literal|\bstr\b|\bNone\b|\bTrue\b|Error"
)


def all_models() -> list[type[Closed]]:
    """The models of plan, exploratory file and configuration, and of the options of every module."""
    found = dict.fromkeys([Config, *(model for _, model in models())])
    queue = [getattr(module, name).options for part, name, *_ in PARTS for module in modules(part, name).values()]
    for model in queue:
        found[model] = None
        queue += [one for field in model.model_fields.values() for one in within(field.annotation) if one not in found]
    return list(found)


def test_no_complaint_of_any_model_speaks_of_python():
    kinds, lines = set(), set()
    for model in all_models():
        for name, field in model.model_fields.items():
            for value in VALUES:
                content = {field.alias or name: value}
                try:
                    model.model_validate(content)
                except ValidationError as error:
                    kinds |= {item["type"] for item in error.errors()}
                    with pytest.raises(Fault) as caught:
                        checked(model, content, "W")
                    lines |= set(caught.value.lines)
    assert kinds <= {*NEEDED, *WRONG, "extra_forbidden"}, kinds - {*NEEDED, *WRONG}
    assert len(lines) > 2000
    # 'integer' in quotes is a word of the plan: the type of a column.
    foreign = [line for line in lines if FOREIGN.search(re.sub(r"^W: [\w.]+: |'integer'", "", line))]
    assert not foreign, foreign[:9]
    assert all(line.isprintable() for line in lines)


class Inner(Closed):
    name: str


class Outer(Closed):
    text: str = ""
    count: int = 1
    share: float = Field(0.5, gt=0, lt=1)
    flag: bool = False
    several: str | tuple[str, ...] = ""
    inner: dict[str, Inner] = {}
    day: date | None = None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"text": 1}, "text: a text is needed, not the number 1; write it in quotes"),
        ({"text": True}, "text: a text is needed, not true; write it in quotes"),
        ({"text": None}, "text: a text is needed, not nothing (as ~ and null are read); write it in quotes"),
        ({"text": date(2024, 3, 1)}, "text: a text is needed, not the day 2024-03-01; write it in quotes"),
        ({"text": ["a"]}, "text: a text is needed, not a list"),
        ({"count": 1.5}, "count: a whole number is needed, not the number 1.5"),
        ({"share": 1}, "share: must be less than 1"),
        ({"flag": "perhaps"}, "flag: true or false is needed, not 'perhaps'"),
        ({"several": 1}, "several: a text or a list is needed, not the number 1; write it in quotes"),
        ({"several": ["a", 1]}, "several.1: a text is needed, not the number 1; write it in quotes"),
        ({"inner": {"a": {"nam": "x", "name": "y"}}}, "inner.a.nam: unknown key; did you mean 'name'?"),
        ({"inner": {1: {"name": "y"}}}, "inner.1: a text is needed as key, not the number 1; write it in quotes"),
        ({"inner": "x"}, "inner: a mapping of keys to values is needed, not 'x'"),
        ({"day": "soon"}, "day: a day such as 2024-05-31 is needed, not 'soon'"),
        ([], "a mapping of keys to values is needed, not a list"),
        (None, "a mapping of keys to values is needed, not nothing (as ~ and null are read)"),
    ],
)
def test_what_is_needed_and_what_stands_there(content, says):
    with pytest.raises(Fault) as caught:
        checked(Outer, content, "W")
    assert caught.value.lines == (f"W: {says}",)


def test_the_configuration_asks_for_a_list_of_study_names():
    content = {"studies": "tiny", "retrieved": [], "mirror": ""}
    with pytest.raises(Fault, match="config/config.yaml: studies: a list of study names is needed, not 'tiny'"):
        read_config(content)
    with pytest.raises(Fault, match="studies.0: '../x' must be lower case letters, digits and underscores"):
        read_config({**content, "studies": ["../x"]})


def test_a_plan_that_is_empty_is_told_so():
    with pytest.raises(Fault, match="W: a mapping of keys to values is needed, not nothing"):
        checked(Plan, None, "W")
