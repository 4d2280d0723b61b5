"""What MkDocs asks while it builds the site: pages of reference, of the package's declarations, and the gallery."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from omtrace.cli.application import COMMANDS, application
from omtrace.model.folders import plan_file
from omtrace.model.plan import read_plan
from omtrace.model.statistics import STATISTICS
from omtrace.report.plan_page import plan_page
from omtrace.report.rules_page import catalogue_page


def commands_page() -> str:
    """Every command with its help."""
    lines = ["# Commands", "", "`omtrace COMMAND --help` prints the same.", ""]
    context = click.Context(application, info_name="omtrace")
    for section, names in COMMANDS.items():
        lines += [f"## {section}", ""]
        for name in names:
            command = application.get_command(context, name)
            assert command is not None
            own = click.Context(command, info_name=name, parent=context, terminal_width=100, max_content_width=100)
            lines += [f"### {name}", "", "```text", command.get_help(own), "```", ""]
    return "\n".join(lines)


def statistics_page() -> str:
    """Every statistic that a result can hold."""
    lines = [
        "# Statistics",
        "",
        "Every number in `estimates.csv` is one of these. `own`: in the unit of what is analysed.",
        "",
        "| statistic | label | role | unit |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| `{s.name}` | {s.label} | {s.role} | {s.unit} |" for s in STATISTICS.values()]
    return "\n".join(lines) + "\n"


def gallery(config: MkDocsConfig) -> Iterator[File]:
    """A page of the figures of all studies that have results, made by ``make``, and their pictures."""
    lines = [
        "# Gallery",
        "",
        "Every figure of the studies that have run here, with the key of the plan that asks for it and its `figure`.",
        "",
    ]
    for index in sorted(Path("results").glob("*/figures/index.json")):
        study = index.parts[1]
        figures = json.loads(index.read_text(encoding="utf-8"))
        plan = read_plan(Path(plan_file(study)))
        lines += [f"## {plan.title}", "", f"`config/studies/{study}.yaml`; {plan.kind} data.", ""] if figures else []
        for figure in figures:
            picture = f"gallery/{study}-{figure['name']}.png"
            alt = figure["alt"].replace("[", "(").replace("]", ")").replace("\n", " ")
            lines += [f"### {figure['title']}", "", f"![{alt}]({picture})", ""]
            kind = plan.figures[figure["name"]].figure
            lines += [f"`figures.{figure['name']}`, `figure: {kind}`", ""]
            path = index.with_name(f"{figure['name']}.png").resolve()
            yield File.generated(config, picture, abs_src_path=str(path))
    lines += [] if len(lines) > 4 else ["No study has results: run `make` first.", ""]
    yield File.generated(config, "gallery.md", content="\n".join(lines))


PAGES = {
    "plan.md": plan_page,
    "rules.md": catalogue_page,
    "commands.md": commands_page,
    "statistics.md": statistics_page,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put the pages of reference, and the gallery, among the files, in place of any of their name."""
    for name, page in PAGES.items():
        if there := files.get_file_from_path(name):
            files.remove(there)
        files.append(File.generated(config, name, content=page()))
    for file in gallery(config):
        files.append(file)
    return files
