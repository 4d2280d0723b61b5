"""What a column's name says: the words, in six languages, that announce a direct identifier.

A name is split at capitals, digits and every other sign (`PatientLastName2`: patient, last, name), accents are
dropped, and one to four neighbouring words are looked up together (`name_last` and `lastname` alike).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

PERSON = "name of a person"
EMAIL = "e-mail address"
PHONE = "phone or fax number"
BIRTH = "date of birth"
RECORD = "record or insurance number"
ADDRESS = "street address or postcode"
ACCOUNT = "bank, card or user account"
LICENCE = "licence or passport number"
VEHICLE = "vehicle number"
DEVICE = "device number"
IP = "IP address"
URL = "web address"
PHOTO = "photograph or recording"
BODY = "biometric mark or signature"

# Neighbouring words joined without a mark. They identify wherever they stand in a name.
SURE = {
    PERSON: """surname lastname firstname forename givenname fullname middlename maidenname namelast namefirst
        nameofpatient nickname fname lname initials personname kinname nextofkin kin nachname vorname
        familienname geburtsname rufname zuname maedchenname initialen familyname namefamily prenom
        nomfamille nomdefamille nomprenom nomnaissance nompatient initiales apellido apellidos
        nombrecompleto nombreapellido nombrepaciente primernombre iniciales cognome nomecognome
        nomepaziente iniziali voornaam achternaam familienaam roepnaam tussenvoegsel initialenpatient
        patname ptname vname nname patientenname""",
    EMAIL: """email emails emailaddress emailadresse mailaddress mailadresse mailadres epost courriel correo
        correoelectronico correoe mailprivate postaelettronica indirizzoemail""",
    PHONE: """phone phones telephone telephon tel telno telnr phonenumber phoneno cellphone cellnumber
        mobilephone mobilenumber mobileno fax faxno faxnumber telefax telefon telefonnummer telefonnr
        handy handynr handynummer mobilnummer mobiltelefon festnetz rufnummer telefono telefonofijo
        movil telefonomovil cellulare numerocellulare telefoon telefoonnummer mobielnummer gsmnummer
        numerotelephone numtel pager whatsapp landline""",
    BIRTH: """dob dateofbirth birthdate birthday birthdt datebirth borndate bornon dateborn birthdatetime
        geburtsdatum geburtstag gebdatum gebdat gebtag geborenam datumgeburt datenaissance
        datedenaissance naissance ddn nacimiento fechanacimiento fechadenacimiento fechanac nascita
        datanascita datadinascita datanasc geboortedatum gebdatumpatient geboortedag""",
    RECORD: """mrn medicalrecord medicalrecordno medicalrecordnumber medicalrecordnr chartno chartnumber
        hospitalno hospitalnumber hospitalnr ssn socialsecurity socialsecurityno socialsecuritynumber
        socsec nhsno nhsnumber nhsid nhsnr nino nationalinsurance nationalid nationalidno
        nationalidentity insuranceno insurancenumber insuranceid insurancepolicy policynumber policyno
        healthplan healthplanno healthcardno healthcardnumber memberid medicareno medicarenumber
        medicareid medicaidno medicaidid medicaidnumber beneficiaryid beneficiaryno taxid taxnumber
        fallnummer fallnr aktenzeichen aktennummer patientennummerklinik krankenaktennummer
        sozialversicherungsnummer sozialversicherungsnr sozialversicherung svnr svnummer
        rentenversicherungsnummer ahv ahvnr ahvnummer versichertennummer versichertennr
        versicherungsnummer versicherungsnr krankenkassennummer krankenkassennr
        krankenversichertennummer kvnr steuernummer steuerid numerosecuritesociale numsecu
        securitesociale numerodossier numdossier ipppatient dni nif curp rut historiaclinica
        numerohistoriaclinica seguridadsocial tarjetasanitaria codicefiscale codfiscale tesserasanitaria
        numerocartella bsn burgerservicenummer patientnummerziekenhuis polisnummer verzekeringsnummer
        personnummer fodselsnummer""",
    ADDRESS: """address addr homeaddress streetaddress postaladdress mailingaddress residentialaddress
        addressline patientaddress street streetname streetno housenumber houseno zip zipcode zipplus
        postcode postalcode postal gpscoordinates latitude longitude geolocation gps anschrift adresse
        strasse strassenr hausnummer hausnr plz postleitzahl wohnort wohnadresse rue codepostal domicile
        lieudit direccion domicilio calle codigopostal indirizzo codicepostale adres straat straatnaam
        huisnummer woonplaats woonadres city town village county ville commune ciudad municipio citta
        comune gemeente ortsname plzort hometown""",
    ACCOUNT: """iban bicswift bankaccount accountnumber accountno accountnr accountid accountname creditcard
        creditcardno cardnumber cardno kontonummer kontonr kreditkarte bankverbindung comptebancaire
        cuentabancaria numerocuenta contocorrente rekeningnummer username userlogin login loginname
        benutzername nomutilisateur usuario nomeutente gebruikersnaam bankleitzahl""",
    LICENCE: """passport passportno passportnumber drivinglicence drivinglicense driverslicense driverlicense
        driverslicence driverlicence licenceno licenceid licencenumber licenseno licenseid licensenumber
        certificateno certificatenumber idcard idcardno identitycard fuehrerschein fuhrerschein
        fuehrerscheinnr fuhrerscheinnr ausweis ausweisnr ausweisnummer personalausweis reisepass
        passnummer passeport permisconduire permisdeconduire carteidentite pasaporte carnetconducir
        passaporto patente cartaidentita paspoort paspoortnummer rijbewijs rijbewijsnummer""",
    VEHICLE: """licenseplate licenceplate licenseplateno licenceplateno numberplate registrationplate vehicleid
        vehiclereg vehicleno vehiclenumber vehicleplate vehicleregistration vin carregistration carplate
        kfzkennzeichen autokennzeichen kfz immatriculation plaqueimmatriculation matricula targa
        kenteken""",
    DEVICE: """deviceid deviceidentifier deviceno devicenumber deviceserial deviceserialno serialnumber
        serialno implantserial implantid imei imsi macaddress macaddr deviceudi udid seriennummer
        seriennr geraetenummer numeroserie numerodeserie numerodiserie serienummer""",
    IP: "ipaddress ipaddr ipadresse ipadres ipvaddress adresseip direccionip indirizzoip",
    URL: """url urls website homepage webaddress webpage webseite weblink facebook twitter instagram
        linkedin skype sitioweb paginaweb surveylink siteinternet""",
    PHOTO: """photo photos photograph photographs mugshot selfie headshot facephoto faceimage facialimage
        passbild lichtbild foto fotos fotografia fotografie photofile voicerecording audiorecording
        portrait passphoto""",
    BODY: """fingerprint fingerprints fingerabdruck palmprint voiceprint retinascan irisscan biometric
        biometrics unterschrift empreinte empreintedigitale huelladactilar impronta vingerafdruk
        handtekening faceid""",
}  # fmt: skip

# These identify alone, or beside a word for a person or a filler; beside any other word they mean something else.
ALONE = {
    PERSON: "name names nom nombre nome naam contact",
    EMAIL: "mail",
    PHONE: "mobile mobil cell gsm sms",
    BIRTH: "birth born geburt geb",
    RECORD: "nhs insurance versicherung medicare medicaid",
    ADDRESS: "ort",
    ACCOUNT: "account konto compte cuenta conto rekening",
    LICENCE: "licence license permis",
    VEHICLE: "kennzeichen",
    DEVICE: "serial",
    IP: "ip",
    URL: "web www link blog",
    PHOTO: "picture image video",
    BODY: "signature firma",
}
# What else these words alone usually are: a column `patient` holds pseudonyms, `cell` counts, `image` a file of a scan.
ONLY_WITH_PERSON = set("contact cell sms link web picture image video born geb firma conto".split())
FILLERS = set(
    """a b c d e f the of de du la le el di della del des der die das van no nr num number nummer
        numero nb text txt raw full home work private primary secondary main current old new alt
        alternative other second first last line street legal preferred holder code own s your my i ii
        date dt day""".split()
)
PERSONS = set(
    """patient patients participant participants subject person pt pat proband probandin kin relative
        mother father parent partner spouse wife husband guardian caregiver carer emergency ec child
        client doctor gp physician therapist practitioner clinician nurse interviewer rater assessor
        investigator respondent donor volunteer member patiente patientin paciente paziente mutter vater
        arzt hausarzt madre padre medico mere pere medecin moeder vader arts teilnehmer deelnemer naam
        contact employee staff user""".split()
)
# A name with one of these speaks of something else than a person, or of an event, not of the identifier itself.
EXEMPT = {
    PERSON: set(
        """file drug study event sample plate site variable field form instrument arm group visit clinic
        hospital centre center kit assay product brand gene protein marker species strain test lab item
        scale project sheet table column medication med trade generic substance device compound
        treatment batch template score model reader method analyte antibody cage country nameless test""".split()
    ),
    PHONE: set(
        """call calls minutes min duration count n visit visits interview hours hour use usage consult
        consultation screening screen followup total times frequency reminder reminders app contacts""".split()
    ),
    EMAIL: set("n count reminder reminders total times frequency".split()),
    BIRTH: set(
        """weight weights height length order country control place gestation gestational preterm given
        cohort rank mode delivery parity live still sex complications number gewicht groesse poids
        taille rang lieu pays peso altezza luogo lugar""".split()
    ),
    ADDRESS: set(
        """site centre center clinic hospital ip mac email mail web memory plate well url sponsor sales lab
        n count number_of size density""".split()
    ),
    RECORD: set("type status class trust has cover covered kind category trial".split()),
    ACCOUNT: set("type status into has n count".split()),
    LICENCE: set("data software type source".split()),
    DEVICE: set("type model name".split()),
    URL: set("doi".split()),
    PHOTO: set("sensitivity phobia therapy phosphene n count".split()),
    BODY: set("gene expression molecular".split()),
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
LONGEST = 4  # words looked up together
YEAR = set("year yr yob jahr annee ano anno jaar geburtsjahr".split())

YES_NO = frozenset(
    """0 1 2 yes no y n true false t f ja nein j oui non o si s nee checked unchecked x unknown known none
    complete incomplete unverified verified confirmed pending ok not done 9 99 -1 -9 -99""".split()
) | {"not done", "not known"}
NOTHING = frozenset("redacted removed deleted anonymised anonymized withheld masked hidden xxx xxxx na n/a nan".split())
SMALL = re.compile(r"-?\d{1,2}")
SHORT = re.compile(r"-?\d{1,4}")
NUMBER = re.compile(r"-?\d{1,6}(?:[.,]\d+)?")
WHEN = re.compile(r"(?:(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d)(?:[ T][\d:.Z+-]+)?")
CODED = re.compile(r"\S*\d\S*")  # one word with a digit: S1, P001
SIGNS = re.compile(r"\w")
CODES = 12  # at most so many different codes of one or two digits are answers to a closed question


def folded(text: str) -> str:
    """Lower case without accents; sharp s as ss, umlauts as their vowel."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


