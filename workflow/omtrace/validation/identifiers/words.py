"""Words on which the search for people's names rests: frequent names of many countries, and words that are no names.

All are lower case without accents. The names are those that registers list as frequent; they name nobody in particular.
"""

from pathlib import Path

# The most frequent given and family names. Words that are also months, colours, places, brands or eponyms of diseases
# (April, White, Victoria, Yasmin, Parkinson) are left out on purpose.
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
# Given and family names that stand beside them: of countries whose names they hardly have.
MORE_GIVEN = frozenset(
    """aarav abdallah abdullah abebe abena adaeze adebayo aditi adnan afia agata agnieszka ahmad aino aisling aiko
    akiko akua akira aleksander aleksandar aleksandra aleksei aleksandr alena ales alfonso alfredo ali
    aliaksandr amar amara amir amira amit amna amparo anastasia anders andrei andrzej andrej aneta angelos
    aniko anil ananya anders anette anita annika anniken ante anthi antti anu anuradha aoife arash arjun
    armando arturo arvid ashok asli astri atsushi augusto aurelie aurora avi aya ayako ayesha ayse aysegul
    azra babak bahar balazs barbora bartosz basak beatriz bence berit berk bilal bjarne blanca blazej blessing
    bogdan bohdan bojan boris borja boubacar branislav branko brigita bronislaw burak burcu candela carme
    casper catarina cem cemal chandra charlotte chidi chiara chika chinedu chioma chun cian ciara ciro
    conchita corentin cosimo cristian csaba dace dafne dagmar dagny damian damir dana danica danil danijela
    danilo darina dariusz darko davide dejan denisa denys derya despina diana dilip dimitar dimitra dimitrios
    dinesh divya dmytro dominika dorota dorte doru dragan drazen dubravka dursun ebba ebru eduard efua egil
    eirik ekaterina ekrem eleni elin elina elzbieta emeka emir emmi emre endre engin enis enver ercan eren
    erkki ernesto esra estrella eszter eun eva ewa eyal fadi fahad farah farid fatou fatoumata felicja ferenc
    fernanda feyza filippo finn florentina florin fredrik freja funda furkan gabor gaetano galina ganesh
    gennady genowefa georgi georgios gergely gerhild geza gheorghe gintaras giorgi giorgos gloria gokhan goran
    gordana gorka gudrun guadalupe gulsen gulcan gunilla gunnar guro gyorgy habib hadiza hakan halina hamid
    hamza hana hanan hanne haris harish haruka haruki hasan hatice hedda hedwig helga helmi henning henryk
    hilde hildegard hiroko hoang hrvoje huda huseyin huda hyun iacob ibolya idris ieva ignacio igor ikram
    ildiko ilia ilona iman imran inaki indira inese ingunn ioana ioannis ion ionut iryna isak ismail issa
    istvan itziar iulia ivana iveta ivo iwona izabela jacek jadwiga jagoda jamal jamila jan janez janos janusz
    jaroslav jaroslaw jasmin jasmina javad jelena jens jerzy jesper jiri jin jitka joanna jolanta jordi
    josefina josip jovan jozef jozsef judit juhani jukka juliusz jun jussi kaan kaisa kaja kalina kamal kamil
    kamila kaori karel kari karolin karolis kasia kasper katalin katerina kateryna kavita kazimierz kazuki
    kazuko keiko kemal kenan kerem khadija kiran kirill kjell klara klavs kofi kofoworola kojo konstantinos
    koray kornelia kostas kristian kristina kristine kristjan kristof krystyna kseniya kubra kumiko kwabena
    kwame lachlan ladislav laila lakshmi lamine larisa lasse laszlo latifa layla leila leszek levente leyla
    lidia lieselotte linh linnea liv ljubica ljubomir lluis lotta lubomir lucyna ludmila ludovic lukasz
    lyudmila maarja maciej madhu maeve mads magda magnus mahmoud mai maja makoto mamadou manoj manolis mansour
    marek mareike margareta margaretha mariam marian marianne mariann maribel marija mariko marin marisol
    marit mariusz marko marketa marta martyna marwa maryam marzena masha matej matilda matti mattias maya
    mayumi mehdi meera mehtap melih melis mercy merve mete mette mihai mihaela miika mikael mikkel miklos
    milica milos min minh mira mirela miroslav miroslava mirjana mirko misaki mitsuko miyuki mladen mohan
    moira moises monira montserrat mostafa mukesh murad mwangi nabil nadezhda nagihan naoko naoki narges
    nasser natalija nathalia nebojsa neha nejc nela nela nevena ngoc ngozi nihal nikhil nikita niklas nikola
    nikolaos nikos nino nirmala nisha nizar nkechi nobuko noor noora noura nuno nurcan obinna odile oksana
    oktay olav ole oleksandr oleksandra olena olivera olumide omer ondrej onur orhan oriol orsolya osman
    otilia oyvind ozgur ozlem padma paloma panagiotis paraskevi parisa parvati patryk pavel pavla pawel pekka
    per petar petr petra petros phuong pia pinar pooja prakash pranav pravin przemyslaw quang radek radoslav
    radu rafal raffaele rahul raimo rajan rajiv raluca ramazan ramesh rana ranjit rasa rasmus ravi raya razvan
    recep reema reiko reidun renata reza riikka rikke rina riccarda rocio rohan rosalia roxana ruta ryszard
    sabri sadia sadik saeed safiya said saida sakura salah salma samir sami sanja sanna sara sasa satoshi
    saule sawsan selim selin selma semih senay serap sergiu serhat serhii serkan sevda sevgi seyed shabnam
    shahid shinji shira shreya shu sibel sigurd sigurdur silje siddharth sinan siobhan sirkka siti slavica
    slawomir slobodan snezana sofija solveig soren spyros srinivas stanislav stanislaw stavros stefanos stein
    stelios stepan stig suleyman sumiko sunil suresh svetlana sveva swati sylwia szymon tadeusz tahir taiwo
    takashi takeshi tamar tamas tariq tarja tatjana tatyana tayfun teemu tereza terje tetiana thandiwe thanh
    themba theodora thi thuy tiago tibor tihana timea tomislav tomoko tone toshiko trine trygve tuan tuba
    tugba tunde tuomas turgut tuula ugur umar umut urszula usha uzma vaclav valdas valeria valeriu vasile
    vasiliki vasyl venkat vera vesna viera vijay viktor viktoria viktoriya vikram vilma vinod violeta virginia
    vit vito vladislav vojtech volodymyr vytautas waldemar walid wanjiru wen wieslaw wilma witold wladyslaw
    xiao xiaoming xin yael yan yana yasemin yasir yasuko yildiz ying yoko yosef youssef yulia yumi yuriy yusra
    yvonne zahra zainab zbigniew zdenek zdenka zeynep zhen zlata zofia zoltan zora zsofia zsuzsanna zuzana
    zygmunt""".split()
)
MORE_FAMILY = frozenset(
    """abdi abdullah abe achterberg adamczyk adamek adebayo adeyemi afolabi agarwal aguirre akhtar aksoy alavi
    albrecht aliyev amsler andersen andrade angelov antonescu antonov aoki apostolou arikan arora arslan
    asante aslan aydin axelsson babic bach bajwa balogh banerjee bangura baran barbu barta basaran beckmann
    begum belova benedetti benitez berg bergman berglund bergstrom berisha bhatt bhattacharya biermann binder
    blaszczyk blazek blazevic boateng bogdanov bondarenko borkowski botha bozkurt brandt breuer bruhn buchholz
    bulut burghardt cakir calvo campos celik cerny cetin chan chatterjee chaudhary chavanne chowdhury
    christensen christiansen christodoulou cohn constantin costa couto csonka cvetkovic czarnecki dabrowski
    dang danielsson das demir deniz desai deshpande dewit diallo dinh diop dobrev dogan dlamini dragomir drozd
    dudek dvorak dvorakova eder egger eklund eklof ekstrom emami erdem erdogan eriksen eriksson ersoy falk
    farkas farooq faye feldmann ferrara fiala fiedler fink fonseca forsberg fredriksson freitag friis fritsch
    fujimoto fujita gabrielsen galanis gao gashi georgiev georgiou ghosh giannopoulos goh goldberg gonzaga
    gorski gottschalk grabowski greenberg grigoryan gruner gul gunes gustafsson haapala haddad hagen hakimi
    halvorsen hamdan hansmann haraldsson haruna hasan hashimoto hassan haugen hayashi hegde heikkinen heim
    heinonen held hellstrom henriksen henriksson herzog hess hirvonen ho hoang hodzic hofer holmberg holmgren
    holub horak horvath hosseini hrubes hruska huang huber hussain hussein huynh ibrahim ignatov iliev ilic
    inoue ionescu isaksson ishikawa ito ivanova ivanovic iversen jablonski jaber jafari jain jakobsen jankovic
    jankowski jaworski jeon jha jin johannessen johansen jokinen jonasson jorgensen joshi jung juric
    kalinowski kamara kaminski kamau kaminska kang kapoor kaplan kara karimi karlsen karlsson karvonen kato
    kaufmann kaya kazmierczak kelemen kendirli kessler keskin kilic kimura kinnunen kirchner kiss klein klimek
    klose knudsen kobayashi koc kocaman koivisto kolar konate konstantinou korhonen kos koskinen kostadinov
    kovac kovacevic koval kovalenko kovar kowalczyk kowalska kozak kozlov kozlowski krajewski kravchenko
    kristensen kristiansen krol krupa kubiak kucera kulkarni kurt kurz kuznetsov kwiatkowski lahtinen laine
    laitinen lakatos lam lang larsson lau laursen lazar leblanc lee leitner lenz leung lewandowski li lim lin
    lind lindberg lindgren lindholm lindqvist lindstrom lorentzen lucic lukacs lund lundberg lundgren
    lundqvist lupu madsen magnusson mahmoud majewski makela makinen malik malinowski manninen manolache
    mansour mansson maric marin marinov markovic mazur mbeki mensah menon meszaros meyers michalak michalski
    mihailova mikkelsen miklos milanovic miranda mishra mitrovic moen mohamed mohammadi moll molnar moradi
    mori morkunas mortensen moussa muhammad munk murakami mwangi naidu nair nakamura nakayama nasser nel
    nemeth nemec ng nguema nieminen nikolaidis nikolic nikolov nilsen nkosi nordin novakova novotny nowakowska
    nwosu nyberg nystrom odhiambo ogawa okafor okeke okonkwo olaru olofsson olszewski omar onyango orban osei
    otieno ouedraogo owusu oz ozdemir ozturk palmgren panagopoulos pandey papadakis papadopoulos papp parikh
    park patil pavlov pavlovic pawlak pawlowski perera persson petkov petrenko petrovic pham phan pietrzak
    piotrowski pohl pokorny polat popa popovic poulsen prasad prochazka ptacek quist qureshi racz radu rahman
    rajan rajput ramadan rantanen rashid ravn reuter ristic roberg rosen rosenberg rusu rutkowski saarinen
    sabo saeed sahin sahli saito salminen samuelsson sandberg santoro sasaki savic schenk schilling schuler
    schwab schwarz sedlacek seifert sen sevcik shah shapiro shevchenko shimizu shrestha siddiqui sikora simic
    simon simonsen sipos sjoberg sjogren skov smirnov sobczak sokolov solberg solheim somogyi stankovic stein
    steiner stoica stoyanov strand strauss strom sundberg sundstrom suominen sutter svoboda svobodova szalai
    szczepanski szewczyk szymanski takacs talib tamm tanskanen tas tekin thapa thorsen todorov tomas tomic
    topal toth traore truong turan tuominen turunen ucar ueda unal urban uzun vaclavik varga vasiljevic venter
    verma veselinov veselka vesely vidal virtanen vlahos vlasak vogler volkov voigt vos vuong wagener wallin
    wanjiku wasilewski weiss wendt wiberg wieczorek wiklund willer wirth witkowski wojciechowski wong wrobel
    wu wyss xu yadav yalcin yamada yamaguchi yang yavuz yeo yeung yildirim yilmazer yoshida young yuksel zajac
    zakharov zalewski zaman zawadzki zeman zhu zielinski zivkovic zuniga""".split()
)
# Less frequent names of many countries (``lists/README.md``): they count beside other signs only.
LISTS = Path(__file__).parent / "lists"
RARE_GIVEN = frozenset((LISTS / "given.txt").read_text("ascii").split())
RARE_FAMILY = frozenset((LISTS / "family.txt").read_text("ascii").split())
# Endings of family names that hardly any other word has; the word has two letters more at least.
ENDINGS = (
    "owski ewski inski owska ewska inska ovsky ovska wicz czyk enko escu oglu sson sdotter dottir "
    "opoulos opoulou akis idis "
    "shvili adze yan ovic evic ovich evich ovna evna mann meier meyer maier mayer huber bauer ova eva ov ev kova"
).split()
SHORT_ENDINGS = {"ov", "ev", "ova", "eva", "yan"}  # these need four letters before them

