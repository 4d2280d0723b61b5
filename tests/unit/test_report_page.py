"""The page: one file, nothing loaded, nothing of the data becomes markup."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from omtrace import store
from omtrace.faults import Fault
from omtrace.model.open_lines import open_lines
from omtrace.report.page import TEMPLATES
from omtrace.report.templated import COMPILED
from report_plan import IMAGE
from report_study import HOSTILE, Study, payload_of

VOID = {"meta", "img", "input", "link", "br", "hr"}


class Page(HTMLParser):
    """Every element with its attributes, its text, and whether elements close as they opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.scripts if self.open and self.open[-1] in ("script", "style") else self.words).append(data)

    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    return Study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def content(study) -> str:
    return study.write().read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(content) -> Page:
    page = Page(content)
    assert page.open == []
    return page


def test_only_our_own_elements_are_there(page):
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 2 and tags.count("style") == 1 and tags.count("svg") == 1
    assert not {"link", "iframe", "object", "embed", "base", "form", "img", "image", "foreignobject", "b"} & set(tags)


def test_no_attribute_runs_or_loads_anything(page):
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action", "srcset", "formaction", "data", "poster"):
            assert re.match(r"#|figures/course\.(csv|svg|png)$", attributes.get(name, "#")), (tag, name)
    assert not re.search(r"url\(|@import", (TEMPLATES / "style.css").read_text(encoding="utf-8"))


def test_the_policy_forbids_the_network_and_names_exactly_this_style_and_script(page, content):
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts.keys() == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'none'"
    for name, pattern in (("style-src", r"<style>(.*?)</style>"), ("script-src", r"<script>(.*?)</script>")):
        (text,) = re.findall(pattern, content, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert parts[name] == f"'sha256-{digest}'"


def test_hostile_names_and_labels_are_read_as_text(page, study):
    text = page.text()
    for hostile in (study.plan.title, study.plan.statement, study.plan.design, IMAGE):
        assert " ".join(hostile.split()) in text
    alternative = next(a["aria-label"] for tag, a in page.elements if tag == "svg")
    assert alternative == store.read_json(study.folder / "figures/index.json")[0]["alt"]


def test_raw_cells_are_in_the_payload_only(page, content, study):
    assert set(HOSTILE) <= set(payload_of(content)["strings"])
    assert HOSTILE[4] not in page.text() and HOSTILE[3] not in page.text()


def test_every_number_is_a_button_and_shown_once_in_the_tables(page, study):
    shown = [attributes["data-id"] for tag, attributes in page.elements if "data-id" in attributes and tag == "button"]
    assert sorted(shown) == sorted(estimate[0] for estimate in study.estimates)


def test_tables_are_numbered_and_say_who_they_are_about(page, study):
    tables = [a["id"] for tag, a in page.elements if tag == "table" and a.get("id", "").startswith("table-")]
    assert len(tables) == len(set(tables)) and tables[0] == "table-1a"
    text = page.text()
    assert "Table 2a. Change from baseline" in text and "Population: At least three sessions; " in text
    assert "23 of 24 participants; left out: 1 not collected" in text


def test_analyses_stand_in_the_order_of_the_plan(page, study):
    sections = [a["id"] for tag, a in page.elements if tag == "h3" and a.get("id", "").startswith("analysis-")]
    assert sections == [f"analysis-{name}" for name in study.plan.analyses]
    targets = {a["href"] for tag, a in page.elements if tag == "a" and not a["href"].startswith("figures/")}
    assert targets <= {f"#{a['id']}" for _, a in page.elements if "id" in a}


def test_inputs_and_losses_are_told_without_values(page, study):
    text = page.text()
    for export in study.exports()[:2]:
        assert export.path in text and export.sha256 in text and export.licence in text
    assert "data/raw/other/x.csv" not in text
    lost = study.form[study.units[5], "month_3"]
    line = next(place[3] for place in study.places if place[0] == lost)
    assert f"1:{lost % 2**32} data/raw/demo/forms.csv {line} item_01" in text
    assert "forms range quarantine 2 rows" in text and "forms required quarantine 1 row" in text
    assert "Library code " + "c" * 64 in text
    assert f"Numbers on this page: {len(study.estimates)}." in text


def test_what_is_left_out_whole_is_said_at_the_top(page, tmp_path):
    assert "Left out whole" not in page.text()
    study = Study(tmp_path)
    decisions = {"data/raw/demo/forms.csv": {"left out": f"the whole file: column_missing {IMAGE}"}}
    store.write_json(study.folder / "validated/decisions.json", decisions)
    text = Page(study.write().read_text(encoding="utf-8")).text()
    said = "Left out whole: data/raw/demo/forms.csv, because of column_missing"
    assert 0 < text.index(said) < text.index("Summary", text.index("Contents") + 30)


def test_a_plan_with_open_lines_makes_a_draft(page, tmp_path):
    assert "Draft" not in page.text()
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "# A line that ends in SAY: ... is yours to settle.\ntitle: x   # SAY: the <title>\n  # SAY: the unit.\n"
        'statement: "SAY: this is said"\n',
        encoding="utf-8",
    )
    lines = open_lines([plan])
    assert lines == [f"{plan}:2: title: the <title>", f"{plan}:3: the unit."]
    text = Page(Study(tmp_path).write(lines).read_text(encoding="utf-8")).text()
    said = "Draft: 2 lines of the plan are still open."
    assert said in text and lines[0] in text and text.index(said) < text.index("Summary", text.index("Contents") + 30)


