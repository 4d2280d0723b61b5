"""Kinds of identifiers in free text and in whole columns, each as a maker of fake examples, and innocent columns.

The names, words and numbers are drawn at random from lists that the package does not have, as far as the kind allows:
an example is held out by construction. Nobody is meant by any of them.
"""

import random
import string
from collections.abc import Callable

import stdnum.luhn

Make = Callable[[random.Random], str]

# Family names put together from syllables, so that no list has them, for several languages.
HEADS = "Bren Kal Mor Ost Rad Sten Tor Val Wend Zell Gra Hol Lin Pre Quen Sor".split()
TAILS = "gart dal bek horn ric sand tow vig ler dorf kamp rup stad nes lund".split()
GIVEN = "Anna Peter Jonas Sabine Laura Thomas Julia Stefan Maria Klaus".split()
WIDE = "Zoë Łukasz Çağla Jürgen Šárka Søren Étienne Günther Žofie".split()
STREET = "Birken Linden Ahorn Mühl Kirch Wald Garten Berg Schul Rosen".split()
CYRILLIC_G, CYRILLIC_F = "Анна Пётр Ольга Николай Светлана".split(), "Дронова Верещак Лисицын Тарасюк Горобец".split()
GREEK_G, GREEK_F = "Ελένη Νίκος Μαρία Κώστας".split(), "Καραγιάννη Βλάχος Ζερβού Μαυρίδης".split()


def digits(r: random.Random, count: int, first: str = string.digits) -> str:
    return r.choice(first) + "".join(r.choice(string.digits) for _ in range(count - 1))


def family(r: random.Random) -> str:
    return r.choice(HEADS) + r.choice(TAILS)


def given(r: random.Random) -> str:
    return r.choice(GIVEN)


def day(r: random.Random, style: str = "{d:02d}.{m:02d}.{y}") -> str:
    y, m, d = r.randint(1935, 2004), r.randint(1, 12), r.randint(1, 28)
    month = "January February March April May June July August September October November December".split()[m - 1]
    monat = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()[m - 1]
    return style.format(y=y, m=m, d=d, yy=y % 100, month=month, monat=monat)


def pattern(form: str) -> Make:
    """# any digit, 2 a digit from 2 to 9, A a capital, a a small letter; \\ before a character keeps it."""

    def make(r: random.Random) -> str:
        made, keep = "", False
        for c in form:
            if keep or c not in "#2Aa\\":
                made, keep = made + c, False
            elif c == "\\":
                keep = True
            else:
                made += r.choice(
                    {"#": string.digits, "2": "23456789", "A": "BCDFGHJKLMNPRSTVWX", "a": "abdefgilmnorstu"}[c]
                )
        return made

    return make


def say(sentence: str, *makers: Make) -> Make:
    return lambda r: sentence.format(*(make(r) for make in makers))


def words(*texts: str) -> Make:
    return lambda r: r.choice(texts)


def valid(module: str, form: str) -> Make:
    """A number of a form that is valid by a module of ``stdnum``: drawn until it is."""
    from importlib import import_module

    check = import_module(f"stdnum.{module}").is_valid

    def make(r: random.Random) -> str:
        for _ in range(100_000):
            if check(text := pattern(form)(r)):
                return text
        raise ValueError(f"no number {form} is valid by stdnum.{module}")

    return make


def card(r: random.Random) -> str:
    body = "4" + digits(r, 14)
    text = body + stdnum.luhn.calc_check_digit(body)
    return " ".join(text[n : n + 4] for n in range(0, 16, 4))


