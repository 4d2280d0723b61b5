"""Names of people: common given and family names, what a column of names looks like, and names within other words."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from omtrace.validation.identifiers import scripts
from omtrace.validation.identifiers.words import (
    COMMON,
    ENDINGS,
    FAMILY,
    GIVEN,
    INTRODUCED,
    MORE_FAMILY,
    MORE_GIVEN,
    NO_NAME_ENDINGS,
    RARE_FAMILY,
    RARE_GIVEN,
    RELATIONS,
    ROLES,
    SHORT_ENDINGS,
    TITLES,
)

GIVEN_NAMES = (GIVEN | MORE_GIVEN) - COMMON
NAMES = (GIVEN | FAMILY | MORE_GIVEN | MORE_FAMILY) - COMMON
ANY_GIVEN, ANY_NAMES = GIVEN_NAMES | (RARE_GIVEN - COMMON), NAMES | ((RARE_GIVEN | RARE_FAMILY) - COMMON)
INSTITUTION = re.compile(
    r"hospital|clini|klini|universi|college|institut|cent(?:er|re)|zentrum|school|charit|practice|praxis|ward\b|"
    r"department|laborator|pharma|gmbh|\binc\b|\bltd\b|street|syndrome|disease|palsy|test\b|scale|h[oô]pital|ospedale|"
    r"\bchu\b|policlinic|stiftung|fondation|fondazione|fundaci[oó]n|ziekenhuis|foundation|trust\b|infirmary|memorial|krankenhaus|"
    r"spital|szpital|sykehus|nemocnice|inventory|"
    r"questionnaire|stud(?:y|ie)\b|\btrial\b|\bscore\b|\bindex\b|\bsign\b|initiative|technique|maze\b|method\b|"
    r"cohort|\bday\b|\bmix\b|degree|\bpoints?\b|tendon|phenomenon|sciences|chemical|springs\b|"
    r"whitney|kaplan.meier|carl (?:roth|zeiss)|\braphe\b",
    re.IGNORECASE,
)
SHAPE = re.compile(r"(?:[^\W\d_]['’`-]?\.?(?:, ?| )?){2,60}")  # letters, with the signs that names have between them
WORDS = re.compile(r"[^\W\d_]+")
CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ][^\W\d_]*(?:['’-][^\W\d_]+)*")  # one capitalised word
LAST_FIRST = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'’ -]+, ?[A-ZÀ-ÖØ-Þ][\w'’-]+(?: [A-ZÀ-ÖØ-Þ]\.?)?")
# A word of a text with the signs that names have within, and what stands between it and the next word.
TOKEN = re.compile(r"(?P<word>[^\W\d_]+(?:['’`´-][^\W\d_]+)*)(?P<after>[^\w]*)")
IRISH = re.compile(r"(?:Mc|Mac(?=[A-Z])|O['’`´]|D['’`´]|Fitz(?=[A-Z])|[AE]l-)[A-ZÀ-Þ][^\W\d_]+")
PARTICLES = frozenset(
    """van von der den de del della di da dos das do la le los las bin ibn al el ter ten te zu zum vom af av y e du des
    vander vande op in 't""".split()
)
TITLE = frozenset(TITLES.casefold().replace("?", "").split("|")) | frozenset(
    "siga dotta da profa mr ms herr herrn señora señor senora senor señorita senorita signora signore "
    "senhor senhora maître maitre dame frl".split()
)
OF_THINGS = frozenset("master sister lady dame".split())  # titles that stand before words for things as well
CUE = re.compile(rf"(?i)(?<![^\W\d_])(?:{RELATIONS}|{ROLES}|{INTRODUCED})(?:s|'s|in|en)?(?![^\W\d_])")
# Between what announces a name and the name: marks, and words such as is, the, named.
BRIDGE = re.compile(
    r"(?i)(?:\.|:|,|=|\(|-|–|\"|“|„|'| |\bist\b|\bis\b|\bwas\b|\bwar\b|\best\b|\bes\b|\bheißt\b|\bthe\b|"
    r"\bnamed\b|\bcalled\b"
    r"|\bnamens\b|\bname\b|\bof\b|\bby\b|\bvon\b|\bde\b|\bdr\.?|\bmr\.?|\bmrs\.?|\bherrn?\b|\bfrau\b|"
    r"\bmit\b|\bwith\b|\bfrom\b){0,8}"
)
BEFORE_FAMILY = (["van"], ["von"], ["bin"], ["ibn"], ["der"], ["den"])  # particles that only names have
# What people do, behind their name.
ACTS = frozenset(
    """called rang phoned cancelled canceled declined refused withdrew came left asked did didn reports reported says
    said complained missed wants kommt kam sagt sagte ruft rief hat möchte will klagt berichtet verweigert fehlt absente
    absent refuse demande llama llamó vino refiere pide chiama riferisce belde komt zegt zadzwonił zadzwoniła""".split()
)
INITIALS = re.compile(
    r"(?i:\b(?:initials?|init|initialen|k(?:ü|ue)rzel|iniziali|initiales|iniciales)\b)[^\w]{0,3}(?:(?i:is|"
    r"are|sind|:) ?)?[A-Z]\.? ?[A-Z]\.?(?![\w])"
    r"|(?i:\b(?:pat|patient|patientin|pt|ppt|proband|subject|participant|mr|mrs|ms|dr|herrn?|frau)\b)\.?:? "
    r"[A-Z]\. ?[A-Z]\.(?!\w)"
)
SHORTENED = re.compile(r"\b(Sig|Dott|Sr|D|Prof|Dr)\.(?:ra|ssa|na|ta|ina|in)\b\.?")  # Sig.ra, Dott.ssa
LATIN_ENDING = re.compile(r"(?:us|is|um|ae|oli|ii|ei)$")  # of anatomy and bacteria, behind a capital letter and a dot
BEFORE_LETTER = frozenset(
    "vitamin type typ grade group plate sample visit hepatitis factor influenza protein phase step part point".split()
)
KNOWN, LIKELY, RARE, LAST_FIRST_SHARE = 0.25, 0.05, 0.75, 0.8
MANY, VERY_MANY, VARIED = 20, 30, 0.8
LONGEST_NAME = 5  # words
GLANCE = 200  # texts looked at first


