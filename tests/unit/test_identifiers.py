"""Direct identifiers: found by name, by values and by dictionary; nothing else is; what fails counts as found."""

import csv
import dataclasses
import gzip
import io
import os
import random
from pathlib import Path

import identifier_corpus as corpus
import identifier_kinds as kinds
import pyarrow
import pytest
from omtrace.readers import options_of, reader_of
from omtrace.validation.identifiers import (
    CAP,
    MARKED,
    UNCHECKED,
    Suspicion,
    guarded,
    identifiers,
    numbers,
    plain_shapes,
)
from omtrace.validation.identifiers import columns as names

ROOT = Path(__file__).parents[2]
MIRROR = os.environ.get("OMTRACE_MIRROR", "")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")
CLINICAL = "name_last name_first address phone dob email"
SIMPLE = "name_first name_last address telephone email dob"
TODAY = "2026-11-23"


def look(columns, cells, **more):
    filled = [[text for text in column if text.strip()] for column in cells]
    distinct = [list(dict.fromkeys(column)) for column in filled]
    return identifiers(columns, distinct, [len(column) for column in filled], **{"today": TODAY, **more})


def one(name, cells, **more):
    return look([name], [cells], **more)


def kind(name, cells):
    return [suspicion.kind for suspicion in one(name, cells)]


def table(path):
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return rows[0], list(zip(*rows[1:], strict=True))


# the corpus


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mob 0612345678", names.PHONE),
        ("DOB 12Mar71", names.BIRTH),
        ("born 3-oct-1965", names.BIRTH),
        ("calle Mayor 23", names.ADDRESS),
        ("piazza Garibaldi 15", names.ADDRESS),
    ],
)
def test_one_text_among_remarks_is_enough(text, kind):
    remarks = ["no headache", "took 400 mg", "in the mob of 15 people", "12 mar 15 attacks", "piazza was loud"]
    assert one("remark", remarks) == []
    assert [suspicion.kind for suspicion in one("remark", [*remarks, text])] == [kind]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("policy_nr", names.RECORD),
        ("hosp_num", names.RECORD),
        ("nr_kartoteki", names.RECORD),
        ("card_num", names.ACCOUNT),
        ("patientsurname", names.PERSON),
        ("proxy_name", names.PERSON),
        ("zuweisender_arzt", names.PERSON),
        ("mobiltelefonnummer", names.PHONE),
        ("device_sn", names.DEVICE),
        ("nummerplade", names.VEHICLE),
    ],
)
def test_words_for_a_number_and_for_a_person_are_as_good_as_one_another(name, kind):
    assert names.kind_by_name(name) == kind


def test_versions_by_name_are_no_internet_addresses():
    versions = ["21.0.1.30", "84.12.5.200"]
    assert one("firmware_version", versions) == []
    assert kind("c1", versions) == [names.IP]


@pytest.mark.parametrize(
    "name", ["case_number", "contact_number", "informant", "patient_number", "plate_no", "sample_nr"]
)
def test_names_that_mean_something_else_are_decided_by_their_texts(name):
    assert one(name, ["1", "2", "3", "12", "7"]) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_recall_on_the_corpus(seed):
    """At least 99 % of the columns with identifiers are suspected, under their names and under none."""
    assert len(corpus.IDENTIFIERS) >= 18
    columns = [
        (f"{group}: {name} of {len(cells)} as {shown}", one(shown, cells))
        for group, name, cells in corpus.suspicious(seed)
        for shown in (name, "c1")
    ]
    columns += [(name, one(name, corpus.column(random.Random(seed), make, 60))) for name, make in corpus.BY_NAME_ONLY]
    missed = [what for what, found in columns if not found or found[0].kind == UNCHECKED]
    assert len(missed) <= 0.01 * len(columns), f"{len(missed)} of {len(columns)}: {missed}"