# kind -> makers of texts of which one among innocent ones must be found
FREE: dict[str, list[Make]] = {
    "given and family name": [say("spoke with {} {} today", given, family), say("{} {} kam zu spät", given, family)],
    "names of many countries": [
        words(
            "moved slot of Ctibor Macháček to Monday", "see also Gaspare Angiolello", "Anruf Silva Weihmann, steigt aus"
        ),
        words("diary returned (Alida Barkholz)", "Iain Matthews called to cancel", "note from Veda Chad: stop"),
        words(
            "Termin von Silviu Ardelean verschoben", "entered by Joeri Verbist for the site", "Crenguța Tomescu came"
        ),
        words("DIARY OF KALERVO KUJALA MISSING", "wrong file, belongs to Whittington, Georgina", "saw Oluwaseun Idowu"),
        say("Tarzbeth {} called to cancel", family),
    ],
    "family name, given name": [say("{}, {} did not come", family, given)],
    "both known, lower case": [
        lambda r: f"met {r.choice('anna peter maria'.split())} {r.choice('schmidt garcia rossi nowak'.split())} again"
    ],
    "capitals": [lambda r: f"seen: {given(r).upper()} {family(r).upper()} at the desk"],
    "capitals, known": [lambda r: f"{r.choice(['MUELLER, HANS', 'SMITH JOHN', 'GARCIA, MARIA'])} NO SHOW"],
    "diacritics": [lambda r: f"today {r.choice(WIDE)} {family(r)} called"],
    "hyphens": [lambda r: f"mit {given(r)}-{given(r)} {family(r)}-{family(r)} vereinbart"],
    "initial and family name": [lambda r: f"seen by {r.choice('KLMPRT')}. {family(r)} in the morning"],
    "two initials": [lambda r: f"checked by {r.choice('KLMPRT')}.{r.choice('ABEFG')}. {family(r)}"],
    "known family name and initial": [
        lambda r: f"{r.choice('Schneider Kowalski Rossi Moreau'.split())}, {r.choice('KLMPRT')}. left early"
    ],
    "middle initial": [lambda r: f"{given(r)} {r.choice('KLMPRT')}. {family(r)} signed"],
    "particles": [lambda r: f"{given(r)} van der {family(r)} phoned", lambda r: f"{given(r)} de la {family(r)} phoned"],
    "English title": [
        say("told Mr {} to rest", family),
        say("Mrs. {} cancelled", family),
        say("asked Ms {}", family),
        say("Miss {} came", family),
        say("referred by Dr. {}", family),
        say("letter to Prof. {}", family),
    ],
    "German title": [
        say("Frau {} sagt ab", family),
        say("Herr {} ruft an", family),
        say("Brief an Herrn {}", family),
        say("Hr. {} verlegt", family),
        say("Fr. {} verlegt", family),
    ],
    "French title": [say("Mme {} absente", family), say("M. {} absent", family), say("Mlle {} absente", family)],
    "Spanish title": [
        say("la Sra. {} no vino", family),
        say("el Sr. {} no vino", family),
        say("la señora {} no vino", family),
        say("D. {} {} no vino", given, family),
    ],
    "Italian title": [
        say("la Sig.ra {} assente", family),
        say("il Sig. {} assente", family),
        say("Dott. {} ha scritto", family),
        say("la Dott.ssa {} ha scritto", family),
    ],
    "Dutch title": [say("mevr. {} afgemeld", family), say("dhr. {} afgemeld", family), say("mevrouw {} belde", family)],
    "Polish title": [say("Pani {} odwołała", family), say("Pan {} odwołał", family)],
    "Pat.": [
        say("Pat. {} berichtet", family),
        say("Patientin {} berichtet", family),
        say("Patient {} reports pain", family),
        say("pt {} reports pain", family),
        say("Pt. {} well", family),
    ],
    "role": [
        say("Hausarzt: {}", family),
        say("GP is {}", family),
        say("physio {} advised rest", family),
        say("Therapeut {} krank", family),
        say("contact: {}", family),
    ],
    "relation": [
        say("her husband {} drove", given),
        say("Ehemann {} fuhr", given),
        say("son {} was ill", given),
        say("Tochter {} krank", given),
        say("sister, {}, came along", given),
        say("mari {} malade", given),
    ],
    "name of": [
        say("name: {}", family),
        say("signed {}", family),
        say("gez. {}", family),
        say("dear {},", given),
        say("Kind regards, {}", given),
    ],
    "nurse": [say("Schwester {} hat Blut abgenommen", given), say("nurse {} took blood", given)],
    "Cyrillic": [
        lambda r: f"Пришла {r.choice(CYRILLIC_G)} {r.choice(CYRILLIC_F)}",
        lambda r: f"пациент {r.choice(CYRILLIC_F)} отказался",
        lambda r: f"see {r.choice(CYRILLIC_F)}",
    ],
    "patronymic": [lambda r: f"{r.choice(CYRILLIC_G)} {r.choice(['Андреевна', 'Сергеевич'])} звонила"],
    "Greek": [lambda r: f"ήρθε {r.choice(GREEK_G)} {r.choice(GREEK_F)}", lambda r: f"called {r.choice(GREEK_F)} back"],
    "Chinese": [
        lambda r: f"{r.choice('王李张陈周')}{r.choice('晓建美国海')}{r.choice('明红军芳')}先生来电",
        lambda r: f"患者{r.choice('王李张陈周')}{r.choice('晓建美海')}取消",
    ],
    "Japanese": [
        lambda r: f"{r.choice(['佐藤', '田中', '渡辺', '大野', '久保'])}さんから電話",
        lambda r: f"spoke to {r.choice(['佐藤花子', '久保健'])}",
    ],
    "Korean": [
        lambda r: f"{r.choice('김이박최')}{r.choice('민서지현')}{r.choice('수준영호')} 환자 전화",
        lambda r: f"{r.choice('김이박최')}{r.choice('민서지현')}{r.choice('수준영호')}님 취소",
    ],
    "Arabic": [
        lambda r: f"اتصل {r.choice(['محمد', 'أحمد', 'فاطمة'])} اليوم",
        lambda r: f"السيد {r.choice(['الحداد', 'منصور'])} غائب",
    ],
    "Hebrew": [
        lambda r: f"{r.choice(['משה', 'דוד', 'שרה'])} התקשר",
        lambda r: f"גב' {r.choice(['ברקוביץ', 'שדה'])} ביטלה",
    ],
    "Hindi": [
        lambda r: f"श्रीमती {r.choice(['चौहान', 'नायर'])} अनुपस्थित",
        lambda r: f"{r.choice(['राजेश', 'सुनीता'])} ने फोन किया",
    ],
    "initials": [
        lambda r: f"initials {r.choice('KLMPRT')}{r.choice('ABEFG')}",
        lambda r: f"Pat. {r.choice('KLMPRT')}.{r.choice('ABEFG')}. verlegt",
    ],
    "Mc, O'": [lambda r: f"{given(r)} O'{family(r)} late", lambda r: f"Mrs Mc{family(r)} late"],
    "e-mail": [
        lambda r: f"write to {family(r).lower()}@example.org",
        lambda r: f"{given(r).lower()}.{family(r).lower()}@mail.example.com answers",
    ],
    "e-mail in words": [
        lambda r: f"{family(r).lower()} (at) example (dot) org",
        lambda r: f"{family(r).lower()} at example dot com",
        lambda r: f"{family(r).lower()}[ät]example.de",
        lambda r: f"{family(r).lower()} @ example.com",
    ],
    "phone, German": [
        say("erreichbar unter {}", pattern("01\\7# ######\\2")),
        say("Tel. {}", pattern("030/2#####")),
        say("Rückruf {}", pattern("0\\8\\9-2######")),
        say("{} anrufen", pattern("0\\4\\9 17\\2 2######")),
    ],
    "phone, Austrian": [say("Tel {}", pattern("0664 2######")), say("call {}", pattern("+43 664 2######"))],
    "phone, Swiss": [say("ruft an von {}", pattern("079 2## ## ##")), say("call {}", pattern("+41 79 2## ## ##"))],
    "phone, French": [say("joindre au {}", pattern("06 2# ## ## ##")), say("call {}", pattern("+33 6 2# ## ## ##"))],
    "phone, Italian": [say("chiamare {}", pattern("347 2######")), say("cell. {}", pattern("+39 347 2######"))],
    "phone, Spanish": [say("llamar al {}", pattern("61\\2 2## ###")), say("móvil {}", pattern("+34 612 2## ###"))],
    "phone, Dutch": [say("bellen op {}", pattern("06-2#######")), say("tel {}", pattern("+31 6 2#######"))],
    "phone, British": [
        say("ring {}", pattern("07700 9\\0\\0###")),
        say("mobile {}", pattern("07700900###")),
        say("call {}", pattern("+44 20 7946 0###")),
    ],
    "phone, American": [
        say("call ({}", pattern("2\\1\\2) 555-0###")),
        say("reach at {}", pattern("212-555-0###")),
        say("text {}", pattern("212.555.0###")),
        say("cell {}", pattern("212555\\0###")),
    ],
    "phone, Nordic": [
        say("ring {}", pattern("+46 70 2## ## ##")),
        say("tlf {}", pattern("22 12 3# ##")),
        say("puh {}", pattern("040 2######")),
    ],
    "phone, Polish and Czech": [say("dzwonić {}", pattern("601 2## ###")), say("tel. {}", pattern("+420 601 2## ###"))],
    "phone, Portuguese": [
        say("ligar {}", pattern("+351 912 2## ###")),
        say("telefone {}", pattern("(11) 98\\7\\6#-####")),
    ],
    "phone, further": [
        say("call {}", pattern("+61 412 2## ###")),
        say("call {}", pattern("+81 90-2###-####")),
        say("call {}", pattern("+91 98\\7\\6# #####")),
        say("тел. {}", pattern("8 (495) 2##-##-##")),
        say("call {}", pattern("0090 532 2## ## ##")),
        say("電話 {}", pattern("090-2###-####")),
    ],
    "phone, extension": [
        say("new number {}", pattern("819-392-3034x2##")),
        say("{} at work", pattern("860.522.3632x2###")),
    ],
    "fax": [say("fax {}", pattern("030 2#####")), say("Fax: {}", pattern("+49 30 2######"))],
    "whatsapp": [say("WhatsApp {}", pattern("0171 2######")), say("Handy: {}", pattern("01712######"))],
    "born, German": [
        say("geb. {}", day),
        say("geboren am {}", day),
        say("geb {}", lambda r: day(r, "{d}.{m}.{yy:02d}")),
        say("Geburtsdatum: {}", day),
        say("geb. {}", lambda r: day(r, "{d}. {monat} {y}")),
    ],
    "born, star": [
        say("Patientin, *{}, klagt", day),
        say("w, * {}", day),
        say("*{}", lambda r: day(r, "{d}.{m}.{yy:02d}")),
    ],
    "born, English": [
        say("born {}", lambda r: day(r, "{d} {month} {y}")),
        say("DOB {}", lambda r: day(r, "{d:02d}/{m:02d}/{y}")),
        say("dob: {}", lambda r: day(r, "{y}-{m:02d}-{d:02d}")),
        say("D.O.B. {}", lambda r: day(r, "{d:02d}/{m:02d}/{yy:02d}")),
        say("date of birth {}", lambda r: day(r, "{month} {d}, {y}")),
        say("birthday {}", lambda r: day(r, "{d}/{m}/{y}")),
    ],
    "born, digits": [
        say("DOB {}", lambda r: day(r, "{y}{m:02d}{d:02d}")),
        say("geb. {}", lambda r: day(r, "{d:02d}{m:02d}{yy:02d}")),
        say("dob {}", lambda r: day(r, "{d:02d}{m:02d}{y}")),
    ],
    "born, other languages": [
        say("née le {}", day),
        say("nacida el {}", lambda r: day(r, "{d}/{m}/{y}")),
        say("nata il {}", day),
        say("geboren op {}", lambda r: day(r, "{d}-{m}-{y}")),
        say("ur. {}", day),
        say("nar. {}", day),
        say("född {}", lambda r: day(r, "{y}-{m:02d}-{d:02d}")),
        say("{} г.р.", day),
        say("doğum tarihi {}", day),
    ],
    "record number": [
        say("MRN {}", pattern("2######")),
        say("MRN: {}", pattern("A######")),
        say("hospital number {}", pattern("A2#####")),
        say("chart #{}", pattern("2#####")),
        say("medical record no. {}", pattern("2#######")),
        say("case no {}", pattern("2######")),
    ],
    "record number, other languages": [
        say("Fallnummer {}", pattern("2#######")),
        say("Fall-Nr. {}", pattern("2######")),
        say("Patientennummer {}", pattern("2######")),
        say("Akte {}", pattern("2####/2\\0\\2#")),
        say("dossier n° {}", pattern("2#####")),
        say("NHC {}", pattern("2#####")),
        say("cartella {}", pattern("2#####")),
        say("Pat.-Nr. {}", pattern("2######")),
    ],
    "insurance": [
        say("Versichertennummer {}", pattern("A#########")),
        say("policy {}", pattern("AA2######")),
        say("insurance no {}", pattern("2########")),
        say("member ID {}", pattern("A########")),
        say("KV-Nr. {}", pattern("A#########")),
    ],
    "British": [
        say("NHS {}", valid("gb.nhs", "943 ### ####")),
        say("NI number {}", pattern("JA ## ## ## C")),
        say("{} on the form", valid("gb.nhs", "943 ### ####")),
    ],
    "American": [
        say("SSN {}", pattern("2\\1#-4#-2###")),
        say("ssn {}", pattern("2\\1#4#2###")),
        say("social security {}", pattern("2\\1#-4#-2###")),
    ],
    "Swiss and Austrian": [
        say("AHV {}", valid("ch.ssn", "756.####.####.##")),
        say("SV-Nr {}", valid("at.vnr", "2### 0\\1\\0\\1##")),
    ],
    "French": [
        say("sécu {}", valid("fr.nir", "2 85 0\\7 75 1## ### ##")),
        say("son NIR est {}", valid("fr.nir", "18507751#######")),
    ],
    "Spanish": [say("DNI {}", valid("es.dni", "2#######A")), say("{} es su documento", valid("es.dni", "2#######A"))],
    "Italian": [say("CF {}", lambda r: "RSSMRA85T10A562S"), say("codice fiscale {}", lambda r: "RSSMRA85T10A562S")],
    "Dutch and Belgian": [
        say("BSN {}", valid("nl.bsn", "2########")),
        say("rijksregister {}", valid("be.nn", "85.0\\7.30-0##.##")),
    ],
    "Nordic": [
        say("personnummer {}", valid("se.personnummer", "8\\1121\\8-9\\8##")),
        say("CPR {}", pattern("0\\1\\0\\2\\8\\0-2###")),
        say("hetu {}", lambda r: "131052-308T"),
    ],
    "Polish and Czech": [
        say("PESEL {}", valid("pl.pesel", "44051\\4#####")),
        say("r.č. {}", valid("cz.rc", "7\\1\\0\\3\\1\\9/####")),
    ],
    "Brazilian, Chilean, Mexican": [
        say("CPF {}", valid("br.cpf", "390.533.4##-##")),
        say("RUT {}", valid("cl.rut", "12.53\\1.###-#")),
    ],
    "Asian": [
        say("身份证 {}", lambda r: "11010519491231002X"),
        say("주민등록번호 {}", pattern("9\\0\\0\\1\\0\\1-2######")),
        say("Aadhaar {}", valid("in_.aadhaar", "2### #### ####")),
    ],
    "passport": [
        say("passport {}", pattern("C\\0\\1AA\\0\\0A47")),
        say("Reisepass Nr. {}", pattern("C2AA#####")),
        say("passport no. {}", pattern("2########")),
        say("passeport {}", pattern("2#AA#####")),
        say("Ausweis {}", pattern("L2AA#####")),
    ],
    "licence": [
        say("driving licence {}", pattern("AAAAA7\\0\\1\\0\\1#A\\9AA")),
        say("Führerschein {}", pattern("B\\0\\7\\2AAE2I55")),
        say("permis {}", pattern("2#AA#####")),
        say("ID card {}", pattern("T2########")),
    ],
    "number plate": [
        say("parkt mit {}", lambda r: f"B-{pattern('AA')(r)} {r.randint(10, 9999)}"),
        say("Kennzeichen {}", lambda r: f"M {pattern('AA')(r)} {r.randint(10, 9999)}"),
        say("car reg {}", pattern("AA2# AAA")),
        say("licence plate {}", pattern("7AAA###")),
        say("plaque {}", pattern("AA-###-AA")),
        say("matrícula {}", pattern("2### AAA")),
        say("targa {}", pattern("AA###AA")),
    ],
    "vehicle": [say("VIN {}", lambda r: "1M8GDM9AXKP042788")],
    "account": [
        say("IBAN {}", lambda r: "DE89 3704 0044 0532 0130 00"),
        say("Konto {}", pattern("2######")),
        say("sort code 20-00-00 account {}", pattern("2#######")),
        say("cuenta {}", pattern("2#########")),
        say("card {}", card),
    ],
    "handle": [
        lambda r: f"posts as @{family(r).lower()}_{digits(r, 2)}",
        lambda r: f"Instagram: {family(r).lower()}",
        lambda r: f"insta {given(r).lower()}_{family(r).lower()}",
        lambda r: f"facebook.com/{family(r).lower()}",
        lambda r: f"Skype live:{family(r).lower()}{digits(r, 2)}",
        lambda r: f"twitter handle {family(r).lower()}{digits(r, 2)}",
    ],
    "web address": [
        lambda r: f"blog {family(r).lower()}-blog.de",
        lambda r: f"https://{family(r).lower()}.example.org",
        lambda r: f"see www.{family(r).lower()}.example",
    ],
    "street, German": [
        lambda r: f"zog in die {r.choice(STREET)}straße {r.randint(1, 99)}",
        lambda r: f"wohnt {r.choice(STREET)}weg {r.randint(1, 99)}",
        lambda r: f"{r.choice(STREET)}gasse {r.randint(1, 99)}a",
        lambda r: f"{r.choice(STREET)}str. {r.randint(1, 99)}",
        lambda r: f"wohnt Am {r.choice(STREET)}berg {r.randint(1, 99)}",
        lambda r: f"wohnt in der {r.choice(STREET)}allee {r.randint(1, 99)}",
    ],
    "street, English": [
        lambda r: f"moved to {r.randint(1, 99)} {family(r)} Road",
        lambda r: f"lives at {r.randint(1, 99)} {family(r)} Lane",
        lambda r: f"{r.randint(1, 999)} {family(r)} Ave",
        lambda r: f"Flat {r.randint(1, 9)}, {r.randint(1, 99)} {family(r)} Gardens",
    ],
    "street, French": [
        lambda r: f"habite {r.randint(1, 99)} rue {family(r)}",
        lambda r: f"{r.randint(1, 99)}, avenue de la {family(r)}",
    ],
    "street, Spanish and Portuguese": [
        lambda r: f"vive en Calle {family(r)} {r.randint(1, 99)}",
        lambda r: f"C/ {family(r)}, {r.randint(1, 99)}",
        lambda r: f"Rua das {family(r)} {r.randint(1, 99)}",
    ],
    "street, Italian": [
        lambda r: f"abita in Via {family(r)} {r.randint(1, 99)}",
        lambda r: f"Piazza {family(r)} {r.randint(1, 9)}",
    ],
    "street, Dutch": [
        lambda r: f"woont {family(r)}straat {r.randint(1, 99)}",
        lambda r: f"{family(r)}laan {r.randint(1, 99)}",
    ],
    "street, Polish and Czech": [
        lambda r: f"mieszka ul. {family(r)} {r.randint(1, 99)}",
        lambda r: f"ul. {family(r)} {r.randint(1, 99)}/{r.randint(1, 9)}",
    ],
    "street, Nordic": [
        lambda r: f"bor {family(r)}gatan {r.randint(1, 99)}",
        lambda r: f"{family(r)}vej {r.randint(1, 99)}",
        lambda r: f"{family(r)}katu {r.randint(1, 99)}",
    ],
    "street, further": [
        lambda r: f"ул. {r.choice(['Лесная', 'Садовая'])} {r.randint(1, 99)}",
        lambda r: f"{family(r)} utca {r.randint(1, 99)}",
        lambda r: f"{family(r)} Caddesi No: {r.randint(1, 99)}",
        lambda r: f"{family(r)} Sokak {r.randint(1, 99)}",
    ],
    "address of what is sent": [
        say("send parcel to Škofova ulica {}", pattern("2\\1")),
        lambda r: f"neue Anschrift: {r.choice(STREET)}gasse {r.randint(1, 99)}/{r.randint(1, 9)}",
        lambda r: f"letter to Karl-{family(r)}-Ring {r.randint(1, 99)}",
        lambda r: f"picks up from {family(r)}skogen {r.randint(1, 99)}",
        lambda r: f"{r.randint(100, 999)} {family(r)} Ridge Suite {r.randint(1, 400)}",
    ],
    "post box": [say("PO Box {}", pattern("2##")), say("Postfach {}", pattern("2###"))],
    "postcode": [
        say("near {}", words("SW1A 1AA", "LS2 9JT", "EH8 9YL")),
        say("wohnt in {} {}", pattern("2####"), family),
        say("PLZ {}", pattern("2####")),
        say("zip code {}", pattern("2####")),
        say("D-{} {}", pattern("2####"), family),
        say("{} {}", pattern("1\\0\\1# AA"), family),
        say("{} {}", pattern("0\\2-\\3##"), family),
    ],
    "coordinates": [
        say("GPS {}", lambda r: f"{r.uniform(40, 55):.5f}, {r.uniform(5, 15):.5f}"),
        say("{} on the map", lambda r: f"{r.uniform(40, 55):.4f} N, {r.uniform(5, 15):.4f} E"),
        say("{} there", lambda r: "52°31'12\"N 13°24'18\"E"),
    ],
    "internet address": [
        say("filled in from {}", lambda r: ".".join(str(r.randint(20, 250)) for _ in range(4))),
        say("IP {}", lambda r: "10.0.0.12"),
        say("from {}", lambda r: "2001:db8::ff00:42:8329"),
        say("MAC {}", lambda r: "00:1b:63:84:45:e6"),
    ],
    "device": [
        say("pacemaker serial {}", pattern("AA2#####")),
        say("IMEI {}", valid("imei", "35\\2099001761###")),
        say("SN {}", pattern("2#####")),
    ],
    "photograph": [say("see IMG_{}.jpg", pattern("2###")), say("photo_{}.jpeg", lambda r: family(r).lower())],
}

