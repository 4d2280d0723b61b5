"""What a column's name says: the words, in six languages, that announce a direct identifier.

A name is split at capitals, digits and every other sign (`PatientLastName2`: patient, last, name), accents are
dropped, and one to four neighbouring words are looked up together (`name_last` and `lastname` alike).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from omtrace.validation.identifiers.people import WORDS, ordinary

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
        patname ptname vname nname patientenname
        init inits initial patientinitials patinit ptinit ptinitials kuerzel kurzel patkuerzel namenskuerzel famname
        famnamn lastn firstn namel namef vn nn nachn vorn  ansprechpartner ansprechpartnerin angehoeriger
        angehoerige angehorige angehoriger notfallkontakt notfallperson emergencycontact contactperson contactname
        personacontacto contattoemergenza  hausarzt hausaerztin hausarztin hausarztname gpname nameofgp pcp
        referringphysician referringdoctor zuweiser ueberweiser uberweiser behandler familydoctor medicodicabecera
        medicodebase medico medicocurante medecintraitant huisarts huisartsnaam betreuer betreuerin vormund
        tuteur fornavn efternavn
        etternavn fornamn efternamn fornamnefternamn navn namn etunimi sukunimi nimi imie nazwisko imienazwisko
        jmeno prijmeni meno priezvisko keresztnev vezeteknev nev ime prezime priimek soyad soyadi adi adsoyad isim
        nume prenume numepacient sobrenome apelido primeironome nomecompleto nomedopaciente  onoma eponymo imya
        kontaktperson nok informant krankengymnast unterzeichner voorletters treatingphysician attendingphysician
        zuweisenderarzt ueberweisenderarzt nomjeunefille nomdejeunefille hastaadi
        familiya otchestvo fio signedby nameinblockletters subjectname participantname ptnm patnm patientnm fullnm
        fio имя фамилия отчество фио пациент όνομα επώνυμο 姓名 名前 氏名 이름 성명 患者姓名 患者名 الاسم שם""",
    EMAIL: """email emails emailaddress emailadresse mailaddress mailadresse mailadres epost courriel correo
        correoelectronico correoe mailprivate postaelettronica indirizzoemail
        eposti epostadresse sahkoposti mejl mejladress mailadr emailadr emailaddr emailid mailto correl poczta
        mailprivat email1 e_mail eposta почта имейл 邮箱 メール 이메일""",
    PHONE: """phone phones telephone telephon tel telno telnr phonenumber phoneno cellphone cellnumber
        mobilephone mobilenumber mobileno fax faxno faxnumber telefax telefon telefonnummer telefonnr
        handy handynr handynummer mobilnummer mobiltelefon festnetz rufnummer telefono telefonofijo
        movil telefonomovil cellulare numerocellulare telefoon telefoonnummer mobielnummer gsmnummer
        numerotelephone numtel pager whatsapp landline
        phonenr phonenum phonemobile mobiltel mobilenr mobno mobnr mob telnumber telnum telnummer telephonenumber
        telephoneno telmobil telprivat telmobile telp tlf tfno tlfno tlfnr cellno cellnr cellph cellphoneno
        handynum handyno festnetznr privatnummer rufnr rueckrufnummer ruckrufnummer portable numeroportable teleph
        mobiltelefonnummer puhelinno contactnumber contactno fono celular nrtelefonu telefonu komorka puhelin
        puhelinnumero gsmno tel1 tel2 matkapuhelin mobilni
        telefonszam  telefonnumer telefonnumber whatsappnr тел телефон τηλεφωνο 电话 電話 手机 電話番号
        전화 전화번호 هاتف טלפון""",
    BIRTH: """dob dateofbirth birthdate birthday birthdt datebirth borndate bornon dateborn birthdatetime
        geburtsdatum geburtstag gebdatum gebdat gebtag geborenam datumgeburt datenaissance
        datedenaissance naissance ddn nacimiento fechanacimiento fechadenacimiento fechanac nascita
        datanascita datadinascita datanasc geboortedatum gebdatumpatient geboortedag
        bday bdate birthdat bdt brthdt brthdtc dobirth dtbirth dtob birthdtc dateofb gebd gebdt gdat gebdatpat
        dnaiss datenaiss datnaiss fnac fecnac fnacimiento dtnasc dtnascimento datanascimento datadenascimento
        nascimento  fodselsdato fodselsdag fodelsedatum fodselsdata dataurodzenia urodzony datumnarozeni
        datumnarodenia narozeni syntymaaika szuletesidatum dogumtarihi datanasterii datumrodenja dataroj natodel
        geborte geburt_datum dor
        fodelsedag datumgeb dataur szuldatum syntaika dataurodz natoil natail nacidoel nacidael birthserial
        urodz fodd fodt nac
        датарождения рождения 生年月日 出生日期 생년월일""",
    RECORD: """mrn medicalrecord medicalrecordno medicalrecordnumber medicalrecordnr chartno chartnumber
        hospitalno hospitalnumber hospitalnr ssn socialsecurity socialsecurityno socialsecuritynumber
        socsec nhsno nhsnumber nhsid nhsnr nino nationalinsurance nationalid nationalidno
        nationalidentity insuranceno insurancenumber insuranceid insurancepolicy policynumber policyno
        healthplan healthplanno healthcardno healthcardnumber memberid medicareno medicarenumber
        medicareid medicaidno medicaidid medicaidnumber beneficiaryid beneficiaryno taxid taxnumber
        fallnummer fallnr aktenzeichen aktennummer patientennummerklinik krankenaktennummer
        sozialversicherungsnummer sozialversicherungsnr sozialversicherung svnr svnummer
        rentenversicherungsnummer ahv ahvnr ahvnummer versichertennummer versichertennr
        versicherungsnummer versicherungsnr krankenkassennummer krankenkassennr krankenkassenr
        krankenversichertennummer kvnr steuernummer steuerid numerosecuritesociale numsecu
        securitesociale numerodossier numdossier ipppatient dni nif curp rut historiaclinica
        numerohistoriaclinica seguridadsocial tarjetasanitaria codicefiscale codfiscale tesserasanitaria
        numerocartella bsn burgerservicenummer patientnummerziekenhuis polisnummer verzekeringsnummer
        personnummer fodselsnummer
        aktenz numhistoria kartoteki nrkartoteki casenumber codicefisc insee inseeno ehrno
        mrnno mrnumber patientmrn medrec medrecno medrecnr recno hospno hospid hospitalid uhid umrn emrno ehrid
        emrid kisnr kisid patnr patientennr patientennummer patno fallid aufnahmenummer aufnahmenr aktenr
        krankenakte  kvnummer versnr versno versichertennr versicherungsnr gkvnr rvnr rentennr svno sozialversnr
        steuernr idnr identnr steueridnr socialsec socsecno ssnr ssan nationalinsuranceno natid nationalidnumber
        idnumber personalid personalno  insno insuranceno policyid polizzennummer nss nuss nir secu numsecu
        numsecusociale nip ipp nhc numerohistoria cip codicesanitario codfisc cf tessera cpf cpfno cnp egn jmbg oib
        pesel nrpesel rodnecislo isikukood  asmenskodas personaskods hetu henkilotunnus personnr fodselsnr cpr cprnr
        cprnummer kennitala tckimlik tckn kimlikno amka avs avsnr oasi numavs aadhaar aadhar pan sin tfn
        medicarecardno chi chino chinumber  nhsnumberpatient chartnr chartid casenr caseno снилс инн 身份证号
        주민등록번호
        マイナンバー""",
    ADDRESS: """address addr homeaddress streetaddress postaladdress mailingaddress residentialaddress
        addressline patientaddress street streetname streetno housenumber houseno zip zipcode zipplus
        postcode postalcode postal gpscoordinates latitude longitude geolocation gps anschrift adresse
        strasse strassenr hausnummer hausnr plz postleitzahl wohnort wohnadresse rue codepostal domicile
        lieudit direccion domicilio calle codigopostal indirizzo codicepostale adres straat straatnaam
        huisnummer woonplaats woonadres city town village county ville commune ciudad municipio citta
        comune gemeente ortsname plzort hometown
        addr1 addr2 adr adresszusatz privatadresse heimatadresse lieferadresse str strnr hsnr strassehausnummer
        strassenname postadresse postanschrift postaladr zipno postcd pcode postnr postnummer postort kodpocztowy
        psc iranyitoszam irsz  utca ulica ulicanr ulice adresa adress osoite katuosoite postinumero gateadresse
        gatuadress gata vej endereco morada cep codpostal cp cpville cap indir dir domic residence placeofresidence
        residenza residencia woonadresnr wohnortplz stadt  miasto mesto kaupunki by stad kommune kommun parish
        neighbourhood neighborhood lat lon lng longitude geo coords coordinates koordinaten адрес улица город индекс
        地址 住所 郵便番号 주소 address1 what3words""",
    ACCOUNT: """iban bicswift bankaccount accountnumber accountno accountnr accountid accountname creditcard
        creditcardno cardnumber cardno kontonummer kontonr kreditkarte bankverbindung comptebancaire
        cuentabancaria numerocuenta contocorrente rekeningnummer username userlogin login loginname
        benutzername nomutilisateur usuario nomeutente gebruikersnaam bankleitzahl
        bic swift bankacc acctno accno bankaccountno bankkonto ktonr kto blz rekeningnr cuentano numcuenta cc ccno
        cardnr kartennummer kreditkartennummer twitterhandle instagramhandle insta instagramname handle socialmedia
        socialmediahandle  telegram discord wechat snapchat tiktok tiktokname usernames user_name userid loginid
        igname iguser fbname fbuser bankacct nick skypename screenname benutzer benutzerkennung paypal paypalaccount""",
    LICENCE: """passport passportno passportnumber drivinglicence drivinglicense driverslicense driverlicense
        driverslicence driverlicence licenceno licenceid licencenumber licenseno licenseid licensenumber
        certificateno certificatenumber idcard idcardno identitycard fuehrerschein fuhrerschein
        fuehrerscheinnr fuhrerscheinnr ausweis ausweisnr ausweisnummer personalausweis reisepass
        passnummer passeport permisconduire permisdeconduire carteidentite pasaporte carnetconducir
        passaporto patente cartaidentita paspoort paspoortnummer rijbewijs rijbewijsnummer
        pass passnr passno passportnr ppno persoausweis persoausweisnr perso personr ausweisno ausweisnum
        idcardnumber idcardnr identitycardno idno idnum documentno documentnumber documento numdoc numerodocumento
        docidentidad cni numcni carteid  dl dlno dln driverlicenseno driverslicenseno drivinglicenceno
        fuehrerscheinnummer fuhrerscheinnummer permiso numpermis rijbewijsnr paszport nrpaszportu dowod
        reisepassnummer reisepassnr paspoortnr paszportnr passaportonr traveldocument traveldoc traveldocno
        traveldocumentno iddocument docno docnr personalausweisnr personalausweisnummer personalausweisno
        護照 護照號碼 旅券 旅券番号
        dowodosobisty korkort visano паспорт 护照 护照号 パスポート 여권번호""",
    VEHICLE: """licenseplate licenceplate licenseplateno licenceplateno numberplate registrationplate vehicleid
        vehiclereg vehicleno vehiclenumber vehicleplate vehicleregistration vin carregistration carplate
        kfzkennzeichen autokennzeichen kfz immatriculation plaqueimmatriculation matricula targa
        kenteken nummerplade
        plate_no regno regnr carreg carregno autokz kfzkz kfznr kfzkennz nummernschild registreringsnummer
        nrrejestracyjny rendszam plaka spz vehreg chassisno fahrgestellnummer kennz""",
    DEVICE: """deviceid deviceidentifier deviceno devicenumber deviceserial deviceserialno serialnumber
        serialno implantserial implantid imei imsi macaddress macaddr deviceudi udid seriennummer
        seriennr geraetenummer numeroserie numerodeserie numerodiserie serienummer
        devicesn implantsn deviceserialnumber serialnr serno pacemaker pacemakerid pacemakerserial implantno
        devid handyimei
        phoneimei uuid_device macadr""",
    IP: "ipv ipaddress ipaddr ipadresse ipadres ipvaddress adresseip direccionip indirizzoip",
    URL: """url urls website homepage webaddress webpage webseite weblink facebook twitter instagram
        linkedin skype sitioweb paginaweb surveylink siteinternet""",
    PHOTO: """photo photos photograph photographs mugshot selfie headshot facephoto faceimage facialimage
        passbild lichtbild foto fotos fotografia fotografie photofile voicerecording audiorecording
        portrait passphoto
        photoid pic pics profilepic profilephoto portraitphoto video_file videofile faceimg facepic patientphoto
        patientenfoto gesicht gesichtsfoto voice voicefile audiofile audio videorecording recording_file zdjecie
        voicerec bild passfoto""",
    BODY: """fingerprint fingerprints fingerabdruck palmprint voiceprint retinascan irisscan biometric
        biometrics unterschrift empreinte empreintedigitale huelladactilar impronta vingerafdruk
        handtekening faceid
        sig sign signed_by irisscan iris retina voiceprintid faceprint podpis allekirjoitus underskrift imza
        assinatura rubrica firmapaciente dna_profile""",
}

