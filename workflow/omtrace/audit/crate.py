"""What a packet says of its run in the words of others: W3C PROV (PROV-JSON) and a Workflow Run RO-Crate.

Both are made of the same: the listings of the stages, which name what each was made of and what it made, with digests.
A file that is not in the packet stands there by name and sha256.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PROV = "prov.json"
CRATE = "ro-crate-metadata.json"
PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/ro/wfrun/provenance/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
MAIN = "workflow/Snakefile"
ENGINE = "https://snakemake.github.io"
TOOL = "urn:omtrace:stage:"
README = "README.md"
WORKFLOW = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
PARAMETER = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
DONE = "http://schema.org/CompletedActionStatus"
TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".html": "text/html",
    ".py": "text/x-python",
    ".yaml": "application/yaml",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".sha256": "text/plain",
    ".lock": "text/plain",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".parquet": "application/vnd.apache.parquet",
}
Entity = dict[str, Any]  # of JSON-LD


@dataclass(frozen=True)
class Step:
    """A stage of the run: the paths that it used and made, and the script that ran."""

    name: str
    script: str
    used: tuple[str, ...]
    made: tuple[str, ...]


@dataclass(frozen=True)
class Story:
    """A run as both formats tell it.

    ``digests``: path -> sha256 of every file that takes part; ``here``: those that are in the packet, with their sizes;
    ``when``: the end of the run (ISO 8601); ``agent``: the account that ran it, "" for none that is told.
    """

    study: str
    title: str
    version: str
    steps: Sequence[Step]
    digests: Mapping[str, str]
    here: dict[str, int] = field(default_factory=dict)
    when: str = ""
    agent: str = ""


def steps_of(listings: Mapping[str, Mapping[str, str]], raw: Sequence[str], folder: str) -> list[Step]:
    """The steps of a run in their order.

    Parameters
    ----------
    listings
        Stage -> path from the study's folder -> sha256, as its listing has it.
    raw
        The raw files, which the stages read that the rules give them to.
    folder
        ``results/<study>/``.
    """
    scripts = {
        "validate": "validate_exports",
        "derive": "derive_datasets",
        "analyse": "analyse_datasets",
        "render": "render_results",
        "plates": "draw_plates",
    }
    order = [name for name in scripts if name in listings]
    before: dict[str, list[str]] = {}
    steps = []
    for name in order:
        listing = listings[name]
        inputs = [path for path in listing if path.startswith("stages/")]
        earlier = [path.removeprefix("stages/").removesuffix(".sha256") for path in inputs if path.endswith(".sha256")]
        used = [folder + path for path in inputs if path.endswith(".json")]
        used += [made for stage in earlier for made in before.get(stage, [])]
        used += list(raw) if name in ("validate", "render") else []
        made = [folder + path for path in listing if path not in inputs]
        before[name] = made
        steps.append(Step(name, f"workflow/scripts/{scripts[name]}.py", tuple(used), tuple(made)))
    return steps


def prov_json(story: Story) -> Entity:
    """The run as PROV-JSON (W3C member submission, 2013): files, stages, and who used and made which."""
    entities = {
        f"file:{path}": {
            "prov:label": path,
            "omtrace:sha256": digest,
            "omtrace:inPacket": {"$": "true" if path in story.here else "false", "type": "xsd:boolean"},
        }
        for path, digest in sorted(story.digests.items())
    }
    software = "omtrace:software"
    agents: Entity = {software: {"prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}}}
    agents[software]["prov:label"] = f"omtrace {story.version}"
    if story.agent:
        person = {"prov:type": {"$": "prov:Person", "type": "prov:QUALIFIED_NAME"}, "prov:label": story.agent}
        agents["omtrace:operator"] = person
    document: Entity = {
        "prefix": {"file": "urn:omtrace:file:", "stage": "urn:omtrace:stage:", "omtrace": "urn:omtrace:"},
        "entity": entities,
        "activity": {},
        "agent": agents,
        "used": {},
        "wasGeneratedBy": {},
        "wasAssociatedWith": {},
    }
    for step in story.steps:
        stage = f"stage:{step.name}"
        document["activity"][stage] = {"prov:label": f"{step.name} of {story.study}", "omtrace:script": step.script}
        for at, path in enumerate(step.used):
            document["used"][f"_:u-{step.name}-{at}"] = {"prov:activity": stage, "prov:entity": f"file:{path}"}
        for at, path in enumerate(step.made):
            made = {"prov:entity": f"file:{path}", "prov:activity": stage}
            document["wasGeneratedBy"][f"_:g-{step.name}-{at}"] = made
        for agent in agents:
            name = f"_:a-{step.name}-{agent.split(':')[1]}"
            document["wasAssociatedWith"][name] = {"prov:activity": stage, "prov:agent": agent}
    return document


def _ref(name: str) -> Entity:
    return {"@id": name}


class _Crate:
    """The graph of a crate, entity by entity."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.graph: dict[str, Entity] = {}

    def add(self, at: str, kind: str | list[str], **more: object) -> Entity:
        """Add an entity; a reference to it."""
        self.graph[at] = {"@id": at, "@type": kind, **more}
        return _ref(at)

    def file(self, path: str) -> Entity:
        """A file: a part of the crate, or, where it is not in the packet, a work known by its digest."""
        digest = self.story.digests.get(path, "")
        name = path if path in self.story.here else f"urn:sha256:{digest}"
        if name in self.graph:
            return _ref(name)
        more = {"sha256": digest} if digest else {}
        if path not in self.story.here:
            return self.add(name, "CreativeWork", name=path, description="not in this packet", **more)
        suffix = path[path.rindex(".") :] if "." in path.rsplit("/", 1)[-1] else ""
        size = str(self.story.here[path])
        kind = TYPES.get(suffix, "application/octet-stream")
        return self.add(name, "File", name=path, contentSize=size, encodingFormat=kind, **more)