# kind -> maker of every cell of a column whose name says nothing
WHOLE: dict[str, Make] = {
    "names in capitals": lambda r: f"{r.choice('MUELLER SCHMIDT WEBER FISCHER KOCH ROTH'.split())}, {given(r).upper()}",
    "names in lower case": lambda r: f"{given(r).lower()} {family(r).lower()}",
    "family name and initial": lambda r: f"{family(r)}, {r.choice('KLMPRT')}.",
    "initial and family name": lambda r: f"{r.choice('KLMPRT')}. {family(r)}",
    "titles": lambda r: f"{r.choice(['Mr', 'Mrs', 'Dr'])} {family(r)}",
    "initials with dots": lambda r: f"{r.choice('KLMPRT')}.{r.choice('ABEFG')}.",
    "Cyrillic": lambda r: f"{r.choice(CYRILLIC_F)} {r.choice(CYRILLIC_G)}",
    "Greek": lambda r: f"{r.choice(GREEK_G)} {r.choice(GREEK_F)}",
    "Chinese": lambda r: r.choice("王李张陈周刘") + r.choice("晓建美国海") + r.choice("明红军芳伟"),
    "Japanese": lambda r: r.choice(["佐藤", "田中", "渡辺", "鈴木"]) + r.choice(["花子", "健", "美咲", "太郎"]),
    "Korean": lambda r: r.choice("김이박최정") + r.choice("민서지현") + r.choice("수준영호"),
    "diacritics": lambda r: f"{r.choice(WIDE)} {family(r)}",
    "dates of birth": lambda r: day(r, "{d}.{m}.{y}"),
    "dates with a star": lambda r: day(r, "*{d}.{m}.{y}"),
    "dates as eight digits": lambda r: day(r, "{d:02d}{m:02d}{y}"),
    "dates as six digits": lambda r: day(r, "{d:02d}{m:02d}{yy:02d}"),
    "dates as day numbers": lambda r: str(r.randint(13_000, 38_000)),
    "phone, national": pattern("0171 2######"),
    "phone, digits alone": pattern("0171\\2######"),
    "phone, international": pattern("+41 79 2## ## ##"),
    "phone, Spanish": pattern("612 2## ###"),
    "plates": lambda r: f"B-{pattern('AA')(r)} {r.randint(10, 9999)}",
    "French plates": pattern("AA-###-AA"),
    "passports": lambda r: "C" + "".join(r.choice("CFGHJKLMNPRTVWXYZ0123456789") for _ in range(7)) + digits(r, 1),
    "handles": lambda r: f"@{family(r).lower()}_{digits(r, 2)}",
    "account names": lambda r: f"{given(r).lower()}.{family(r).lower()}",
    "streets": lambda r: f"{r.choice(STREET)}weg {r.randint(1, 99)}",
    "Italian streets": lambda r: f"Via {family(r)} {r.randint(1, 99)}",
    "Polish streets": lambda r: f"ul. {family(r)} {r.randint(1, 99)}",
    "postcode and town": lambda r: f"{digits(r, 5, '123456789')} {family(r)}",
    "PESEL": valid("pl.pesel", "44051\\4#####"),
    "codice fiscale": lambda r: r.choice(["RSSMRA85T10A562S", "BNCLRA80A41F205X"]) if r.random() < 2 else "",
    "BSN": valid("nl.bsn", "2########"),
    "coordinates": lambda r: f"{r.uniform(40, 55):.5f}, {r.uniform(5, 15):.5f}",
}