def plain(word: str) -> str:
    """Lower case without accents, and the umlauts as one letter."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c)).replace("ø", "o").replace("ł", "l")


class Names(NamedTuple):
    """Whether texts are names of people, whether that is sure, and whether a name is in them that may be rare."""

    are_names: bool
    is_sure: bool
    may_be: bool = False


@lru_cache(1 << 16)
def of_names(text: str) -> Names:
    """Whether a text has the shape of a name, and whether it holds a known one."""
    if len(text) < 2 or len(text) > 60 or not SHAPE.fullmatch(text) or INSTITUTION.search(text):
        return Names(False, False)
    words = WORDS.findall(text)
    if len(words) > LONGEST_NAME:
        return Names(False, False)
    # three capitals are an abbreviation sooner than a name
    telling = [] if _eponym(words) else [plain(word) for word in words if len(word) > 3 or not word.isupper()]
    known = any(word in NAMES or built_as_family(word) for word in telling)
    sure = known or scripts.named(text) or scripts.like_a_name(text)
    return Names(True, sure, sure or any(word in ANY_NAMES for word in telling))


def are_institutions(texts: Sequence[str]) -> bool:
    """Whether a quarter of the texts, or more, have a word for an institution."""
    return sum(1 for text in texts if INSTITUTION.search(text)) >= KNOWN * len(texts)


def _eponym(words: Sequence[str]) -> bool:
    """Whether a name stands beside a small word that is no part of names: Morris water maze, weiß nicht."""
    small = [plain(word) for word in words if word.islower() and len(word) > 3]
    if words[0][:1].isupper():
        return any(word not in NAMES and word not in PARTICLES for word in small)
    return not COMMON.isdisjoint(small) and GIVEN_NAMES.isdisjoint(map(plain, words))


def share_of_names(texts: Sequence[str], varied: float) -> float:
    """The share of names among the texts of a column if it is one of names, else 0.

    ``varied``: distinct texts divided by cells. A column holds names where at least 80 % of its texts are one to
    five words of letters and: at least 25 % of its texts hold a known name, or 75 % of 10 or more one that may be rare,
    most of two words or more; or at least 5 % hold a known one, of 20 texts or more that are capitalised; or, of 30 or
    more that nearly all differ from cell to cell, 95 % are single capitalised words; or 80 % are written `Last, First`,
    of 10 or more that nearly all differ.
    """
    glance = texts[:: max(1, len(texts) // GLANCE)]
    if sum(of_names(text)[0] for text in glance) < 0.4 * len(glance):
        return 0.0
    found = [of_names(text) for text in texts]
    count = len(texts)
    shaped, known, likely = (sum(column) / count for column in zip(*found, strict=True))
    if shaped < 0.8:
        return 0.0
    capital = sum(1 for text in texts if text[:1].isupper()) / count
    if known >= KNOWN or (known >= LIKELY and count >= MANY and capital >= 0.8):
        return shaped
    if count >= 10 and likely >= RARE and sum(1 for text in texts if len(WORDS.findall(text)) > 1) > 0.5 * count:
        return shaped
    if varied < VARIED:
        return 0.0
    if (
        count >= VERY_MANY
        and sum(1 for text in texts if CAPITAL.fullmatch(text) and not text.isupper()) >= 0.95 * count
    ):
        return shaped
    parted = [text.split(",") for text in texts if LAST_FIRST.fullmatch(text)]
    lasts, firsts = {part[0] for part in parted}, {part[1].strip() for part in parted}
    # words on both sides of the comma are a list of two things
    listed = len(lasts & firsts) > 0.1 * len(lasts)
    return shaped if count >= 10 and len(parted) >= LAST_FIRST_SHARE * count and not listed else 0.0


class Word(NamedTuple):
    """A word of a text: as it stands, in plain letters, where it begins, and what stands behind it."""

    text: str
    plain: str
    start: int
    after: str

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital."""
        return self.text[0].isupper()

    @property
    def parts(self) -> list[str]:
        """Its parts between hyphens and apostrophes, and the whole."""
        return [self.plain, *re.split(r"['’`´-]", self.plain)] if not self.plain.isalpha() else [self.plain]

    @property
    def given(self) -> bool:
        """Whether a known given name is in it."""
        return any(part in GIVEN_NAMES for part in self.parts)

    @property
    def may_be_given(self) -> bool:
        """Whether a given name is in it, be it a rare one."""
        return any(part in ANY_GIVEN for part in self.parts)

    @property
    def may_be_known(self) -> bool:
        """Whether a name is in it, be it a rare one."""
        return self.known or any(part in ANY_NAMES for part in self.parts)

    @property
    def known(self) -> bool:
        """Whether a known name is in it, or it is built as family names are."""
        return any(part in NAMES or built_as_family(part) for part in self.parts) or bool(IRISH.fullmatch(self.text))

    @property
    def ordinary(self) -> bool:
        """Whether it is a word that is no name: a common one, or one with an ending that names do not have."""
        if self.plain in COMMON or self.plain in TITLE or len(self.plain) < 2:
            return True
        return not self.may_be_known and (no_name_ending(self.plain) or (self.text.isupper() and len(self.text) < 4))


