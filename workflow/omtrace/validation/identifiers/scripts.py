"""Names of people in scripts other than Latin: what shows one, script by script.

Where the script has capitals (Cyrillic, Greek), two capitalised words side by side or initials with a word; where it
has none, frequent names, forms of address and, for Chinese, Japanese and Korean, a family name with one of those. A run
of letters of another script within a Latin text is a name as well: such a text changes its script for nothing else.
"""

import re

CYRILLIC, GREEK = "\u0400-\u04ff", "\u0386-\u03ff\u1f00-\u1fff"
HAN, KANA, HANGUL = "\u3400-\u9fff", "\u3040-\u30ff", "\uac00-\ud7a3"
UPPER_CYRILLIC, UPPER_GREEK = "\u0400-\u042f", "\u0386-\u038f\u0391-\u03ab"
FOREIGN = re.compile(
    rf"[{CYRILLIC}{GREEK}{HAN}{KANA}{HANGUL}\u0530-\u05ff\u0600-\u06ff\u0750-\u077f\u0900-\u0dff\u0e00-\u0e7f\u"
    rf"10a0-\u10ff\u1200-\u137f]"
)
LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]{3,}")
# In a Latin text: a run that is no sign of a unit or of a statistic.
RUN = re.compile(
    rf"[{UPPER_CYRILLIC}][{CYRILLIC}]{{2,}}|[{UPPER_GREEK}][{GREEK}]{{3,}}|[{HAN}{KANA}]{{2,}}|[{HANGUL}]{{2,}}"
    r"|[\u0530-\u05ff]{2,}|[\u0600-\u06ff\u0750-\u077f]{3,}|[\u0900-\u0dff]{2,}|[\u0e00-\u0e7f]{3,}|"
    r"[\u10a0-\u10ff]{3,}|[\u1200-\u137f]{2,}"
)
CHINESE = (
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧"
    "曹彭曾肖田董袁潘蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鍾谭譚陆陸汪范廖石金韦韋贾賈夏方邹鄒熊白孟秦邱侯江尹薛"
)
# Frequent in given names; LEADING ones only before another.
GIVEN = (
    "伟偉芳娜敏静靜丽麗磊洋勇艳艷杰傑涛濤超秀霞刚剛桂兰蘭英华華玲婷鹏鵬宇浩娟莉燕俊峰萍红紅梅琳雪倩颖穎莹瑩洁潔琴晶欣怡"
    "佳嘉雅雯梦夢琪瑶瑤轩軒辰博睿鑫凯凱斌健辉輝龙龍飞飛军軍兵彬毅宁寧帆晨阳陽旭东東栋亮波宏翔诚誠"
)
LEADING = "小晓曉大文志建国國海春永德振世家子玉淑美雨思一正立明少智学學庆慶光新"
JAPANESE = (
    "佐藤|鈴木|高橋|田中|伊藤|渡辺|渡邊|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|林|斎藤|斉藤|清水|山崎|森|池田|橋本|阿部|石川|山下|"
    "中島|石井|小川|前田|岡田|長谷川|藤田|後藤|近藤|村上|遠藤|青木|坂本|福田|太田|西村|藤井|金子|岡本|藤原|三浦|中野|原田|松田|竹内|小野|中川"
)
KOREAN = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민"
ARABIC = (
    "محمد|أحمد|احمد|محمود|علي|حسن|حسين|عمر|خالد|يوسف|إبراهيم|ابراهيم|عبد|مصطفى|فاطمة|عائشة|مريم|"
    "زينب|خديجة|سارة|ليلى|نور|هدى|سعيد|كريم|طارق|سمير|رامي|جمال|فيصل|الحسن|العلي|المصري|الأحمد|"
    "السيد|رضا|مهدی|زهرا|حسینی|محمدی|احمدی|رضایی|خان|اقبال"
)
HEBREW = (
    "משה|דוד|יוסף|אברהם|יעקב|יצחק|שרה|רבקה|רחל|לאה|מרים|חנה|אסתר|דניאל|נועה|יהודה|שמואל|כהן|לוי|"
    "מזרחי|פרץ|ביטון|אברהם|פרידמן|שפירא|רוזנברג|אזולאי"
)
INDIAN = (
    "राम|श्याम|सीता|गीता|अनिल|सुनील|सुनीता|अनीता|राजेश|सुरेश|रमेश|महेश|दिनेश|संजय|विजय|अजय|प्रिया|"
    "पूजा|नेहा|कुमार|कुमारी|देवी|शर्मा|वर्मा|गुप्ता|सिंह|पटेल|यादव|मिश्रा|जोशी|खान"
)
RULES = (
    rf"[{UPPER_CYRILLIC}][{CYRILLIC}]+(?:ович|евич|ьич|овна|евна|ична|івна|йович)\b",
    rf"\b[{UPPER_CYRILLIC}][{CYRILLIC}]{{2,}}(?:-[{UPPER_CYRILLIC}][{CYRILLIC}]+)? [{UPPER_CYRILLIC}][{CYRILLIC}"
    rf"]{{2,}}",
    rf"\b[{UPPER_CYRILLIC}]\. ?(?:[{UPPER_CYRILLIC}]\. ?)?[{UPPER_CYRILLIC}][{CYRILLIC}]{{2,}}",
    rf"\b[{UPPER_CYRILLIC}][{CYRILLIC}]{{2,}},? [{UPPER_CYRILLIC}]\.",
    rf"(?i:\b(?:пациентк?а?|больн(?:ой|ая)|г-н|г-жа|господин|госпожа|доктор|врач|мать|отец|муж|жена|"
    rf"сын|дочь|пан|пані))\.?:? [{UPPER_CYRILLIC}][{CYRILLIC}]{{2,}}",
    rf"\b[{UPPER_CYRILLIC}][{CYRILLIC}]{{2,}}(?:ов|ова|ев|ева|ёв|ёва|ин|ина|ский|ская|енко|чук|ук|"
    rf"юк|ић|иќ|ски)\b(?! *[.,]? *[{UPPER_CYRILLIC}]?[{CYRILLIC}]*ия)",
    rf"\b[{UPPER_GREEK}][{GREEK}]{{2,}} [{UPPER_GREEK}][{GREEK}]{{2,}}",
    rf"\b[{UPPER_GREEK}]\. ?[{UPPER_GREEK}][{GREEK}]{{2,}}",
    rf"(?:κ\.|κος|κα|κυρία|κύριος|Κυρία|Κύριος|Δρ\.?|δρ\.?) [{UPPER_GREEK}][{GREEK}]{{2,}}",
    rf"[{CHINESE}][{HAN}]{{0,2}}(?:先生|女士|小姐|太太|医生|醫生|大夫|医师|教授|老师|同学)",
    rf"[{CHINESE}](?:[{GIVEN}]|[{LEADING}][{GIVEN}明强国民红平军生成文])(?![度性])",
    rf"(?:欧阳|歐陽|司马|司馬|上官|诸葛|諸葛)[{HAN}]{{1,2}}",
    rf"(?:医生|醫生|护士|護士|大夫)[{CHINESE}][{HAN}]{{1,2}}(?:签字|簽字|记录|電話|来电|$)",
    rf"(?:患者|病人|姓名|名字|我叫|名叫|联系人|受试者|家属|母亲|父亲|丈夫|妻子)[:: ]?[{CHINESE}][{HAN}]{{1,2}}",
    rf"(?:{JAPANESE})[{HAN}{KANA}]{{0,3}} ?(?:さん|様|さま|氏|先生|くん|君|ちゃん)",
    rf"[{HAN}]{{2,5}} ?[{HAN}{KANA}]{{0,4}}(?:さん|様|さま|先生|氏)",
    rf"(?:{JAPANESE})[  ]?[{HAN}{KANA}]{{1,4}}(?![{HAN}])",
    rf"(?:患者名|氏名|名前)[:: はが]*[{HAN}{KANA}]{{2,}}",
    rf"[{KOREAN}][{HANGUL}]{{1,2}} ?(?:씨|님|선생|환자|박사|교수)",
    rf"(?:환자|이름|성명|보호자|담당자|어머니|아버지|남편|아내)(?:은|는|이|가)?[:: ]*[{KOREAN}][{HANGUL}]{{2}}",
    rf"(?<![{HANGUL}])[김박][{HANGUL}]{{2}}(?:이|은|는|가)(?![{HANGUL}])",
    rf"(?<![\u0600-\u06ff])(?:{ARABIC})(?![\u0600-\u06ff])",
    r"(?:السيد|السيدة|الدكتور|الدكتورة|المريض|المريضة|آقای|خانم|دکتر|بیمار) [\u0600-\u06ff]{2,}",
    rf"(?<![\u05d0-\u05ea])(?:{HEBREW})(?![\u05d0-\u05ea])",
    r"(?:מר|גב['׳]|גברת|ד[\"״]ר|המטופל|המטופלת) [\u05d0-\u05ea]{2,}",
    rf"(?<![\u0900-\u097f])(?:{INDIAN})(?![\u0900-\u097f])",
    r"(?:श्री|श्रीमती|सुश्री|डॉ\.?|रोगी|मरीज) [\u0900-\u097f]{2,}",
    r"(?:นาย|นาง|นางสาว|คุณ|ด\.ช\.|ด\.ญ\.) ?[\u0e00-\u0e7f]{2,}",
)
NAMED = re.compile("|".join(f"(?:{rule})" for rule in RULES))
# The whole text is a name, as in a column of names.
WHOLE = re.compile(
    rf"[{UPPER_CYRILLIC}][{CYRILLIC}]+(?:[ -][{UPPER_CYRILLIC}][{CYRILLIC}]*\.?){{0,3}}|[{UPPER_GREEK}][{GREEK}"
    rf"]+(?: [{UPPER_GREEK}][{GREEK}]*\.?){{0,3}}"
    rf"|[{CHINESE}][{HAN}]{{1,2}}|(?:{JAPANESE})[  ]?[{HAN}{KANA}]{{1,3}}|[{KOREAN}][{HANGUL}]{{2}}"
)


def foreign(text: str) -> bool:
    """Whether a text has a letter of a script other than Latin."""
    return FOREIGN.search(text) is not None


def named(text: str) -> bool:
    """Whether a text in, or with, another script names a person."""
    if text.isascii() or not FOREIGN.search(text):
        return False
    return bool(NAMED.search(text)) or bool(LATIN_WORD.search(text) and RUN.search(text))


def like_a_name(text: str) -> bool:
    """Whether a whole text in another script is built as a name is."""
    return not text.isascii() and WHOLE.fullmatch(text) is not None