def test_by_value_alone_is_by_value():
    found = {name: one("c1", cells)[0] for _, name, cells in corpus.suspicious(5) if len(cells) == 400}
    assert {suspicion.by for suspicion in found.values()} == {"values"}
    assert all(0 < suspicion.share <= 1 for suspicion in found.values())
    kinds = {
        name: found[name].kind for name in ("email", "dob", "tel", "last_name", "address", "iban", "ip", "photo", "vin")
    }
    assert kinds == {
        "email": names.EMAIL,
        "dob": names.BIRTH,
        "tel": names.PHONE,
        "last_name": names.PERSON,
        "address": names.ADDRESS,
        "iban": names.ACCOUNT,
        "ip": names.IP,
        "photo": names.PHOTO,
        "vin": names.VEHICLE,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_one_text_among_four_hundred_is_found(seed):
    assert [what for what, cells in corpus.hidden(seed) if not one("comment", cells)] == []


@pytest.mark.parametrize("seed", [1, 2])
def test_no_false_stop_on_the_corpus(seed):
    false = [
        (name, shown, len(cells), found)
        for name, cells in corpus.clean(seed)
        for shown in (name, "c1")
        if (found := one(shown, cells))
    ]
    assert false == []


@pytest.mark.parametrize("seed", [1, 2])
def test_recall_by_kind_in_free_text_in_columns_and_in_names_of_columns(seed):
    """Of all kinds together at least 97 % of the examples are found, none of which any list holds."""
    r = random.Random(seed)
    filler = [f"innocent text {n} more" for n in range(20)]
    columns = [("free", kind, "c1", [make(r), *filler]) for kind, makers in kinds.FREE.items() for make in makers]
    columns += [("whole", kind, "c1", corpus.column(r, make, 60)) for kind, make in kinds.WHOLE.items()]
    columns += [("name", name, name, corpus.column(r, make, 5)) for name, make in kinds.HEADERS.items()]
    for group, share in (("free", 0.97), ("whole", 0.97), ("name", 0.97)):
        mine = [(kind, name, cells) for where, kind, name, cells in columns if where == group]
        missed = [
            (kind, cells[0]) for kind, name, cells in mine if not (s := one(name, cells)) or s[0].kind == UNCHECKED
        ]
        assert len(missed) <= (1 - share) * len(mine), f"{len(missed)} of {len(mine)}: {missed}"


@pytest.mark.parametrize("seed", [1, 2])
def test_false_alarms_by_kind(seed):
    """At most 2 of 100 innocent columns are suspected."""
    r = random.Random(seed)
    false = [
        (name, found) for name, make in kinds.INNOCENT.items() if (found := one(name, corpus.column(r, make, 150)))
    ]
    assert len(false) <= 0.02 * len(kinds.INNOCENT), false


@pytest.mark.parametrize(
    "name",
    [
        "Anna Kowalska",
        "anna.kowalska@example.org",
        "+49 171 2345678",
        "Frau Lobinger",
        "geb. 03.04.1961",
        "anna_kowalska",
    ],
)
def test_a_name_of_a_column_may_be_an_identifier_itself(name):
    (suspicion,) = one(name, ["1", "2"])
    assert suspicion.by == "header"


@pytest.mark.parametrize(
    "name",
    ["Visit 3", "hit6_total", "Patient Global Impression", "cgrp_pg_ml", "Beck Depression Inventory", "2024-03-01"],
)
def test_names_of_columns_that_are_no_identifiers(name):
    assert one(name, ["1", "2"]) == []


# real exports


@pytest.mark.parametrize("path", sorted((ROOT / "data/raw").rglob("*.csv")), ids=lambda p: "/".join(p.parts[-2:]))
def test_shipped_exports_are_clean(path):
    columns, cells = table(path)
    assert look(columns, cells) == []
    assert look([f"c{n}" for n in range(len(columns))], cells) == []


@needs_mirror
@pytest.mark.parametrize(
    ("path", "reader", "options"),
    [
        ("acupuncture_headache/1745-6215-7-15-S1.xls", "spreadsheet", {"sheet": "Data"}),
        ("mouse_cortex_proteins/Data_Cortex_Nuclear.csv.gz", "delimited", {}),
        ("ovariectomy_behaviour/OF.csv", "delimited", {}),
        *(
            ("elisa_plates/" + f"Assay_{n}.txt", "softmax", {"part": part})
            for n in ("2", "3_and_4", "11_and_12")
            for part in ("signals", "groups")
        ),
    ],
)
def test_retrieved_exports_are_clean(path, reader, options):
    found = sorted(Path(MIRROR).rglob(Path(path).name))
    assert found, path
    plugin = reader_of(reader)
    extract = plugin.read(found[0].read_bytes(), options_of(plugin, options, "test"))
    cells = list(zip(*extract.rows, strict=True))
    assert len(extract.columns) and look(extract.columns, cells) == []
    assert look([f"c{n}" for n in range(len(cells))], cells) == []


@needs_mirror
@pytest.mark.parametrize(
    ("project", "named", "shaped"),
    [
        ("clinical-trial-1", CLINICAL, CLINICAL),
        ("simple", SIMPLE + " mugshot", SIMPLE),
        ("longitudinal", "first_name last_name telephone_1 email dob", "last_name telephone_1 email dob"),
    ],
)
def test_exports_of_redcap_with_people_are_stopped(project, named, shaped):
    columns, cells = table(next(Path(MIRROR).rglob(f"{project}/data.csv")))
    assert set(named.split()) <= {s.column for s in look(columns, cells) if s.by == "name"}
    bare = [f"c{n}" for n in range(len(columns))]
    assert set(shaped.split()) <= {columns[bare.index(s.column)] for s in look(bare, cells) if s.by == "values"}


# names of columns


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("name_last", names.PERSON),
        ("LastName", names.PERSON),
        ("Nachname", names.PERSON),
        ("prénom", names.PERSON),
        ("next_of_kin_contact_name", names.PERSON),
        ("Patient's full name", names.PERSON),
        ("Name", names.PERSON),
        ("E-Mail-Adresse", names.EMAIL),
        ("email_address", names.EMAIL),
        ("ip_address", names.IP),
        ("homePhone", names.PHONE),
        ("Tel.-Nr.", names.PHONE),
        ("fax", names.PHONE),
        ("Geb.-Datum", names.BIRTH),
        ("fecha_de_nacimiento", names.BIRTH),
        ("date_of_birth", names.BIRTH),
        ("MRN", names.RECORD),
        ("insurance_no", names.RECORD),
        ("bsn", names.RECORD),
        ("Straße", names.ADDRESS),
        ("zip_code", names.ADDRESS),
        ("address_2", names.ADDRESS),
        ("IBAN", names.ACCOUNT),
        ("username", names.ACCOUNT),
        ("passport_no", names.LICENCE),
        ("license_plate", names.VEHICLE),
        ("device_id", names.DEVICE),
        ("mac_address", names.DEVICE),
        ("website", names.URL),
        ("mugshot", names.PHOTO),
        ("fingerprint", names.BODY),
    ],
)
def test_names_that_announce_an_identifier(column, says):
    assert names.kind_by_name(column) == says
    assert one(column, ["Qx 7 zr", "Qy 8 zs"]) == [Suspicion(column, says, "name", 1.0)]


