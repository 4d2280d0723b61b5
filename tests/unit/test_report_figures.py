"""Figures in the page: text as text, marks with the ids of their numbers, nothing that runs; beside their analyses."""

from xml.etree import ElementTree

import pytest
from omtrace.faults import Fault
from omtrace.report.inline_svg import inlined
from omtrace.report.layout import Exclusions, laid_out
from report_plan import IMAGE, plan_of

POINT = "M {0} {1}  C {0} {2}  {0} {2}  {0} {2}  C {0} {1} {0} {1} {0} {1}  z "
SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 20">
<title>Name</title><metadata><x/></metadata><style>*{}</style><script>broken()</script>
<foreignObject><p>no</p></foreignObject><image href="https://example.invalid/x.png"/>
<defs><clipPath id="c1"><rect x="0" y="0" width="10" height="20"/></clipPath></defs>
<g id="axes_1"><g id="number-0123456789ab"><title>It is &lt;b&gt; 5</title>
<path d="M 1.23456 2 L 3 4" style="fill: none; stroke: #1f2937; --x: url(https://e.invalid)" clip-path="url(#c1)"
 onclick="broken()"/></g><text style="font-size: 8px" x="1" y="2" transform="rotate(-0 1 2)">a &amp; b</text></g>
POINTS</svg>""".replace(
    "POINTS", "".join(f'<path d="{POINT.format(x, 5, 7)}" style="fill: #90909c"/>' for x in range(5))
)


def test_an_image_keeps_its_text_and_the_numbers_of_its_marks_and_nothing_else():
    page = inlined(SVG.encode(), "course", f"Lines {IMAGE}")
    image = ElementTree.fromstring(page)
    assert image.get("aria-label") == f"Lines {IMAGE}" and image.get("viewBox") == "0 0 10 20"
    assert {element.tag for element in image.iter()} == {
        "svg",
        "defs",
        "clipPath",
        "rect",
        "title",
        "path",
        "text",
        "use",
    }
    (mark,) = [element for element in image.iter() if element.get("data-id")]
    assert mark.get("data-id") == "0123456789ab" and mark.find("title").text == "It is <b> 5"
    assert mark.tag == "path" and mark.attrib == {
        "data-id": "0123456789ab",
        "d": "M 1.23 2 L 3 4",
        "fill": "none",
        "stroke": "#1f2937",
        "clip-path": "url(#course-c1)",
    }
    assert image.find(".//clipPath").get("id") == "course-c1"
    assert image.find(".//text").text == "a & b"


def test_a_shape_that_is_drawn_often_is_clipped_where_it_stands():
    drawn = SVG.replace('style="fill: #90909c"', 'style="fill: #90909c" clip-path="url(#c1)"', 4)
    image = ElementTree.fromstring(inlined(drawn.encode(), "course", ""))
    assert len(image.findall(".//use")) == 5
    assert not [use for use in image.iter("use") if use.get("clip-path")]  # it would be moved with the shape
    assert len([g for g in image.iter("g") if g.get("clip-path") and g.find("use") is not None]) == 4


def test_a_shape_that_is_drawn_often_stands_once():
    image = ElementTree.fromstring(inlined(SVG.encode(), "course", ""))
    uses = image.findall(".//use")
    assert [(use.get("x"), use.get("y")) for use in uses] == [(str(x), "5") for x in range(5)]
    (target,) = {use.get("href") for use in uses}
    assert [path.get("d") for path in image.iter("path") if f"#{path.get('id')}" == target] == [
        "M 0 0 C 0 2 0 2 0 2 C 0 0 0 0 0 0 z"
    ]


def test_what_is_no_image_is_named():
    with pytest.raises(Fault, match="figures/course.svg: not readable"):
        inlined(b"<svg", "course", "")


PAYLOAD = {
    "strings": ["", "outcome", "not collected", "below LLOQ"],
    "records": {"unit": [0, 0, 1, 1, 2, 3]},
    "rowsets": [[[1, 0, 0, 4], [1, 2, 4, 1], [1, 3, 5, 1]], [[1, 0, 0, 2]]],
    "numbers": {"a": [0] * 10 + [0], "b": [0] * 10 + [1]},
}


def test_a_caption_counts_units_not_records_and_names_the_reasons():
    exclusions = Exclusions(PAYLOAD)
    assert exclusions.caption(["a", "b"], "animal") == "2 of 4 animals; left out: 1 below LLOQ, 1 not collected"
    assert exclusions.caption(["b"], "animal") == "1 animal, none left out"
    assert exclusions.caption([], "animal") == ""


def test_a_caption_of_numbers_of_one_group_each_counts_the_groups_together():
    rowsets = [
        [[1, 0, 0, 1], [1, 0, 2, 1]],
        [[1, 0, 1, 1], [1, 2, 2, 1]],
        [[1, 0, 4, 2]],
        [[1, 0, 4, 1], [1, 3, 5, 1]],
    ]
    numbers = {name: [0] * 10 + [at] for at, name in enumerate("abcd")}
    exclusions = Exclusions(PAYLOAD | {"rowsets": rowsets, "numbers": numbers})
    assert exclusions.caption("ab", "animal") == "2 animals; left out in part: 1 not collected"  # in one of two periods
    assert exclusions.caption("ac", "animal") == "4 animals, none left out"
    assert exclusions.caption("abcd", "animal") == (
        "4 animals; left out in part: 1 below LLOQ, 1 not collected"  # in one of the periods
    )
    assert exclusions.caption("ad", "animal") == "3 of 4 animals; left out: 1 below LLOQ"
    counted = Exclusions(exclusions.payload | {"more": {2: [90, [], 90]}})  # too many records for the page
    assert counted.caption("abc", "animal") == "90 animals, none left out"


def section(name):
    return {"name": name, "title": name, "role": "supportive", "tables": [], "unit": "participant", "population": "all"}


def test_a_figure_stands_with_the_first_of_its_analyses():
    content = plan_of().model_dump(mode="json", by_alias=True)
    content["figures"]["second"] = content["figures"]["course"] | {"analyses": ["characteristics", "change"]}
    plan = type(plan_of()).model_validate(content)
    figures = [{"name": name, "numbers": []} for name in ("course", "second")]
    sections = [section(name) for name in plan.analyses]
    laid_out(plan, [{"sections": sections}], figures, Exclusions(PAYLOAD))
    assert [figure["name"] for figure in sections[0]["figures"]] == ["second"] and figures[1]["number"] == 1
    assert [figure["name"] for figure in sections[1]["figures"]] == ["course"] and figures[0]["number"] == 2
    assert [figure["number"] for figure in sections[1]["elsewhere"]] == [1]
