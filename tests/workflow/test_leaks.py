"""Identifiers and refused values, planted in raw files, stand nowhere but in the confidential table of findings."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest
from omtrace.model.register import read_register, sha256_of, write_register
from pipeline import snakemake

REGISTER = "config/exports.csv"
FINDINGS = "logs/tiny/findings.csv"
RAW = "data/raw/tiny/questionnaires.csv"


def planted(folder: Path, *changes: tuple[str, str], path: str = RAW) -> None:
    """Change texts of a raw file, and make the register say what it holds."""
    text = (folder / path).read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    (folder / path).write_text(text, encoding="utf-8")
    rows = read_register(folder / REGISTER)
    write_register(
        [replace(row, sha256=sha256_of(folder / row.path)) if row.path == path else row for row in rows],
        folder / REGISTER,
    )


def written(folder: Path) -> str:
    """All texts of all files that a run made, the confidential table left out."""
    texts = []
    for path in sorted(p for part in ("results", "logs") for p in (folder / part).rglob("*") if p.is_file()):
        if path == folder / FINDINGS:
            continue
        if path.suffix == ".parquet":
            texts.append(str(pyarrow.parquet.read_table(path).to_pydict()))
        else:
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("before", "after", "secret"),
    [
        ("remark,hit6_1", "Zdenka Lobinger,hit6_1", "Lobinger"),  # a header of a column that no table reads
        ("T01,baseline_arm_1,,", "T01,baseline_arm_1,called Mrs Lobinger back,", "Lobinger"),
        ("T01,baseline_arm_1,,", "T01,baseline_arm_1,Tel. 0171 2345678,", "2345678"),
    ],
)
def test_an_identifier_stops_the_study_and_is_written_nowhere(tiny, before, after, secret):
    planted(tiny, (before, after))
    ran = snakemake(tiny, "tiny")
    assert ran.code and "identifier" in ran.err
    assert secret not in ran.err + ran.out + written(tiny)
    assert secret not in (tiny / FINDINGS).read_text(encoding="utf-8")


def test_quarantined_values_of_four_kinds_stand_in_the_confidential_table_alone(tiny):
    """A type, a range, a date, and a row that contradicts another."""
    planted(
        tiny,
        ("T01,baseline_arm_1,,5,4", "T01,baseline_arm_1,,5x8q7,4"),
        ("T01,month_1_arm_1,,4,4", "T01,month_1_arm_1,,4,90817"),
    )
    planted(tiny, ("T01,-3,1,1,4,1", "T01,-3,1,1,70916,1"), path="data/raw/tiny/diary.csv")
    planted(tiny, ("2024-03-04", "2024-13-48"), path="data/raw/tiny/allocation.csv")
    ran = snakemake(tiny, "tiny")
    assert ran.code == 0, ran.err
    confidential = (tiny / FINDINGS).read_text(encoding="utf-8")
    for value in ("5x8q7", "90817", "70916", "2024-13-48"):
        assert value in confidential
        assert value not in written(tiny) + ran.out + ran.err, value