def ordinary(word: str) -> bool:
    """Whether a single word is no name: a common one, or one that ends as nouns of the clinic do."""
    return Word(word, plain(word), 0, "").ordinary


def built_as_family(word: str) -> bool:
    """Whether a word ends as family names do: -owski, -ova, -sson, -poulos, -mann."""
    return any(word.endswith(e) and len(word) >= len(e) + (4 if e in SHORT_ENDINGS else 2) for e in ENDINGS) and (
        word not in COMMON
    )


def no_name_ending(word: str) -> bool:
    """Whether a word of six letters or more ends as nouns of the clinic do."""
    return len(word) >= 6 and word.endswith(tuple(NO_NAME_ENDINGS))


def candidates(texts: Iterable[str]) -> list[str]:
    """The texts that may name a person among other words: a fast look that lets through all that ``named`` would find.

    Each distinct word is looked at once for all texts.
    """
    telling: dict[str, bool] = {}
    through = []
    for text in texts:
        if " " not in text and "," not in text and text.isascii():
            continue
        for word in WORDS.findall(text):
            if word not in telling:
                telling[word] = _telling(word)
            if telling[word]:
                through.append(text)
                break
    return through


@lru_cache(1 << 16)
def _telling(word: str) -> bool:
    """Whether a text with this word has to be looked at."""
    if not word.isascii() and scripts.foreign(word):
        return True
    lowered = plain(word)
    return (
        lowered in ANY_NAMES
        or lowered in TITLE
        or bool(CUE.fullmatch(word))
        or built_as_family(lowered)
        or lowered in ("initials", "initialen", "kurzel", "kuerzel", "pt", "pat", "mc")
        or (len(word) == 1 and word.isupper())
        or lowered in ("van", "von", "bin", "ibn", "by", "regards", "dear")
    )


