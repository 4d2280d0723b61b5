"""Numbers in prose: which of a draft are results, and tokens of a template that become them."""

import io
import zipfile

import pytest
from estimates import estimate
from omtrace.faults import Fault
from omtrace.report.manuscript import State, check_draft, fill, lines_of, read_draft
from omtrace.store import zipped

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NUMBERS = {
    "e76be4204d0b": estimate(id="e76be4204d0b", value="-3.266314", unit="points"),
    "aef1737cf386": estimate(id="aef1737cf386", value="-4.98527", unit="points"),
    "f00000000001": estimate(id="f00000000001", value="0.3768115942", unit=""),
    "f00000000002": estimate(id="f00000000002", value="3000", unit=""),
    "f00000000003": estimate(id="f00000000003", value="140", unit=""),
    "f00000000004": estimate(id="f00000000004", value="0.00021", unit=""),
}
SHOWN = {"e76be4204d0b": "−3.3", "aef1737cf386": "−5.0", "f00000000001": "37.7%", "f00000000004": "<0.001"}


def found(text):
    return [(one.text.strip(), one.state) for one in check_draft(text.splitlines(), list(NUMBERS.values()))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The difference was −3.3 points.", [("−3.3", State.MATCH)]),
        ("The difference was -3.27 (lower by 4.99).", [("-3.27", State.MATCH), ("4.99", State.MATCH)]),
        ("a difference of 3.26", [("3.26", State.ROUNDING)]),
        ("a difference of 3.5", [("3.5", State.NONE)]),
        ("responders were 37.7% of 140", [("37.7%", State.MATCH), ("140", State.MATCH)]),
        ("37.7\\% of 3,000 days", [("37.7\\%", State.MATCH), ("3,000", State.MATCH)]),
        ("(95% CI, 2019, Table 3, Figures 4, section 2.1) and [12], doi:10.1111/head.13946, HIT-6, SF-36, 12-week", []),
        ("on 2024-05-31, e76be4204d0b, x2, v1.2.3", []),
        ("a token {{ n:e76be4204d0b }} is none", []),
    ],
)
def test_each_number_is_told_for_what_it_is(text, expected):
    assert found(text) == expected


def test_a_token_becomes_the_number_as_the_report_shows_it(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("By {{ n:e76be4204d0b }} ({{n:e76b|2}}), p {{ n:f00000000004 }}.\n", encoding="utf-8")
    assert fill(path, NUMBERS, SHOWN.__getitem__).decode() == "By −3.3 (−3.27), p <0.001.\n"


def test_tokens_that_name_no_number_are_all_named(tmp_path):
    path = tmp_path / "a.tex"
    path.write_text("{{ n:0123 }} and {{ n:f0000 }}", encoding="utf-8")
    with pytest.raises(Fault) as caught:
        fill(path, NUMBERS, SHOWN.__getitem__)
    assert "is the id of no number" in caught.value.lines[0] and "begins several ids" in caught.value.lines[1]


def word(tmp_path, *paragraphs):
    runs = ["".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in paragraph) for paragraph in paragraphs]
    body = "".join(f"<w:p>{run}</w:p>" for run in runs)
    path = tmp_path / "draft.docx"
    text = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    path.write_bytes(zipped({"word/document.xml": text.encode(), "word/media/a.png": b"png"}))
    return path


def test_a_word_file_is_filled_where_word_has_parted_a_token(tmp_path):
    path = word(tmp_path, ["By {{ n:e7", "6be42", "04d0b }} &lt;points&gt;"], ["p {{ n:f00000000004 }}", " and 3.5"])
    content = fill(path, NUMBERS, SHOWN.__getitem__)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("word/media/a.png") == b"png"
    path.write_bytes(content)
    lines = read_draft(path)
    assert lines == ["By −3.3 <points>", "p <0.001 and 3.5"]
    states = [one.state for one in check_draft(lines, list(NUMBERS.values()))]
    assert states.count(State.NONE) == 1


def test_what_is_no_draft_is_refused(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "a.docx").write_bytes(b"no")
    (tmp_path / "a.md").write_bytes(b"\xff\xfe")
    for name, says in (("a.pdf", "convert it"), ("a.docx", "no Word file"), ("a.md", "not UTF-8")):
        with pytest.raises(Fault, match=says):
            read_draft(tmp_path / name)


def test_what_is_listed_is_what_is_no_result():
    lines = lines_of(check_draft(["3.5 and −3.3"], list(NUMBERS.values())))
    assert len(lines) == 2 and lines[0].startswith("line 1: 3.5  no result") and "1 a result" in lines[1]
