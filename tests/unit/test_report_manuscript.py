"""Numbers in prose: which of a draft are results, and tokens of a template that become them."""

import io
import zipfile

import pytest
from estimates import estimate
from omtrace.faults import Fault
from omtrace.report.drafts import read_draft, written
from omtrace.report.manuscript import State, check_draft, fill, lines_of
from omtrace.store import zipped

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NUMBERS = {
    "e76be4204d0b": estimate(id="e76be4204d0b", value="-3.266314", unit="points", statistic="mean"),
    "aef1737cf386": estimate(id="aef1737cf386", value="-4.98527", unit="points", statistic="mean"),
    "f00000000001": estimate(id="f00000000001", value="0.3768115942", unit="", statistic="mean"),
    "f00000000002": estimate(id="f00000000002", value="3000", unit="", statistic="mean"),
    "f00000000003": estimate(id="f00000000003", value="140", unit="", statistic="mean"),
    "f00000000004": estimate(id="f00000000004", value="0.00021", unit="", statistic="p"),
    "f00000000005": estimate(id="f00000000005", value="0.0312", unit="", statistic="p"),
    "f00000000006": estimate(id="f00000000006", value="84.2857", unit="%", statistic="mean"),
    "f00000000007": estimate(id="f00000000007", value="62.13", unit="points", statistic="mean"),
    "f00000000008": estimate(id="f00000000008", value="0.9731", unit="", statistic="p"),
    "f00000000009": estimate(id="f00000000009", value="-1.5473", unit="points", statistic="mean"),
}
SHOWN = {"e76be4204d0b": "−3.3", "aef1737cf386": "−5.0", "f00000000001": "37.7%", "f00000000004": "<0.001"}


MINUS = [("−3.3", State.MATCH)]
LIMITS = [("−5.0", State.MATCH), ("−1.5", State.MATCH)]
BELOW = [("<0.001", State.MATCH), ("< 0.001", State.MATCH)]
TENS = [("2.1e-4", State.MATCH)] * 3
HYPHENS = [("-5.0", State.MATCH), ("-1.5", State.MATCH)]
RANGE = [("1.5", State.MATCH), ("5.0", State.MATCH)]
PERCENTS = [("84.3\N{NARROW NO-BREAK SPACE}%", State.MATCH), ("84.3\N{NO-BREAK SPACE}%", State.MATCH)]
PERCENT = [("84.3\N{NO-BREAK SPACE}%", State.MATCH), ("84.3 per cent", State.MATCH), ("84.3", State.MATCH)]


def found(text, kind=".md"):
    lines = [written(line, kind) for line in text.splitlines()]
    return [(one.text.strip(), one.state) for one in check_draft(lines, list(NUMBERS.values()))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The difference was −3.3 points.", [("−3.3", State.MATCH)]),
        ("The difference was -3.27 (lower by 4.99).", [("-3.27", State.MATCH), ("4.99", State.MATCH)]),
        ("a difference of 3.26", [("3.26", State.ROUNDING)]),
        ("a difference of 3.5", [("3.5", State.NONE)]),
        ("responders were 37.7% of 140", [("37.7%", State.MATCH), ("140", State.MATCH)]),
        ("37.7% of 3,000 days", [("37.7%", State.MATCH), ("3,000", State.MATCH)]),
        ("(95% CI, 2019, Table 3, Figures 4, section 2.1) and [12], doi:10.1111/head.13946, HIT-6, SF-36, 12-week", []),
        ("on 2024-05-31, e76be4204d0b, x2, v1.2.3", []),
        ("a token {{ n:e76be4204d0b }} is none", []),
        # minus signs: a hyphen, one that does not part, a dash; a sign in words, and one that the result has not
        ("-3.3, \N{NON-BREAKING HYPHEN}3.3, \N{EN DASH}3.3 (\N{EN DASH}3.3)", [("-3.3", State.MATCH)] * 2 + MINUS * 2),
        ("lower by 3.3, not −62.1", [("3.3", State.MATCH), ("−62.1", State.SIGN)]),
        # intervals: brackets, "to", dashes, hyphens, semicolons; their level
        ("(95%CI −5.0 to −1.5)", LIMITS),
        ("95% CI: [−5.0; −1.5]", LIMITS),
        ("[−5.0, −1.5]", LIMITS),
        ("95 % confidence interval −5.0\N{EN DASH}−1.5", LIMITS),
        ("1.5-5.0 points", [("1.5", State.MATCH), ("5.0", State.MATCH)]),
        ("CI [2, 9], though [2, 9] and [3-5] cite", [("2", State.MATCH), ("9", State.NONE)]),
        # p values
        ("p<0.001, P < .001, p = .03, p=0\N{MIDDLE DOT}031", [*BELOW, ("0.03", State.MATCH), ("0.031", State.MATCH)]),
        ("p = 2.1 × 10⁻⁴ or 2.1e-4 or 2.1 x 10^-4 or 2.2×10−4", [*TENS, ("2.2e-4", State.NONE)]),
        ("p<0.0001 and p > 0.97", [("<0.0001", State.NONE), ("> 0.97", State.MATCH)]),
        # thousands and percentages
        ("3\N{NARROW NO-BREAK SPACE}000, 3\N{NO-BREAK SPACE}000, 3,000", [("3,000", State.MATCH)] * 3),
        ("84.3\N{NO-BREAK SPACE}%, 84.3 per cent, 84.3 in all", PERCENT),
        ("140/3000 (37.7%)", [("140", State.MATCH), ("3000", State.MATCH), ("37.7%", State.MATCH)]),
        ("62.1±3.3 and _3.3_ **3.27**", [(text, State.MATCH) for text in ("62.1", "3.3", "3.3", "3.27")]),
        # what is none
        ("Tables 1, 2 and 3, Figures 1\N{EN DASH}3, 5 March 2020, 3 months, 2019-2020, effect.¹² ten¹⁻³", []),
        ("see https://doi.org/10.1016/j.x.2020.01.002 and Python 3.11", []),
        ("12. An item of a list", []),
        ("Tables 1, 2, and 3; on day 3, 140 were in", [("140", State.MATCH)]),
    ],
)
def test_each_number_is_told_for_what_it_is(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$-3.3$ (95\% CI $-5.0$ to $-1.5$; $p<0.001$)", [("-3.3", State.MATCH), *HYPHENS, BELOW[0]]),
        (r"$-$3.3, $-5.0$--$-1.5$ and 1.5--5.0", [("-3.3", State.MATCH), *HYPHENS, *RANGE]),
        (r"3{,}000 and 3\,000, 84.3\,\% and 84.3~\%", [("3,000", State.MATCH)] * 2 + PERCENTS),
        (r"p~=~.031, $p = 2.1\times10^{-4}$, \num{-3.3}", [("0.031", State.MATCH), TENS[0], ("-3.3", State.MATCH)]),
        (r"62.1\pm3.3 % 9.99 in a comment", [("62.1", State.MATCH), ("3.3", State.MATCH)]),
        (r"\cite[p.~12]{a1} \ref{tab:2} \includegraphics[width=0.8\textwidth]{fig9.99} \vspace{2.5em}", []),
        (r"\begin{tabular}{p{2.5cm}} 3.5", [("3.5", State.NONE)]),
    ],
)
def test_numbers_of_latex_are_read_as_they_are_printed(text, expected):
    assert found(text, ".tex") == expected


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
    (tmp_path / "a.odt").write_bytes(b"PK")
    (tmp_path / "a.pdf").write_bytes(b"no")
    (tmp_path / "a.docx").write_bytes(b"no")
    (tmp_path / "a.md").write_bytes(b"\xff\xfe")
    for name, says in (
        ("a.odt", "convert it"),
        ("a.pdf", "no PDF|not installed"),
        ("a.docx", "no Word file"),
        ("a.md", "not UTF-8"),
    ):
        with pytest.raises(Fault, match=says):
            read_draft(tmp_path / name)