def named(text: str) -> bool:
    """Whether a text names a person among other words.

    A name is: a word behind a title (`Frau Lobinger`), behind what people are called or are to somebody (`Pat.
    Lobinger`, `husband Peter`); a known given name beside a capitalised word (`Anna Lobinger`, `Lobinger, Anna`); two
    known names in any case (`JOHN SMITH`, `john smith`); capital letters with dots before a capitalised word
    (`K. Lobinger`); a name with particles (`Sjoerd van der Meer`); a name in another script (``scripts``). Words that
    belong to an institution, and common words of notes, are none.
    """
    if scripts.named(text):
        return True
    if INITIALS.search(text):
        return True
    text = SHORTENED.sub(r"\1a", text)
    words = [Word(m["word"], plain(m["word"]), m.start(), m["after"]) for m in TOKEN.finditer(text)]
    return (
        _titled(words)
        or _announced(text, words)
        or any(not _institutional(words, n) for n in _paired(words, text.isupper()))
        or _initialled(text, words)
    )


def _titled(words: Sequence[Word]) -> bool:
    """Whether a word behind a title is a name."""
    for n, word in enumerate(words[:-1]):
        if word.plain not in TITLE or word.after not in (". ", " ", ".", ": ", ".-"):
            continue
        behind = next((w for w in words[n + 1 :] if w.plain not in TITLE and len(w.text) > 1), None)
        if behind is None:
            continue
        if (word.text == "MR" or word.plain in OF_THINGS) and not behind.known:  # a scan: MR angiography; master mix
            continue
        capital = behind.capital and not (
            word.text.islower() and word.plain in ("don", "me", "bay", "pan", "dame", "fr", "sig", "mag")
        )
        if (capital and not behind.ordinary) or (
            behind.known
            and not behind.ordinary
            and word.plain in ("mr", "mrs", "ms", "miss", "dr", "herr", "frau", "mme", "sra", "dhr", "mevr")
        ):
            return True
        if behind.plain in PARTICLES - {"der", "den", "des", "la", "le"} and any(
            w.capital and not w.ordinary for w in words[n + 2 : n + 5]
        ):
            return True
    return False


def _announced(text: str, words: Sequence[Word]) -> bool:
    """Whether a capitalised name, or a known one, stands behind a word that announces a person."""
    starts = {word.start: n for n, word in enumerate(words)}
    for cue in CUE.finditer(text):
        bridge = BRIDGE.match(text, cue.end())
        end = bridge.end() if bridge else cue.end()
        if end == cue.end():
            continue
        n = starts.get(end)
        while n is not None and n < len(words) and len(words[n].text) == 1 and words[n].after.startswith("."):
            n += 1  # initials
        if n is None or n >= len(words):
            continue
        word = words[n]
        if word.plain in PARTICLES and n + 1 < len(words):
            word = words[n + 1]
        if word.ordinary or _institutional(words, n):
            continue
        loose = re.search(r"[:,(=\"„“]", text[cue.end() : end]) is not None
        shouted = word.text.isupper()
        if (word.capital and not shouted) or word.known or (shouted and loose and len(word.text) > 3):
            return True
    return False


def _paired(words: Sequence[Word], shouted: bool) -> list[int]:
    """Where two neighbouring words are a name: the places of the first."""
    running = any(w.text.islower() and len(w.text) > 2 and w.plain not in PARTICLES for w in words)
    found = []
    for n in range(len(words) - 1):
        first = words[n]
        if first.ordinary or first.after not in (" ", ", ", ",", " (", "/"):
            continue
        m = n + 1
        while m < len(words) - 1 and (
            (words[m].plain in PARTICLES and not words[m].capital)
            or (len(words[m].text) == 1 and words[m].capital and words[m].after in (". ", " "))
        ):
            m += 1
        second = words[m]
        between = [word.plain for word in words[n + 1 : m]]
        if second.ordinary or between == ["in"]:  # Alice in Wonderland; `in 't Veld` has two
            continue
        pair = Pair(first, second, n > 0, running, shouted)
        acting = m + 1 < len(words) and words[m + 1].text in ACTS and second.after == " "
        if pair.frequent or pair.rare or (pair.mixed and not pair.comma and (acting or between[:1] in BEFORE_FAMILY)):
            found.append(n)
    return found


