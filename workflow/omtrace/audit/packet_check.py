"""Check a packet that ``omtrace release`` made: every digest, the ledger's chain, and the numbers of every table.

    python verify.py                 in the folder into which the packet was unpacked
    python verify.py PACKET.zip      without unpacking it
    python verify.py --key KEY       and its signature, with a public key (Ed25519: a file as OpenSSH or PEM has it, or
                                     its text), which comes from somewhere else than the packet

It needs Python 3.8 or newer, and nothing else. The exit code is 0 if everything is as the packet says, else 1.
In the repository this file is ``workflow/omtrace/audit/packet_check.py``.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import html
import io
import json
import re
import sys
import time
import zipfile
from decimal import Decimal, InvalidOperation
from pathlib import Path

INDEX, LEDGER, ITSELF, SIGNATURE = "packet.json", "data/ledger.jsonl", "verify.py", "signature.dsse.json"
START = "0" * 64  # what the first line of a ledger has as the digest of the line before
# The parts of its name that a row of numbers shares, and the columns of estimates_tidy.csv that hold them.
ROW = ("analysis", "parameter", "population", "group", "visit", "level")
TIDY_ROW = ("analysis", "parameter", "population", "contrast", "visit", "level")
SHARED, HELD_BACK = "shared/estimates.csv", "[c]"
NUMBER = re.compile(
    r'<(?:button|span)[^>]*data-id="([0-9a-f]{12})"[^>]*>([^<]*)<'
)  # marks of figures have ids, and no text
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
MOST = 20  # problems printed of one kind


# Ed25519 (RFC 8032, section 5.1): the field, the curve, the order of its base point, a root of -1.
FIELD = 2**255 - 19
CURVE = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
ORDER = 2**252 + 27742317777372353535851937790883648493
ROOT = pow(2, (FIELD - 1) // 4, FIELD)
DER = bytes.fromhex("302a300506032b6570032100")  # what stands before the 32 bytes of a public key in PEM (RFC 8410)
STATEMENT, TYPE = "https://in-toto.io/Statement/v1", "application/vnd.in-toto+json"


def point_of(encoded):
    """The point of the curve that 32 bytes encode, in extended coordinates; None where they encode none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(CURVE * y * y + 1, FIELD - 2, FIELD) % FIELD
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if (x * x - square) % FIELD:
        x = x * ROOT % FIELD
    if len(encoded) != 32 or y >= FIELD or (x * x - square) % FIELD or (not x and sign):
        return None
    x = FIELD - x if x & 1 != sign else x
    return (x, y, 1, x * y % FIELD)


BASE = point_of((4 * pow(5, FIELD - 2, FIELD) % FIELD).to_bytes(32, "little"))


def added(first, second):
    """The sum of two points."""
    a, b = (first[1] - first[0]) * (second[1] - second[0]), (first[1] + first[0]) * (second[1] + second[0])
    c, d = 2 * first[3] * second[3] * CURVE, 2 * first[2] * second[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD)


def times(number, point):
    """A multiple of a point."""
    total = (0, 1, 1, 0)
    while number:
        total = added(total, point) if number & 1 else total
        point, number = added(point, point), number >> 1
    return total


def is_signed(key, message, signature):
    """Whether a signature of a message is by the private half of a public key: Ed25519, RFC 8032, section 5.1.7."""
    point, first, number = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if point is None or first is None or len(signature) != 64 or number >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(number, BASE), added(first, times(challenge, point))
    return all((left[at] * right[2] - right[at] * left[2]) % FIELD == 0 for at in (0, 1))


def public_key(text):
    """The 32 bytes of an Ed25519 public key in a text as OpenSSH or PEM has it; nothing where it holds none."""
    words = text.split()
    pem = "".join(line for line in text.splitlines() if not line.startswith("-----"))
    try:
        if "ssh-ed25519" in words:
            blob = base64.b64decode(words[words.index("ssh-ed25519") + 1], validate=True)
            return blob[-32:] if blob == blob_of(blob[-32:]) else b""
        der = base64.b64decode("".join(pem.split()), validate=True)
    except (ValueError, IndexError):
        return b""
    return der[len(DER) :] if der[: len(DER)] == DER and len(der) == len(DER) + 32 else b""


def text_of(key):
    """The text of a key that was given as a file or as its text."""
    try:
        return Path(key).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return key


def blob_of(key):
    """A public key as OpenSSH writes it."""
    return b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key


