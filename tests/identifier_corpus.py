"""Columns of fake data: of identifiers, by class, and of what clean exports hold. A seed gives the same ones.

Names of people are put together from syllables and from common names at random, so that they are nobody's.
"""

import random
import string
import uuid
from collections.abc import Callable, Iterator

from omtrace.validation.identifiers import numbers
from omtrace.validation.identifiers.people import FAMILY, GIVEN

GIVENS, FAMILIES = sorted(GIVEN), sorted(FAMILY)
SYLLABLES = (
    "ba be bo da de dra fel ga go han ka ke kow lan ler lin ma mer mo na ner po ra ric sa ski son ta tor".split()
)
Make = Callable[[random.Random], str]


def digits(r: random.Random, count: int) -> str:
    return "".join(r.choice(string.digits) for _ in range(count))


def until(r: random.Random, make: Make, check: Callable[[str], bool]) -> str:
    while not check(text := make(r)):
        pass
    return text


def given(r):
    return r.choice(GIVENS).capitalize()


def rare(r):
    """A family name that no list has."""
    return "".join(r.choice(SYLLABLES) for _ in range(r.randint(2, 4))).capitalize()


def family(r):
    return r.choice(FAMILIES).capitalize() if r.random() < 0.4 else rare(r)


def day(r, first, last):
    return r.randint(first, last), r.randint(1, 12), r.randint(1, 28)


def birth(style: str) -> Make:
    def make(r):
        y, m, d = day(r, 1940, 2002)
        return style.format(
            y=y, m=m, d=d, yy=y % 100, mon="Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[m - 1]
        )

    return make


def phone(pattern: str) -> Make:
    """2 is a digit from 2 to 9, # any digit."""
    return lambda r: "".join(
        r.choice("23456789") if c == "2" else r.choice(string.digits) if c == "#" else c for c in pattern
    )


def any_iban(country: str) -> Make:
    """German ones are of digits alone; the check digits of a country's own in a French one are computed as well."""
    import stdnum.iban

    def make(r):
        if country == "FR":
            body = digits(r, 21)
            body += f"{97 - (89 * int(body[:5]) + 15 * int(body[5:10]) + 3 * int(body[10:21])) % 97:02d}"
        else:
            body = digits(r, 18)
        return country + stdnum.iban.calc_check_digits(f"{country}00{body}") + body

    return make


def vin(r):
    return until(r, lambda q: "".join(q.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(17)), numbers.vin)


def dni(r):
    return until(
        r, lambda q: f"{q.randint(10_000_000, 99_999_999)}{q.choice('TRWAGMYFPDXBNJZSQVHLCKE')}", numbers.of("es.dni")
    )


def ssn(r):
    return f"{r.randint(1, 665):03d}-{r.randint(1, 99):02d}-{r.randint(1, 9999):04d}"


def spaced(text: str, *sizes: int) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return " ".join(parts)


def within(sentence: str, make: Make) -> Make:
    return lambda r: sentence.format(make(r))


def british(r):
    area = r.choice(["SW", "LS", "M", "G", "EH"])
    return f"{area}{r.randint(1, 9)} {r.randint(1, 9)}{letters(r, 2).replace('T', 'A')}"


def canadian(r):
    first, second, third = (r.choice("ABCEGH") + digits(r, 1) for _ in range(3))
    return f"{first}{second[0]} {second[1]}{third}"


def streets(r):
    return f"{r.randint(1, 999)} {rare(r)} {r.choice('Street St Ave Road Rd Lane Drive Blvd Way Court'.split())}"


def strasse(r):
    return f"{rare(r)}{r.choice(['straße', 'strasse', 'str.'])} {r.randint(1, 150)}"


def letters(r, count):
    return "".join(r.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(count))