@dataclass(frozen=True)
class Pair:
    """Two neighbouring words: whether words stand before them, lower-case ones beside them, or capitals alone."""

    first: Word
    second: Word
    behind: bool
    running: bool
    shouted: bool

    @property
    def comma(self) -> bool:
        """Whether a comma stands between them."""
        return "," in self.first.after

    @property
    def both(self) -> bool:
        """Whether both begin with a capital."""
        return self.first.capital and self.second.capital and len(self.first.text) > 1

    @property
    def mixed(self) -> bool:
        """Whether both begin with a capital and are not all capitals."""
        return self.both and not (self.first.text.isupper() and self.second.text.isupper())

    @property
    def frequent(self) -> bool:
        """Whether frequent names tell that they are a name."""
        first, second = self.first, self.second
        same_case = self.both or not (first.capital or second.capital)
        if first.known and second.known and (first.given or second.given) and same_case:
            return not self.comma or self.both or second.given  # `smith, john` in lower case as well
        if (self.mixed or (self.both and not self.shouted)) and not self.comma and first.given:
            return True
        if self.comma:
            return self.mixed and second.given and (first.known or not self.behind)
        return self.mixed and second.known and len(first.text) > 2 and (self.behind or first.known or second.given)

    @property
    def rare(self) -> bool:
        """Whether names that may be rare tell it: one on each side, or one within a sentence."""
        first, second = self.first, self.second
        if not self.both or min(len(first.text), len(second.text)) < 3:
            return False
        if first.may_be_known and second.may_be_known and (first.may_be_given or second.may_be_given):
            return self.mixed or min(len(first.text), len(second.text)) > 3
        if not (self.mixed and self.running):
            return False
        if self.comma:
            return second.may_be_given
        return first.may_be_given or (self.behind and second.may_be_known)


def _institutional(words: Sequence[Word], n: int) -> bool:
    """Whether the words around a place, as far as they are capitalised, name an institution, a place or an eponym."""
    first = n
    while first > 0 and words[first - 1].capital and words[first - 1].after in (" ", ". "):
        first -= 1
    last = n + 1
    while (
        last < len(words)
        and words[last - 1].after in (" ", " & ", "-", ", ")
        and (words[last].capital or words[last].plain in ("of", "and", "de", "der", "und"))
    ):
        last += 1
    phrase = " ".join(word.text for word in words[first : last + 1])
    before = {word.plain for word in words[max(0, first - 1) : n]}
    return bool(INSTITUTION.search(phrase)) or bool(
        before & {"san", "santa", "saint", "st", "sao", "fort", "port", "mount", "mt"}
    )


def _initialled(text: str, words: Sequence[Word]) -> bool:
    """Whether capital letters with dots stand beside a capitalised word."""
    for n, word in enumerate(words):
        if len(word.text) != 1 or not word.capital or not word.after.startswith("."):
            continue
        if n and words[n - 1].plain in BEFORE_LETTER:
            continue
        if n + 1 < len(words) and word.after in (". ", ".", ".-"):
            behind = words[n + 1]
            fits = behind.capital and not behind.text.isupper() and len(behind.text) > 2 and not behind.ordinary
            if fits and (behind.known or not LATIN_ENDING.search(behind.plain)) and not _institutional(words, n + 1):
                return True
            if behind.text.isupper() and behind.known and len(behind.text) > 3:
                return True
            if behind.plain in PARTICLES and n + 2 < len(words) and words[n + 2].capital and not words[n + 2].ordinary:
                return True
        before = words[n - 1] if n else None
        if (
            before
            and before.after in (", ", " ", ",")
            and before.capital
            and len(before.text) > 2
            and not before.ordinary
        ):
            if before.known and not _institutional(words, n - 1):
                return True
            if re.fullmatch(r"[^\W\d_][\w'’-]+, ?[A-Z]\.(?: ?[A-Z]\.)?", text):
                return True
    return False
