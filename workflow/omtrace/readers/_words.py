"""The words that plate readers write into wells in place of a number: one list for all readers, with what each means.

What a word says begins with one of four kinds, and a derivation needs no more than that (``kind_of``): ``above range``
and ``below range`` are censored readings, which lie beyond what the reader measures; ``masked`` is a well that the
laboratory took out; ``no value`` says nothing of the well's content. Case does not matter.
"""

import re
from collections.abc import Iterable
from typing import Literal

from omtrace.readers import Variable

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
GROUPED = re.compile(NUMBER.pattern + r"|\d{1,3}(?:[., ']\d{3})+(?:[.,]\d+)?")  # with marks between thousands as well
STARRED = re.compile(r"\*([^*]*\d[^*]*)\*")
Kind = Literal["above range", "below range", "masked", "no value", ""]
ABOVE = "above range: more than the reader can measure"
SATURATED = "above range: the detector was saturated"
BELOW = "below range: less than the reader can measure"
WORDS = {
    **dict.fromkeys(
        (
            "OVRFLW",
            "OVRFLOW",
            "OVERFLOW",
            "OVER",
            "OVER RANGE",
            "OVERRANGE",
            "OVR",
            "OVF",
            "OFL",
            "OVER-RANGE",
            "OVFL",
            "OVERLOAD",
            "OL",
            "ABOVE",
            "ABOVE RANGE",
            "TOO HIGH",
            "OUT+",
            ">ULOQ",
            "ALQ",
            "1.#INF",
            ">MAX",
            "MAX",
            "ALOQ",
            "ULOQ",
            "AQL",
            "INFINITY",
            "∞",
            "OOR HIGH",
            "OUT OF RANGE HIGH",
            "ABOVE ULOQ",
            "ABOVE CURVE",
            "ABOVE FIT",
            "ÜBERLAUF",
            "UEBERLAUF",
            "ZU HOCH",
            "ÜBERSCHRITTEN",
            "MESSBEREICH ÜBERSCHRITTEN",
            "DÉPASSEMENT",
            "TROP HAUT",
        ),
        ABOVE,
    ),
    **dict.fromkeys(
        ("OOR >", "OOR>", ">OOR", "HIGH", "#HIGH", "HI", ">HIGH", ">STD MAX", ">UPPER", "INF", "+INF"), ABOVE
    ),
    **dict.fromkeys(("#SAT", "SAT", "SATURATED", "SATURATION", "#SATURATED"), SATURATED),
    **dict.fromkeys(("GESÄTTIGT", "SATURÉ", "SATURADO", "SATURO", "TOO BRIGHT"), SATURATED),
    **dict.fromkeys(
        ("<MIN", "UNDER", "UNDERFLOW", "UNDRFLW", "UNDER RANGE", "UNDERRANGE", "UFL", "MIN", "-INF"), BELOW
    ),
    **dict.fromkeys(("BELOW", "BELOW RANGE", "TOO LOW", "OUT-", "<LLOQ", "BLQ", "BLOQ", "-1.#INF"), BELOW),
    **dict.fromkeys(("OOR <", "OOR<", "<OOR", "#LOW", "LOW", "LO", "<LOW", "<STD MIN", "<LOWER"), BELOW),
    **dict.fromkeys(
        ("BQL", "BLLOQ", "BLOD", "BDL", "LLOQ", "OOR LOW", "OUT OF RANGE LOW", "BELOW LLOQ", "BELOW LOD"), BELOW
    ),
    **dict.fromkeys(("BELOW CURVE", "BELOW FIT", "BELOW DETECTION", "NOT DETECTED", "ZU NIEDRIG"), BELOW),
    **dict.fromkeys(("UNTERSCHRITTEN", "MESSBEREICH UNTERSCHRITTEN", "TROP BAS"), BELOW),
    **dict.fromkeys(
        ("HORS GAMME", "HORS LIMITES", "FUERA DE RANGO", "FUORI RANGE", "FUORI SCALA", "BUITEN BEREIK", "RANGE"),
        "no value: out of range, the reader does not say on which side",
    ),
    **dict.fromkeys(
        ("--", "---", "NULL", "NONE", "NO DATA", "NOREAD", "KEINE DATEN", "TIMEOUT", "LAMP LOW"),
        "no value: the reader did not read this well",
    ),
    **dict.fromkeys(
        ("FEHLER", "ERREUR", "ERRORE", "READ ERROR", "UNGÜLTIG", "#REF!"), "no value: an error of the reader"
    ),
    **dict.fromkeys(
        ("LOW BEAD", "LOW BEADS", "LOW BEAD COUNT", "INSUFFICIENT BEADS", "LOW COUNT", "AGGREGATE"),
        "no value: too few beads",
    ),
    **dict.fromkeys(("NOT CALCULATED", "NOT CALC", "N/C", "***"), "no value: not available, as the software wrote it"),
    **dict.fromkeys(("BUBBLE", "OUTLIER", "FLAGGED", "EXCL", "[MASKED]"), "masked: by the laboratory"),
    "N.A.": "no value: not applicable, as the reader wrote it",
    "MASKED": "masked: by the laboratory",
    "#MASKED": "masked: by the laboratory",
    "EXCLUDED": "masked: by the laboratory",
    "MISSED": "no value: the reader did not read this well",
    "SKIP": "no value: the reader did not read this well",
    "SKIPPED": "no value: the reader did not read this well",
    "EMPTY": "no value: the reader did not read this well",
    "PATH?": "no value: the correction of the path length failed",
    "RANGE?": "no value: outside the range of the standard curve",
    "OOR": "no value: out of range, the reader does not say on which side",
    "INVALID": "no value: the reader calls the reading invalid",
    "#INVALID": "no value: the reader calls the reading invalid",
    "ERR": "no value: an error of the reader",
    "ERROR": "no value: an error of the reader",
    "#ERR": "no value: an error of the reader",
    "#ERROR": "no value: an error of the reader",
    "OUT OF RANGE": "no value: out of range, the reader does not say on which side",
    "NO READ": "no value: the reader did not read this well",
    "NOT READ": "no value: the reader did not read this well",
    "1.#QNAN": "no value: not a number, as the reader wrote it",
    "-1.#IND": "no value: not a number, as the reader wrote it",
    "FAIL": "no value: the reader could not measure",
    "FAILED": "no value: the reader could not measure",
    "NO FIT": "no value: the software found no curve",
    "?????": "no value: not computable from the readings",
    "NAN": "no value: not a number, as the reader wrote it",
    "#N/A": "no value: not applicable, as the reader wrote it",
    "N/A": "no value: not applicable, as the reader wrote it",
    "NA": "no value: not applicable, as the reader wrote it",
    "#DIV/0!": "no value: the software divided by zero",
    "#NUM!": "no value: not computable from the readings",
    "#VALUE!": "no value: not computable from the readings",
}
# >>>>, < LOD, > Std10
LIMIT = re.compile(r"[<>]{2,}|[<>]=? ?(?:STD|STANDARD|CURVE|FIT|LOD|LOQ|LLOD|BLANK|LIMIT|RANGE|CAL)[A-Z0-9 ]*")
CODED = re.compile(r"ERR(?:OR)?\.? ?[0-9]{1,4}")
KINDS: tuple[Kind, ...] = ("above range", "below range", "masked", "no value")