# class -> (kind of name of the column, maker of a text); each class of the safe-harbour rule that a column can show
IDENTIFIERS: dict[str, list[tuple[str, Make]]] = {
    "given name": [("first_name", given), ("Vorname", given), ("prenom", given), ("nombre", given)],
    "family name": [("last_name", family), ("Nachname", family), ("apellidos", rare), ("achternaam", family)],
    "full name": [
        ("patient_name", lambda r: f"{given(r)} {family(r)}"),
        ("fullName", lambda r: f"{family(r)}, {given(r)}"),
        ("Name", lambda r: f"{given(r)} {r.choice(string.ascii_uppercase)}. {family(r)}"),
        ("name_of_patient", lambda r: f"{given(r)} {family(r)}".upper()),
    ],
    "e-mail": [
        ("email", lambda r: f"{given(r).lower()}.{family(r).lower()}@example.org"),
        ("E-Mail-Adresse", lambda r: f"{given(r).lower()}{r.randint(1, 99)}@mail.example.com"),
    ],
    "phone": [
        ("phone", phone("(2##) 2##-####")),
        ("telephone_1", phone("2##-2##-####")),
        ("mobile", phone("+49 17# #######")),
        ("Telefonnr", phone("030 2######")),
        ("tel", phone("06 ## ## ## ##")),
        ("cell_phone", phone("2##2######")),
        ("telefono", phone("+34 6## ### ###")),
        ("gsm", phone("07### 2#####")),
    ],
    "fax": [("fax", phone("2##.2##.####")), ("fax_no", phone("+1 2## 2## ####"))],
    "date of birth": [
        ("dob", birth("{y}-{m:02d}-{d:02d}")),
        ("date_of_birth", birth("{d:02d}/{m:02d}/{y}")),
        ("Geburtsdatum", birth("{d}.{m}.{y}")),
        ("date_naissance", birth("{m}/{d}/{y}")),
        ("birthDate", birth("{d} {mon} {y}")),
        ("fecha_nacimiento", birth("{y}{m:02d}{d:02d}")),
    ],
    "social security": [
        ("ssn", ssn),
        ("ahv_nr", lambda r: f"756.{digits(r, 4)}.{digits(r, 4)}.{digits(r, 2)}"),
        ("dni", dni),
        ("nino", lambda r: f"{r.choice('ABCEHJ')}{r.choice('ABCEHJ')} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)} A"),
    ],
    "health number": [
        ("nhs_number", lambda r: until(r, lambda q: digits(q, 10), numbers.of("gb.nhs"))),
        ("nhs_no", lambda r: spaced(until(r, lambda q: digits(q, 10), numbers.of("gb.nhs")), 3, 3, 4)),
        ("health_card_no", within("{}", lambda r: until(r, lambda q: digits(q, 10), numbers.of("gb.nhs")))),
    ],
    "account": [
        ("iban", lambda r: until(r, any_iban("DE"), numbers.iban)),
        ("account_number", lambda r: until(r, any_iban("FR"), numbers.iban)),
        ("credit_card", lambda r: spaced(until(r, lambda q: "4" + digits(q, 15), numbers.card), 4, 4, 4, 4)),
        ("card_number", lambda r: until(r, lambda q: "5" + digits(q, 15), numbers.card)),
    ],
    "street": [
        ("address", streets),
        ("Strasse", strasse),
        ("rue", lambda r: f"{r.randint(1, 99)} rue de {rare(r)}"),
        ("direccion", lambda r: f"Calle {rare(r)} {r.randint(1, 99)}"),
        ("adres", lambda r: f"{rare(r)}straat {r.randint(1, 99)}"),
    ],
    "postcode": [
        ("postcode", british),
        ("zip", lambda r: f"{digits(r, 5)}-{digits(r, 4)}"),
        ("plz_ort", lambda r: f"{r.randint(10000, 99999)} {rare(r)}"),
        ("postal_code", canadian),
    ],
    "IP address": [
        ("ip_address", lambda r: ".".join(str(r.randint(20, 254)) for _ in range(4))),
        ("ip", lambda r: ":".join(f"{r.getrandbits(16):04x}" for _ in range(8))),
    ],
    "web address": [
        ("url", lambda r: f"https://{rare(r).lower()}.example.org/{digits(r, 4)}"),
        ("website", lambda r: f"www.{rare(r).lower()}.example"),
    ],
    "device": [
        ("mac_address", lambda r: ":".join(f"{r.getrandbits(8):02x}" for _ in range(6))),
        ("imei", lambda r: until(r, lambda q: "35" + digits(q, 13), numbers.card)),
    ],
    "vehicle": [
        ("vin", vin),
        ("number_plate", lambda r: f"{letters(r, 2)}{digits(r, 2)} {letters(r, 3)}"),
        ("kfz_kennzeichen", lambda r: f"{letters(r, 2)}-{letters(r, 2)} {r.randint(1, 9999)}"),
    ],
    "photograph": [("photo", lambda r: f"IMG_{digits(r, 4)}.jpg"), ("mugshot", lambda r: f"{rare(r)}.JPEG")],
    "user account": [("username", lambda r: f"@{rare(r).lower()}{digits(r, 2)}")],
    "coordinates": [("gps", lambda r: f"{r.uniform(40, 55):.5f}, {r.uniform(-5, 15):.5f}")],
}

