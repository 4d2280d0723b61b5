"""Telephone numbers of all countries: candidates by their marks, then the numbering plans of ``phonenumbers``.

A candidate is a run of digits with the marks that people write between them. With `+` or `00` and a country's code it
counts if the numbering plans hold it for possible. Without, it counts if a word for a telephone stands close before it,
or if it begins with 0, 8 or a bracket and is grouped as the numbers of a country are.
"""

import re
from functools import lru_cache

REGIONS = (
    "DE AT CH FR IT ES PT NL BE LU GB IE US CA SE NO DK FI IS PL CZ SK HU RO BG GR TR RU UA HR SI "
    "RS EE LV LT IL AE SA EG ZA NG "
    "KE IN PK JP KR CN TW HK SG TH VN AU NZ BR MX AR CL CO"
).split()
WORDS = (
    r"tel|tele(?:ph|f)on\w*|t[ée]l[ée]phone|tlf|tfno|telef|telefonnr|phone\w*|cell(?:ular|phone)?|"
    r"mob|mobile?|mobil\w*|m[óo]vil|portable|gsm|sms|whats ?app|signal|fax"
    r"|telefax|handy\w*|festnetz|rufnummer|r(?:ü|ue)ckruf\w*|r(?:ü|ue)ckruf unter|nummer|numm?er[oa]?|"
    r"call(?:ed)?(?: back)?|ring|rang|reach\w*|text(?:ed)?|dial|contact"
    r"|voice ?mail|new number|neue nummer|phone number|number is|reach\w*"
    r"|anruf\w*|angerufen|erreichbar|anrufen|appel\w*|joindre|rappel\w*|llamar?|chiam\w*|cellulare|"
    r"bel(?:len)?|bereikbaar|telefoon\w*|ringe?|zadzwon\w*|dzwoni\w*|puh|матил"
    r"|тел|телефон\w*|моб|τηλ|電話|电话|手机|전화|phon|landline|home|work|emergency|notfall"
)
CUED = re.compile(
    rf"(?i)(?<![^\W\d_])(?:{WORDS})\b\.?[^\d\n+]{{0,24}}?(?P<number>\+?\(?\d[\d ()./–-]{{4,22}}\d)(?![\d.,]*\d"
    rf"*(?:[.,]\d|[^\Wx]))"
)
DATE = re.compile(
    r"(?:19|20)\d\d[-/. ](?:0?\d|1[0-2])[-/. ](?:[0-2]?\d|3[01])|(?:[0-2]?\d|3[01])[-/. ](?:0?\d|1[0-2])[-/. "
    r"](?:19|20)?\d\d"
    r"|(?:0?\d|1[0-2])[-/. ](?:[0-2]?\d|3[01])[-/. ](?:19|20)?\d\d|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d"
)
UNITS = r"(?! ?(?:mg|g|ml|µg|ug|kg|IU|IE|%|rpm|ppm|cells?|steps?|Da|bp|nm|Hz|kHz)\b)"
RUN = re.compile(
    r"(?<![\w.,:/#+-])(?P<number>(?:\+|00|\()?\d[\d ()./–-]{5,24}\d)(?![^\Wx]|x(?!\d)|[.,:]\d|-\d)"  # x: an extension
    + UNITS
)
MARKED = re.compile(r"[ ()./–-]")
GUARD = r"\d[\d ()./–-]{5,}\d"


def holds_phone(text: str) -> bool:
    """Whether a text holds a telephone number."""
    for match in CUED.finditer(text):
        digits = re.sub(r"\D", "", match["number"])
        if 6 <= len(digits) <= 15 and not DATE.fullmatch(match["number"].strip()) and _varied(digits):
            return True
    return any(_phone(match["number"].strip(), text) for match in RUN.finditer(text))


def _phone(number: str, text: str) -> bool:
    digits = re.sub(r"\D", "", number)
    if (
        not 7 <= len(digits) <= 15
        or DATE.fullmatch(number)
        or not _varied(digits)
        or number.count("(") != number.count(")")
    ):
        return False
    if number.startswith("+"):
        return _possible(f"+{digits}")
    if number.startswith("00"):
        return MARKED.search(number) is not None and _possible(f"+{digits[2:]}")
    if not MARKED.search(number) or re.fullmatch(r"\d+\.\d+|[1-9]\d*-\d+", number):
        return False
    worded = re.search(r"[^\W\d_]{2,}", text) is not None
    if number[0] in "0(8":
        return (worded or "-" not in number or "(" in number) and grouped(number)
    # Without a leading sign: at least three groups of two to four digits behind words, grouped as a country does.
    groups = re.findall(r"\d+", number)
    return (
        worded
        and len(digits) >= 9
        and 3 <= len(groups) <= 4
        and all(len(g) >= 2 for g in groups)
        and (len({len(g) for g in groups}) < 3 and not re.search(r"[-/]", number) and grouped(number))
    )


def _varied(digits: str) -> bool:
    """Whether digits are no round number or filler."""
    return len(set(digits)) > 2 and not digits.endswith("0000000")


@lru_cache(1 << 14)
def _possible(number: str) -> bool:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(parsed)


@lru_cache(1 << 14)
def grouped(number: str) -> bool:
    """Whether a number is a valid one of a country, written in the groups of that country."""
    import phonenumbers
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in REGIONS:
        try:
            if not phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                continue
        except phonenumbers.NumberParseException:
            continue
        if next(iter(PhoneNumberMatcher(number, region, leniency=Leniency.EXACT_GROUPING)), None):
            return True
    return False