@cache
def _table(which: str) -> dict[str, str]:
    """Joined words -> kind."""
    return {word: kind for kind, words in (SURE if which == "sure" else ALONE).items() for word in words.split()}


@cache
def kind_by_name(column: str) -> str:
    """The kind of identifier that a column's name announces, "" if none.

    The more words an entry takes, the earlier it counts: `email_address` is an e-mail, not a street.
    """
    words = [folded(word) for word in WORD.findall(unicodedata.normalize("NFC", column))]
    sure, alone = _table("sure"), _table("alone")
    for length in range(min(LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            joined = "".join(words[start : start + length])
            rest = {*words[:start], *words[start + length :]}
            kind = sure.get(joined, "")
            if kind and not rest & EXEMPT.get(kind, set()):
                return kind
            kind = alone.get(joined, "")
            if kind == IP and any(c.isdigit() for c in column):
                continue  # IP-10 is a protein
            fits = rest <= FILLERS | PERSONS and not rest & EXEMPT.get(kind, set())
            if kind and fits and (joined not in ONLY_WITH_PERSON or rest & PERSONS):
                return kind
    return ""


def is_year(column: str) -> bool:
    """Whether a name speaks of a year: `year_of_birth`, `birth_year`."""
    return bool(YEAR & {folded(word) for word in WORD.findall(column)})


def empty(texts: Sequence[str]) -> bool:
    """Whether nothing is disclosed: every text is a mark or a word for what was taken out."""
    return all(not SIGNS.search(text) or text.strip("[]()<>* .").casefold() in NOTHING for text in texts)


def excused(column: str, kind: str, texts: Sequence[str]) -> bool:
    """Whether the texts show that a column, in spite of its name, holds no identifier.

    Answers such as yes and no; a few codes of one or two digits; a date, where something else than a birth is named;
    a year of birth alone; numbers, where the identifier is never a plain number; for names, words with digits.
    """
    if empty(texts) or all(text.casefold() in YES_NO for text in texts):
        return True
    if kind == BIRTH:
        return is_year(column) and all(SHORT.fullmatch(text) for text in texts)
    if all(WHEN.fullmatch(text) for text in texts):
        return True
    if kind in (RECORD, ACCOUNT, LICENCE):
        return False
    if len(texts) <= CODES and all(SMALL.fullmatch(text) for text in texts):
        return True
    if kind == PERSON and all(CODED.fullmatch(text) for text in texts):
        return True
    if kind == DEVICE:
        return all(SHORT.fullmatch(text) for text in texts)
    if kind in (PERSON, EMAIL, IP, URL):  # neither a name nor a web or mail address is ever a plain number
        return all(NUMBER.fullmatch(text) for text in texts)
    return False