# Only the name of the column can tell these.
BY_NAME_ONLY: list[tuple[str, Make]] = [
    ("mrn", lambda r: digits(r, 7)),
    ("medical_record_number", lambda r: digits(r, 8)),
    ("insurance_number", lambda r: digits(r, 9)),
    ("Versichertennummer", lambda r: digits(r, 8)),
    ("kontonummer", lambda r: digits(r, 8)),
    ("passport_no", lambda r: f"C{digits(r, 8)}"),
    ("licence_number", lambda r: digits(r, 9)),
    ("zip_code", lambda r: digits(r, 5)),
    ("PLZ", lambda r: digits(r, 5)),
    ("codigo_postal", lambda r: digits(r, 5)),
    ("device_serial", lambda r: f"SN{digits(r, 6)}"),
    ("license_plate", lambda r: f"{digits(r, 1)}{letters(r, 3)}{digits(r, 3)}"),
    ("initials", lambda r: letters(r, 2)),
    ("iniziali", lambda r: letters(r, 3)),
    ("fingerprint", lambda r: digits(r, 12)),
    ("signature", lambda r: letters(r, 3)),
    ("BSN", lambda r: digits(r, 9)),
    ("codice_fiscale", lambda r: letters(r, 10)),
    ("ssn", lambda r: digits(r, 9)),
    ("city", lambda r: rare(r)),
]

COMMENTS = (
    "headache worse after work, took {d} mg ibuprofen",
    "Visit moved by {d} days; no reason given",
    "Patient felt dizzy for {d} minutes, resolved without treatment",
    "Slept badly. Pain {d}/10 at night, 3/10 in the morning",
    "Session {d}: upper trapezius tender on the left",
    "Diary page {d} lost; data entered from memory",
    "Schmerzen seit {d} Tagen, keine Übelkeit",
    "Douleur depuis {d} jours, pas de nausée",
    "BP 120/80, HR {d}; well tolerated",
    "seen on 2024-03-{d}, next visit 2024-04-{d} at 10:15",
)
DRUGS = (
    "Topiramate Propranolol Amitriptyline Sumatriptan Rizatriptan Erenumab Fremanezumab Galcanezumab "
    "Ibuprofen Naproxen Paracetamol Aspirin Metoprolol Candesartan Valproate Flunarizine Venlafaxine "
    "Eletriptan Zolmitriptan Frovatriptan Rimegepant Ubrogepant Atogepant Eptinezumab Ketorolac "
    "Metamizole Diclofenac Indomethacin Lisinopril Verapamil"
).split()
EVENTS = (
    "Nausea,Dizziness,Back pain,Neck stiffness,Fatigue,Upper respiratory infection,Twisted ankle,"
    "Soreness after treatment,Migraine with aura,Insomnia,Palpitations,Dry mouth,Paraesthesia,Sinusitis,"
    "Tooth extraction,Anxiety,Cough,Rash"
).split(",")
SITES = (
    "Leeds,Hershey,Jonesboro,Berlin Mitte,Lyon Sud,Madrid Norte,St Mary Hospital,King's College Hospital,Site 4".split(
        ","
    )
)
PROTEINS = (
    "DYRK1A ITSN1 BDNF NR1 NR2A pAKT pBRAF pCAMKII pCREB pELK pERK pJNK PKCA pMEK CGRP cFos IL1B TNFa VIP PACAP".split()
)


def choice(options) -> Make:
    return lambda r: r.choice(options)


def running(pattern: str) -> Callable[[random.Random, int], list[str]]:
    return lambda r, count: [pattern.format(n=n + 1) for n in range(count)]