# These identify alone, or beside a word for a person or a filler; beside any other word they mean something else.
ALONE = {
    PERSON: "name names nom nombre nome naam contact kontakt contacto contatto gp arzt",
    EMAIL: "mail",
    PHONE: "mobile mobil cell gsm sms",
    BIRTH: "birth born geburt geb nascita nacim nasc naiss",
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
ONLY_WITH_PERSON = set("link web picture image video firma conto arzt".split())
# Of these the texts decide: `cell` is a phone number where it has the digits of one, and counts cells where not.
BY_TEXTS = set(
    """contact kontakt contacto contatto cell sms born geb gp handle str dir by cap cp cf cc pan sin nn vn nn pass
    sig sign sn lat lon lng geo cep pic audio video voice residence stadt bild mob init inits initial portable
    navn nimi nev ime nume adi meno by parish dl run recno caseno casenr userid telegram iris retina idnr
    identnr personalid personalno mac dor adr adresa geburt nip avs ipp chi cni tel1 tel2 psc ulica gata vej
    isim imie docno docnr nac nok informant casenumber contactno contactnumber datumgeb dataur""".split()
)
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
        proxy informant ehepartner ehefrau ehemann lebenspartner physio physiotherapeut therapeut osteopath
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
        """model brand os platform kind
            call calls minutes min duration count n visit visits interview hours hour use usage consult
        consultation screening screen followup total times frequency reminder reminders app contacts""".split()
    ),
    EMAIL: set("n count reminder reminders total times frequency".split()),
    BIRTH: set(
        """weight weights height length order country control place gestation gestational preterm given
        cohort rank mode delivery parity live still sex complications number gewicht groesse poids
        taille rang lieu pays peso altezza luogo lugar""".split()
    ),
    ADDRESS: set(
        """bregma stereotaxic stereotactic mni talairach voxel brain dist distance km x y z ap ml dv
            site centre center clinic hospital ip mac email mail web memory plate well url sponsor sales lab
        n count number_of size density""".split()
    ),
    RECORD: set("type status class trust has cover covered kind category trial".split()),
    ACCOUNT: set("type status into has n count".split()),
    LICENCE: set("data software type source".split()),
    DEVICE: set("type model name kind brand".split()),
    URL: set("doi".split()),
    PHOTO: set("sensitivity phobia therapy phosphene n count".split()),
    BODY: set("gene expression molecular".split()),
}
NUMBERS = ("no", "nr", "num", "number", "nummer", "numero", "nro", "nbr")  # one as good as another
OF_PERSON = re.compile(r"(?:patient|participant|subject|proband|client)(?:en|in)?(?=.{3})")  # before a joined word
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
STROKES = str.maketrans("łŁøØđĐıİ", "lLoOdDiI")
LONGEST = 4  # words looked up together
# Of columns: trades, firms, methods, findings and labels, among whose texts single names of people are eponyms.
THINGS = frozenset(
    """occupation profession job trade beruf taetigkeit tatigkeit metier professione profesion ocupacion beroep religion
    nationality ethnicity language strain breed stamm ceppo cepa souche vendor supplier manufacturer hersteller
    lieferant fabricant kit brand instrument scale questionnaire technique technik tecnica behaviour behavior paradigm
    maze stain staining antibody buffer medium gene protein cell muscle nerve procedure manoeuvre maneuver finding
    findings befund diagnosis diagnose diagnosi diagnostico diagnostic drug medication medikament medicament farmaco
    medicamento arzneimittel holiday feiertag barcode aliquot sample specimen tube vial probe campione muestra
    echantillon rack lot batch plate eq equation formula atlas car plant
    flower trigger catalog catalogue diet algorithm software""".split()
)
# Of columns of hospitals and foundations, which may bear the name of somebody.
PLACES = frozenset("site centre center zentrum centro hospital klinik clinic funding sponsor".split())
VERSIONS = frozenset("version versions release build firmware software".split())
DAYS = frozenset("date datum data fecha dt dat day tag jour dia giorno datetime on".split())
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
SERIAL_DAY = re.compile(r"(?:[1-3]\d|4[0-3])\d{3}(?:\.0)?")  # of a workbook: the days since 1899, from 1927 to 2020
SIGNS = re.compile(r"\w")
CODES = 12  # at most so many different codes of one or two digits are answers to a closed question