@pytest.mark.parametrize(
    "column",
    "filename file_name drug_name study_name event_name redcap_event_name sample_name plate_name site_name "
    "mailing_done hotel telepathy n_phone_calls practice_id birth_weight record_id patient_id subject_no unit_id "
    "cell_count phonophobia ip10 mobile_phase handedness image_profile birth_order gene_signature ip_mg_kg "
    "insurance_type site_address contact_allergy therapist_id television photosensitivity "
    "patient_global_impression device_type country_of_birth NR1_N sf36_p".split(),
)
def test_names_of_other_things(column):
    assert names.kind_by_name(column) == ""


@pytest.mark.parametrize(
    ("column", "cells", "stops"),
    [
        ("address_confirmed", ["yes", "no"], False),
        ("address_confirmed", ["yes", "Qx 7 zr"], True),
        ("phone", ["1", "2", "3"], False),
        ("phone", ["3364812"], True),
        ("email_sent_on", ["2024-03-01", "2024-03-02"], False),
        ("year_of_birth", ["1961", "1980"], False),
        ("birth_year_date", ["1961-03-02", "1980-01-01"], False),
        ("dob", ["1961", "1980"], True),
        ("dob", ["2021-03-02", "2022-01-01"], True),
        ("date_of_birth_year", ["1961"], False),
        ("date_of_birth_year", ["2019-03-02"], True),
        ("account_no", ["12", "15"], True),
        ("email", ["[removed]", "***"], False),
        ("email", ["", " "], False),
        ("name", ["S1", "S2"], False),
        ("name", ["Sample one"], True),
        ("ip", ["5", "10.5"], False),
        ("serial_number", ["1", "2"], False),
    ],
)
def test_a_suspicion_by_name_falls_only_by_what_the_texts_show(column, cells, stops):
    assert bool(one(column, cells)) is stops


