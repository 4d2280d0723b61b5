"""Reader of JSON lines: nested members, lists, numbers as written, damaged lines."""

import gzip
import json
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omtrace.faults import Fault
from omtrace.readers import jsonlines, options_of, reader_of
from refusals import refusal

READER = reader_of("jsonlines")


def read(content, **options):
    return READER.read(content if isinstance(content, bytes) else content.encode(), READER.options(**options))


fault_of = partial(refusal, read)


def places_of(extract):
    return [(place.ordinal / 4096, place.first_line, place.last_line, place.part) for place in extract.places]


def test_members_become_columns_in_order_of_first_appearance():
    extract = read(
        '{"id":"P1","answers":{"pain":7,"aura":{"seen":true}}}\n\n{"id":"P2","mood":null,"answers":{"pain":6.50}}\n'
    )
    assert extract.columns == ("id", "answers.pain", "answers.aura.seen", "mood")
    assert extract.rows == [["P1", "7", "TRUE", ""], ["P2", "6.50", "", ""]]
    assert places_of(extract) == [(1, 1, 1, ""), (2, 3, 3, "")]
    assert extract.decisions == {
        "encoding": "UTF-8",
        "line ends": "LF",
        "columns": "4; 2 sets, the commonest in 1 of 2 rows",
    }


@pytest.mark.parametrize(
    "number", ["0", "-0", "1.0", "1.10", "1E5", "1e-07", "12345678901234567890123", "0.1000000000000000055", "9" * 5000]
)
def test_a_number_keeps_its_text(number):
    extract = read(f'{{"x":{number},"l":[{number},"{number}"]}}\n')
    assert extract.rows == [[number, f'[{number},"{number}"]']]


def test_truth_null_and_texts():
    extract = read('{"a":true,"b":false,"c":null,"d":"","e":"null","f":"Z\\u00fcrich \\"x\\"\\n2"}\n')
    assert extract.rows == [["TRUE", "FALSE", "", "", "null", 'Zürich "x"\n2']]
    assert extract.decisions["columns"] == "6; the same in every row"


def test_a_list_is_json_text_and_an_empty_object_is_nothing():
    extract = read('{"a":[1.50,"é",{"b":[null,true]}],"c":[],"d":{}}\n')
    assert extract.columns == ("a", "c")
    assert extract.rows == [['[1.50,"é",{"b":[null,true]}]', "[]"]]


def test_explode_makes_a_row_of_each_element():
    lines = [
        '{"id":"P1","day":{"on":"2023-05-01","drugs":[{"name":"A","mg":50},{"name":"B","times":[8,20]}]}}',
        '{"id":"P2","day":{"on":"2023-05-01","drugs":[]}}',
        '{"id":"P3","day":{"drugs":null}}',
        '{"id":"P4"}',
        '{"id":"P5","day":{"drugs":["C"]}}',
        '{"id":"P6","day":{"drugs":{"name":"A"}}}',
        '{"id":"P7","day":{"drugs":[{"name":"D"}]}}',
    ]
    extract = read("\n".join(lines), explode="day.drugs")
    assert extract.columns == ("id", "day.on", "day.drugs.name", "day.drugs.mg", "day.drugs.times", "day.drugs")
    assert extract.rows == [
        ["P1", "2023-05-01", "A", "50", "", ""],
        ["P1", "2023-05-01", "B", "", "[8,20]", ""],
        ["P5", "", "", "", "", "C"],
        ["P7", "", "D", "", "", ""],
    ]
    element = 1 / 4096
    assert places_of(extract) == [
        (1 + element, 1, 1, "1"),
        (1 + 2 * element, 1, 1, "2"),
        (5 + element, 5, 5, "1"),
        (7 + element, 7, 7, "1"),
    ]
    assert extract.left_out == {"no element in day.drugs": 3}
    (fault,) = extract.faults
    assert (fault.place.ordinal / 4096, fault.place.first_line, fault.rule) == (6, 6, "json")
    assert fault.message == "a list at day.drugs"