def test_what_has_no_answer_does_not_say_that_nothing_was_asked():
    summary = {"refused": [], "answers": [], "harms": [], "primaries": [], "criteria": [], "populations": []}
    summary |= {"families": [], "unplanned": [], "exploratory": 0, "p_values": 0, "within": False}
    part = COMPILED["summary.html"].module.summary_section
    refused = [{"name": "primary", "title": "P", "role": "primary", "parts": []}]
    asked = str(part({**summary, "asked": True, "refused": refused}, {}))
    assert "has no answer here: what was not computed" in asked and "names no question" not in asked
    assert "names no question" in str(part({**summary, "asked": False}, {}))


def test_simulated_data_say_so_and_real_data_do_not(page, tmp_path):
    labels = [tag for tag, a in page.elements if "simulated-label" in a.get("class", "")]
    assert labels == ["strong", "p"]
    assert "Confidential" not in page.text()
    real = Page(Study(tmp_path, kind="real").write().read_text(encoding="utf-8"))
    assert not [tag for tag, a in real.elements if "simulated-label" in a.get("class", "")]
    assert "Confidential" in real.text()


def test_two_reports_of_the_same_results_are_the_same_bytes(study, content):
    assert study.write().read_text(encoding="utf-8") == content


@pytest.mark.parametrize(
    "name",
    [
        "estimates.csv",
        "rowsets.parquet",
        "definitions.json",
        "validated/places.parquet",
        "validated/conservation.csv",
        "validated/decisions.json",
        "datasets/participants.cells.parquet",
        "figures/index.json",
        "figures/course.svg",
    ],
)
def test_a_missing_result_is_named(tmp_path, name):
    study = Study(tmp_path)
    (study.folder / name).unlink()
    with pytest.raises(Fault, match=f"results/demo/{re.escape(name)}: missing; run snakemake again"):
        study.write()


def test_a_broken_result_is_named(tmp_path):
    study = Study(tmp_path)
    (study.folder / "definitions.json").write_text("{")
    with pytest.raises(Fault, match="results/demo/definitions.json: not readable"):
        study.write()


def test_a_figure_of_unknown_numbers_is_a_fault(tmp_path):
    study = Study(tmp_path)
    index = store.read_json(study.folder / "figures/index.json")
    store.write_json(study.folder / "figures/index.json", [{**index[0], "numbers": ["f" * 12]}])
    with pytest.raises(Fault, match="course shows ffffffffffff, no estimate"):
        study.write()


def test_numbers_that_the_plan_does_not_have_are_a_fault(tmp_path):
    study = Study(tmp_path)
    text = (study.folder / "estimates.csv").read_text(encoding="utf-8")
    (study.folder / "estimates.csv").write_text(text.replace(",assay,", ",essay,"), encoding="utf-8")
    with pytest.raises(Fault, match="analysis 'essay' is not in the plan"):
        study.write()


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(
    "pair",
    "ink/paper muted/paper accent/paper ink/panel muted/panel accent/panel left/panel accent/hover ink/wash "
    "label-ink/label-paper".split(),
)
def test_text_has_the_contrast_of_wcag_aa(theme, pair):
    front, back = pair.split("/")
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[theme]))
    light, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
