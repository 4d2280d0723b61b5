"""Damage to the bytes of whole files, and other ways to write the same."""

import csv
import gzip
import io
from random import Random

from .operators import RIGHT, Damage, operator, replaced, spot
from .study import Study


def damaged(study: Study, random: Random, change) -> Damage | None:  # type: ignore[no-untyped-def]
    """Other bytes for a random delimited file."""
    path = random.choice(study.delimited)
    new = change(study.files[path])
    return None if new == study.files[path] else replaced(path, new)


def inside(random: Random, content: bytes) -> int:
    """A position below the header."""
    return random.randrange(content.index(b"\n") + 2, len(content) - 2)


@operator("cut off within a row")
def cut_within_row(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    content = study.files[path]
    lines = content.splitlines(keepends=True)
    n = random.randrange(2, len(lines))
    commas = [at for at, byte in enumerate(lines[n]) if byte == ord(",")]
    if not commas or b'"' in b"".join(lines[: n + 1]):
        return None
    kept = b"".join(lines[:n]) + lines[n][: random.choice(commas)]
    return replaced(path, kept, spot(path, n + 1))


@operator("cut off within the last cell of a row", blind="a shorter last cell may be a value: found where it is none")
def cut_within_last_cell(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    lines = study.files[path].splitlines(keepends=True)
    n = random.randrange(2, len(lines))
    last = lines[n].rstrip(b"\n").rpartition(b",")[2]
    if len(last) < 2 or b'"' in b"".join(lines[: n + 1]):
        return None
    return replaced(path, b"".join(lines[:n]) + lines[n].rstrip(b"\n")[:-1], spot(path, n + 1))


@operator("empty")
def file_empty(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: random.choice([b"", b"\n\n", b"  \n", b"\xef\xbb\xbf"]))


@operator("the header alone")
def header_alone(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: c[: c.index(b"\n") + 1])


@operator("of another kind: a picture, a web page, an archive")
def another_kind(study: Study, random: Random) -> Damage | None:
    kinds = [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0",
        b"<!DOCTYPE html><html><body>Log in</body></html>\n",
        b"PK\x03\x04\x14\0\0\0",
        b"%PDF-1.7\n%\xe2\xe3\n",
    ]
    return damaged(study, random, lambda c: random.choice(kinds))


@operator("the export of another table", ("omt_rct", "rat_two_hit"))
def another_table(study: Study, random: Random) -> Damage | None:
    path, other = random.sample(study.delimited, 2)
    a, b = study.records(path).header, study.records(other).header
    return replaced(path, study.files[other]) if a != b else None


@operator("a quote that does not close")
def quote_open(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    lines = study.files[path].splitlines(keepends=True)
    n = random.randrange(1, len(lines))
    if b'"' in b"".join(lines):
        return None
    at = lines[n].index(b",") + 1
    lines[n] = lines[n][:at] + b'"' + lines[n][at:]
    return replaced(path, b"".join(lines))


@operator("a NUL byte")
def nul_byte(study: Study, random: Random) -> Damage | None:
    def change(content: bytes) -> bytes:
        at = inside(random, content)
        return content[:at] + b"\0" + content[at:]

    return damaged(study, random, change)


@operator("a block of NUL bytes at the end, as after a crash")
def nul_block(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: c[: inside(random, c)] + b"\0" * 512)


@operator("a byte-order mark in the middle, where two files were joined")
def mark_in_the_middle(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random)
    records = study.records(row.file)
    first = records.header[0]
    records.change(row.line, {first: "\ufeff" + records.row(row.line)[first]})
    return replaced(row.file, records.content(), spot(row.file, row.line))


@operator("UTF-16 without its byte-order mark")
def utf16_without_mark(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: c.decode().encode(random.choice(["utf-16-le", "utf-16-be"])))


@operator("a CP1252 letter in a category of a UTF-8 file", ("omt_rct", "rat_two_hit", "headache_diary"))
def mixed_encodings(study: Study, random: Random) -> Damage | None:
    fields = [f for f in study.fields if f.codes and f.column.kind == "text"]
    f = random.choice(fields)
    row = random.choice(study.rows[f.table, f.file])
    records = study.records(row.file)
    records.change(row.line, {f.raw: "\x00"})
    return replaced(row.file, records.content().replace(b"\x00", b"m\xe9dium"), spot(row.file, row.line, f.raw))


@operator("letters decoded twice, in a category", ("omt_rct", "rat_two_hit", "headache_diary"))
def decoded_twice(study: Study, random: Random) -> Damage | None:
    f = random.choice([f for f in study.fields if f.codes and f.column.kind == "text"])
    row = random.choice(study.rows[f.table, f.file])
    records = study.records(row.file)
    records.change(row.line, {f.raw: "w\u00c3\u00a9iblich"})
    return replaced(row.file, records.content(), spot(row.file, row.line, f.raw))


@operator("a compressed file cut off")
def gzip_cut_off(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: gzip.compress(c)[: -random.randint(5, 40)])


@operator("from some row on with another delimiter")
def delimiter_changes(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    lines = study.files[path].splitlines(keepends=True)
    n = random.randrange(len(lines) // 2 + 1, len(lines))
    if b'"' in b"".join(lines):
        return None
    lines[n:] = [line.replace(b",", b";") for line in lines[n:]]
    return replaced(path, b"".join(lines), spot(path, n + 1))


# other ways to write the same
@operator("with a byte-order mark", wanted=RIGHT)
def with_mark(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: b"\xef\xbb\xbf" + c)


@operator("in UTF-16 with its byte-order mark", wanted=RIGHT)
def in_utf16(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: c.decode().encode("utf-16"))


@operator("with line ends of Windows or of old Macs", wanted=RIGHT)
def other_line_ends(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: c.replace(b"\n", random.choice([b"\r\n", b"\r"])))


@operator("compressed", wanted=RIGHT)
def compressed(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, gzip.compress)


@operator("with every cell in quotes", wanted=RIGHT)
def all_quoted(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: rendered(c, ",", csv.QUOTE_ALL))


@operator("with another delimiter", wanted=RIGHT)
def another_delimiter(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: rendered(c, random.choice(";\t|"), csv.QUOTE_MINIMAL))


@operator("without the last line end", wanted=RIGHT)
def no_last_line_end(study: Study, random: Random) -> Damage | None:
    return damaged(study, random, lambda c: c.rstrip(b"\n"))


def rendered(content: bytes, delimiter: str, quoting: int) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(
        csv.reader(io.StringIO(content.decode()))
    )  # type: ignore[arg-type]
    return buffer.getvalue().encode()