# Names of columns, in words and abbreviations of several languages, with a text that leaves open what it is.
HEADERS: dict[str, Make] = {
    **dict.fromkeys(
        """kontakt Hausarzt hausarzt_name initials pat_initialen init Kürzel ansprechpartner Notfallkontakt
    emergency_contact gp_name vn nachn fornavn efternamn etunimi imię nazwisko jméno příjmení vezetéknév
    soyadı nume apelido ФИО фамилия 姓名 氏名 성명 signed_by""".split(),
        family,
    ),
    **dict.fromkeys(
        "geb gebdat bday birthdt d.o.b. DOB fnac ddn data_urodzenia fødselsdato syntymäaika doğum_tarihi "
        "дата_рождения 生年月日".split(),
        day,
    ),
    **dict.fromkeys(
        "cell cell_no mob handy_nr rufnr tlf puhelin telefonszám тел 電話 phone_nr móvil".split(),
        pattern("0171 2######"),
    ),
    **dict.fromkeys(
        "strasse_nr hsnr anschrift ulica adresa osoite utca endereço indirizzo woonplaats 住所".split(),
        lambda r: f"{family(r)} {r.randint(1, 99)}",
    ),
    **dict.fromkeys(
        "fallnr patnr kis_nr versnr kv_nr svnr pesel cpr_nr personnr bsn_nr curp chart_no hosp_no "
        "pass_nr perso_nr ausweis".split(),
        pattern("2#######"),
    ),
    **dict.fromkeys(
        "insta handle twitter_handle benutzername user_name".split(), lambda r: family(r).lower() + digits(r, 2)
    ),
    **dict.fromkeys("kennz kfz_kz plate_no reg_no".split(), pattern("AA-AA ###")),
}