def fingerprint(key):
    """What OpenSSH calls a public key (``ssh-keygen -lf``)."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob_of(key)).digest()).decode().rstrip("=")


def signed_text(content):
    """What is signed of a statement: its pre-authentication encoding (DSSE, version 1)."""
    return b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(content), content)


class Packet:
    """The files of a packet, in a zip file or in a folder: name -> bytes."""

    def __init__(self, place):
        self.place = Path(place)
        self.archive = zipfile.ZipFile(self.place) if self.place.is_file() else None

    def names(self):
        """The names of all files, with slashes."""
        if self.archive:
            return [name for name in self.archive.namelist() if not name.endswith("/")]
        files = (path for path in self.place.rglob("*") if path.is_file())
        return [path.relative_to(self.place).as_posix() for path in files]

    def read(self, name):
        """The bytes of a file; None where it is not there."""
        try:
            return self.archive.read(name) if self.archive else (self.place / name).read_bytes()
        except (KeyError, OSError, zipfile.BadZipFile):
            return None


class Check:
    """What was checked, what is wrong, and what was not checked."""

    def __init__(self, packet, key=""):
        self.packet = packet
        self.key, self.is_signed = key, False
        self.problems, self.checked, self.unchecked = [], [], []
        self.index = self.json(INDEX)
        self.study = str(self.index.get("study", ""))
        self.folder = f"results/{self.study}/"

    def json(self, name):
        """A JSON file, or nothing where it is missing or not readable, which is a problem."""
        try:
            content = json.loads(self.packet.read(name) or b"")
            assert isinstance(content, dict)
            return content
        except (ValueError, AssertionError, RecursionError):
            self.problems.append(f"{name}: missing, or not readable")
            return {}

    def rows(self, name):
        """The rows of a CSV file as texts."""
        text = (self.packet.read(name) or b"").decode("utf-8", "replace")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        return [{key: plain(value) for key, value in row.items() if key} for row in rows]

    def files(self):
        """Every file against the index of the packet."""
        listed, there = dict(self.index.get("files", {})), set(self.packet.names())
        for name in sorted(listed.keys() | there - {INDEX, SIGNATURE}):
            content = self.packet.read(name)
            if content is None:
                self.problems.append(f"{name}: missing")
            elif name not in listed:
                self.unlisted(name)
            elif hashlib.sha256(content).hexdigest() != listed[name].get("sha256"):
                self.problems.append(f"{name}: changed; its sha256 is not that of the index")
        self.checked.append(f"{len(listed)} files: their sha256 is that of {INDEX}")

    def unlisted(self, name):
        """A file that the index does not name: Python's own byte code is none of ours, anything else is a problem."""
        if "__pycache__" not in name:
            self.problems.append(f"{name}: not in the index of the packet")

    def signature(self):
        """The signature: an in-toto statement in a DSSE envelope, whose subject is the index of the packet."""
        content = self.packet.read(SIGNATURE)
        if content is None and self.key:
            self.problems.append(f"{SIGNATURE}: missing; the packet is not signed")
        if content is None:
            return
        if not self.key:
            self.unchecked.append("its signature: name a public key that you have from its signer: --key KEY")
            return
        key = public_key(self.key)
        if not key:
            self.problems.append("--key: no Ed25519 public key, as OpenSSH (ssh-ed25519 ...) or PEM has it")
            return
        envelope = self.json(SIGNATURE)
        payload = base64.b64decode(envelope.get("payload", ""), validate=True)
        signatures = [base64.b64decode(entry["sig"], validate=True) for entry in envelope.get("signatures", [])]
        if envelope.get("payloadType") != TYPE or not any(is_signed(key, signed_text(payload), s) for s in signatures):
            self.problems.append(f"{SIGNATURE}: not signed with the key {fingerprint(key)}")
            return
        statement = json.loads(payload)
        digest = hashlib.sha256(self.packet.read(INDEX) or b"").hexdigest()
        subject = {"name": INDEX, "digest": {"sha256": digest}}
        if statement.get("_type") != STATEMENT or subject not in statement.get("subject", []):
            self.problems.append(f"{SIGNATURE}: signed with the key {fingerprint(key)}, but for another {INDEX}")
            return
        self.is_signed = True
        self.checked.append(f"{INDEX}, which names every file: signed with the key {fingerprint(key)}")
        self.unchecked.append("whose the key is, when it was signed, and whether the key was still good")

    def manifest(self):
        """Every file that the manifest of the run names, where it is in the packet; the manifest against the index."""
        name = self.folder + "manifest.json"
        manifest, content = self.json(name), self.packet.read(name) or b""
        if hashlib.sha256(content).hexdigest() != self.index.get("manifest"):
            self.problems.append(f"{name}: not the one that the index names")
        here = 0
        absent = {}
        for kind, files in manifest.get("files", {}).items():
            for path, entry in files.items():
                content = self.packet.read(path)
                if content is None:
                    absent.setdefault(kind, []).append(path)
                elif hashlib.sha256(content).hexdigest() != entry.get("sha256"):
                    self.problems.append(f"{path}: not as the run recorded it in its manifest")
                else:
                    here += 1
        self.checked.append(f"{here} files: as the run recorded them in its manifest")
        for kind, paths in sorted(absent.items()):
            what = "raw files" if kind == "raw" else f"files of the kind {kind!r}"
            self.unchecked.append(
                f"{what} that the manifest names and the packet leaves out: {len(paths)}, such as {sorted(paths)[0]}; "
                "it has their digests, so that they can be compared where the files are"
            )
        rows = {int(row["number"]): row for row in self.rows(str(self.index.get("register", "")))}
        for row in manifest.get("register", []):
            mine = rows.get(row["number"])
            if mine is None or any(mine.get(key, "") != str(value) for key, value in row.items()):
                self.problems.append("the register: row number {} is not as the run recorded it".format(row["number"]))
        self.checked.append(f"rows of the register: {len(manifest.get('register', []))}, as recorded")

    def stages(self):
        """The listings of the stages: each names the digests of what it was made of and what it made."""
        names = [n for n in self.packet.names() if n.startswith(self.folder + "stages/") and n.endswith(".sha256")]
        lines = 0
        for name in sorted(names):
            for line in (self.packet.read(name) or b"").decode("utf-8", "replace").splitlines():
                digest, _, path = line.partition("  ")
                content = self.packet.read(self.folder + path)
                if content is not None:
                    lines += 1
                    if hashlib.sha256(content).hexdigest() != digest:
                        self.problems.append(f"{self.folder}{path}: not as {name} says")
        self.checked.append(f"{len(names)} stages of the run: the chain of their listings, {lines} digests")

    def ledger(self):
        """Each line of the ledger holds the sha256 of the line before; a line of a run names the manifest."""
        content = self.packet.read(LEDGER)
        if content is None:
            self.unchecked.append("the ledger: not in the packet, so who ran what and when is not vouched for")
            return
        before, names_manifest = START, False
        lines = content.splitlines(True)
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                is_next = entry["previous"] == before and entry["line"] == number
            except (ValueError, KeyError, TypeError, RecursionError):
                entry, is_next = {}, False
            if not is_next:
                self.problems.append(f"{LEDGER}: line {number} does not follow from the line before")
            before = hashlib.sha256(line).hexdigest()
            if entry.get("action") == "run" and entry.get("study") == self.study:
                names_manifest |= entry["details"].get("manifest") == self.index.get("manifest")
        if before != self.index.get("ledger"):
            self.problems.append(f"{LEDGER}: its last line is not the one that the index names")
        if not names_manifest:
            self.problems.append(f"{LEDGER}: no run of {self.study} names this manifest")
        self.checked.append(f"{len(lines)} lines of the ledger: an unbroken chain, which names this manifest")

    def numbers(self):
        """The numbers of every table against the estimates."""
        whole = self.packet.read(self.folder + "estimates.csv") is not None
        name = self.folder + "estimates.csv" if whole else SHARED
        estimates = {row["id"]: row for row in self.rows(name)}
        definitions = self.json(self.folder + "definitions.json")
        sets = {row["id"] for row in self.lines("lineage.jsonl") if row.get("kind") == "rowset"}
        for number, row in estimates.items():
            if row["definition"] not in definitions:
                self.problems.append(f"estimates.csv: {number} has no definition")
            if row["rowset"] not in sets:
                self.problems.append(f"lineage.jsonl: nothing of the records behind {number}")
        self.checked.append(f"{len(estimates)} estimates: each with its definition and its records")
        if whole:
            self.tidy(estimates)
        held = sum(1 for row in estimates.values() if row.get("suppressed"))
        if held:
            self.unchecked.append(f"{held} numbers that are held back, and further digits of the others")
        for name in sorted(self.packet.names()):
            if name.endswith(".html") and name.startswith((self.folder, "shared/")):
                self.page(name, estimates)
            elif name.endswith(".csv") and name.startswith((self.folder + "figures/", "shared/figures/", "tables/")):
                self.table(name, estimates)

    def lines(self, name):
        """The entries of a file of JSON lines."""
        try:
            return [json.loads(line) for line in (self.packet.read(name) or b"").splitlines()]
        except (ValueError, RecursionError):
            self.problems.append(f"{name}: not readable")
            return []

    def tidy(self, estimates):
        """The tidy table: its estimate and p value by id, its limits among the numbers of the same row."""
        beside = {}
        for row in estimates.values():
            beside.setdefault(tuple(row[part] for part in ROW), set()).add(row["value"])
        name, count = self.folder + "estimates_tidy.csv", 0
        for row in self.rows(name):
            of_row = beside.get(tuple(row[part] for part in TIDY_ROW), set())
            for column in ("estimate", "p"):
                number = row[column + "_id"]
                if number and not row["not_computed"] and row[column] != estimates.get(number, {}).get("value"):
                    self.problems.append(f"{name}: {column} of {number} is not the estimate")
                count += bool(number)
            for column in ("low", "high"):
                if row[column] and row[column] not in of_row:
                    self.problems.append(f"{name}: the limit {row[column]} is no estimate of its row")
                count += bool(row[column])
        self.checked.append(f"{name}: {count} numbers, as in the estimates")

    def page(self, name, estimates):
        """Every number that a page prints is its estimate, rounded."""
        text = (self.packet.read(name) or b"").decode("utf-8", "replace")
        self.printed(name, [(number, html.unescape(shown)) for number, shown in NUMBER.findall(text)], estimates)

    def table(self, name, estimates):
        """The values of a table of CSV whose rows name a number."""
        rows = [row for row in self.rows(name) if row.get("id")]
        self.printed(name, [(row["id"], row.get("shown") or row.get("value", "")) for row in rows], estimates)

    def printed(self, name, pairs, estimates):
        """Pairs of a number's id and what is printed of it."""
        numbers = words = 0
        for number, shown in pairs:
            if number not in estimates:
                self.problems.append(f"{name}: shows {number}, which is no estimate")
                continue
            agrees = is_rounding(shown, estimates[number]["value"], estimates[number]["unit"])
            if agrees is None:
                words += 1
            elif agrees:
                numbers += 1
            else:
                what = (name, number, shown, estimates[number]["value"])
                self.problems.append("{}: {} is shown as {}, but the estimate is {}".format(*what))
        if numbers:
            self.checked.append(f"{name}: {numbers} printed numbers, each its estimate, rounded")
        if words:
            self.unchecked.append(f"{name}: {words} results printed in words")