def folded(text: str) -> str:
    """Lower case without accents; sharp s as ss, umlauts as their vowel."""
    return unaccented(text.casefold())


def unaccented(text: str) -> str:
    """A text without accents; letters with a stroke or without a dot as the plain ones."""
    plain = unicodedata.normalize("NFKD", text.translate(STROKES))
    return "".join(c for c in plain if not unicodedata.combining(c))


def words_of(column: str) -> list[str]:
    """The words of a column's name: lower case, without accents."""
    return [folded(word) for word in WORD.findall(unaccented(column))]


@cache
def _table(which: str) -> dict[str, str]:
    """Joined words -> kind."""
    return {
        folded(word): kind for kind, words in (SURE if which == "sure" else ALONE).items() for word in words.split()
    }


def _sure(words: Sequence[str]) -> str:
    """The kind that neighbouring words announce wherever they stand; of words for a number any will do."""
    sure, joined = _table("sure"), "".join(words)
    forms = [joined, OF_PERSON.sub("", joined)]
    if len(words) > 1 and words[-1] in NUMBERS:
        forms += ["".join(words[:-1]) + number for number in NUMBERS]
    if len(words) > 1 and words[0] in NUMBERS:
        forms += [number + "".join(words[1:]) for number in NUMBERS]
        forms += ["".join(words[1:]) + number for number in NUMBERS]
    return next((sure[form] for form in forms if form in sure and form not in BY_TEXTS), "")