# name of the column -> maker of a text
CLEAN: dict[str, Make] = {
    "hit6_total": lambda r: str(r.randint(36, 78)),
    "msq_rfr": lambda r: f"{r.uniform(0, 100):.3f}",
    "pain_code": lambda r: str(r.randint(0, 10)),
    "visit_date": lambda r: "{}-{:02d}-{:02d}".format(*day(r, 2022, 2025)),
    "randomised_on": lambda r: "{2:02d}/{1:02d}/{0}".format(*day(r, 1999, 2001)),
    "enrolled_at": lambda r: "{}-{:02d}-{:02d} 10:{:02d}:00".format(*day(r, 2023, 2024), r.randint(0, 59)),
    "session_on": lambda r: "{1}/{2}/{0}".format(*day(r, 2022, 2024)),
    "year_of_birth": lambda r: str(r.randint(1940, 2002)),
    "birth_weight": lambda r: str(r.randint(2500, 4500)),
    "drug_name": choice(DRUGS),
    "medication": lambda r: f"{r.choice(DRUGS)} {r.choice([10, 25, 50, 100])} mg",
    "rescue": lambda r: ", ".join(r.sample(DRUGS, 2)),
    "study_name": choice(["OMT in migraine", "Two hit"]),
    "site_name": choice(SITES),
    "event_name": choice(EVENTS),
    "term": choice(EVENTS),
    "redcap_event_name": choice(["baseline_arm_1", "month_1_arm_1", "month_3_arm_1"]),
    "comment": lambda r: r.choice(COMMENTS).format(d=r.randint(10, 28)),
    "note": lambda r: " ".join(r.choice(COMMENTS).format(d=r.randint(10, 28)) for _ in range(3)),
    "well": lambda r: f"{r.choice('ABCDEFGH')}{r.randint(1, 12)}",
    "plate_name": lambda r: f"Plate {r.randint(1, 9)}",
    "sample_name": lambda r: f"RT{r.randint(1, 60):02d}",
    "pseudonym": lambda r: str(uuid.UUID(int=r.getrandbits(128))),
    "hash": lambda r: f"{r.getrandbits(128):032x}",
    "record_id": lambda r: f"P{r.randint(1, 999):03d}",
    "patient_id": lambda r: f"SM-{r.randint(1, 99):02d}",
    "subject_no": lambda r: f"{r.randint(101, 108)}-{r.randint(1, 3):02d}-{r.randint(1, 80):04d}",
    "participant": lambda r: f"{r.randint(1, 12):02d}-{r.randint(1, 99):03d}-{r.randint(1, 9999):04d}",
    "screening_no": lambda r: f"{r.randint(1, 12):03d}-{r.randint(1, 200):04d}",
    "cgrp_pg_ml": lambda r: f"{r.lognormvariate(4, 1):.4f}",
    "od_450": lambda r: f"{r.uniform(0.03, 3.9):.4f}",
    "raw_signal": lambda r: f"{r.uniform(1e3, 1e7):.2f}",
    "fluorescence": lambda r: str(r.randint(1_000, 9_999_999)),
    "cell_count": lambda r: str(r.randint(10_000, 99_999)),
    "p_value": lambda r: f"{r.random():.2e}",
    "protein": choice(PROTEINS),
    "gene_name": choice(PROTEINS),
    "strain": choice(["C57BL/6J", "Sprague-Dawley", "DBA/2J", "FVB/NJ", "Wistar"]),
    "sex": choice(["female", "male"]),
    "race": choice(["White", "Black or African American", "Asian", "Other", "Not Reported"]),
    "country": choice(["Germany", "France", "United Kingdom", "Jordan", "Georgia", "Spain", "Netherlands"]),
    "aura": choice(["Aura", "No Aura", "Mixed"]),
    "change": choice(["Very Much Improved", "Much Improved", "No Change", "Much Worse"]),
    "icd10": choice(["G43.709", "G43.109", "G44.2", "M54.2"]),
    "atc": choice(["N02CC01", "N03AX11", "C07AA05", "M01AE01"]),
    "trial": choice(["NCT04520425", "ISRCTN96537534", "2020-001234-22"]),
    "lot": lambda r: f"L{r.randint(2201, 2412)}-{r.randint(1, 99):02d}",
    "tube_barcode": lambda r: f"20240{r.randint(1, 9)}{r.randint(1, 9999):04d}",
    "timestamp": lambda r: str(1_650_000_000 + r.randint(0, 50_000_000)),
    "file_name": lambda r: f"plate_{r.randint(1, 9)}_read_{r.randint(1, 4)}.txt",
    "filename": lambda r: f"data/raw/run_{r.randint(1, 99)}.xlsx",
    "image_file": lambda r: f"RT{r.randint(1, 60):02d}_cfos_{r.randint(1, 4)}.tif",
    "software_version": lambda r: f"5.4.{r.randint(0, 9)}.{r.randint(0, 12)}",
    "time": lambda r: f"{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}",
    "blood_pressure": lambda r: f"{r.randint(100, 180)}/{r.randint(60, 110)}",
    "answers": lambda r: " ".join(str(r.randint(1, 6)) for _ in range(14)),
    "doses": lambda r: ", ".join(str(r.choice([10, 25, 50])) for _ in range(4)),
    "range": lambda r: f"{r.randint(0, 9)}-{r.randint(10, 99)}",
    "n_phone_calls": lambda r: str(r.randint(0, 9)),
    "mailing_done": choice(["0", "1"]),
    "address_confirmed": choice(["yes", "no"]),
    "email_sent_on": lambda r: "{}-{:02d}-{:02d}".format(*day(r, 2023, 2024)),
    "phone_visit": choice(["0", "1", "2"]),
    "hotel": choice(["yes", "no"]),
    "telepathy": choice(["none", "some"]),
    "practice_id": lambda r: str(r.randint(1, 60)),
    "therapist": lambda r: f"T{r.randint(1, 9)}",
    "acupuncturist": lambda r: str(r.randint(1, 12)),
    "ip_mg_kg": lambda r: f"{r.choice([5, 10])}",
    "insurance_type": choice(["public", "private"]),
    "device_type": choice(["smartphone", "tablet", "paper"]),
    "units": choice(["pg/mL", "ng/mL", "mg/kg", "2500 IU"]),
    "occupation": choice(["Teacher", "Nurse", "Student", "Retired", "Engineer", "Office work"]),
    "region": choice(["Left Trigeminal Ganglion", "Right Nucleus Caudalis", "Posterior Horn", "Upper Trapezius"]),
    "weekday": choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    "month": choice("January February March April May June July August Jan Feb Mar".split()),
    "grade": choice("I II III IV-A IV-B".split()),
    "arm": choice(["OMT", "sham", "Waiting List"]),
}
RUNNING = {
    "barcode": running("{n:010d}"),
    "aliquot": running("4000{n:06d}"),
    "serial_number": running("{n}"),
    "sample_id": running("240119-{n:04d}"),
    "animal_id": running("RT{n:02d}"),
    "row": running("{n}"),
}