def plain(cell):
    """A CSV cell without the apostrophe that keeps spreadsheets from taking it for a formula."""
    text = cell if isinstance(cell, str) else ""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in FORMULA else text


def is_rounding(shown, value, unit):
    """Whether a printed text is a rounding of a stored value; None where it is in words."""
    text = shown.strip().replace("\N{MINUS SIGN}", "-").replace(",", "").replace("\N{NARROW NO-BREAK SPACE}", "")
    if text in ("", "\N{EN DASH}", "\N{INFINITY}", HELD_BACK):
        return not value
    percent, text = text.endswith("%"), text.rstrip("%").strip()
    below, text = text.startswith("<"), text.lstrip("<").strip()
    try:
        printed, stored = Decimal(text), Decimal(value)
    except InvalidOperation:
        return None
    if percent and unit != "%":
        stored *= 100
    if below:
        return stored < printed
    exponent = printed.as_tuple().exponent
    half = Decimal(5).scaleb(exponent - 1)
    return abs(stored - printed) <= half or abs(abs(stored) - printed) <= half  # NNT has its sign in words


NEVER = (
    "whether the raw data are true, and whether the plan was written before they were seen",
    "whether the code gives these numbers: `omtrace reproduce PACKET` runs it again",
)
UNSIGNED = "who made the packet: compare the head digest below with one that you have from elsewhere"