def test_explode_on_a_path_that_is_nowhere_is_refused():
    assert "with an element in drugs" in fault_of('{"id":"P1"}\n', explode="drugs")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id":"P9","pain":', "fails at character 19"),
        ('{"id":"P9"} {"id":"P8"}', "fails at character 13"),
        ('{"id":"P9","id":"P8"}', "names each member once"),
        ('{"a":{"id":"P9","id":"P9"}}', "names each member once"),
        ('{"a":{"b":1},"a.b":2}', "dotted names differ"),
        ('{"pain":NaN}', "NaN"),
        ('{"pain":[-Infinity]}', "Infinity"),
        ('["P9"]', "one JSON object"),
        ("7", "one JSON object"),
        ("null", "one JSON object"),
        ('{"":"P9"}', "members all have names"),
        ('{" ":"P9"}', "members all have names"),
        ('{"a":"P9\\ud800"}', "halves of characters"),
        ('{"a":["P9\\ud800"]}', "halves of characters"),
        ('{"a":"P9\\u0000"}', "NUL"),
        ("{'a':'P9'}", "one JSON object"),
        ('{"a":01}', "one JSON object"),
        ('{"a":"P9\t"}', "control character"),
        ('{"a":' * 40 + "1" + "}" * 40, "nested"),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "nested"),
        ('{"a":' + "[" * 100_000, "nested"),
    ],
)
def test_a_line_that_is_no_object_is_a_fault_of_that_line(line, says):
    extract = read(f'{{"id":"P1","n":1}}\n{line}\n{{"id":"P2","n":2}}\n')
    assert extract.rows == [["P1", "1"], ["P2", "2"]]
    assert places_of(extract) == [(1, 1, 1, ""), (3, 3, 3, "")]
    (fault,) = extract.faults
    assert (fault.place.ordinal / 4096, fault.place.first_line, fault.rule) == (2, 2, "json")
    assert says in fault.message
    assert "P9" not in fault.message


def test_a_file_without_a_readable_line_is_refused():
    assert "no line is a JSON object; line 1 should be one JSON object" in fault_of('{\n  "id": "P9"\n}\n')
    assert "JSON array" in fault_of('\n[{"id":"P9"}]')
    assert "empty" in fault_of("\n \n")
    assert "no name" not in fault_of("id,pain\nP9,7\n")
    assert "P9" not in fault_of("id,pain\nP9,7\n")


def test_an_object_without_members_is_no_column():
    assert "no member" in fault_of("{}\n{}\n")


def test_encodings_line_ends_and_gzip():
    text = '{"a":"é"}\r\n{"a":"ü\u2028x"}\r\n'
    for content in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16"), gzip.compress(text.encode())):
        extract = read(content)
        assert extract.rows == [["é"], ["ü\u2028x"]]
        assert extract.decisions["line ends"] == "CRLF"
    assert read('{"a":"é"}\n'.encode("cp1252"), encoding="cp1252").rows == [["é"]]


def test_a_value_in_the_place_of_a_name_cannot_fill_the_memory(monkeypatch):
    lines = "\n".join(json.dumps({f"k{n}": n}) for n in range(30))
    assert len(read(lines).columns) == 30
    monkeypatch.setattr(jsonlines, "COLUMNS", 20)
    assert "line 21: more than 20 columns" in fault_of(lines)
    monkeypatch.setattr(jsonlines, "COLUMNS", 30)
    monkeypatch.setattr(jsonlines, "CELLS", 100)
    assert "line 11: more than 100 cells" in fault_of(lines)


def test_unknown_options_are_refused():
    with pytest.raises(Fault, match="did you mean 'explode'"):
        options_of(READER, {"explod": "a"}, "options")


RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}
NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0."), min_size=1, max_size=4)
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=6)
LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT)


def as_text(value):
    return (
        ""
        if value is None
        else str(value).upper()
        if isinstance(value, bool)
        else value
        if isinstance(value, str)
        else json.dumps(value)
    )


@settings(max_examples=150, **RELAXED)
@given(st.lists(st.dictionaries(NAMES.filter(str.strip), LEAF, min_size=1, max_size=4), min_size=1, max_size=5))
def test_what_the_json_module_writes_is_read_back(objects):
    extract = read("\n".join(json.dumps(found) for found in objects))
    assert not extract.faults
    assert extract.rows == [[as_text(found.get(name)) for name in extract.columns] for found in objects]


@settings(max_examples=300, **RELAXED)
@given(st.binary(max_size=60), st.integers(0, 80), st.integers(0, 40), st.sampled_from([{}, {"explode": "l"}]))
def test_damaged_lines_are_read_or_refused(noise, at, cut, options):
    content = bytearray(b'{"id":"P1","l":[{"a":1.0},2],"n":{"m":null}}\n{"id":"P2","l":[]}\n' * 2)
    content[at : at + cut] = noise
    try:
        extract = READER.read(bytes(content), READER.options(**options))
    except Fault:
        return
    assert all(len(row) == len(extract.columns) and all(type(cell) is str for cell in row) for row in extract.rows)
    ordinals = [place.ordinal for place in extract.places] + [fault.place.ordinal for fault in extract.faults]
    assert len(set(ordinals)) == len(ordinals)
    assert max(ordinals) >> 12 <= len(ordinals) + sum(extract.left_out.values())
