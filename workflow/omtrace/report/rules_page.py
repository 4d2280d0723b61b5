"""The error catalogue as a page, docs/rules.md: every rule that a finding may name, what it means and what to do."""

from collections.abc import Iterable, Iterator, Sequence

from omtrace.plugins import declared
from omtrace.schemas import RuleText, table_of
from omtrace.validation.catalogue import RULES, everything

FILES = (
    "identifier",
    "unreadable",
    "column_missing",
    "date_ambiguous",
    "number_ambiguous",
    "merged_header",
    "hidden_column",
    "dictionary_field",
    "repair_unused",
    "text_unmatched",
    "no_rows",
    "coding",
    "export_unread",
    "column_undeclared",
)
ROWS = (
    "row_width",
    "json",
    "event_missing",
    "instance_missing",
    "no_well",
    "unit_missing",
    "batch",
    "unit",
    "form_status",
    "form_blank",
    "duplicate_row",
    "duplicate_conflict",
    "roster",
    "hidden_row",
)
ENDS = (".", "!", "?")
HEAD = """\
# The error catalogue

<!-- Made from the declarations by `omtrace rules > docs/rules.md`; edits here are lost. -->

Every finding names one of these rules, with file, line and column. Values are in `logs/<study>/findings.csv` only,
which is confidential.

A finding has one of four severities:

| severity | what happens |
| --- | --- |
| `note` | recorded only; the value is used |
| `warn` | reported; the value is used |
| `quarantine` | reported; the cell is missing with the rule as its reason, or the row is left out, and counted |
| `stop` | reported; nothing of the study is computed until it is fixed |

A quarantine removes the cell where a rule is about a value, and the row where it is about what identifies one (ids,
keys, structure), or where the rest of the row means nothing without the cell. A plan can change the severity of a rule
under `severities`, and what a quarantine removes (the cell, the row, the unit or the batch) under `scopes`. If a rule
about a whole file would stop the study, but the file belongs to a batch and the rule may quarantine, only that batch is
left out. If a row breaks several rules, the first in the [order of precedence](#order-of-precedence) is the reason that
is counted.

Raw files are never edited: errors are corrected at their source, and the new version is registered. What cannot be
corrected there is declared in the plan, as a repair with its reason.
"""


def catalogue_page() -> str:
    """The catalogue as Markdown, one section a rule, in the order of precedence within each group."""
    lines = [HEAD]
    for title, says, rules in (
        ("Files and columns", "Rules about whole files or columns.", _named(FILES)),
        ("Rows", "Rules about whole rows.", _named(ROWS)),
        ("Cells", "Rules about single cells.", _named({r.id for r in RULES} - {*FILES, *ROWS})),
    ):
        lines += [f"## {title}\n", f"{says}\n", *map(_section, rules)]
    lines += ["## Rules of the tables\n", "Rules over the columns of a row, declared with its table.\n"]
    lines += _of_tables()
    lines += ["## Checks across rows, visits and tables\n", "Declared in the plan under `checks`.\n", *_crosschecks()]
    lines += [
        "## Order of precedence\n",
        "The first of these that a row breaks is the reason that is counted. Rules of tables and checks across rows "
        "come after `allowed`.\n",
        ", ".join(f"[`{rule.id}`](#{rule.id})" for rule in RULES) + ".",
    ]
    return "\n".join(lines) + "\n"


def _named(ids: Iterable[str]) -> list[RuleText]:
    wanted = set(ids)
    return [rule for rule in RULES if rule.id in wanted]


def _of_tables() -> Iterator[str]:
    texts = everything()
    for name in (*declared("schemas"), *declared("instruments")):
        rules = table_of(name).rules
        if rules:
            yield f"### Table `{name}`\n"
        for rule in rules:
            yield _section(texts[rule.id], "####", f"Columns: {_codes(rule.columns)}")


def _crosschecks() -> Iterator[str]:
    from omtrace.model.plan import USUAL
    from omtrace.plugins import plugin

    for name in declared("validation.crosschecks"):
        check = plugin("validation.crosschecks", name, "CROSSCHECK")
        yield f"### Check `{name}`\n"
        if name in USUAL:
            yield "Runs on every study; an entry in the plan changes its options.\n"
        yield from (_section(rule, "####") for rule in check.rules)


def _section(rule: RuleText, level: str = "###", *more: str) -> str:
    lines = [f"{level} `{rule.id}`", "", _sentence(rule.meaning), ""]
    lines += [f"- {line}" for line in more]
    lines += [f"- Example: {_sentence(rule.example)}"] if rule.example else []
    lines += [f"- Likely fix: {_sentence(rule.fix)}", f"- Severity: {_severity(rule)}"]
    taken = "whole file" if rule.whole_file else rule.scope
    lines += [f"- As a quarantine it takes out the {taken}.", ""] if "quarantine" in rule.severities else [""]
    return "\n".join(lines)


def _severity(rule: RuleText) -> str:
    others = [f"`{severity}`" for severity in rule.severities if severity != rule.severity]
    if not others:
        return f"`{rule.severity}`, always."
    given = f"{', '.join(others[:-1])} or {others[-1]}" if len(others) > 1 else others[0]
    return f"`{rule.severity}`, unless the plan says {given}."


def _sentence(text: str) -> str:
    """A text as Markdown shows it: with its full stop, and with < and * as they stand."""
    shown = text.replace("<", "&lt;").replace("*", "\\*")
    return shown if shown.endswith(ENDS) else f"{shown}."


def _codes(names: Sequence[str]) -> str:
    """Column names as one sentence."""
    return ", ".join(f"`{name}`" for name in names) + "."