def checked(packet, key=""):
    """Go through a packet: what was checked, what was not, and the problems; ``key``: the text of a public key."""
    check = Check(packet, key)
    if check.index:
        for step in (check.files, check.signature, check.manifest, check.stages, check.ledger, check.numbers):
            try:
                step()
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                message = f"{step.__name__}: not as a packet has it ({type(error).__name__})"
                check.problems.append(message)
    return check


def check(place, key=""):
    """Check a packet, and print what was checked, what was not, and every problem; the exit code."""
    began = time.perf_counter()
    try:
        check = checked(Packet(place), text_of(key))
    except (OSError, zipfile.BadZipFile):
        print(f"{place}: not a packet that can be read")
        return 1
    version, mode = check.index.get("version"), check.index.get("mode")
    print(f"Packet of {check.study}, made by omtrace {version} ({mode})")
    print("\nChecked:")
    for line in check.checked:
        print("  " + line)
    print("\nNot checked:")
    for line in [*check.unchecked, *NEVER, *([] if check.is_signed else [UNSIGNED])]:
        print("  " + line)
    if check.problems:
        print("\nProblems:")
        for line in check.problems[:MOST]:
            print("  " + line)
        if len(check.problems) > MOST:
            print(f"  and {len(check.problems) - MOST} more")
    print("\nHead digest of {}: {}".format(check.study, check.index.get("head")))
    count = len(check.problems)
    verdict = "everything that was checked is as it was recorded" if not count else f"{count} problems"
    print(f"{verdict} ({time.perf_counter() - began:.1f} s)")
    return 1 if count else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packet", nargs="?", default=Path(__file__).resolve().parent, help="a zip file or a folder")
    parser.add_argument("--key", default="", help="a public key (Ed25519): a file, or its text")
    arguments = parser.parse_args()
    sys.exit(check(arguments.packet, arguments.key))