# Words with a capital, or at the beginning of a sentence, that are no names, though they stand where names do.
COMMON = frozenset(
    """a aber about abdominal acute adverse affected after again age air all alle allergy allgemein also although
    always am an anamnese arbor and angst another antibody any apart appointment arm artery arzt as asked at atlas
    attack auch auf aura back bad band baseline basel bei beide being bengal berlin besser best better between
    bis bitte black blood blue board body bone book both boston brain brown buffer but by c cage call called
    came can cancelled care case cell cells central centre century cervical change changed charge check
    chemical child chronic city class clinic clinical coast cold college come comment complained complains
    complete compound confirmed consent contact control core corps counted court cross cruz current daily data
    date day days de declined deep denied denies depression der des diagnosis diary did die diet disease
    disorder dizziness dizzy do doctor does done dorsal dose down dr drug due during early east either el ende
    energy england er erste es est every exam except fails falls family fatigue feels felt female few fibre
    field fine first five fluor fluid follow food foot for forest form fort foundation four france free frei
    friday from full further general german germany get global gold good got great green group gut had hat
    half hand has hatte he head headache heart heavy height her here high higher hill his home house how i id
    if ihr im in index induced initial injury insomnia internal into inventory is ist it item january joint
    july june just kein keine kit knee know kohl kurz la lab label lake last late later le left leg less level
    life light like line list little live location long los loss low lower lumbar main major male man many
    march massage may mean measured medical medication medicine memorial men method mice middle migraine mild
    mit mitte model moderate monday month months more morning most mount mouse much muscle nach national
    nausea near neck nerve neu never new next nicht night nine no none normal norte north not note nothing now
    number nurse o of off office often oil old on once one only onset open or oral order osteopath other our
    out outer over own pain palpitations park part partner parent pat patient patients per period person phase
    phone phosphate physical pill pink plan plate point poor port posterior practice primary prior problem
    procedure professor programme project protein protocol put quality question questionnaire quick quiet
    rabbit rat rate rats reaction read ready reagent reason received red refused release relief reported
    reports republic research rest retired return right river road room royal rows said saint saline same
    sample san santa saturday saw says scale school science scientific score scores scotland sea second see
    seems seen seit self serum service session set severe several sham she short should shoulder side sie sign
    since single site six skin sleep slept slight slow small society sodium soft solution some son sore south
    special spinal spine spring st stain stable standard star start started state states statt still stock
    stomach stopped store strain street stress strong student study such sud sudden sulfate summer sunday
    super sure swelling switched symptom symptoms syndrome system systems tab table tablet take taken takes
    taking task team technique temporal ten test tests texas that the their them then therapie therapist
    therapy there these they thigh third this thoracic three throat thursday tissue to today told tomorrow
    tonic too took tool tooth total touch towards town trapezius trauma treated treatment trial trigeminal
    triptan tube tuesday two type ueber um und under union unit university unknown until up upper use used
    using usual valley value vein ventral version very via view visit visits vitamin vom von vor waiting walk
    wall war ward warm was water we wednesday week weeks weight well went were west wet what when where which
    white who wie will with without woman women wood word work works world worse worst would wrist write year
    years yellow yes yesterday york you your zu zum zur zustand zwei abgesagt ablehnung akut angabe anruf
    aufklaerung aufnahme befinden befund behandlung beginn beschwerden besserung besuch blutdruck brust datum
    dauer diagnose dosis einnahme einwilligung entlassung erbrechen ergebnis fieber fragebogen frage freitag
    gabe gespraech gewicht haus hals herz husten impfung juckreiz klinik knie kontrolle kopf kopfschmerz
    kopfschmerzen kontakt krank laut leicht links mann medikament medikation migraene montag morgen muedigkeit
    nacken nacht nein nervus notiz nummer probe probleme puls rechts rueckruf ruecken schlaf schmerz schmerzen
    schulter schwindel seite sitzung sonntag stark stress studie tablette tag tage tagebuch taeglich termin
    therapie uebelkeit uhr unruhe unwohl urlaub verlauf visite woche wochen zeit ziel aine bonjour bras cas
    cette chez consultation cou dans depuis deux douleur douleurs droite elle essai fatigue fievre fois gauche
    grippe il jour jours le les mal matin medecin migraine mois nausee nausees nuit oui pas pendant perte peu
    plus pour rendez sans semaine soir son suivi tete traitement tres une vertige vertiges visite vomissements
    ademas antes ayer bien buena cabeza cita como con consulta cuello desde despues dia dias dolor dolores dos
    ella esta fiebre hace hay hoy izquierdo leve mal manana mareo mejor mes mucho muy nauseas noche nota
    paciente pero por refiere semana sin tarde tomo tratamiento una visita vomitos adesso ancora bene cefalea
    cervicale collo con dolore dopo due emicrania febbre giorni giorno ieri lieve mattina mese molto notte
    oggi paziente peggio per poi prima riferisce senza sera settimana sonno terapia testa tre vertigini visita
    arts bezoek dag dagen dosering geen goed heeft hij hoofdpijn klachten links maand medicatie met migraine
    misselijk moe na nacht nek niet nog patient pijn rechts rug sinds slaap slecht vandaag vraag week weken
    zij biotechnology bioscience biosciences biosystems brands company corporation diagnostics imaging
    instruments laboratory laboratories labs limited pharmaceuticals supplies technologies technology anterior
    lateral medial inferior superior dentate ganglion nucleus nucleus cortex caudalis gyrus hippocampus
    hypothalamus cord root horn bulb foramen fascia ligament fracture manipulation mobilisation release thrust
    anxiety impression improvement disability impact severity rating checklist survey scan stain staining blue
    purple reagent fluorescence protein gel medium agar bath block blot rats mouse strain norway evans dawley
    wistar kyoto calls counts page pages read reads run row column file export sheet batch plate standard
    blank sample control samples sent missed moved lost left stated stays stopped spoke rang wrote cried fell
    drove lives gave went saw tried woke europe african american asian black british canadian chinese dutch
    english european finnish french greek indian irish italian japanese jewish korean latin latino hispanic
    mexican nordic polish portuguese russian scottish spanish swedish swiss turkish welsh africa america asia
    australia austria belgium brazil canada chile china denmark egypt finland georgia greece hungary iceland
    india iran iraq ireland israel italy japan jordan kenya korea lebanon mexico netherlands norway pakistan
    peru poland portugal romania russia serbia singapore slovakia slovenia spain sweden switzerland syria
    taiwan thailand turkey ukraine kingdom zealand amsterdam athens barcelona belfast birmingham bremen
    bristol brussels budapest cambridge chicago cologne copenhagen dresden dublin edinburgh essen frankfurt
    freiburg geneva glasgow graz halle hamburg hannover heidelberg helsinki innsbruck jena kiel koeln leeds
    leiden leipzig lisbon liverpool london lyon madrid mainz manchester mannheim marburg marseille melbourne
    milan montreal moscow munich muenchen muenster naples nice nottingham oslo oxford paris prague regensburg
    rome rostock rotterdam salzburg seattle sevilla sheffield sofia stockholm stuttgart sydney tokyo toronto
    toulouse tuebingen turin ulm utrecht valencia vienna warsaw wien zuerich zurich""".split()
)
# Endings of nouns and adjectives that are no names, of words with six letters or more.
NO_NAME_ENDINGS = (
    "tion tions sion ment ments ness ity ism itis osis pathy therapy ology ography ectomy emia algia "
    "ing ings ung ungen heit keit "
    "schaft tät taet ismus ose pathie tomie schmerz schmerzen nummer bogen termin tablette tabletten "
    "gabe able ible ical ous "
    "triptan mab olol pril statin azole cillin mycin ate ide ine amine fen praktik plan tabl ende zeit tag"
).split()