@cache
def kind_by_name(column: str) -> str:
    """The kind of identifier that a column's name announces, "" if none.

    The more words an entry takes, the earlier it counts: `email_address` is an e-mail, not a street.
    """
    words = words_of(column)
    sure, alone = _table("sure"), _table("alone")
    for length in range(min(LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            joined = "".join(words[start : start + length])
            rest = {*words[:start], *words[start + length :]}
            kind = "" if joined in BY_TEXTS else _sure(words[start : start + length])
            if kind and not rest & EXEMPT.get(kind, set()):
                return kind
            kind = alone.get(joined, "") or (sure.get(joined, "") if joined in BY_TEXTS else "")
            if kind == IP and any(c.isdigit() for c in column):
                continue  # IP-10 is a protein
            fits = rest <= FILLERS | PERSONS and not rest & EXEMPT.get(kind, set())
            if kind and fits and (joined not in ONLY_WITH_PERSON or rest & PERSONS):
                return kind
    return ""


def _decided_by_texts(column: str) -> bool:
    """Whether a name has a meaning beside the identifier that it may announce, and nothing else in it."""
    words = words_of(column)
    plain = [word for word in words if word not in FILLERS] or words
    return "".join(plain) in BY_TEXTS or "".join(words) in BY_TEXTS


def _shows(kind: str, text: str) -> bool:
    """Whether a text could be an identifier of a kind, where the column's name leaves that open."""
    digits = sum(c.isdigit() for c in text)
    if kind == PHONE:
        return digits >= 7 or "+" in text
    if kind == BIRTH:
        return (
            digits >= 6
            or SERIAL_DAY.fullmatch(text) is not None
            or (digits >= 3 and re.search(r"\d[./-]\d|[^\W\d_]{3}", text) is not None)
        )
    if kind in (RECORD, ACCOUNT, LICENCE, DEVICE):
        return digits >= 5 or (kind == ACCOUNT and re.search(r"[^\W\d_]{3}", text) is not None)
    if kind == ADDRESS:
        return digits >= 4 or any(not ordinary(word) for word in WORDS.findall(text) if len(word) > 2)
    if kind == PHOTO:
        return re.search(r"(?i)\.(?:jpe?g|heic|png|mp4|mov|wav|mp3|m4a)$", text) is not None
    return digits == 0 and (
        re.fullmatch(r"[A-Z]\.? ?[A-Z]\.?(?: ?[A-Z]\.?)?", text) is not None
        or any(word[:1].isupper() and len(word) > 2 and not ordinary(word) for word in WORDS.findall(text))
    )


def is_of(words: frozenset[str], column: str) -> bool:
    """Whether one of the words stands in a name."""
    return not words.isdisjoint(words_of(column))


def is_year(column: str) -> bool:
    """Whether a name speaks of a year: `year_of_birth`, `birth_year`."""
    return bool(YEAR & set(words_of(column)))


def empty(texts: Sequence[str]) -> bool:
    """Whether nothing is disclosed: every text is a mark or a word for what was taken out."""
    return all(not SIGNS.search(text) or text.strip("[]()<>* .").casefold() in NOTHING for text in texts)


def excused(column: str, kind: str, texts: Sequence[str]) -> bool:
    """Whether the texts show that a column, in spite of its name, holds no identifier.

    Answers such as yes and no; a few codes of one or two digits; a date, where something else than a birth is named;
    a year of birth alone; numbers, where the identifier is never a plain number; for names, words with digits. Of a
    name that usually means something else (``BY_TEXTS``) the texts decide.
    """
    if empty(texts) or all(text.casefold() in YES_NO for text in texts):
        return True
    if _decided_by_texts(column) and not any(_shows(kind, text) for text in texts):
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