NOTES = (
    "Schmerzen nach der Sitzung besser",
    "Kopfschmerz seit {d} Tagen",
    "Übelkeit, kein Erbrechen",
    "Termin verschoben um {d} Tage",
    "Pat. klagt über Schwindel",
    "Pat. hat {d} mg Sumatriptan genommen",
    "Patientin berichtet Besserung",
    "pt reports neck pain",
    "Patient Global Impression: much better",
    "Beck Depression Inventory {d}",
    "Left Upper Trapezius tender",
    "A. vertebralis frei",
    "E. coli negative",
    "Vitamin D. Patient well",
    "MR Angiography normal",
    "seen on 2024-03-{d} at 10:15",
    "BP 120/80, pulse {d}",
    "dose 250 500 750 mg",
    "visit {d} of 28",
    "took 2 x 500 mg",
    "pain 7/10 at night",
    "Douleur depuis {d} jours, pas de nausée",
    "dolor desde hace {d} días",
    "cefalea da {d} giorni",
    "hoofdpijn sinds {d} dagen",
    "Trial NCT04520425",
    "lot 240119-0001",
    "Nervus trigeminus links",
    "Herr der Lage",
    "after work, took ibuprofen",
    "moved to group B",
    "lives alone",
    "wohnt allein",
    "call again next week",
    "no contact since visit {d}",
    "husband ill",
    "mother has migraine",
    "Hausarzt informiert",
    "GP informed",
    "name not given",
    "signed consent on 2024-01-{d}",
    "Chiari Malformation Type I",
    "Charles River, batch {d}",
    "Evans Blue injected",
    "Rose Bengal, 10 mg/kg",
    "R. carotis",
    "score 12.5 (10.1 to 15.3)",
    "{d}.03.2024 Termin",
    "Kontrolle am {d}.04.2024",
)