# dictionary, excuses, failures


def test_dictionary_and_excuses():
    columns, cells = ["a", "email", "b"], [["x1", "x2"], ["q@example.org"], ["1", "2"]]
    assert look(columns, cells, flagged={"a", "email"}) == [
        Suspicion("a", MARKED, "dictionary", 1.0),
        Suspicion("email", names.EMAIL, "dictionary", 1.0),
    ]
    assert look(columns, cells, flagged={"a"}, allowed={"email": "the office", "a": "a code"}) == []


def test_no_value_leaves():
    cells = ["secretword@example.org", "other text"]
    assert "secretword" not in repr(one("note", cells)) + repr([dataclasses.asdict(s) for s in one("note", cells)])


@pytest.mark.parametrize("broken", [[None], [3.5], None, 7])
def test_a_column_that_cannot_be_looked_at_is_suspected(broken):
    found = identifiers(["a", "b", "c"], [["1"], broken, ["q@example.org"]], [1, 1, 1])
    assert found == [Suspicion("b", UNCHECKED, "values", 1.0), Suspicion("c", names.EMAIL, "values", 1.0)]


def test_arrow_arrays_are_looked_at_like_lists():
    import pyarrow

    assert identifiers(["c1"], [pyarrow.array(["q@example.org"])], [1])[0].kind == names.EMAIL


def test_a_column_without_texts_handed_over_is_suspected():
    assert identifiers(["a", "b"], [["1"]], [1]) == [Suspicion("b", UNCHECKED, "values", 1.0)]


def test_an_error_within_is_a_suspicion(monkeypatch):
    def fails(*_):
        raise RuntimeError("secretword")

    monkeypatch.setattr(plain_shapes, "mostly", fails)
    assert one("a", ["secretword"]) == [Suspicion("a", UNCHECKED, "values", 1.0)]
    assert one("a", ["secretword"], allowed={"a": "excused"}) == []
    assert one("email", ["secretword"])[0].by == "name"


def test_a_day_of_arrival_that_is_none_stops_columns_rather_than_passing_them():
    assert one("visit", ["2024-01-01", "2024-01-02"], today="soon")[0].kind == UNCHECKED


# values


def spread(first, last, count=60):
    r = random.Random(3)
    return [f"{r.randint(first, last)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}" for _ in range(count)]


def test_births_are_told_from_the_visits_of_an_old_trial():
    assert kind("c1", spread(1930, 1985)) == [names.BIRTH]
    assert kind("c1", spread(1999, 2001)) == []
    assert kind("c1", spread(1995, 2001)) == []
    old = look(["c1", "c2", "c3"], [spread(1931, 1979), spread(1999, 2001), spread(2001, 2002)])
    assert [s.column for s in old] == ["c1"]
    students = look(["c1", "c2"], [spread(1998, 2006), spread(2023, 2024)])
    assert [s.column for s in students] == ["c1"]
    assert [s.column for s in look(["c1", "c2"], [["1971-03-04"], ["2024-01-05"]])] == ["c1"]


def test_births_need_no_day_of_arrival():
    assert [s.kind for s in one("c1", spread(1930, 1985), today="")] == [names.BIRTH]


