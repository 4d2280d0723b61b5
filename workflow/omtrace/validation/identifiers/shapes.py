"""What texts look like that identify a person: shapes that stop a column wherever they occur, and shapes of most texts.

A shape found anywhere has a guard, a regular expression without look-around that is searched for in every text of a
column at the speed of a compiled automaton; only texts that it lets through meet the exact pattern and its check
digits. Guards are kept apart: all in one, the automaton grows so much that it is a hundred times slower.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from omtrace.validation.identifiers import columns as kinds
from omtrace.validation.identifiers import numbers, telephones
from omtrace.validation.identifiers.cues import (
    ABODE,
    AREAS,
    BANK,
    BEHIND,
    BORN,
    CAR,
    DAY,
    DOMAINS,
    FRENCH,
    HOME,
    LONE,
    OF_STUDY,
    PASSPORT,
    PLATE,
    PREPOSED,
    RECORD,
    SOCIAL,
    SOUTH,
    STATES,
    STREETS,
    TOKEN,
    TOWNLESS,
)
from omtrace.validation.identifiers.words import COMMON

if TYPE_CHECKING:
    import pyarrow

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Shape:
    """A shape: the kind it shows, a guard (RE2 syntax), the exact pattern, and a check of what it matched.

    ``needs``: marks of which the column must hold one, else it is not searched. ``within``: whether the text must hold
    a word beside what was matched.
    """

    kind: str
    guard: str
    pattern: re.Pattern[str]
    check: Check = lambda text: True
    needs: tuple[str, ...] = ()
    within: bool = False

    def matches(self, text: str) -> list[str]:
        """What the shape matches in a text, as far as its check holds."""
        found = [match[0] for match in self.pattern.finditer(text) if self.check(match[0])]
        return [match for match in found if not self.within or WORD.search(text.replace(match, " "))]


def after(cue: str, number: str, distance: str = r"[^\w\n]{0,3}") -> re.Pattern[str]:
    """A number behind a word that announces it; between them marks, and words such as `no`, `is`."""
    return re.compile(
        rf"(?<![^\W\d_])(?i:{cue})(?![^\W\d_]){distance}(?:(?i:no|nr|n[°ºo]|num(?:ber|mer|éro|ero|"
        rf"ero)?|number|id|is|was|ist|lautet|est|es|è|code|on file|#|:)"
        rf"[^\w\n]{{0,3}}){{0,3}}{number}"
    )


def cued(kind: str, cue: str, number: str, check: Check = lambda text: True) -> Shape:
    """A shape of which a word must stand before it."""
    return Shape(kind, rf"(?i:{cue})", after(cue, number), check)


def digits(least: int) -> Check:
    """A check that a text holds so many digits at least."""
    return lambda text: sum(c.isdigit() for c in text) >= least


def _handle(text: str) -> bool:
    """Whether a word behind @ is an account, and not where somebody was: @home, @baseline."""
    name = text.lstrip("@").casefold()
    return name not in PLACES and name not in COMMON and not re.fullmatch(r"(?:day|week|visit|v|t|d|w)\d*", name)


WORD = re.compile(r"[^\W\d_]{2,}")
# Where somebody or something was, behind an at sign.
PLACES = frozenset(
    "home work night rest baseline noon bedtime clinic hospital lunch school morning evening site "
    "screening start end".split()
)
NO_STREETS = frozenset("hering ring spring during string herring monitoring scoring hof markt".split())
SOCIAL_SECURITY = Shape(
    kinds.RECORD,
    r"\b\d{3}[- ]\d\d[- ]\d{4}\b",
    re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}(?![\w-])"),
    needs=("-", " "),
)


def _national(form: str, modules: tuple[str, ...], within: bool) -> Shape:
    """A national number that is valid by one of some modules of ``stdnum``."""
    return Shape(
        kinds.RECORD,
        rf"\b(?:{form})\b",
        re.compile(rf"(?<![\w.,:/+-])(?:{form})(?![\w/-])(?![.,]\d)"),
        numbers.of(*modules),
        within=within,
    )


ANYWHERE = (
    Shape(
        kinds.EMAIL,
        r"\w ?@ ?\w|(?i:\w ?[\[({<] ?(?:at|ät|@|arroba|a)[\])}>] ?\w|\w (?:at|ät|arroba) \w+ ?(?:dot|"
        r"punkt|point|punto|\.)|\w-at-\w)",
        re.compile(
            r"@(?<=[\w.+-]@)[\w-]{1,63}(?:\.[\w-]{1,63})*\.[A-Za-z]{2,}"
            r"|\w ?@ ?[\w-]{2,}(?:\.[\w-]{1,63})*\.(?:" + DOMAINS + r")\b"
            r"|(?i:\w ?[\[({<] ?(?:at|ät|@|arroba|a) ?[\])}>] ?\w[\w-]*(?:\.| ?[\[({<]? ?(?:dot|punkt|point|punto))"
            r"|[\w.-]+(?: at | ät | arroba |-at-)[\w-]+(?: dot | punkt | point | punto |-dot-|\.)(?:"
            + DOMAINS
            + r")\b)"
        ),
    ),
    Shape(
        kinds.URL,
        r"(?i:https?://|ftp://|www\.\w|\w\.(?:" + DOMAINS + r")\b|t\.me/)",
        re.compile(
            r"(?i:(?:https?|ftp)://\w|\bwww\.\w|\b(?:facebook|fb|instagram|twitter|x|linkedin|tiktok|"
            r"youtube|vk|xing|github|t|threads|reddit|twitch)\.(?:com|me|de|net|tv)/[\w@]"
            r"|(?<![\w@.-])[a-z][a-z0-9-]{2,}\.(?:com|de|org|net|co\.uk|fr|it|es|nl|ch|at|eu|info|"
            r"blog|online)(?:/\S*)?(?![\w.@-]))"
        ),
    ),
    *(_national(form, modules, within=False) for form, modules in numbers.FORMED),
    SOCIAL_SECURITY,
    cued(kinds.BIRTH, BORN, r"[^\d\n]{0,20}(?:" + DAY + r"|(?<!\d)(?:\d{6}|\d{8})(?!\d))"),
    Shape(
        kinds.BIRTH,
        r"\* ?\d{1,4}[./-]|(?i:\bborn\b|\bgeb|\bd\.?o\.?b\b)",
        re.compile(
            r"(?<![\w*)\d] )(?<![\w*)])\* ?(?:\d{1,2}\. ?\d{1,2}\. ?\d{2,4}|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|"
            r"\d{4}-\d\d-\d\d)|(?<=\w )\* ?(?:\d{1,2}\.\d{1,2}\.(?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d)(?!\d)"
        ),
    ),
    Shape(
        kinds.BIRTH,
        r"г\.? ?р\.?|doğumlu|geborene?r?|年生|-born\b",
        re.compile(DAY + r" ?(?:г\.? ?р|doğumlu|geborene?r?|生)"),
    ),
    cued(kinds.LICENCE, PASSPORT, TOKEN, lambda text: digits(4)(text) or (len(text) > 7 and digits(2)(text))),
    cued(
        kinds.RECORD,
        RECORD,
        r"(?:[A-Za-z]{0,4}[ /-]?)" + r"(?=[A-Z0-9 /.-]*\d)[A-Z0-9]{1,}(?:[ /.-]?[A-Z0-9]+){0,6}(?![\w]|[.,]\d)",
        digits(5),
    ),
    Shape(
        kinds.ACCOUNT,
        r"\b[A-Za-z]{2}\d\d ?(?:[A-Za-z0-9]{4} ?){2,7}[A-Za-z0-9]{1,4}\b",
        re.compile(r"(?<![\w-])[A-Za-z]{2}\d\d ?(?:[A-Za-z0-9]{4} ?){2,7}[A-Za-z0-9]{1,4}(?![\w-])"),
        numbers.iban,
    ),
    Shape(
        kinds.ACCOUNT,
        r"\b[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d|\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b",
        re.compile(r"(?<![\w.-])(?:[3-6]\d{3}([ -])\d{4}\1\d{4}\1\d{1,7}|3[47]\d{2}([ -])\d{6}\2\d{5})(?![\w-])"),
        numbers.card,
    ),
    Shape(
        kinds.ACCOUNT,
        r"\b(?:[3-6]\d{15}|3[47]\d{13})\b",
        re.compile(r"(?<![\w.-])(?:[3-6]\d{15}|3[47]\d{13})(?![\w.-])"),
        numbers.card,
        within=True,
    ),
    Shape(
        kinds.IP,
        r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
        re.compile(r"(?<![\w.])(?<!version )(?<!Version )(?<!v )(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)"),
        numbers.internet,
        needs=(".",),
    ),
    cued(kinds.IP, r"ip|ip[ -]?address|ip-adresse|adresse ip", r"(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)"),
    Shape(
        kinds.IP,
        r"[0-9A-Fa-f]{1,4}::?[0-9A-Fa-f]{1,4}::?[0-9A-Fa-f]{1,4}:",
        re.compile(r"(?<![\w:])[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){2,7}(?![\w:])"),
        numbers.internet6,
        needs=(":",),
    ),
    Shape(
        kinds.DEVICE,
        r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b",
        re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])"),
        needs=(":", "-"),
    ),
    cued(
        kinds.DEVICE,
        r"serial|s/n|sn|seriennummer|serien-?nr|n[°º]? de s[ée]rie|n[úu]mero de serie|imei|imsi|udi|"
        r"pacemaker|schrittmacher|implant|device id|ger[äa]te-?(?:nr|nummer|id)",
        TOKEN,
        digits(5),
    ),
    cued(kinds.ACCOUNT, BANK, r"\d[\d -]{4,}\d(?![\w]|[.,]\d)", digits(6)),
    Shape(kinds.ACCOUNT, r"(?:^|[^\w.@+-])@[A-Za-z_]", re.compile(r"(?<![\w.@+-])@[A-Za-z_][\w.]{2,}"), _handle),
    Shape(
        kinds.ACCOUNT,
        r"\w#\d{4}\b|\bu/\w",
        re.compile(r"(?<!\w)[A-Za-z][\w.]{2,}#\d{4}(?!\w)|(?<![\w/])u/[A-Za-z_][\w-]{3,}"),
    ),
    Shape(
        kinds.ACCOUNT,
        rf"(?i:{SOCIAL})",
        re.compile(
            rf"(?i:(?<![^\W\d_])(?:{SOCIAL})(?![^\W\d_])(?: ?(?:user|account|handle|name|id|profile|"
            rf"profil|konto|as|is|unter|under|als|ist|:|=|-|\())*[ :@=(]{{1,3}}"
            r"(?:live:)?@?)(?=[\w.-]*[a-z])(?:[A-Za-z][\w-]*(?:[._]\w+|\d\w*)[\w.]*)(?!\w)"
        ),
    ),
    Shape(
        kinds.ACCOUNT,
        rf"(?i:(?:{SOCIAL})\w*(?: \w+)? ?[:=])",
        re.compile(
            rf"(?i:(?<![^\W\d_])(?:{SOCIAL})(?: ?(?:user|account|handle|name|id|profile|profil))? "
            rf"?[:=] ?@?)[A-Za-z][\w.-]{{3,}}"
        ),
    ),
    cued(kinds.VEHICLE, CAR, PLATE, digits(1)),
    Shape(
        kinds.VEHICLE,
        r"\b[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} \d{1,4}",
        re.compile(r"(?<![\w-])[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} [1-9]\d{0,3}[EH]?(?![\w-]|[.,]\d)"),
    ),
    Shape(
        kinds.VEHICLE,
        r"\b[A-Z]{2}\d\d [A-Z]{3}\b|\b[A-Z]{2}-\d{3}-[A-Z]{2}\b",
        re.compile(r"(?<![\w-])(?:[A-Z]{2}\d\d [A-Z]{3}|[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2})(?![\w-])"),
        within=True,
    ),
    Shape(
        kinds.VEHICLE, r"\b[A-HJ-NPR-Z0-9]{17}\b", re.compile(r"(?<![\w-])[A-HJ-NPR-Z0-9]{17}(?![\w-])"), numbers.vin
    ),
    Shape(
        kinds.ADDRESS,
        rf"\d[A-Za-z]?,? (?:[\pL0-9][\pL0-9'.-]* ){{1,4}}(?i:{STREETS})\b",
        re.compile(
            rf"(?<![\w.])\d{{1,5}}[A-Za-z]?,? (?!(?i:Day|Week|Month|Hour|Year|Minute|Visit|Dose|Mg|Ml)s?\b)"
            rf"(?:(?:[A-ZÀ-Þ][\w'.-]*|\d+(?:st|nd|rd|th)) ){{1,4}}"
            rf"(?:{STREETS})\b"
            rf"|(?<![\w.])\d{{1,5}}[a-z]? (?:[a-z]{{4,}} ){{1,2}}(?:street|avenue|road|lane|boulevard|"
            rf"crescent|terrace)\b"
        ),
        needs=(" ",),
    ),
    Shape(
        kinds.ADDRESS,
        rf"(?i:\pL(?:{LONE}|-str\.| str\.) ?\d|stra(?:ß|ss)e \d)",
        re.compile(rf"(?i:\w(?:{LONE})|[a-zäöü]\w+[ -](?:stra(?:ß|ss)e|str\.)) ?\d{{1,4}} ?[a-z]?\b"),
    ),
    Shape(
        kinds.ADDRESS,
        rf"\pL(?:{TOWNLESS}) \d",
        re.compile(
            rf"(?<![\w-])[A-ZÄÖÜÅÆØ][\wäöüßåæøï-]+(?:{TOWNLESS}) (?:[1-9]\d{{0,2}})(?:/\d{{1,3}})? ?[a-hA-H]?"
            r"(?![\w%.,:/]|"
            rf"[ -]?(?:mg|ml|km|min|cm|mm|h|uhr|Tage?|days?)\b|,\d)"
        ),
        lambda text: (
            not text.startswith(("Weg", "Hof", "Tie", "Markt ")) and text.split()[0].casefold() not in NO_STREETS
        ),
    ),
    Shape(
        kinds.ADDRESS,
        r"-(?i:stra(?:ß|ss)e|str\.|ring|platz|weg|allee|ufer|damm|gasse|promenade|chaussee|markt) \d",
        re.compile(
            r"(?<![\w-])[A-ZÄÖÜ][\wäöüß]+(?:-[A-ZÄÖÜ][\wäöüß]*)*-"
            r"(?:Stra(?:ß|ss)e|Str\.|Ring|Platz|Weg|Allee|Ufer|Damm|Gasse|Promenade|Chaussee|Markt) \d{1,4}"
        ),
    ),
    Shape(
        kinds.ADDRESS,
        r"\d (?:\pL[\pL'.-]* ){1,4}(?i:apt\.?|suite|apartment|flat|appartamento|unit) ?#?\d",
        re.compile(
            r"(?<![\w.])\d{1,5},? (?:[A-Z][\w'.-]* ){1,4}(?:Apt\.?|Suite|Apartment|Flat|Appartamento|Unit) ?#?\d"
        ),
    ),
    Shape(
        kinds.ADDRESS,
        rf"\b(?:{PREPOSED}) (?:\pL+ )?\p{{Lu}}\pL+ \d",
        re.compile(
            rf"(?<!\w)(?:{PREPOSED}) (?:(?:alten|neuen|gro(?:ß|ss)en|kleinen|alter|neuer|[A-ZÄÖÜ]\w+) "
            rf")?(?i:[a-zäöüß-]*(?:berg|hof|markt|platz|graben|mühle|kirche|wald|feld|see|bach|tor|"
            rf"garten|park|schloss|schloß|linden|brunnen|bahnhof|ufer|wiese|weiher|weg|straße|strasse|"
            rf"gasse|anger|hang|dorf|sand|acker|stein|rain|winkel|eck)\w{{0,2}}) \d{{1,3}} ?[a-z]?(?![\w.,:%]|"
            rf"\d)"
        ),
    ),
    Shape(
        kinds.ADDRESS,
        rf"(?:^|[^\pL])\p{{Lu}}[\pL.-]+ (?:[\pL.-]+ )?(?:{BEHIND}),? (?:[Nn]o\.?:? ?)?\d",
        re.compile(rf"(?<!\w)[A-ZÀ-ÞŁŚŻŠČŽŐŰİĞŞ][\w.'-]+ (?:[\w.'-]+ )?(?:{BEHIND}),? (?:[Nn]o\.?:? ?)?\d{{1,4}}"),
        needs=(" ",),
    ),
    Shape(
        kinds.ADDRESS,
        rf"\d,? (?:bis |ter )?(?i:{FRENCH}) \pL",
        re.compile(
            rf"(?<![\w.])\d{{1,4}}(?: ?(?:bis|ter|[A-D]))?,? (?i:{FRENCH}) "
            r"(?:(?:de|du|des|de la|de l['’]|d['’]|l['’]|la|le|les) ?)*[A-ZÀ-Ý][\w'’-]{2,}"
        ),
        needs=(" ",),
    ),
    Shape(
        kinds.ADDRESS,
        rf"(?:{SOUTH}) ?.*\d",
        re.compile(
            rf"(?<!\w)(?:{SOUTH}) ?(?:(?:de|del|della|dei|do|da|das|dos|las?|los?|el|św\.|gen\.) )*"
            r"[A-ZÀ-ÝĂÂÎȘŞȚŢŁŚŻŠČŽА-ЯЁІЇЄ\u0386-\u03ab][\w'’ .-]{2,40}?,? ?(?:n[.º°]* ?|nr\.? ?|č\.? "
            r"?|д\. ?|буд\. ?)?\d{1,4}(?:[ /]?\d{0,3}\w?)?\b"
        ),
    ),
    Shape(
        kinds.ADDRESS,
        r"(?i:\bp\.? ?o\.? box|postfach|postbus|bo[iî]te postale|apartado|casella postale|skr\. poczt|postboks) \d",
        re.compile(
            r"(?i:\bp\.? ?o\.? box|\bpostfach|\bpostbus|\bbo[iî]te postale|\bapartado|\bcasella postale|"
            r"\bskr\. poczt\.?|\bpostboks) \d+"
        ),
        needs=(" ",),
    ),
    Shape(
        kinds.ADDRESS,
        r"(?i:\b(?:flat|apt|apartment|unit|suite) ?#?\d)",
        re.compile(r"(?i:\b(?:flat|apt\.?|apartment|suite)) ?#?\d{1,4}[A-Za-z]?,? (?:\d{1,4} )?[A-Z][a-z]+"),
    ),
    Shape(
        kinds.ADDRESS,
        rf"\b(?:{STATES}),? \d{{5}}\b",
        re.compile(rf"[A-Z][a-z]+,? (?:{STATES}),? \d{{5}}(?:-\d{{4}})?(?!\w)"),
        needs=(" ",),
    ),
    Shape(
        kinds.ADDRESS,
        rf"(?i:\b(?:{AREAS})\d[A-Z0-9]? \d[A-Z]{{2}}\b)",
        re.compile(rf"(?<![\w-])(?:{AREAS})\d[A-Z\d]? \d(?!ST|ND|RD|TH)[ABD-HJLNP-UW-Z]{{2}}(?![\w-])"),
        needs=(" ",),
    ),
    Shape(
        kinds.ADDRESS,
        r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d\b|〒? ?\d{3}-\d{4}",
        re.compile(
            r"(?<![\w-])[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d(?![\w-])|〒 ?\d{3}-?\d{4}"
        ),
    ),
    Shape(
        kinds.ADDRESS,
        r"\b(?:D|A|CH|F|I|B|L|NL|PL|DK|S|N|FIN)-\d{4,5} \pL|\b\d{4} [A-Z]{2} \p{Lu}|\b\d\d-\d{3} \p{Lu}|"
        r"\b\d{3} \d\d \p{Lu}",
        re.compile(
            r"(?<![\w-])(?:(?:D|A|CH|F|I|B|L|NL|DK|S|N|FIN)-\d{4,5} [A-ZÄÖÜÅØ][\w-]{2,}|[1-9]\d{3} "
            r"(?!MG|ML|IU|KG|MM|PG|NG|CM|HZ|UL)[A-Z]{2},? [A-Z][a-z]{2,}"
            r"|\d\d-\d{3} [A-ZŁŚŻŹ][a-ząćęłńóśźż]{2,})"
        ),
    ),
    cued(
        kinds.ADDRESS,
        HOME,
        r"(?:[^\d\n]{0,30}[ ,:])?(?<!\d)(?:\d{5}(?:-\d{3})?|\d{4}|\d{3} \d\d|\d\d-\d{3})(?: [A-ZÄÖÜÅØŁŚ][\w-]{"
        r"2,}|(?=\W*$))",
        lambda text: re.search(r"(?i)(?:plz|zip|post|code|cap|cep|kod|ps[čc])|\d [A-ZÄÖÜÅØŁŚ]", text) is not None,
    ),
    Shape(
        kinds.ADDRESS,
        rf"(?i:{ABODE}|домой|adres)",
        re.compile(
            rf"(?i:{ABODE})(?: (?:\w{{1,6}}|now|jetzt|nun|there))*? (?i:at|in|on|to|au|à|en|in der|im|"
            r"am|an der|auf dem|op|na|przy|por|nel|del|de)?(?: (?:der|den|dem|the|het|de|la|el))? "
            r"?"
            r"[A-ZÀ-ÞŁŚŻŠČŽА-ЯЁ][\w'-]+(?: [\w'.-]+){0,3},? \d{1,4} ?[a-zA-Z]?(?![\w.,:%/]|\d)"
        ),
        lambda text: not re.search(OF_STUDY, text),
    ),
    Shape(
        kinds.ADDRESS,
        r"\d\.\d{3,} ?°? ?[NSns]\b|\d ?° ?\d{1,2} ?['′’]|(?i:\b(?:gps|lat|latitude|coord\w*|koordinaten|"
        r"location|standort)\b)|///\w",
        re.compile(
            r"\d{1,2}\.\d{3,} ?°? ?[NSns][,; ]+\d{1,3}\.\d{3,} ?°? ?[EWOew]|\d{1,2} ?° ?\d{1,2}(?:\.\d+)? "
            r"?['′’](?: ?\d{1,2}(?:[.,]\d+)? ?(?:[\"″”]|''))? ?[NSns]"
            r"|(?i:\b(?:gps|lat|latitude|coord\w*|koordinaten|location|standort|position))\W{0,3}-?\d{1,2}\.\d"
            r"{3,}|(?<!/)///[a-zäöü]+\.[a-zäöü]+\.[a-zäöü]+"
        ),
    ),
    Shape(
        kinds.PHOTO,
        r"(?i:\.(?:jpe?g|heic|mp4|mov|m4a|wav|png)\b)",
        re.compile(
            r"(?i:\b(?:IMG|DSC[FN]?|PXL|VID|MVI|WA|P\d|selfie|portrait|photo|foto|face|gesicht|video|"
            r"voice|audio|memo)[\w-]*\.(?:jpe?g|heic|mp4|mov|m4a|wav|png)\b)"
        ),
    ),
    Shape(
        kinds.PHONE,
        telephones.GUARD,
        re.compile(r".*", re.DOTALL),
        lambda text: bool(text) and telephones.holds_phone(text),
    ),
    *(_national(form, modules, within=True) for form, modules in numbers.BARE),
)


LETTER = re.compile(r"[^\W\d_]")
Passing = Mapping[str, Collection[str]]  # text -> the guards that let it through
GLANCE = 200  # texts looked at first: a shape far from its share there is not counted on


def numbered(matches: Sequence[str]) -> bool:
    """Whether texts like 101-01-0001 are ids of sites and participants: numbered from 1, or their beginnings repeat."""
    if len(matches) >= 1 and all(re.fullmatch(r"[\d-]+-00\d\d", text) for text in matches):
        return True
    return len(matches) >= 5 and series(matches)


def series(texts: Sequence[str]) -> bool:
    """Whether the beginnings of texts repeat, as those of running numbers do."""
    return len({text[:6] for text in texts}) < 0.5 * len(texts)


def _versions(matches: Sequence[str]) -> bool:
    """Whether texts like internet addresses are versions: three or more that begin low, or alike in two numbers."""
    heads = {tuple(match.rsplit(" ", 1)[-1].split(".")[:2]) for match in matches}
    if len(set(matches)) < 3 or not heads.isdisjoint({("192", "168")}):
        return False
    return len(heads) == 1 or all(int(first) < 20 for first, _ in heads if first.isdigit())


def through(texts: "pyarrow.Array", guard: str) -> list[str]:
    """The texts that a guard lets through."""
    import pyarrow.compute

    return texts.filter(pyarrow.compute.match_substring_regex(texts, guard)).to_pylist()


class Occurrence(NamedTuple):
    """A kind of identifier, and in how many texts its shape occurs; "" and 0 for none."""

    kind: str
    texts: int


def anywhere(texts: Sequence[str], joined: str, passing: Passing | None = None) -> Occurrence:
    """The first kind whose shape occurs in any text.

    ``joined``: the same texts in one, for a first look at what marks there are. ``passing``: the guards that let each
    text through, where they are known.
    """
    import pyarrow

    whole = pyarrow.array(texts if passing is None else [], type=pyarrow.large_string())
    worded = bool(LETTER.search(joined))
    for shape in ANYWHERE:
        if shape.needs and not any(mark in joined for mark in shape.needs):
            continue
        if not worded and shape.kind in (kinds.ADDRESS, kinds.BIRTH):
            continue
        lines = through(whole, shape.guard) if passing is None else [t for t in texts if shape.guard in passing[t]]
        hits = [matches[0] for matches in map(shape.matches, lines) if matches]
        ids = shape.kind == kinds.RECORD and not shape.within and numbered(hits)
        if hits and not ids and not (shape.needs == (".",) and _versions(hits)):
            return Occurrence(shape.kind, len(hits))
    return Occurrence("", 0)
