"""Whether a text was decoded as it was encoded, by its own letters.

A file that is no UTF-8 does not say how its bytes are to be read. CP1252 reads nearly every byte, so that Cyrillic,
Greek, Japanese or a Mac's umlauts come out as other characters without an error. What CP1252 writes are words of
western European languages: a word that no such language can have tells that the bytes are another encoding's. Not every
such word is found: Polish or Turkish may come out as words that French or Icelandic could have.
"""

import re
from collections.abc import Collection

# The letters beside a to z of the languages that CP1252 writes; in a loanword those of another one.
LANGUAGES = tuple(
    map(
        frozenset,
        (
            "äöüßé",  # German
            "àâæçéèêëîïôœùûüÿ",  # French
            "àèéìíîòóùú",  # Italian
            "áéíñóúü",  # Spanish
            "áâãàçéêíóôõúü",  # Portuguese
            "àçéèíïóòúü",  # Catalan
            "æøåéèêóòôöäü",  # Danish, Norwegian
            "åäöéèàáüšž",  # Swedish, Finnish
            "äõöüšž",  # Estonian
            "áðéíóúýþæö",  # Icelandic
            "áâàäéèêëíîïóôöúûü",  # Dutch, Afrikaans, Welsh
            "áéíóúàèìòù",  # Irish, Gaelic
            "ëç",  # Albanian
            "áäéíóôúýšž",  # Czech, Slovak: the letters whose bytes are the same in CP1250
        ),
    )
)
ICELANDIC = LANGUAGES[9]  # three such letters may follow each other, one of which is
OWN = frozenset("ðþæö")
ALONE = frozenset("àáâåäæçèéêëñóôöøúùüß")  # a word of one letter, or a letter that a text speaks of
PLAIN = frozenset("ªºµ¹²³¼½¾Ÿ")  # letters or digits to Unicode, and no part of a word
ODD = re.compile(r"[^\W\d_][¨¬¯¸¦¤ˆ˜ƒ‚„µ]|[¨¬¯¸¦¤ˆ˜ƒ][^\W\d_]|ƒ")  # beside a letter these stand in no word
INSIDE = frozenset("’‘´`'-–—·\xa0\xad°×®™©²ªº")  # may stand between two letters
DASHES = frozenset(
    "’‘´`“”„‚«»‹›–—…·•\xa0\xad°±²³¹ªº§€£¿¡©®™×½¼¾†‡‰µ"
)  # may follow each other, and stand beside a letter
MARKS = re.compile(r"[¡-ª¬-¶¸-º¼-¿×÷‚„†‡ˆ˜‰]{2,}")  # such marks alone are no text
WORD = re.compile(r"[^\W\d_]+")
RUN = re.compile(r"[^\x00-\x7f]{3,}")
# Encodings with the letters of their languages, beside those of English.
SCRIPTS = (
    ("cp1251", r"[а-яёА-ЯЁіїєґІЇЄҐ№«»–—…°±]"),
    ("koi8-r", r"[а-яёА-ЯЁ°]"),
    ("cp866", r"[а-яёА-ЯЁ№]"),
    ("cp1253", r"[α-ωά-ώΑ-ΩΆ-Ώ«»°±]"),
    ("cp1255", r"[א-ת֑-ׇ]"),
    ("cp932", r"[ぁ-んァ-ヶー一-龠、。・「」（）０-９Ａ-Ｚａ-ｚ〜～｡-ﾟ　％]"),
    ("gbk", r"[一-龠、。，：；（）？！“”　％０-９]"),
    ("big5", r"[一-龠、。，：；（）？！　％]"),
    ("cp949", r"[가-힣·（）]"),
    ("cp874", r"[ก-๛]"),
    ("cp1256", r"[؀-ۿ]"),
    ("mac-roman", r"[äöüßéèêëàâçîïôûùñóáíúœæøåÄÖÜÉÈÀÇÑÓÁÍÚ°µ±’‘“”«»–—…·®™©]"),
    ("cp850", r"[äöüßéèêëàâçîïôûùñóáíúæøåÄÖÜÉÈÀÇÑÓÁÍÚ°µ±«»·]"),
    ("cp1250", r"[ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűöüŐŰÖÜâăîșşțţäôľĺŕ°±–„”]"),
    ("cp1254", r"[çğıöşüÇĞİÖŞÜâîû°±’]"),
    ("cp1257", r"[āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽąęėįųĄĘĖĮŲ°±]"),
)
LATIN = ("mac-roman", "cp850", "cp1250", "cp1254", "cp1257")  # of these
BESIDE = re.compile(r"[A-Za-z][^\W\d_A-Za-z]|[^\W\d_A-Za-z][A-Za-z]")  # words do not mix scripts
# UTF-8 that was read as CP1252 and saved as UTF-8 once more, and what stands in for a character that was lost.
GARBLED = re.compile(
    r"[ÂÃ][\x80-\xbf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â‚¬|â€[\x9d™œ“”˜¦¢]|\ufffd|Ð[\x80-¿°±²³´µ¶·¸¹º»¼½¾]|ï¿½"
)