def test_a_rare_address_beyond_the_counted_texts_is_found():
    cells = [f"text {n}" for n in range(CAP + 5_001)]
    assert one("c1", cells) == []
    cells[CAP + 2] = "write to qx@example.org"
    assert [s.kind for s in one("c1", cells)] == [names.EMAIL]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("call (405) 321-1111 today", names.PHONE),
        ("+49 30 1234567", names.PHONE),
        ("Tel. 0171/2345678", names.PHONE),
        ("０３０ １２３４５６７", names.PHONE),
        ("020 7946 0958", names.PHONE),
        ("06 12 34 56 78", names.PHONE),
        ("his SSN 123-45-6789", names.RECORD),
        ("943 476 5919", names.RECORD),
        ("756.9217.0769.85", names.RECORD),
        ("DE89 3704 0044 0532 0130 00", names.ACCOUNT),
        ("ES91 2100 0418 4502 0005 1332 done", names.ACCOUNT),
        ("4111 1111 1111 1111", names.ACCOUNT),
        ("from 192.168.20.7", names.IP),
        ("2001:db8::ff00:42:8329", names.IP),
        ("00:1b:63:84:45:e6", names.DEVICE),
        ("www.example.org", names.URL),
        ("alice [at] example.org", names.EMAIL),
        ("14 Rose Cottage St.\nKenning", names.ADDRESS),
        ("Lindenstraße 12a", names.ADDRESS),
        ("12 bis rue de la Paix", names.ADDRESS),
        ("P.O. Box 77", names.ADDRESS),
        ("Guthrie OK 73402", names.ADDRESS),
        ("near SW1A 1AA", names.ADDRESS),
        ("geb. 3.4.1961", names.BIRTH),
        ("born 12 March 1961", names.BIRTH),
        ("MRN: 00123456", names.RECORD),
        ("Frau Lobinger kam", names.PERSON),
        ("told Dr Quizmore", names.PERSON),
        ("met John Smith there", names.PERSON),
    ],
)
def test_one_text_is_enough(text, says):
    assert kind("c1", [text, *(f"word {n} more" for n in range(30))]) == [says]


@pytest.mark.parametrize(
    "text",
    [
        "123-456",
        "2024-01-19 10:22:03+01:00",
        "1.2.3.4",
        "+1.23456789",
        "0.04882812",
        "143 476 5918",
        "DE89 3704 0044 0532 0130 01",
        "4111 1111 1111 1112",
        "10:20:30",
        "300.300.1.1",
        "MR Angiography",
        "2 Days Way Too Long",
        "visit S1 2ND dose",
        "Johns Hopkins Hospital",
        "0.5 - 1.5",
        "05/12/2024 10:15",
        "NCT04520425",
        "Miss Visit 3",
        "Dr visit",
        "a@b",
        "12 h rest",
        "10 mg/kg i.p.",
        "1 000 000",
        "120/80 - 130/85",
        "born in spring",
        "two-way ANOVA",
        "at 5 Hz",
        "C57BL/6J",
        "p = 0.05",
    ],
)
def test_texts_that_identify_nobody(text):
    assert kind("c1", [text, *(f"word {n} more" for n in range(30))]) == []


def test_plain_numbers_are_phones_only_if_they_are_not_numbered_through():
    r = random.Random(4)
    assert kind("c1", [f"{r.randint(2, 9)}{r.randint(10**8, 10**9 - 1)}" for _ in range(50)]) == [names.PHONE]
    assert kind("c1", [str(4_000_000_000 + n) for n in range(500)]) == []
    assert kind("c1", [f"2024{r.randint(1, 12):02d}{n:04d}" for n in range(500)]) == []
    assert kind("c1", [str(r.randint(2 * 10**9, 9 * 10**9)) for _ in range(5)] * 40) == []


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [  # examples that the issuers publish
        (numbers.iban, "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33"),
        (numbers.card, "4111111111111111", "4111111111111112"),
        (numbers.of("gb.nhs"), "9434765919", "9434765918"),
        (numbers.vin, "1M8GDM9AXKP042788", "1M8GDM9A1KP042788"),
        (numbers.of("es.dni"), "12345678Z", "12345678A"),
        (numbers.of("nl.bsn"), "111222333", "111222334"),
        (numbers.kvnr, "A123456780", "A123456781"),
        (numbers.of("fr.nir"), "2 55 08 14 168 025 38", "2 55 08 14 168 025 39"),
        (numbers.dated, "811218-9876", "811318-9876"),
    ],
)
def test_check_digits(check, good, bad):
    assert check(good)
    assert not check(bad)


def test_many_files_looked_at_together_give_the_suspicions_of_each():
    """The guards are searched for in the texts of all files at once; what they say of one file stays the same."""
    columns = [
        ["an.na@example.org", "x"],
        ["R1-1", "R1-2"],
        ["Mr. John Smith came", "ok"],
        ["12 High Street", "b  c"],
        ["0171 123456", "plain"],
        ["1.5", "2.5"],
        [" padded  text "],
    ]
    arrays = [pyarrow.array(texts) for texts in columns]
    passing = guarded(arrays)
    assert "an.na@example.org" in passing and "plain" not in passing
    for n, array in enumerate(arrays):
        alone = identifiers([f"c{n}"], [array], [len(array)])
        assert identifiers([f"c{n}"], [array], [len(array)], passing=passing) == alone
    assert any(identifiers([f"c{n}"], [array], [len(array)], passing=passing) for n, array in enumerate(arrays))