def crate_json(story: Story) -> Entity:
    """The run as RO-Crate metadata, by the profile Provenance Run Crate 0.5: one action a stage."""
    crate = _Crate(story)
    for path in sorted(story.here):
        crate.file(path)
    agent = {"agent": crate.add("#operator", "Person", name=story.agent)} if story.agent else {}
    stages = [_stage(crate, position, step, agent) for position, step in enumerate(story.steps, 1)]
    _workflow(crate, stages)
    _parameters(crate)
    made = sorted({path for step in story.steps for path in step.made})
    run = crate.add(
        "#run",
        "CreateAction",
        name=f"Run of {story.study}",
        description=f"All stages of {story.study}, from its raw files to its results",
        instrument=_ref(MAIN),
        object=[crate.file(path) for path in _raw(story)],
        result=[crate.file(path) for path in made],
        actionStatus=DONE,
        **agent,
        **_time(story),
    )
    organised = crate.add(
        "#organise",
        "OrganizeAction",
        name="Run by Snakemake",
        description="The order of the stages",
        instrument=crate.add(f"{ENGINE}/", "SoftwareApplication", name="Snakemake", url=ENGINE, softwareVersion="9.27"),
        object=[stage.control for stage in stages],
        result=run,
        **agent,
        **_time(story),
    )
    return _document(crate, [run, organised, *(s.action for s in stages), *(s.control for s in stages)])


@dataclass(frozen=True)
class _Stage:
    """References to what stands in a crate for a stage."""

    tool: Entity
    step: Entity
    action: Entity
    control: Entity


