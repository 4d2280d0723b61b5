"""Texts that are read in another encoding than they were written in, and words that are right."""

import pytest
from omtrace.validation.encodings import is_doubtful, is_garbled, is_lone, likely

# Words of forms in other encodings: what a patient has, yes and no, man and woman.
OTHER = {
    "cp1251": "головная_боль Да нет мигрень_без_ауры сильная М/Ж",
    "koi8-r": "головная_боль Да нет сильная",
    "cp866": "головная_боль мигрень",
    "cp1253": "πονοκέφαλος Άνδρας Γυναίκα ναι όχι",
    "cp1255": "כאב_ראש כן לא",
    "cp1256": "صداع نعم لا",
    "cp874": "ปวดหัว ใช่",
    "cp932": "はい いいえ 女 片頭痛 ア",
    "gbk": "头痛 是 男 偏头痛",
    "big5": "頭痛 是 男 女",
    "cp949": "두통 아니오 남성 여",
    "mac-roman": "Müller Schädel fièvre céphalée café cefálea",
    "cp850": "Müller Schädel König fièvre céphalée café",
    "cp1250": "ból_głowy kobieta/mężczyzna Łódź příznaky",
    "cp1254": "düşük güç_kaybı_düşüş",
}
RIGHT = """
    Müller größer Süßstoff äußerst Übelkeit ÜBERGRÖSSE Kopfschmerzen/Migräne 5_µg/ml 37,5_°C ±3 m² cm³ „ja“
    ‚nein‘ gut… 20_€ céphalée créée créées l’homme d´accord à_Paris ça là-bas çà_et_là œdème cœur Noël naïveté
    «été» «_non_» n°5 ÉTÉ ¿Él_está_aquí? ¡Sí! niño señora 1ª 2º año não coração ações irmã Þórður Íslandi ræða
    þíð æð síðan blåbær bjørn Åse ØSTERGAARD på éen één coördinatie reünie l·l col·lègi Zoë 3×4 ½_tablet ¼
    10–20_mg “quoted” naïve résumé pH_7.4_±_0.1 Raynaud’s Guillain–Barré Sjögren Ménière Behçet Ø_5_mm µL Botox®
    5‰ §12 a–b pre–post Zürich Genève Malmö Århus São_Paulo Köln/Düsseldorf À É Ó Ö ß Ñandú Größe šikana žena
    ŠKODA Škvorecký Žaneta_Šmíd Tomáš Beneš
""".split()


def misread(text, encoding):
    content = text.replace("_", " ").encode(encoding)
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


@pytest.mark.parametrize(
    ("encoding", "word"), [(name, word) for name, words in OTHER.items() for word in words.split()]
)
def test_a_word_of_another_encoding_is_in_doubt(encoding, word):
    assert is_doubtful(misread(word, encoding))


@pytest.mark.parametrize("encoding", sorted({*OTHER} - {"cp1254"}))
def test_its_encoding_is_among_those_that_fit(encoding):
    texts = [word.replace("_", " ").encode(encoding).decode("latin-1") for word in OTHER[encoding].split()]
    assert encoding in likely(texts, "latin-1").split(" or ")


@pytest.mark.parametrize("word", RIGHT)
def test_western_european_words_are_in_no_doubt(word):
    assert not is_doubtful(word.replace("_", " ")) and not is_garbled(word.replace("_", " "))


@pytest.mark.parametrize("word", ["céphalée", "größer", "Übelkeit", "37 °C", "patient’s", "боль", "señora", "20 €"])
def test_utf_8_that_was_read_as_cp1252_is_garbled(word):
    assert is_garbled(word.encode().decode("cp1252", "replace")) and not is_garbled(word)
    assert is_doubtful(word.encode().decode("cp1252", "replace"))


def test_a_character_that_was_lost_is_garbled():
    assert is_garbled("c\ufffdphal\ufffde")


@pytest.mark.parametrize(("letters", "encoding"), [("ж м", "cp1251"), ("Л П", "cp1251"), ("ν θ", "cp1253")])
def test_letters_alone_tell_of_no_western_language(letters, encoding):
    assert all(
        is_lone(misread(letter, encoding)) or is_doubtful(misread(letter, encoding)) for letter in letters.split()
    )
    assert not any(map(is_lone, ("m", "µ", "²", "für", "°")))
