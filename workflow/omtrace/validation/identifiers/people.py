"""Names of people: common given and family names, what a column of names looks like, and names within other words.

The words are those that name registers list as frequent; they name nobody in particular. Words that are also months,
colours, places, brands or eponyms of diseases (April, White, Victoria, Yasmin, Parkinson) are left out on purpose.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from omtrace.validation.identifiers import scripts
from omtrace.validation.identifiers.words import (
    COMMON,
    ENDINGS,
    INTRODUCED,
    MORE_FAMILY,
    MORE_GIVEN,
    NO_NAME_ENDINGS,
    RELATIONS,
    ROLES,
    SHORT_ENDINGS,
    TITLES,
)

GIVEN = frozenset(
    """aaron abdul abigail adam adriana agnes ahmed aisha alan alba albert alberto alejandra alejandro
    alessandra alessandro alessia alex alexander alexandra alexis alfred alice alicia alina alison allen
    alyssa amanda amelia amelie amina amy andrea andreas andreea andres andrew angela angelika angelina anil
    anita anja anke ann anna annabelle anne anneke annette annie anouk anthony antje antoine anton antonella
    antonia antonio arne arthur astrid audrey axel barbara bart bastian beate beatrice beatriz ben benedikt
    benjamin bernard bernd bernhard bianca birgit bjorn bradley brandon brenda brian brigitte britta bruno
    bryan camila camille carl carla carlos carmen carol carolina caroline carolyn catherine cecile celine
    charles chiara chloe chris christa christian christiane christina christine christoph christophe
    christopher claire clara claude claudia claus clemens connor conor cornelia craig cristina cynthia daan
    damien dan daniel daniela daniele danielle danuta dario david deborah debra deepak dennis derek diego
    dieter dietmar dimitri dirk dmitri dominik dominique donald donna dora doris dorothea dorothy douglas
    dylan eduardo edward edwin eileen elaine elena eleonora elias elif elisa elisabeth elise elizabeth elke
    ella ellen elsa emil emilia emilie emily emma emmanuel enrico eric erica erik erika erin ernst esther
    ethan eugene evelyn fabian fabio fabrice fatima fatma federica federico felipe felix femke fernando filip
    fiona flavia florian frances francesca francesco francis francisco franck francois francoise frank
    frantisek franz franziska frederic frederik friedrich fritz gabriel gabriela gabriele gareth gary georg
    george georgina gerald gerard gerhard gertrud giacomo gianluca gianna giorgia giovanna giovanni gisela
    giulia giuseppe gonzalo grzegorz guido guillaume guillermo gunter gustav hannah hannelore hans harald
    harold harry hassan heather hector heidi heike heiko heinrich heinz helen helena helga helmut henri henrik
    henry herbert hermann hiro hiroshi holger horst hugo hussein ian ibrahim ilse ines inga ingeborg ingrid
    irene irina irma isabel isabell isabella isabelle ivan jaap jack jacob jacqueline jacques jaime jakob
    jakub james jamie jana jane janet janina janine jason javier jean jeanette jeannine jeffrey jennifer jens
    jeremy jerome jesse jessica jesus jill jim jimena joachim joan joanna joanne joao joaquin jochen joel
    johan johanna johannes john johnny jolanda jon jonas jonathan jorg jorge joris jose josef joseph joshua
    joyce juan juana judith judy julia julian juliana julie julien juliette jurgen justin justyna kaitlyn
    karen karim karin karl karla karolina katarina katarzyna kate katharina katherine kathleen kathrin kathryn
    katie katja katrin keith kelly kenji kenneth kerstin kevin khalid kim kimberly kirsten klaus konstantin
    krzysztof kurt kyle lara larissa lars laura lauren laurence laurent laurie lea leah lena leon leonard
    leonardo leonie liam lilian lily linda lisa lise lorena lorenzo louis louise luc luca lucas lucia lucie
    luigi luis luisa luise lukas luna lynn maarten maciej madeleine magdalena malgorzata manfred manon manuel
    manuela marc marcel marcelo marco marcos marcus margaret margarete margarita margit margot maria mariana
    marianna marianne marie marije marijke marilyn marina mario marion marissa marjan markus marlene marta
    martha martin martina martine mary massimo mateo mateusz mathias mathieu mathilde matteo matthew matthias
    maureen maurice maurizio maxime maximilian megan mehmet melanie mercedes michael michaela michal michel
    michele michelle miguel mike mikhail milan milena ming miriam mohamed mohammad mohammed monica monika
    monique moritz muhammad murat mustafa nadia nadine nadja nancy naomi natalia natalie natasha nathalie
    nathan neil nicholas nick nico nicola nicolas nicole nicolette niels nikolai nils nina noah noemi nora
    norbert norman nuria olaf oleg olga oliver olivia olivier omar oscar otto owen pablo pamela paola paolo
    pascal patricia patrick patrizia paul paula pauline pawel pedro peggy penelope peter petra philip philipp
    philippe phillip pierre pieter pietro pilar piotr priya priyanka rachel rafael rainer rajesh ralf ralph
    ramon raphael raquel rebecca regina reinhard renate rene ricarda ricardo riccardo richard rita robert
    roberta roberto rodrigo roger roland rolf romain ronald rosa rosemarie roswitha roy ruben rudolf rupert
    russell ruth ryan sabine sabrina salvador salvatore sam samantha samira samuel sandra sanjay sara sarah
    saskia scott sean sebastian sergei sergio shannon sharon sheila shirley sigrid silke silvia simon simona
    simone sofia sofie sonia sonja sophia sophie stefan stefania stefanie stella stephan stephane stephanie
    stephen steve steven stuart sue sunita susan susana susanne suzanne sven svenja sylvia sylvie tamara tanja
    tanya tara tatiana teresa theo theresa therese thierry thijs thomas thorsten tiffany tim timo timothy tina
    tobias todd tom tomas tomasz tommaso toni torsten tracy travis trudy tyler udo ulrich ulrike ursula ute
    uwe valentin valentina valerie vanessa verena veronica veronika vincent vincenzo virginie vladimir volker
    walter waltraud wanda wayne wei wendy werner wilhelm willem william wim wojciech wolfgang xavier yannick
    yolanda yuki yusuf yves yvette yvonne zachary zoe zoey""".split()
)
FAMILY = frozenset(
    """acosta aguilar ahmed alexander ali allen almeida alonso alvarez alves anderson andersson andrews arnold
    bailey bakker bakshi barbieri barnes barros bauer baumann bauwens bech beck bennett berger bergmann
    bernard bertrand bianchi boer bonnet bos bouwman braun brinkmann brouwer bruno bryant burke busch butler
    caballero campbell cano caruso carvalho castillo castro chavez chen cheng choi clark clarke clement cohen
    coleman colombo conti cooper correia cox cruz dacosta dahl dasilva davies davis dekker delacruz delgado
    deluca devries dias diaz dietrich dijkstra dominguez dubois dufour dumont dupont durand edwards esposito
    esteban evans fabre fernandes fernandez ferrari ferreira ferri fischer flores fontaine foster fournier
    francois frank franke friedrich fuchs gallo garcia garnier gauthier gerard gibson gimenez girard gomes
    gomez goncalves gonzales gonzalez graf greco griffin griffiths gruber guerin guerra guerrero gupta
    gutierrez haas hahn hamilton hansen hansson harris harrison hartmann hausmann heinrich hendriks henry
    herman hermans hernandes hernandez herrera herrmann hoffman hoffmann hofmann holm horvat huang huber
    hughes ivanov iyer jacobs jaeger jansen janssen janssens jenkins jensen jimenez johansson johnson jones
    jonsson jovanovic kaiser karlsson kaur keller kelly kennedy khan kim koch kohler konig kovacs kowalski
    kraus krause kruger kuhn kumar lambert lange larsen larsson laurent leclerc lefebvre lefevre legrand
    lehmann leroy lewis liu lombardi lopez lorenz louis ludwig luther maas macdonald machado maier mancini
    marino marques marquez martin martinelli martinez martini martins mathieu mayer mcdonald medina mehta
    meier meijer mendes mendez mendoza mercier meyer michel miller mitchell molina moore morales moreau morel
    moreno moretti morgan morris moser mukherjee mulder muller munoz murphy murray navarro nelson neumann
    nguyen nicolas nielsen nilsson novak nowak nunez obrien ochoa oconnor oliveira olsen olsson oneill ortega
    ortiz otto owens pacheco patel pedersen pereira perez perrin peters petersen peterson petrov pfeiffer
    phillips pinto popescu popov powell prieto quinn ramirez ramos rao rasmussen reddy reyes reynolds ricci
    richards richardson richter rinaldi rivera rizzo roberts robertson robinson robles rodrigues rodriguez
    rogers rojas romano romero rossi rossini rousseau roux roy rubio ruiz russo saez sanchez sanders santos
    sanz sato sauer schafer schmid schmidt schmitt schmitz schneider scholz schouten schreiber schroder
    schubert schulte schulz schulze schumacher schuster seidel serrano sharma shaw silva simmons simpson singh
    smit smith soares sorensen sousa souza stewart sullivan suzuki svensson szabo takahashi tanaka taylor
    teixeira thomas thompson thomson torres tran valverde vandenberg vargas vasquez vazquez vega verhoeven
    vermeulen vincent visser vogel vogt wagner walker wang watanabe watson weber werner westerman whitman
    willems williams williamson wilson winkler wisniewski wojcik wojdyla wolff wright yamamoto yang yilmaz
    zhang zhao zhou ziegler zimmer zimmermann""".split()
)
GIVEN_NAMES = (GIVEN | MORE_GIVEN) - COMMON
NAMES = (GIVEN | FAMILY | MORE_GIVEN | MORE_FAMILY) - COMMON
INSTITUTION = re.compile(
    r"hospital|clini|klini|universi|college|institut|cent(?:er|re)|zentrum|school|charit|practice|praxis|ward\b|"
    r"department|laborator|pharma|gmbh|\binc\b|\bltd\b|street|syndrome|disease|palsy|test\b|scale|h[oô]pital|ospedale|"
    r"\bchu\b|policlinic|stiftung|fondation|fondazione|fundaci[oó]n|ziekenhuis|foundation|trust\b|infirmary|memorial|college|krankenhaus|spital|szpital|sykehus|nemocnice|inventory",
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
CUE = re.compile(rf"(?i)(?<![^\W\d_])(?:{RELATIONS}|{ROLES}|{INTRODUCED})(?:s|'s|in|en)?(?![^\W\d_])")
# Between what announces a name and the name: marks, and words such as is, the, named.
BRIDGE = re.compile(
    r"(?i)(?:\.|:|,|=|\(|-|–|\"|“|„|'| |\bist\b|\bis\b|\bwas\b|\bwar\b|\best\b|\bes\b|\bheißt\b|\bthe\b|"
    r"\bnamed\b|\bcalled\b"
    r"|\bnamens\b|\bname\b|\bof\b|\bby\b|\bvon\b|\bde\b|\bdr\.?|\bmr\.?|\bmrs\.?|\bherrn?\b|\bfrau\b|"
    r"\bmit\b|\bwith\b|\bfrom\b){0,8}"
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
KNOWN, LIKELY, LAST_FIRST_SHARE = 0.25, 0.05, 0.8
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
    """Whether texts are names of people, and whether that is sure."""

    are_names: bool
    is_sure: bool


@lru_cache(1 << 16)
def of_names(text: str) -> Names:
    """Whether a text has the shape of a name, and whether it holds a known one."""
    if len(text) < 2 or len(text) > 60 or not SHAPE.fullmatch(text) or INSTITUTION.search(text):
        return Names(False, False)
    words = WORDS.findall(text)
    if len(words) > LONGEST_NAME:
        return Names(False, False)
    # three capitals are an abbreviation sooner than a name
    known = not _eponym(words) and any(
        plain(word) in NAMES or built_as_family(plain(word)) for word in words if len(word) > 3 or not word.isupper()
    )
    return Names(True, known or scripts.named(text) or scripts.like_a_name(text))


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
    five words of letters and: at least 25 % of its texts hold a known name; or at least 5 % do, of 20 texts or more
    that are capitalised; or, of 30 or more that nearly all differ from cell to cell, 95 % are single capitalised
    words; or 80 % are written `Last, First`, of 10 or more that nearly all differ.
    """
    glance = texts[:: max(1, len(texts) // GLANCE)]
    if sum(of_names(text)[0] for text in glance) < 0.4 * len(glance):
        return 0.0
    found = [of_names(text) for text in texts]
    count = len(texts)
    shaped, known = (sum(column) / count for column in zip(*found, strict=True))
    if shaped < 0.8:
        return 0.0
    capital = sum(1 for text in texts if text[:1].isupper()) / count
    if known >= KNOWN or (known >= LIKELY and count >= MANY and capital >= 0.8):
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
    def known(self) -> bool:
        """Whether a known name is in it, or it is built as family names are."""
        return any(part in NAMES or built_as_family(part) for part in self.parts) or bool(IRISH.fullmatch(self.text))

    @property
    def ordinary(self) -> bool:
        """Whether it is a word that is no name: a common one, or one with an ending that names do not have."""
        if self.plain in COMMON or self.plain in TITLE or len(self.plain) < 2:
            return True
        return not self.known and (no_name_ending(self.plain) or (self.text.isupper() and len(self.text) < 4))


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
        lowered in NAMES
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
        if word.text == "MR" and not behind.known:  # a scan: MR angiography
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
        if second.ordinary:
            continue
        comma, particle = "," in first.after, m > n + 1
        if [word.plain for word in words[n + 1 : m]] == ["in"]:  # Alice in Wonderland; `in 't Veld` has two
            continue
        both = first.capital and second.capital and len(first.text) > 1
        mixed = both and not (first.text.isupper() and second.text.isupper())
        if (
            first.known
            and second.known
            and (first.given or second.given)
            and (both or not (first.capital or second.capital))
        ):
            if not comma or both or second.given:  # `smith, john` in lower case as well
                found.append(n)
        elif (mixed or (both and not shouted)) and not comma and first.given:
            found.append(n)
        elif mixed and comma and second.given and (first.known or n == 0):
            found.append(n)
        elif mixed and not comma and second.known and len(first.text) > 2 and (n > 0 or first.known or second.given):
            found.append(n)
        elif mixed and particle and not comma and words[n + 1].plain in ("van", "von", "bin", "ibn", "der", "den"):
            found.append(n)
    return found


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