FILLERS = ["pain 4/10", "no change", "slept well", "took 400 mg ibuprofen", "diary lost", "Tagebuch vergessen"]


@pytest.mark.parametrize(
    "text",
    [
        "smith, john",
        "kowalski, piotr",
        "rossi,giulia",
        "saw jones, mary in the waiting room",
        "今天王小明来电说头痛",
        "陈静请假一周",
        "欧阳娜娜没来",
        "与张伟沟通后同意",
        "담당자 정우성",
    ],
)
def test_names_in_lower_case_and_in_sentences_of_other_scripts(text):
    assert kind("note", [*FILLERS, text]) == [names.PERSON]


@pytest.mark.parametrize("name", ["geb", "born", "Geb.", "nato_il", "urodz", "nac", "birth_serial", "date1"])
def test_days_of_birth_as_the_numbers_of_a_workbook_under_a_telling_name(name):
    assert kind(name, ["17930", "31106", "25866", "14527"]) == [names.BIRTH]
    assert kind("born", ["3", "11", "8", "7"]) == []  # pups
    assert kind("weight_date", ["45291", "45298", "45305", "45312"]) == []


@pytest.mark.parametrize("name", ["Reisepassnummer", "travel_document", "doc_no", "Personalausweisnummer", "護照"])
def test_columns_of_passports(name):
    assert kind(name, ["486885080", "619682097", "330261654"]) == [names.LICENCE]
    assert kind("doc_no", ["A1", "A2", "B7"]) == []


def test_a_passport_with_few_digits_among_remarks():
    assert kind("note", [*FILLERS, "Reisepass-Nr. C4VLPGT12"]) == [names.LICENCE]


HARMLESS = {
    "beruf": "Lehrerin;Müller;Schneider;Koch;Fischer;Weber;Zimmermann",
    "occupation": "Baker;Cook;Carpenter;Taylor;Miller;Fisher;Cooper",
    "behaviour": "Morris water maze;Barnes maze;Porsolt;Vogel conflict;Hargreaves;Rotarod",
    "c1": "Romberg negative;Babinski absent;Spurling positive;Hoffmann absent;Tinel positive",
    "c2": "sehr zufrieden;zufrieden;weiß nicht",
    "centre": "CHU Lille;Hôpital Necker;Edouard Herriot;Pierre Wertheimer;CHU Nantes",
    "funding": "Wellcome Trust;Fritz Thyssen Stiftung;Robert Wood Johnson Foundation",
    "barcode": "0123456784;0123456791;0123456807;0123456814",
    "aliquot_id": "1002003001;1002003002;1002003003;1002003004;1002004001",
    "aura_type": "visual;sensory;speech;motor;brainstem;Alice in Wonderland;retinal",
    "phone_model": "iPhone 12;Galaxy S21;Pixel 6",
    "coordinates_bregma": "-2.3;-1.8;+0.5",
    "equation": "Cockcroft-Gault;MDRD;Friedewald;Martin-Hopkins;Harris-Benedict",
    "farmaco": "Tachipirina;Moment;Brufen;Aulin;Laroxyl;Imigran",
    "hormonal_contraception": "Yasmin;Valette;Belara;Maxim;Lamuna;Aida",
    "stain": "Nissl;Golgi;Masson Trichrome;Alcian Blue;Evans Blue;Van Gieson",
    "trigger": "Rose;Berry;Olive;Rotwein;Käse;Jasmine",
    "remarque": "patient en retard;Mal de tête à Noël;séance reportée;bien toléré",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_trades_eponyms_and_labels_are_no_people(name):
    assert kind(name, HARMLESS[name].split(";")) == []


def test_a_column_of_clinics_still_stops_where_it_holds_people():
    assert kind("clinic", ["Anna Schmidt", "Peter Nowak", "John Miller", "Maria Rossi"]) == [names.PERSON]
