"""The words of many languages that stand before or behind an identifier, or within one, as parts of patterns."""

STREETS = (
    "Street|Str|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Way|Court|Ct|Place|Pl|Square|Terrace|Close|"
    "Crescent|Highway|Hwy|Circle|Cir|Trail|Parkway|Pkwy|Alley|Row|Mews|Gardens|Hollow|Ridge|Ridges|Greens?|Grove|Meadows?|"
    "Heights|Crossing|Glen|Knolls?|Orchard|Wharf|Parade|Esplanade|Hills?|Vale|Villas|Pike|Fords?|Forges?|Expressway|Turnpike"
)
LONE = r"stra(?:ß|ss)e|str\.|straat|gracht|singel|plein|laan"
TOWNLESS = (  # endings of German, Dutch and Nordic street names in one word
    r"stra(?:ß|ss)e|str\.|str|weg|gasse|allee|platz|ring|damm|ufer|steig|stieg|chaussee|promenade|"
    r"graben|markt|straat|gracht|singel|plein"
    r"|steeg|pad|laan|kade|dijk|dreef|hof|gatan|gata|gate|gaten|vägen|veien|vegen|vej|vejen|gade|gaden|stræde|"
    r"torget|torvet|katu|tie|kuja|polku"
)
FRENCH = r"rue|avenue|av\.|boulevard|bd|chemin|impasse|quai|allée|place|route"
SOUTH = (
    r"[Cc]alle|C/|[Aa]venida|Avda?\.?|Plaza|Paseo|Carrer|Rua|Travessa|Praça|Largo|Estrada|Via|Contrada|Ronda|Camino|Av\.?|[Pp]iazza|[Vv]iale|"
    r"Corso|Vicolo|Largo|Strada|Str\.|Bulevardul"
    r"|Calea|ul\.|Ul\.|ulica|Ulica|al\.|os\.|pl\.|Aleja|aleja|Aleje|Rynek|Nám\.|náměstí|Trg|Улица|"
    r"улица|ул\.|алл\.|пл\.|ш\.|наб\.|пр\.|пр-т|просп\.|пер\.|вул\.|бул\."
    r"|Οδός|οδός|Λεωφόρος|Λεωφ\.|Leoforos|Odos"
)
BEHIND = (
    r"utca|út|útja|tér|cesta|körút|Caddesi|Cad\.|Sokak|Sokağı|Sok\.|Sk\.|Bulvarı|Mahallesi|Mah\.|ulice|ulica|"
    r"náměstí|iela|gatvė|tänav|mnt|katu|Straße|Strasse|Str\.|Platz|Allee|Weg|Gasse|Damm|Ufer|"
    r"Ring|gate|gata|vei|väg|vej"
)
PREPOSED = (
    r"Am|An der|An den|Auf dem|Auf der|Im|In der|In den|Zum|Zur|Unter den|Unter dem|Beim|Hinter "
    r"der|Hinter dem|Vor dem|Alte|Neue|Alter|Neuer|Große|Kleine"
)
AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX "
    "FK FY G GL GU HA HD HG HP HR HS HU HX IG IP IV KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP "
    "NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW "
    "UB W WA WC WD WF WN WR WS WV YO ZE"
).replace(" ", "|")
STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH "
    "OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC"
).replace(" ", "|")
DAY = (
    r"(?:\d{1,4}[./-] ?\d{1,2}[./-] ?\d{2,4}|\d{1,2}(?:st|nd|rd|th)?\.? (?:de |of )?[^\W\d_]{3,10}\.?,? "
    r"(?:de )?(?:\d{4}|\d\d\b)|[^\W\d_]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
    r"|\d{1,2}-?(?i:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])-?(?:19|20)?\d\d\b"
    r"|\d{4}年\d{1,2}月\d{1,2}日)"
)
BORN = (
    r"born|d\.?o\.?b\b\.?|date of birth|birth ?da(?:te|y)|birth|geb|geboren|geburtsdatum|geburtstag|"
    r"geb\.?-?datum|jahrgang|n[ée]e?s? le|date de naissance|naissance|ddn"
    r"|nacid[oa]|fecha de nacimiento|nacimiento|f\. ?nac|nascid[oa]|data de nascimento|nascimento|"
    r"nat[oa] il|nat[oa] a|data di nascita|nascita|geboortedatum|geb\.dat"
    r"|ur|urodzon[ya]|data urodzenia|nar|narozen[áý]?|datum narození|nasc|f[öø]d[dt]?|f[öø]delsedato?|"
    r"f[öø]dselsdato|syntynyt|synt|szül|született|doğum(?: tarihi)?|doğumlu|n[ăa]scut[ăa]?"
    r"|р|род|родил(?:ся|ась)|дата рождения|д\.р|г\.р|γεν|γεννήθηκε|ημ\. γέννησης|出生|生年月日|生日|생년월일"
)
PASSPORT = (
    r"passport|reisepass|pass-?(?:nr|nummer|no|number)|passeport|pasaporte|passaporto|paspoort\w*|"
    r"paszport|pasaport|pass|ausweis\w*|personalausweis\w*|perso|id[- ]?card"
    r"|identity card|identity document|carte d.identit[ée]|cni|carnet de identidad|documento(?: de "
    r"identidad)?|carta d.identit[àa]|identiteits\w+|dowód(?: osobisty)?|driv\w+ licen[cs]e|driver'?s? "
    r"licen[cs]e"
    r"|licen[cs]e|f(?:ü|ue)hrerschein\w*|permis(?: de conduire)?|permiso de conducir|rijbewijs\w*|"
    r"patente|prawo jazdy|k[öo]rkort|visa no|residence permit|aufenthaltstitel|green card"
)
RECORD = (
    r"mrn|medical record|med\.? rec|chart|hospital|hosp|clinic|fall-?nr|fallnummer|fall|aktenzeichen|"
    r"aktennummer|akten-?nr|krankenakte|akte|az|pat(?:ient(?:en)?)?\.?-?(?:nr|nummer|no|number)"
    r"|patient(?:en)?-?id|kis|kis-?nr|aufnahme-?(?:nr|nummer)|dossier|ipp|nip|nhc|historia(?: cl[ií]nica)?|"
    r"hc|cartella(?: clinica)?|dossiernummer|journal(?:nummer)?|journalnr|karta|kartoteka"
    r"|nhs|chi|ssn|social security|soc\.? sec|national insurance|ni|nino|insurance|insur|versichert\w*|"
    r"versicherungs\w*|versicherung|krankenkassen?-?\w*|kv-?nr|sv-?nr|rv-?nr|svnr|policy|police"
    r"|p[óo]liza|polizza|polis\w*|member(?:ship)?|subscriber|beneficiary|medicare|medicaid|healthcare|"
    r"health card|tax|tin|steuer-?(?:nummer|id|nr)|steuer\w*|case|episode|encounter|accession|admission|"
    r"account"
    r"|national id|id number|identity number|identification|personal number|personnummer|personnr|"
    r"f[øo]dselsnummer|cpr|pesel|bsn|burgerservicenummer|dni|nie|nif|cpf|curp|rfc|rut|run|codice fiscale|"
    r"c\.f|ahv|avs|oasi"
    r"|aadhaar|pan|sin|tfn|egn|cnp|tckn|t\.?c\.? kimlik|jmbg|emšo|oib|rodn[ée] č[íi]slo|r\.č|hetu|"
    r"henkil[öo]tunnus|isikukood|asmens kodas|personas kods|amka|teudat zehut|securit[ée] sociale|"
    r"s[ée]cu|seguridad social|nss|nuss"
    r"|tessera sanitaria|rijksregister\w*|registre national|kimlik|snils|снилс|инн|паспорт|полис|карта|"
    r"身份证\w*|마이넘버|주민등록번호|マイナンバー"
)
BANK = (
    r"konto\w*|kto|account|acct|a/c|compte|cuenta|conto|rekening\w*|iban|blz|sort code|routing|"
    r"bank|card|credit card|kreditkarte\w*|kreditkarten-?nr|carte bancaire|tarjeta|carta di credito|"
    r"visa|mastercard|amex|ec-karte"
)
SOCIAL = (
    r"insta(?:gram)?|facebook|fb|twitter|tik ?tok|snap(?:chat)?|skype|telegram|discord|linkedin|"
    r"xing|wechat|youtube|mastodon|threads|reddit|twitch|vk|user ?name|username|handle|benutzername|"
    r"login|account|nickname|profile|profil"
)
TOKEN = r"(?=[A-Z0-9/.-]*\d)[A-Z0-9][A-Z0-9]{2,}(?:[ /.-]?[A-Z0-9]{1,}){0,5}"
CAR = (
    r"kfz|kennzeichen|kfz-?kennzeichen|autokennzeichen|nummernschild|number ?plate|licen[cs]e plate|"
    r"reg(?:istration)?(?: plate| number| no)?|car|auto|vehicle|van|immatricul\w+|plaque(?: d.immatriculation)"
    r"?|matr[íi]cula|targa|kenteken|rejestrac\w+"
    r"|nummerplade|registreringsnummer|rendsz[áa]m|plaka|номер машины|drives(?: an?)?(?: \w+)?|parked|fährt|parkt"
)
PLATE = (
    r"(?:(?=[A-ZÄÖÜ0-9 -]*\d)(?=[A-ZÄÖÜ0-9 -]*[A-ZÄÖÜ])[A-ZÄÖÜ0-9]{1,8}(?:[ -]{1,2}[A-ZÄÖÜ0-9]{1,5}){0,3}"
    r"|\d{2,3}-\d{2,3}-\d{2,3})"
    r"(?![\w-])"
)
HOME = (
    r"lives?(?: at| in| on)?|living(?: at| in)?|moved to|resides?|resident|home|address|addr|adresse|"
    r"anschrift|wohnt|wohnhaft|wohnort|zuhause|plz|postleitzahl|zip(?: ?code)?|postcode|postal code|"
    r"habite|domicili[ée]e?|code postal|vive en"
    r"|domicilio|direcci[óo]n|c[óo]digo postal|abita|residente|indirizzo|cap|woont|adres|postcode|"
    r"mieszka|kod pocztowy|bor|bydli[šs]tě|psč|asuu|lak(?:ik|cím)|from|aus|umgezogen nach|cep|morada|"
    r"mora"
)
DOMAINS = r"com|de|org|net|co\.uk|uk|fr|it|es|nl|ch|at|be|eu|pl|cz|se|dk|no|fi|pt|ie|info|me|blog|online|us|ca|ru|co"
# Where somebody lives, or what is sent goes; behind it a street with a number.
ABODE = (
    r"wohnt|wohnhaft|lives|living|moved|now at|resides|habite|vive|abita|woont|mieszka|проживает|живет|живёт|"
    r"parcel|letter|posted|mailed|post to|deliver(?:ed)?|pick(?:s|ed)? up|ships? to|address(?: is)?:?|anschrift:?|"
    r"adresse:?|adres:?|indirizzo:?|direcci[óo]n:?"
)
# What is moved, or moved to, and has a number, and is no street.
OF_STUDY = (
    r"\b(?:Visit|Week|Day|Session|Group|Site|Batch|Plate|Room|Cage|Arm|Phase|Cohort|Lab|Ward|Box|Woche|Tag|Gruppe|Sitzung|"
    r"Termin|Visite|Raum|Zimmer|Station|Zentrum|Semaine|Jour|Groupe|Semana|Grupo|Settimana|Gruppo|Groep|Zone)s?\b|"
    r"\b(?:Jan|Feb|Mar|Mär|Apr|May|Mai|Jun|Jul|Aug|Sep|Oct|Okt|Nov|Dec|Dez)[a-zé]*\.? \d"
)