def test_a_word_file_is_read_as_it_is_printed(tmp_path):
    run = "<w:r><w:rPr>{}</w:rPr>{}</w:r>"
    above = '<w:vertAlign w:val="superscript"/>'
    body = (
        f"<w:p>{run.format('', '<w:noBreakHyphen/><w:t>3.3</w:t><w:tab/><w:t>37.7%</w:t>')}"
        f"{run.format(above, '<w:t>12</w:t>')}</w:p>"
        f"<w:p>{run.format('', '<w:t>p = 2.1 × 10</w:t>')}{run.format(above, '<w:t>−4</w:t>')}"
        f"<w:del>{run.format('', '<w:delText>9.99</w:delText>')}</w:del></w:p>"
    )
    note = f"<w:p>{run.format('', '<w:t>of 140</w:t>')}</w:p>"
    parts = {name: f'<w:x xmlns:w="{W}">{text}</w:x>' for name, text in (("document", body), ("footnotes", note))}
    path = tmp_path / "draft.docx"
    path.write_bytes(zipped({f"word/{name}.xml": text.encode() for name, text in parts.items()}))
    judged = [(one.text, one.state) for one in check_draft(read_draft(path), list(NUMBERS.values()))]
    assert judged == [(text, State.MATCH) for text in ("-3.3", "37.7%", "2.1e-4", "140")]


def test_a_pdf_and_a_word_file_of_another_program_are_read(tmp_path):
    import shutil
    import subprocess

    if not shutil.which("soffice") or not shutil.which("pdftotext"):
        pytest.skip("there is no soffice or no pdftotext")
    text = "Difference −3.3 (95% CI −5.0 to −1.5; p&lt;0.001) of 3&#8239;000 days<sup>12</sup>, 37.7&nbsp;%, not 9.99."
    (tmp_path / "a.html").write_text(f'<meta charset="utf-8"><body><p>{text}</p></body>', encoding="utf-8")
    for name, form in (("a.html", "docx:MS Word 2007 XML"), ("a.docx", "pdf")):
        command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", form]
        subprocess.run([*command, "--outdir", tmp_path, tmp_path / name], check=True, capture_output=True)
    wanted = ["−3.3", "−5.0", "−1.5", "<0.001", "3,000", "37.7 %", "9.99"]
    for name in ("a.docx", "a.pdf"):
        judged = check_draft(read_draft(tmp_path / name), list(NUMBERS.values()))
        assert [" ".join(one.text.split()) for one in judged] == wanted, name
        assert [one.state for one in judged].count(State.NONE) == 1 and judged[-1].state is State.NONE, name


def test_what_is_listed_is_what_is_no_result():
    lines = lines_of(check_draft(["3.5 and −3.3"], list(NUMBERS.values())))
    assert len(lines) == 2 and lines[0].startswith("line 1: 3.5  no result") and "1 a result" in lines[1]