# name of the column -> maker of cells that identify nobody
INNOCENT: dict[str, Make] = {
    "note": lambda r: r.choice(NOTES).format(d=r.randint(10, 28)),
    "site": words(
        "Leeds General Infirmary",
        "Charité Berlin",
        "St. Mary's Hospital",
        "Mount Sinai",
        "Klinikum Großhadern",
        "Johns Hopkins",
        "San Diego",
        "Royal London",
        "Karolinska",
        "AKH Wien",
    ),
    "site_name": words(
        "Leeds",
        "Hershey",
        "Jonesboro",
        "Heidelberg",
        "Santa Clara",
        "San Antonio",
        "Martin Luther Hospital",
        "Robert Bosch Krankenhaus",
        "Philadelphia",
        "Fort Worth",
    ),
    "version": lambda r: f"{r.randint(1, 12)}.{r.randint(0, 40)}.{r.randint(0, 9)}.{r.randint(0, 300)}",
    "software_version": lambda r: f"5.4.{r.randint(0, 40)}.{r.randint(0, 250)}",
    "build": lambda r: f"10.2.{r.randint(0, 9)}.{r.randint(0, 9)}",
    "strain": words(
        "Sprague Dawley", "Wistar Han", "Long Evans", "C57BL/6J", "Fischer 344", "Brown Norway", "Lewis", "Wistar Kyoto"
    ),
    "vendor": words(
        "Charles River",
        "Jackson Laboratory",
        "Janvier Labs",
        "Thermo Fisher Scientific",
        "R&D Systems",
        "Santa Cruz Biotechnology",
        "Abcam",
    ),
    "stain": words(
        "Evans Blue", "Trypan Blue", "Texas Red", "Rose Bengal", "Alexa Fluor 488", "Cresyl Violet", "Nissl"
    ),
    "questionnaire": words(
        "Beck Depression Inventory",
        "Hamilton Anxiety Scale",
        "McGill Pain Questionnaire",
        "Patient Global Impression",
        "Short Form 36",
    ),
    "test": words("Von Frey", "Hot Plate", "Morris Water Maze", "Rotarod", "Open Field", "Elevated Plus Maze"),
    "diagnosis": words(
        "Chronic Migraine",
        "Cluster Headache",
        "Bell Palsy",
        "Wilson Disease",
        "Chiari Malformation",
        "Tension Type Headache",
        "Medication Overuse",
    ),
    "technique": words(
        "Muscle Energy",
        "Cranial Osteopathy",
        "Still Technique",
        "Jones Counterstrain",
        "Myofascial Release",
        "High Velocity Thrust",
    ),
    "region": words(
        "Left Trigeminal Ganglion", "Nucleus Caudalis", "Dorsal Root", "Prefrontal Cortex", "Upper Cervical"
    ),
    "drug": words(
        "Topiramate", "Propranolol", "Erenumab", "Sumatriptan", "Botulinum Toxin", "Valproic Acid", "Magnesium Citrate"
    ),
    "antibody": words("Anti Rabbit", "Goat Anti Mouse", "Mouse Monoclonal", "CGRP", "c-Fos", "NeuN"),
    "group": words("OMT", "Sham", "Waiting List", "Usual Care", "Light Touch"),
    "employment": words("Full Time", "Part Time", "Retired", "Student", "Self Employed"),
    "marital": words("Single", "Married", "Widowed", "Divorced"),
    "ethnicity": words("White British", "Black African", "Asian", "Mixed", "Hispanic"),
    "country": words("Germany", "New Zealand", "United States", "South Korea", "Costa Rica", "Jordan"),
    "weight_mg": lambda r: str(r.randint(18_000, 42_000)),
    "cell_count": lambda r: str(r.randint(900, 99_999)),
    "cell": words("neuron", "astrocyte", "microglia"),
    "cell_n": lambda r: str(r.randint(0, 400)),
    "contact": words("phone", "visit", "e-mail", "none"),
    "born": lambda r: str(r.randint(1, 14)),
    "steps": lambda r: str(r.randint(800, 22_000)),
    "participant": lambda r: f"{r.randint(1, 12):02d}-{r.randint(1, 99):03d}-{r.randint(1, 9999):04d}",
    "screening_no": lambda r: f"{r.randint(1, 12):03d}-{r.randint(1, 200):04d}",
    "sample": lambda r: f"240{r.randint(101, 128)}-{r.randint(1, 99):04d}",
    "tube": lambda r: f"AB{r.randint(10, 99)}-{r.randint(100, 999)}",
    "barcode": lambda r: f"4000{r.randint(0, 999_999):06d}",
    "plate": lambda r: f"Plate {r.randint(1, 40)}",
    "batch": lambda r: f"Batch {r.randint(1, 9)}",
    "animal": lambda r: f"Rat {r.randint(1, 400)}",
    "visit": words("Baseline", "Week 4", "Week 12", "Follow Up"),
    "visit_date": lambda r: f"{r.randint(2022, 2025)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}",
    "visit_digits": lambda r: f"{r.randint(1, 28):02d}{r.randint(1, 12):02d}{r.randint(2022, 2025)}",
    "visit_serial": lambda r: str(r.randint(44_600, 46_000)),
    "time": lambda r: f"{r.randint(0, 23):02d}:{r.randint(0, 59):02d}",
    "od": lambda r: f"{r.uniform(0.03, 3.9):.4f}",
    "signal": lambda r: str(r.randint(10_000, 999_999)),
    "file": lambda r: f"plate_{r.randint(1, 99)}.txt",
    "image": lambda r: f"RT{r.randint(1, 60):02d}_cfos_{r.randint(1, 4)}.tif",
    "doi": lambda r: f"10.{r.randint(1000, 9999)}/j.pain.{r.randint(2000, 2024)}.{r.randint(10, 99)}",
    "icd10": words("G43.709", "G43.109", "M54.2"),
    "gene": words("Calca", "Ramp1", "Bdnf", "Trpv1", "Scn9a"),
    "protein": words("DYRK1A", "ITSN1", "BDNF", "pERK", "IL1B"),
    "doses": lambda r: " ".join(str(r.choice([10, 25, 50, 100, 250])) for _ in range(4)),
    "range": lambda r: f"{r.randint(0, 9)}.{r.randint(0, 9)} - {r.randint(10, 99)}.{r.randint(0, 9)}",
    "interval": lambda r: f"({r.randint(10, 20)}; {r.randint(30, 50)})",
    "phase": words("Mobile Phase A", "Mobile Phase B"),
    "weekday": words("Monday", "Tuesday", "Mittwoch", "Donnerstag"),
    "month": words("January", "March", "April", "May", "June", "August"),
    "statistic": words("Mann Whitney", "Kaplan Meier", "Hodges Lehmann", "Kruskal Wallis", "Fisher Exact", "Student"),
    "mix": words("Master Mix", "Taq Polymerase", "Forward Primer", "Reverse Primer"),
    "degree": words("Master Degree", "Bachelor Degree", "High School", "Abitur"),
    "trial": words("Framingham Heart Study", "Nurses Health Study", "COMPASS Trial", "Rotterdam Study"),
    "score": words("Harris Hip Score", "Roland Morris Questionnaire", "Oswestry Index", "Tampa Scale"),
    "holiday": words("Martin Luther King Day", "Easter Monday", "Boxing Day", "St Patrick Day"),
    "machine": words("Perkin Elmer Envision", "Tecan Spark", "BMG Labtech", "Victor Nivo"),
    "moved": words("Visit moved to Week 12", "moved to Group 3", "letter of 12 March 2024", "parcel of Plate 4"),
    "colour": words("Black", "Brown", "White", "Green"),
    "occupation": words("Teacher", "Nurse", "Office Work", "Baker", "Engineer"),
    "race": words("Native American", "Pacific Islander", "Other", "Not Reported"),
    "relation": words("mother", "father", "sister", "none"),
    "food": words("Standard Chow", "High Fat", "Low Salt"),
    "housing": words("Single Housed", "Group Housed", "Enriched Cage"),
    "anaesthesia": words("Isoflurane", "Ketamine Xylazine", "Sevoflurane"),
    "buffer": words("PBS", "Tris HCl", "RIPA", "Krebs Henseleit"),
    "reader": words("SpectraMax M5", "Synergy H1", "Infinite M200", "CLARIOstar Plus"),
    "assessment": words("Much Improved", "No Change", "Very Much Worse"),
    "aura": words("Visual Aura", "Sensory Aura", "No Aura"),
    "trigger": words("Red Wine", "Stress", "Lack of Sleep", "Weather Change", "Bright Light"),
    "reason": words("Lost to Follow Up", "Withdrew Consent", "Adverse Event", "Moved Away"),
    "units": words("pg/mL", "2500 IU", "mg/kg", "1000 rpm"),
    "concentration": lambda r: f"{r.choice([31.25, 62.5, 125, 250])} pg/mL",
    "record_id": lambda r: f"P{r.randint(1, 999):03d}",
    "uuid": lambda r: f"{r.getrandbits(32):08x}-{r.getrandbits(16):04x}",
    "hash": lambda r: f"{r.getrandbits(128):032x}",
    "timestamp": lambda r: str(1_650_000_000 + r.randint(0, 50_000_000)),
    "epoch_ms": lambda r: str(1_650_000_000_000 + r.randint(0, 50_000_000_000)),
    "well": lambda r: f"{r.choice('ABCDEFGH')}{r.randint(1, 12)}",
    "percent": lambda r: f"{r.randint(0, 100)} %",
    "temperature": lambda r: f"{r.uniform(20, 40):.1f} °C",
    "comment_de": words("Kopf frei", "Nacken verspannt", "Schulter rechts steif", "Atlas blockiert", "Kein Befund"),
    "comment_fr": words("Nuque raide", "Bonne tolérance", "Douleur légère", "Rien à signaler"),
    "comment_es": words("Dolor leve", "Buena tolerancia", "Sin cambios"),
    "comment_it": words("Collo rigido", "Buona tolleranza", "Nessun disturbo"),
    "comment_ru": words("Боль в шее", "Без изменений", "Лёгкая тошнота"),
    "comment_zh": words("头痛减轻", "无变化", "颈部僵硬"),
    "comment_ja": words("頭痛が軽い", "変化なし", "肩こり"),
    "greek_letters": words("α", "β-actin", "TNF-α", "µg", "Δ Ct"),
}