def _stage(crate: _Crate, position: int, step: Step, agent: Entity) -> _Stage:
    story = crate.story
    tool = crate.add(
        f"{TOOL}{step.name}",
        "SoftwareApplication",
        name=step.name,
        description=f"The script {step.script}",
        softwareVersion=story.version,
    )
    how = crate.add(f"#step-{step.name}", "HowToStep", position=str(position), workExample=tool)
    action = crate.add(
        f"#action-{step.name}",
        "CreateAction",
        name=f"Stage {step.name} of {story.study}",
        description=f"{step.script} was run on {len(step.used)} files and made {len(step.made)}",
        instrument=tool,
        object=[crate.file(path) for path in step.used],
        result=[crate.file(path) for path in step.made],
        actionStatus=DONE,
        **agent,
        **_time(story),
    )
    control = crate.add(
        f"#control-{step.name}", "ControlAction", name=f"Run {step.name}", instrument=how, object=action
    )
    return _Stage(tool, how, action, control)


def _workflow(crate: _Crate, stages: Sequence[_Stage]) -> None:
    """The workflow, which is the main entity, with its language."""
    language = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
    profile = crate.add(WORKFLOW, "CreativeWork", name="ComputationalWorkflow profile", version="1.0-RELEASE")
    crate.graph[MAIN] = {
        **crate.graph.get(MAIN, {"@id": MAIN}),
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "workflow of omtrace",
        "version": crate.story.version,
        "conformsTo": profile,
        "programmingLanguage": crate.add(
            language, "ComputerLanguage", name="Snakemake", identifier=_ref(ENGINE), url=_ref(ENGINE)
        ),
        "hasPart": [stage.tool for stage in stages],
        "step": [stage.step for stage in stages],
        "input": _ref("#input"),
        "output": _ref("#output"),
    }


def _parameters(crate: _Crate) -> None:
    """What goes into the workflow and comes out of it, each with the files of the packet that are an example of it."""
    profile = crate.add(PARAMETER, "CreativeWork", name="FormalParameter profile", version="1.0-RELEASE")
    made = sorted({path for step in crate.story.steps for path in step.made})
    for name, words, paths in (
        ("#input", "raw exports and stage files", _raw(crate.story)),
        ("#output", "results", made),
    ):
        crate.add(name, "FormalParameter", name=words, additionalType="File", conformsTo=profile, valueRequired="True")
        for path in [path for path in paths if path in crate.story.here]:
            crate.graph[crate.file(path)["@id"]]["exampleOfWork"] = _ref(name)


def _raw(story: Story) -> list[str]:
    """What the first stage was given, and no stage made."""
    made = {path for step in story.steps for path in step.made}
    return [path for step in story.steps[:1] for path in step.used if path not in made]


def _time(story: Story) -> Entity:
    return {"endTime": story.when} if story.when else {}


def _document(crate: _Crate, mentions: list[Entity]) -> Entity:
    """The graph under its descriptor and its root."""
    story = crate.story
    profiles = []
    for address in PROFILES:
        *_, name, version = address.split("/")
        profiles.append(crate.add(address, "CreativeWork", name=f"{name} profile", version=version))
    licence = crate.add(
        "https://spdx.org/licenses/MIT", "CreativeWork", name="MIT License", description="Licence of code and packet"
    )
    if README in story.here:
        crate.graph[README]["about"] = _ref("./")
    authors = crate.add("#authors", "Organization", name=f"The authors of {story.study}")
    descriptor = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": _ref("./"),
        "conformsTo": [_ref("https://w3id.org/ro/crate/1.1"), _ref(PROFILES[-1])],
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{story.study}: {story.title}",
        "description": f"Results of the study {story.study}, with plan, code, environment and the way of each number",
        "datePublished": story.when,
        "license": licence,
        "author": authors,
        "publisher": authors,
        "conformsTo": profiles,
        "hasPart": [_ref(path) for path in sorted(story.here)],
        "mainEntity": _ref(MAIN),
        "mentions": mentions,
    }
    graph = [descriptor, root, *crate.graph.values()]
    return {"@context": CONTEXT, "@graph": [{k: _single(v) for k, v in entity.items()} for entity in graph]}


def _single(value: object) -> object:
    """A list of one entry as that entry."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
