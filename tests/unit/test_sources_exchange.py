"""Readers of R's data files, Prism's XML, ODM-XML and Dataset-JSON: texts, places, labels, and what is refused."""

import base64
import bz2
import json
import zlib

import pytest
from omtrace.faults import Fault
from omtrace.readers import options_of, reader_of
from omtrace.readers._recognised import readers_for, recognised

# R 4.2.2: saveRDS(d) of id = 1:4, word, arm (factor), told, n with a label, on (Date), at (POSIXct), sex with haven's
# labels; save(e, d) with e = MASS::anorexia[1:3, ]; saveRDS(1:3); and d[, c("id", "m")] with row names and a matrix m,
# version 2, xz.
SMALL = (
    "H4sIAAAAAAAAA3VSzU4CMRAu3QILCcbEF/AF5OyNVYyJJ0mEhHgx3aVEkv3R3SroxX0NPXrkDUw8kPgInHwJ49GDAdvuDIESm7Qznc58881M"
    "+3VCiEMYpcQpK5WUe93Tg0Nl21MXV+0vtanaJcJITcmdIIlueCCvRrHMxK31ynyeCbA1jL2QCx2pU3m7xKzW96YEH/3KAKvE1VFbqkVIrg3V"
    "y4/3dBRc47uv8BomoEhE8wJI6WydVCUU9yLMAJ5i+ASVB8u/HIQ8Q/cVyFAVnaTAs45p8xV9nZbqGlnrpzA8mdqqr54Ltb496/Vipwu5L0Ir"
    "ncv347vIF5DQMcDe/Himgbx5m4D0QAIPDcyWFhY74VKs4xx9DqYdpRjpgcxBzrZwsGPVzvnFWT+Q2BFzlXY18jGJhcXA6XXbBQHoEEzdI5u/"
    "ADu2NUDdoQyiqR1tM4h5JOxpV4Yi4qHAjhi9GOWiCHexWhd86GiA3uMkRd3haYRmmYRoLsUYlaw0jo1yMjGxONbSZNxEnvoPUz1A9dV//5lh"
    "fcAlbw5TFaI5/wHLE7l8uAMAAA=="
)
TWO = (
    "H4sIAAAAAAAAA41TzW4TMRB2bG+SRrSqxAvwANBLL9xqmqoSJyLYVCmXytk4aqTdNewupHAhr1GOHHkDJA6VuNJTT32JCokLB5TWPzMb1i1S"
    "R7JmPP/z2fNyb7TdG/UIIYxwSgmLjEiiYbz/5CkxGnNpEU7WLFfG6aHzJGzdc0JXp+HcTtV7lZZG2vS5nZb1d2MQeV/nFch0Pw7CoySVJUbX"
    "OacyqXRhpKU5GzafiB//NHQuDg5PDX0WB7+3La3sD7w9bk8tieGp8wvL5TJTYbNRXCiJLUaDQs3x0h7osjK3ZpK1Qs+3MJHFhy6II+Yd2XUw"
    "T28iK7k1LUyIn6kJ9wTg7ppzBTCjcSPR2RuDxtEsr0r1NrDysSwV6Nad3vMVbJu+s51fTQ4+1sqxDWlHuzZEyMIqOq9/fC9myTHax/AbOBTC"
    "qVt+HopTUww4QeHDf3BpvnMPcy/qHm1uagfhO3+84pMboPNFdGGgb3e/cyrHKg3KdeWj/F02VlCQucTiYvfMJhIXfQJcAIc+7myd78lK/Zvn"
    "2eXk68AIjgvgC+Bnt/IgSJ3Bi1fPR8nqw9lr+OGi6qPOVdABG8Z93wAgBE8rSPOpEbFbe2sRKiGahtHem4fttqcqk6lCEJzsX28ZRHRx5WcT"
    "9J7rAmUmiwzVlU5R3coxStdSvZmsVCe+SGSL1Itnfuzf+y4eWd4AEp5ACQgFAAA="
)
SEQUENCE = (
    "H4sIAAAAAAAAA4vgYmBgYGZgYWJiYGYFMhlYQ0PcdC2AjHdAzATEjAwsDJxAmi85P7cgMbkkPjOvpDi1EE2WJSmxOBUqxgsWh9D/QDpBVjhw"
    "MICB/QdUGqQGAJKzMQOFAAAA"
)
NAMES = (
    "/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AEoAHpdACwCfBn5n/gdO9yZ6vbIvm3EsoOv//bkuJVf/dbjl7iaDN+W9pVFGdGvU1G2PPOoJ6Gp"
    "L9phj4XzYyLVHBst+BpwJWC1eGOkRnmhpq1ap889hP+srmthJQ7530RtRYdFcZghxUAlsugWOphskc8xnmxHvRnbK24CcFDgAAAAz1C4fwAB"
    "kgGpAgAAxMh8nT4wDYsCAAAAAAFZWg=="
)
PRISM = """<?xml version="1.0" encoding="UTF-8"?><GraphPadPrismFile PrismXMLVersion="5.00">
<Table ID="Table0" XFormat="numbers" YFormat="replicates" Replicates="2" TableType="XY">
<Title>Exponential <B>decay</B></Title>
<XColumn Subcolumns="1"><Title>Minutes</Title><Subcolumn><d>1.0</d>
<d>2.0</d></Subcolumn></XColumn>
<YColumn Subcolumns="2"><Title>Control</Title>
<Subcolumn><d>8887.</d>
<d Excluded="1">8329.</d></Subcolumn>
<Subcolumn><d>7366.</d>
<d></d></Subcolumn>
</YColumn>
</Table>
</GraphPadPrismFile>
"""
OTHER = """<Table ID="Table1" YFormat="SEN" TableType="TwoWay"><Title>Summary</Title>
<RowTitlesColumn><Subcolumn><d>day 1</d></Subcolumn></RowTitlesColumn>
<YColumn><Title>OMT</Title><Subcolumn><d>5</d></Subcolumn><Subcolumn><d>0.5</d></Subcolumn><Subcolumn><d>9</d></Subcolumn>
</YColumn></Table>"""
ODM = """<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" ODMVersion="1.3.2" FileType="Snapshot" FileOID="f">
<Study OID="S"><MetaDataVersion OID="M" Name="m">
<StudyEventDef OID="SE.1" Name="Baseline"/><StudyEventDef OID="SE.2" Name="Month 1"/>
<ItemDef OID="I.PAIN" Name="PAIN" DataType="integer">
<Question><TranslatedText>Worst pain</TranslatedText></Question></ItemDef>
<ItemDef OID="I.SEX" Name="SEX" DataType="text"><CodeListRef CodeListOID="CL"/></ItemDef>
<CodeList OID="CL">
<CodeListItem CodedValue="1"><Decode><TranslatedText>female</TranslatedText></Decode></CodeListItem></CodeList>
</MetaDataVersion></Study>
<ClinicalData StudyOID="S" MetaDataVersionOID="M">
<SubjectData SubjectKey="P01"><SiteRef LocationOID="north"/>
<StudyEventData StudyEventOID="SE.1">
<FormData FormOID="F.DM">
<ItemGroupData ItemGroupOID="G"><ItemData ItemOID="I.SEX" Value="1"/></ItemGroupData></FormData>
<FormData FormOID="F.Q"><ItemGroupData ItemGroupOID="G.Q"><ItemDataInteger ItemOID="I.PAIN">7</ItemDataInteger>
</ItemGroupData></FormData>
<FormData FormOID="F.AE">
<ItemGroupData ItemGroupOID="G.AE" ItemGroupRepeatKey="1"><ItemData ItemOID="I.AE" Value="a"/></ItemGroupData>
<ItemGroupData ItemGroupOID="G.AE" ItemGroupRepeatKey="2"><ItemData ItemOID="I.AE" Value="b"/></ItemGroupData>
</FormData>
</StudyEventData>
<StudyEventData StudyEventOID="SE.2"><FormData FormOID="F.Q">
<ItemGroupData ItemGroupOID="G.Q"><ItemData ItemOID="I.PAIN" IsNull="Yes"/></ItemGroupData></FormData>
</StudyEventData>
</SubjectData></ClinicalData></ODM>
"""
HEAD = {
    "datasetJSONVersion": "1.1.0",
    "name": "VS",
    "records": 2,
    "columns": [
        {"itemOID": "IT.USUBJID", "name": "USUBJID", "label": "Unique Subject Identifier", "dataType": "string"},
        {"itemOID": "IT.VSDTC", "name": "VSDTC", "label": "", "dataType": "date"},
        {"itemOID": "IT.VSSTRESN", "name": "VSSTRESN", "label": "Result", "dataType": "decimal"},
    ],
}
ROWS = '["P1", "2024-01-31", 1.50],\n["P2", "", null]'
DATASET = json.dumps(HEAD)[:-1] + ',\n"rows": [' + ROWS + "]}\n"
LINES = json.dumps(HEAD) + "\n" + ROWS.replace(",\n", "\n") + "\n"


