"""A run as W3C PROV and as a Workflow Run RO-Crate: every file, every stage, and no reference that leads nowhere."""

import pytest
from omtrace.audit.crate import CRATE, Story, crate_json, prov_json, steps_of

FOLDER = "results/tiny/"
LISTINGS = {
    "validate": {"stages/validate.json": "a" * 64, "validated/t.parquet": "b" * 64},
    "derive": {"stages/derive.json": "c" * 64, "stages/validate.sha256": "d" * 64, "datasets/p.parquet": "e" * 64},
    "analyse": {"stages/analyse.json": "f" * 64, "stages/derive.sha256": "0" * 64, "estimates.csv": "1" * 64},
}
RAW = ["data/raw/tiny/x.csv"]


def story(**more):
    steps = steps_of(LISTINGS, RAW, FOLDER)
    digests = {path: "9" * 64 for step in steps for path in (*step.used, *step.made)} | {"workflow/Snakefile": "8" * 64}
    here = {"workflow/Snakefile": 10, "README.md": 4, FOLDER + "estimates.csv": 20, FOLDER + "stages/validate.json": 3}
    return Story("tiny", "A title", "1.0", steps, digests, here, "2026-01-02T03:04:05+00:00", **more)


def test_each_stage_uses_what_those_before_it_made():
    steps = {step.name: step for step in steps_of(LISTINGS, RAW, FOLDER)}
    assert list(steps) == ["validate", "derive", "analyse"]
    assert steps["validate"].used == (FOLDER + "stages/validate.json", *RAW)
    assert steps["derive"].used == (FOLDER + "stages/derive.json", FOLDER + "validated/t.parquet")
    assert steps["analyse"].made == (FOLDER + "estimates.csv",)


def test_prov_tells_who_used_and_made_which_file():
    document = prov_json(story(agent="someone"))
    known = {*document["entity"], *document["activity"], *document["agent"]}
    for relation in ("used", "wasGeneratedBy", "wasAssociatedWith"):
        for entry in document[relation].values():
            assert set(entry.values()) <= known
    made = {e["prov:entity"]: e["prov:activity"] for e in document["wasGeneratedBy"].values()}
    assert made[f"file:{FOLDER}estimates.csv"] == "stage:analyse"
    assert document["entity"]["file:data/raw/tiny/x.csv"]["omtrace:inPacket"]["$"] == "false"
    assert "omtrace:operator" in document["agent"] and "omtrace:operator" not in prov_json(story())["agent"]


def references(value):
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        else:
            for entry in value.values():
                yield from references(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from references(entry)


@pytest.mark.parametrize("agent", ["", "someone"])
def test_no_reference_of_the_crate_leads_nowhere(agent):
    graph = crate_json(story(agent=agent))["@graph"]
    known = {entity["@id"]: entity for entity in graph}
    assert len(known) == len(graph)
    outside = {"https://w3id.org/ro/crate/1.1", "https://snakemake.github.io"}
    assert set(references([{k: v for k, v in e.items() if k != "@id"} for e in graph])) - outside <= known.keys()
    assert known[CRATE]["about"] == {"@id": "./"}
    actions = [entity for entity in graph if entity["@type"] == "CreateAction"]
    assert [action["@id"] for action in actions] == [
        "#action-validate",
        "#action-derive",
        "#action-analyse",
        "#run",
    ]


def test_a_file_that_is_not_in_the_packet_stands_there_by_its_digest():
    graph = {entity["@id"]: entity for entity in crate_json(story())["@graph"]}
    parts = {part["@id"] for part in graph["./"]["hasPart"]}
    assert parts == {"workflow/Snakefile", "README.md", FOLDER + "estimates.csv", FOLDER + "stages/validate.json"}
    absent = graph["urn:sha256:" + "9" * 64]
    assert absent["@type"] == "CreativeWork" and absent["description"] == "not in this packet"