# What stands before a person's name: how people are addressed, and what they are to somebody. All languages together.
TITLES = (
    r"Mrs?|Ms|Mx|Miss|Master|Sir|Lady|Dame|Rev|Sr|Jr|Dr|Drs|Prof|Dipl|Ing|Mag|PD|Priv|Doz|OA|CA|Herrn?|"
    r"Hr|Frau|Fr|Frl|Fräulein"
    r"|Mme|Mlle|Madame|Monsieur|Mademoiselle|Me|Pr|Maître|Sra|Srta|Señora?|Señorita|Don|Doña|Dña|Sig|"
    r"Sigra|Signora?|Signor"
    r"|Dott|Dottore|Dottoressa|Dottssa|Dra|Dhr|Dhrn|Mevr|Mevrouw|Mw|Meneer|Heer|Pan|Pani|Panna|Fru|"
    r"Fröken|Frøken|Herra|Rouva|Kyrios|Kyria"
    r"|Bay|Bayan|Senhora?|Dona|Schwester|Pfleger|Sister|Nurse|Uncle|Aunt|Onkel|Tante"
)
RELATIONS = (
    r"mother|father|mum|mom|dad|husband|wife|spouse|partner|son|daughter|brother|sister|uncle|aunt|"
    r"cousin|friend|neighbou?r"
    r"|boyfriend|girlfriend|fianc[ée]e?|carer|caregiver|guardian|grandmother|grandfather|colleague|employer|boss"
    r"|mutter|vater|ehemann|ehefrau|gatte|gattin|mann|frau|sohn|tochter|bruder|schwester|oma|opa|freund|"
    r"freundin|nachbar|nachbarin"
    r"|betreuer|betreuerin|kollege|kollegin|lebensgef[äa]hrt(?:e|in)"
    r"|m[èe]re|p[èe]re|mari|femme|[ée]pou(?:x|se)|fils|fille|fr[èe]re|s[oœ]e?ur|ami|amie|conjoint"
    r"|madre|padre|marido|esposo|esposa|hijo|hija|hermano|hermana|moglie|marito|figlio|figlia|fratello|sorella"
    r"|moeder|vader|echtgenoot|echtgenote|zoon|dochter|broer|zus|vriend|vriendin"
)
ROLES = (
    r"pat|pt|pts|patientin|patient|patienten|patiente|paciente|paziente|proband|probandin|client|participant|"
    r"subject|volunteer"
    r"|hausarzt|haus[äa]rztin|arzt|[äa]rztin|therapeut|therapeutin|physio|osteopath|osteopathin|neurologe|"
    r"neurologin|gp|physician|doctor|surgeon|therapist|nurse"
    r"|practitioner|rater|assessor|investigator|interviewer|m[ée]decin|docteur|infirmi[èe]re|m[ée]dico|"
    r"medico|enfermera|huisarts|arts|verpleegkundige|lekarz"
    r"|kontakt|contact|ansprechpartner|ansprechpartnerin|angeh[öo]rige|notfallkontakt|emergency contact|next of kin"
)
INTRODUCED = (
    r"name|names|named|called|nickname|surname|signed|signature|gez|unterschrift|hei(?:ß|ss)t|namens|"
    r"genannt|nom|pr[ée]nom|nombre|apellidos?|nome|cognome"
    r"|naam|genaamd|vorname|nachname|nazwisko|imi[ęe]|j(?:m|mé)no|navn|namn|nimi|ad[ıi]|isim|soyad[ıi]|"
    r"seen by|reported by|referred by|treated by|examined by"
    r"|spoke (?:to|with)|talked to|call(?:ed)? from|phoned by|written by|entered by|erfasst von|behandelt "
    r"von|[üu]berwiesen von|angerufen von|vu par|adress[ée] par"
    r"|visto por|inviato da|gezien door|i\. ?a|i\. ?v\. ?von|regards|gr(?:ü|ue|u)(?:ß|ss)e|cordialement|"
    r"saludos|saluti|groeten|dear|lieber?|liebe|hallo|hello|hi|c/o|z\.? ?hd\.?|attn"
)