def extract(name, content, **options):
    """What a reader gives of a file, as text or bytes."""
    reader = reader_of(name)
    content = content.encode() if isinstance(content, str) else content
    return reader.read(content, options_of(reader, options, "options"))


def refusal(name, content, **options):
    with pytest.raises(Fault) as fault:
        extract(name, content, **options)
    return fault.value.lines[0]


def r(text):
    return base64.b64decode(text)


# R


def test_a_data_frame_of_r_is_read_with_types_and_labels():
    found = extract("r_data", r(SMALL))
    assert found.columns == ("id", "word", "arm", "told", "n", "on", "at", "sex")
    assert found.rows == [
        ["1", "a", "x", "TRUE", "1.5", "2024-01-01", "2024-01-01T12:00:00", "1"],
        ["2", "", "y", "", "", "2024-01-02", "2024-01-01T12:00:01", "2"],
        ["3", "Zürich", "", "FALSE", "3", "2024-01-03", "2024-01-01T12:00:02", "1"],
        ["4", "b", "x", "TRUE", "0.1", "2024-01-04", "2024-01-01T12:00:03", ""],
    ]
    assert found.variables["n"].label == "a number" and found.date_cells["on"] == [0, 1, 2, 3]
    assert found.variables["sex"].choices == {"1": "female", "2": "male"} and found.places[3].first_line == 4