def is_doubtful(text: str) -> bool:
    """Whether a text, as CP1252 or Latin-1 reads it, holds what no western European word does."""
    if text.isascii():
        return False
    if any("\x80" <= c < "\xa0" for c in text) or is_garbled(text):  # bytes that CP1252 does not have, or UTF-8's
        return True
    if ODD.search(text) or MARKS.fullmatch(text):
        return True
    for run in RUN.findall(text):
        core = run.strip("".join(DASHES))
        if len(core) > 2 and not (len(core) == 3 and _is_icelandic(core.lower())) and not DASHES.issuperset(core):
            return True
    for left, mark, right in zip(text, text[1:], text[2:], strict=False):
        if mark > "\x7f" and left.isalpha() and right.isalpha() and not mark.isalpha() and mark not in INSIDE:
            return True
    return any(map(_is_no_word, WORD.findall(text)))


def is_lone(text: str) -> bool:
    """Whether a text is a single letter beside a to z: a word of no language that CP1252 writes, and a usual code."""
    return len(text) == 1 and not text.isascii() and text.isalpha() and text not in PLAIN


def _is_no_word(word: str) -> bool:
    for before, c, after in zip(word, word[1:], f"{word[2:]} ", strict=False):
        if c.isupper() and c > "\x7f" and (before.islower() or after.islower()):
            return True
    special = [c for c in word if c > "\x7f" and c not in PLAIN]
    letters = frozenset("".join(special).lower())
    if special and len(special) == len(word) and not _is_icelandic(letters):
        return word.lower() not in ALONE and word.lower() != "çà"
    return bool(special) and not any(map(letters.issubset, LANGUAGES))


def _is_icelandic(letters: Collection[str]) -> bool:
    return ICELANDIC.issuperset(letters) and not OWN.isdisjoint(letters)


def is_garbled(text: str) -> bool:
    """Whether a text was decoded wrongly before it was saved, or has lost a character."""
    return GARBLED.search(text) is not None


def likely(texts: Collection[str], read_as: str) -> str:
    """The encodings in which the letters of doubtful texts are those of one script, "" if there is none.

    Texts were decoded as ``read_as``. This is a hint for a person: nothing is read by it.
    """
    content = [text.encode(read_as) for text in texts]
    names = []
    for name, letters in SCRIPTS:
        try:
            decoded = [part.decode(name) for part in content]
        except UnicodeDecodeError:
            continue
        foreign = [c for text in decoded for c in text if c > "\x7f"]
        western, latin = name in ("mac-roman", "cp850"), name in LATIN
        if all(re.match(letters, c) for c in foreign) and not any(
            _is_mixed(text) or (western and is_doubtful(text)) or (not latin and BESIDE.search(text))
            for text in decoded
        ):
            names.append(name)
    return " or ".join(names)


def _is_mixed(text: str) -> bool:
    """Whether a capital stands behind a small letter."""
    return any(b.isupper() and a.islower() for a, b in zip(text, text[1:], strict=False))
