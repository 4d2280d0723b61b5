"""Names of people: common given and family names of several languages, and what a column of names looks like.

The words are those that name registers list as frequent; they name nobody in particular. Words that are also months,
colours, places, brands or eponyms of diseases (April, White, Victoria, Yasmin, Parkinson) are left out on purpose.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

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
NAMES = GIVEN | FAMILY
CAPITALISED = frozenset(name.capitalize() for name in GIVEN)
INSTITUTION = re.compile(
    r"hospital|clini|klini|universi|college|institut|cent(?:er|re)|zentrum|school|charit|practice|praxis|ward\b|"
    r"department|laborator|pharma|gmbh|\binc\b|\bltd\b|street|syndrome|disease|palsy|test\b|scale|hopital|ospedale|"
    r"ziekenhuis|foundation|trust\b",
    re.IGNORECASE,
)
SHAPE = re.compile(r"(?:[^\W\d_]['’`-]?\.?(?:, ?| )?){2,60}")  # letters, with the signs that names have between them
WORDS = re.compile(r"[^\W\d_]+")
CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ][^\W\d_]*(?:['’-][^\W\d_]+)*")  # one capitalised word
LAST_FIRST = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'’ -]+, ?[A-ZÀ-ÖØ-Þ][\w'’-]+(?: [A-ZÀ-ÖØ-Þ]\.?)?")
PAIR = re.compile(r"(?<![\w-])([A-Z][a-zà-ÿ]{2,})(?= ([A-Z][a-zà-ÿ]{2,})(?![\w-]))")
TITLE = re.compile(
    r"(?<![\w.])(?:(?:Mrs?|mrs?|Ms|Mx|Dr|dr|DR|MRS|Prof|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Sra|Se[nñ]ora?|Sig(?:ra|nora?)?"
    r"|Dhr|Mevr|Mevrouw|Meneer)\.? |MR\.? (?=[A-Z][a-z]))(?P<name>[A-ZÀ-ÖØ-Þ][a-zà-ÿ'’]{2,})"
)
# What must stand in a text before it is looked at more closely (RE2).
TITLE_GUARD = (
    r"\b(?:Mrs?|mrs?|Ms|Mx|Dr|dr|DR|MR|MRS|Prof|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Sra|Se[nñ]ora?|Sig(?:ra|nora?)?"
    r"|Dhr|Mevr|Mevrouw|Meneer)\.? \p{Lu}"
)
PAIR_GUARD = r"\b[A-Z]\p{Ll}\p{Ll}+ [A-Z]\p{Ll}\p{Ll}"
NO_NAMES = set(
    """visit dose appointment angiography scan scanner imaging spectroscopy visits doses patient doktor prof professor
    google who the and said""".split()
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


@lru_cache(1 << 16)
def of_names(text: str) -> tuple[bool, bool]:
    """Whether a text has the shape of a name, and whether it holds a known one."""
    if len(text) < 2 or len(text) > 60 or not SHAPE.fullmatch(text) or INSTITUTION.search(text):
        return False, False
    words = WORDS.findall(text)
    if len(words) > LONGEST_NAME:
        return False, False
    # three capitals are an abbreviation sooner than a name
    return True, any(plain(word) in NAMES for word in words if len(word) > 3 or not word.isupper())


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


def titled(text: str) -> bool:
    """Whether a text has a title and a capitalised word that is no word of the clinic."""
    for match in TITLE.finditer(text):
        name = plain(match["name"])
        # MR in capitals is a scan: MR angiography
        if name not in NO_NAMES and (not match[0].startswith("MR") or name in NAMES):
            return True
    return False


def paired(text: str) -> bool:
    """Whether a known given name stands before a known name, and no institution is named after the two."""
    for first, second in PAIR.findall(text):
        if (first in CAPITALISED if first.isascii() else plain(first) in GIVEN) and plain(second) in NAMES:
            return not INSTITUTION.search(text)
    return False