def test_of_several_data_frames_the_plan_names_one():
    assert refusal("r_data", r(TWO)).startswith("option table: name one of the data frames 'e', 'd'")
    assert "did you mean" in refusal("r_data", r(TWO), table="dd")
    assert extract("r_data", r(TWO), table="e").rows[0] == ["Cont", "80.7", "80.2"]
    assert reader_of("r_data").suggested(r(TWO)) == {"table": "d"}


def test_row_names_are_a_column_and_matrices_are_left_out():
    found = extract("r_data", r(NAMES))
    assert found.columns == ("row_name", "id") and found.rows[1] == ["r2", "2"]
    assert found.decisions["left out"] == "columns that are no vectors: m"


def test_what_is_no_data_frame_is_refused_and_so_is_damage():
    assert refusal("r_data", r(SEQUENCE)) == "no data frame in the file; save one, as.data.frame(x)"
    assert refusal("r_data", b"A\n3\n").startswith("no readable file of R: not in R's binary format")
    plain = zlib.decompress(r(SMALL), 31)
    for end in range(2, len(plain), 7):
        assert refusal("r_data", plain[:end])
    assert refusal("r_data", r(SMALL)[:-20]) in (
        "the file is cut off; put it back as it was received",
        "the file is damaged; put it back as it was received",
    )
    assert extract("r_data", bz2.compress(plain)).decisions["format"] == "R, bzip2"


# Prism


def test_each_value_of_a_prism_table_is_a_row_with_its_line():
    found = extract("prism", PRISM)
    assert found.columns == ("group", "row", "row_title", "x", "replicate", "value", "excluded")
    assert found.rows == [
        ["Control", "1", "", "1.0", "1", "8887.", "no"],
        ["Control", "2", "", "2.0", "1", "8329.", "yes"],
        ["Control", "1", "", "1.0", "2", "7366.", "no"],
    ]
    assert [(place.first_line, place.part) for place in found.places] == [
        (7, "Exponential decay"),
        (8, "Exponential decay"),
        (9, "Exponential decay"),
    ]


def test_of_several_prism_tables_the_plan_names_one_and_summaries_say_what_they_hold():
    both = PRISM.replace("</GraphPadPrismFile>", OTHER + "</GraphPadPrismFile>")
    assert refusal("prism", both) == "option table: name one of the tables 'Exponential decay', 'Summary'"
    found = extract("prism", both, table="Summary")
    assert [(row[2], row[4], row[5]) for row in found.rows] == [
        ("day 1", "mean", "5"),
        ("day 1", "sem", "0.5"),
        ("day 1", "n", "9"),
    ]
    assert reader_of("prism").suggested(both.encode()) == {"table": "Exponential decay"}


