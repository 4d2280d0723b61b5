"""Check digits of numbers that identify people: bank, card, health and tax numbers, each by its published rule."""

import re

IBAN_LENGTHS = dict(
    part.split(":")
    for part in (
        "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18 DO:28 "
        "EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23 IQ:23 "
        "IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LI:21 LT:20 LU:20 LV:21 MC:27 MD:24 ME:22 MK:19 MR:27 MT:31 MU:30 "
        "NL:18 NO:15 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 SA:24 SE:24 SI:19 SK:24 SM:27 TN:24 TR:26 UA:29 "
        "VA:22 VG:24 XK:20"
    ).split()
)
VIN_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
VIN_VALUES = dict(zip(VIN_LETTERS, [*range(10), *range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10)], strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _digits(text: str) -> list[int]:
    return [int(c) for c in text if c.isdigit()]


def luhn(text: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, sum of digits divisible by 10; 13 to 19 digits."""
    digits = _digits(text)[::-1]
    total = sum(d if n % 2 == 0 else sum(divmod(2 * d, 10)) for n, d in enumerate(digits))
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and total % 10 == 0


def nhs(text: str) -> bool:
    """NHS number: ten digits, weights 10 to 2, modulo 11 (NHS Data Dictionary)."""
    digits = _digits(text)
    check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(digits) == 10 and len(set(digits)) > 2 and digits[9] == (0 if check == 11 else check)


def iban(text: str) -> bool:
    """ISO 13616: length by country, modulo 97 of the rearranged number is 1."""
    words = text.upper().split()
    for end in range(len(words), 0, -1):  # words of four letters behind the number may have been taken for its end
        plain = "".join(words[:end])
        if int(IBAN_LENGTHS.get(plain[:2], 0)) == len(plain):
            return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
    return False


def nir(text: str) -> bool:
    """French social security number: key = 97 - number modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    plain = text.replace(" ", "").replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and len(plain) == 15 and 97 - int(plain[:13]) % 97 == int(plain[13:])


def vin(text: str) -> bool:
    """Vehicle identification number: ISO 3779 with the check digit of 49 CFR 565, at the ninth place."""
    rest = sum(VIN_VALUES[c] * w for c, w in zip(text, VIN_WEIGHTS, strict=True)) % 11
    return text[8] == ("X" if rest == 10 else str(rest)) and not text.isdigit()


def kvnr(text: str) -> bool:
    """German health insurance number: the letter as two digits, weights 1 and 2 by turns, modulo 10."""
    digits = [int(c) for c in f"{ord(text[0]) - 64:02d}{text[1:]}"]
    return sum(sum(divmod(d * (1 + n % 2), 10)) for n, d in enumerate(digits[:10])) % 10 == digits[10]


def dni(text: str) -> bool:
    """Spanish DNI and NIE: the letter is the number modulo 23."""
    number = "".join(str("XYZ".index(c)) if c in "XYZ" else c for c in text[:-1] if c != "-")
    return text[-1] == DNI_LETTERS[int(number) % 23]


def bsn(text: str) -> bool:
    """Dutch citizen service number: weights 9 to 2 and -1, divisible by 11."""
    digits = _digits(text)
    return (
        len(set(digits)) > 2 and sum(d * w for d, w in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0
    )


def dated(text: str) -> bool:
    """Nordic personal numbers: six digits are a day, year first or day first; samples numbered from 0001 are none."""
    day = re.sub(r"[-+].*", "", text)[-6:]
    first, month, last = int(day[:2]), int(day[2:4]), int(day[4:])
    return text[-4:-2] != "00" and 1 <= month <= 12 and (1 <= first <= 31 or 1 <= last <= 31)