def column(r: random.Random, make: Make, rows: int) -> list[str]:
    return [make(r) for _ in range(rows)]


def suspicious(seed: int) -> Iterator[tuple[str, str, list[str]]]:
    """Class, name of the column and cells; each maker in three sizes."""
    r = random.Random(seed)
    for group, makers in IDENTIFIERS.items():
        for name, make in makers:
            for rows in (30, 120, 400):
                yield group, name, column(r, make, rows)


def hidden(seed: int) -> Iterator[tuple[str, list[str]]]:
    """Free text with one cell in 400 that tells a person: what it tells, and the cells."""
    r = random.Random(seed)
    tells: dict[str, Make] = {
        "e-mail": within("write to {} please", lambda q: f"{rare(q).lower()}@example.org"),
        "phone": within("call back on {} after six", phone("(2##) 2##-####")),
        "international phone": within("Reached at {}.", phone("+44 20 #### ####")),
        "title": within("spoke with Mrs {} about the diary", rare),
        "Frau": within("Frau {} hat abgesagt", rare),
        "full name": within("today {} came late", lambda q: f"{given(q)} {r.choice(['Smith', 'Schmidt', 'Garcia'])}"),
        "born": within("husband, born {}, drove", birth("{d}.{m}.{y}")),
        "ssn": within("SSN given as {}", ssn),
        "street": within("moved to {} last week", streets),
        "record": within("see MRN {}", lambda q: digits(q, 8)),
        "web": within("page {}", lambda q: f"https://{rare(q).lower()}.example.net/x"),
        "iban": within("refund to {} done", lambda q: until(q, any_iban("DE"), numbers.iban)),
        "ip": within("filled in from {} at night", lambda q: ".".join(str(q.randint(20, 250)) for _ in range(4))),
    }
    for what, make in tells.items():
        cells = [f"{text} ({n})" for n, text in enumerate(column(r, CLEAN["comment"], 400))]
        cells[r.randrange(400)] = make(r)
        yield what, cells


def clean(seed: int) -> Iterator[tuple[str, list[str]]]:
    """Name of the column and cells of what identifies nobody; each in three sizes."""
    r = random.Random(seed)
    for rows in (8, 60, 400):
        for name, make in CLEAN.items():
            yield name, column(r, make, rows)
        for name, run in RUNNING.items():
            yield name, run(r, rows)