def test_xml_with_a_document_type_is_refused_and_so_is_what_is_cut_off():
    bomb = PRISM.replace("<GraphPadPrismFile", '<!DOCTYPE x [<!ENTITY a "b">]><GraphPadPrismFile', 1)
    assert refusal("prism", bomb).startswith("line 1: a document type")
    assert "line " in refusal("prism", PRISM[:-30]) and refusal("prism", ODM).startswith("no Prism file")


# ODM


def test_odm_rows_are_subjects_at_events_with_labels_and_places():
    found = extract("odm", ODM)
    assert found.columns == ("SubjectKey", "LocationOID", "StudyEventOID", "I.SEX", "I.PAIN")
    assert found.rows == [["P01", "north", "SE.1", "1", "7"], ["P01", "north", "SE.2", "", ""]]
    assert (found.places[0].first_line, found.places[0].last_line) == (13, 22)
    assert found.variables["I.PAIN"].label == "Worst pain" and found.variables["I.SEX"].choices == {"1": "female"}
    assert found.variables["StudyEventOID"].choices == {"SE.1": "Baseline", "SE.2": "Month 1"}
    assert found.left_out == {"in G.AE, which repeats; read it by itself": 2}


def test_odm_forms_and_item_groups_are_read_by_themselves():
    found = extract("odm", ODM, group="G.AE")
    assert [row[-2:] for row in found.rows] == [["1", "a"], ["2", "b"]]
    assert extract("odm", ODM, form="F.Q").rows[0][-1] == "7"
    assert refusal("odm", ODM, form="F.QX").startswith("no form 'F.QX' in the data: F.AE, F.DM, F.Q")
    with pytest.raises(Fault, match="form: or group:, not both"):
        extract("odm", ODM, form="F.Q", group="G.Q")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("1.3.2", "2.0", "ODM version 2"),
        ("<SubjectData", "<Other", "not well-formed|mismatched"),
        ('Value="1"/>', 'Value="1" TransactionType="Remove"/>', "a history of changes"),
    ],
)
def test_odm_of_another_kind_is_refused(old, new, says):
    import re

    assert re.search(says, refusal("odm", ODM.replace(old, new)))
    begin = ODM.index("<ClinicalData")
    assert "only metadata" in refusal("odm", ODM[:begin] + "</ODM>")


# Dataset-JSON


@pytest.mark.parametrize(("content", "lines"), [(DATASET, (2, 3)), (LINES, (2, 3))], ids=["json", "ndjson"])
def test_dataset_json_rows_have_their_lines_and_numbers_as_written(content, lines):
    found = extract("dataset_json", content)
    assert found.columns == ("USUBJID", "VSDTC", "VSSTRESN")
    assert found.rows == [["P1", "2024-01-31", "1.50"], ["P2", "", ""]]
    assert [place.part for place in found.places] == ["row 1", "row 2"]
    assert tuple(place.first_line for place in found.places) == lines and found.date_cells == {"VSDTC": [0]}
    assert found.variables["USUBJID"].label == "Unique Subject Identifier"


def test_dataset_json_that_is_cut_off_or_of_another_version_is_refused():
    assert refusal("dataset_json", DATASET.replace(',\n["P2", "", null]', "")).startswith("1 rows, and the file says 2")
    assert refusal("dataset_json", DATASET[:-5]).startswith("no Dataset-JSON 1.1")
    assert refusal("dataset_json", '{"clinicalData": {}, "datasetJSONVersion": "1.0.0"}').startswith("Dataset-JSON 1.0")
    short = extract("dataset_json", DATASET.replace(", null]", "]"))
    assert [(fault.place.first_line, fault.message) for fault in short.faults] == [(3, "a list of 3 values")]


def test_each_file_is_recognised_by_its_first_bytes():
    files = {"r_data": r(SMALL), "prism": PRISM.encode(), "odm": ODM.encode(), "dataset_json": DATASET.encode()}
    for name, content in files.items():
        assert readers_for(content) == (name,) and recognised(content, name) == ""
        assert recognised(content, "delimited").endswith(f"the reader for it is {name}")
    assert readers_for(r(TWO)) == ("r_data",) and readers_for(LINES.encode()) == ("dataset_json",)