def meaning_of_word(text: str) -> str:
    """What a cell that is no number says, where it is one of the words that readers write; else "".

    Four stars or more (`*****`) are a number too long for its field, three are what is not available;
    a number in stars was masked on the reader; a number
    behind `>` or `<` is the limit that the reader wrote.
    """
    word = re.sub(r"(?<=^[<>]) ", "", " ".join(text.split()).upper().replace("≥", ">=").replace("≤", "<="))
    if known := WORDS.get(word) or WORDS.get(word.strip("#+!. ")):
        return known
    if len(word) > 1 and not word.strip("*.,") and "*" in word:
        return ABOVE
    if len(word) > 1 and not word.strip("#"):
        return "no value: the column was too narrow when the file was saved"
    if STARRED.fullmatch(word):
        return "masked: on the reader, its value in stars"
    if word[:1] in ("<", ">") and (GROUPED.fullmatch(word[1:].lstrip("= ")) or LIMIT.fullmatch(word)):
        return f"{'below' if word[0] == '<' else 'above'} range: beyond the limit that the reader wrote"
    return "no value: an error of the reader" if CODED.fullmatch(word) else ""


def kind_of(says: str) -> Kind:
    """The kind of what a word says: above range, below range, masked, no value; "" for other missing-data codes."""
    return next((kind for kind in KINDS if says.startswith(f"{kind}:")), "")


def words_in(texts: Iterable[str], label: str = "") -> Variable:
    """A column's variable, with the readers' words that stand in it as missing-data codes."""
    odd = {text for text in set(texts) if text and not NUMBER.fullmatch(text)}
    return Variable(label, missing={text: says for text in sorted(odd) if (says := meaning_of_word(text))})
