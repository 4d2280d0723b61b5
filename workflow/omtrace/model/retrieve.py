"""Bringing a retrieved export: from a mirror folder, else from its publisher's address; never other bytes."""

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path

from omtrace.faults import Fault
from omtrace.model.register import Export, sha256_of
from omtrace.store import write_bytes

LIMIT = 1 << 30  # bytes; nothing larger is fetched or searched
CHUNK = 1 << 20
MIRROR = "OMTRACE_MIRROR"


def retrieve(
    export: Export,
    destination: str | Path,
    mirror: str = "",
    timeout: float = 60,
    schemes: tuple[str, ...] = ("https",),
    record: Callable[[str], object] = str,
) -> str:
    """Put the registered bytes of an export at ``destination``; return where they came from.

    ``record`` is called with that before the file is put there: a file that is there was recorded, whenever this ended.

    Looks, in this order, at the destination itself, at the mirror folder and the one that the environment
    variable OMTRACE_MIRROR names (searched by sha256, whatever the names), and at the export's address
    (``schemes`` are those allowed; ``timeout`` in seconds of silence). Raises Fault when none has the
    registered bytes, or when other bytes lie at the destination already; nothing is left behind then.
    """
    destination = Path(destination)
    if destination.exists():
        if not destination.is_file() or (digest := sha256_of(destination)) != export.sha256:
            state = f"sha256 is {digest}, registered is {export.sha256}" if destination.is_file() else "not a file"
            raise Fault(f"{destination}: {state}; to retrieve it anew: rm {destination}")
        record("destination")
        return "destination"
    places: dict[str, Callable[[], bytes]] = {
        f"mirror {folder}": partial(from_mirror, export, folder)
        for folder in (mirror, os.environ.get(MIRROR, ""))
        if folder
    }
    if export.address:
        places[export.address] = partial(from_address, export, timeout, schemes)
    reasons: list[str] = []
    for source, content_of in places.items():
        try:
            content = content_of()
        except Fault as fault:
            reasons += fault.lines
            continue
        record(source)
        write_bytes(destination, content)
        return source
    raise Fault(
        f"{destination}: export {export.export} of {export.study} could not be retrieved",
        *reasons,
        *_mend(export, destination),
    )


def _mend(export: Export, destination: Path) -> list[str]:
    """What a person can do, exactly."""
    source = export.address or "(the register has no address; the citation says where it was published)"
    return [
        f"  get it from: {source}",
        f"  citation: {export.citation or '(none in the register)'}",
        f"  licence: {export.licence or '(none in the register)'}",
        f"  sha256: {export.sha256}",
        f"  and put it at {destination}; or name a folder that has it, under any name, as mirror in",
        f"  config/config.yaml or in the environment variable {MIRROR}; then run snakemake again",
    ]


def from_mirror(export: Export, folder: str | Path) -> bytes:
    """The export's bytes from a mirror folder, found by sha256. Raises Fault when no file there has them."""
    if not Path(folder).is_dir():
        raise Fault(f"mirror {folder}: there is no such folder")
    skipped = 0
    # A file of the export's own name is the likeliest: it is hashed first.
    name = Path(export.path).name
    for path in sorted(_files(folder), key=lambda path: (path.name != name, path.as_posix())):
        try:
            state = path.stat()
            if state.st_size > LIMIT:
                skipped += 1
            elif _digest(path, state.st_size, state.st_mtime_ns) == export.sha256:
                content = path.read_bytes()
                if hashlib.sha256(content).hexdigest() == export.sha256:
                    return content
        except OSError:
            skipped += 1
    more = f" ({skipped} files were too large or not readable)" if skipped else ""
    raise Fault(f"mirror {folder}: no file has sha256 {export.sha256}{more}")


def _files(folder: str | Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (path for name in names if (path := Path(parent, name)).is_file())


@cache
def _digest(path: Path, size: int, changed: int) -> str:
    """A file's sha256, computed once as long as size and time stamp (ns) stay."""
    return sha256_of(path)


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to the allowed schemes only."""

    def __init__(self, schemes: tuple[str, ...]) -> None:
        self.schemes = schemes

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        if _scheme(newurl) not in self.schemes:
            raise urllib.error.URLError(f"redirected to an address that is not {' or '.join(self.schemes)}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def from_address(export: Export, timeout: float = 60, schemes: tuple[str, ...] = ("https",)) -> bytes:
    """The export's bytes from its address. Raises Fault for no answer, too many bytes, or other bytes."""
    where = export.address
    if _scheme(where) not in schemes:
        raise Fault(f"{where}: not an {' or '.join(schemes)} address; mend it in the register")
    opener = urllib.request.build_opener(_Redirects(schemes))
    try:
        request = urllib.request.Request(where, headers={"User-Agent": "omtrace"})
        with opener.open(request, timeout=timeout) as answer:
            content = _bounded(answer)
    except (OSError, HTTPException, ValueError) as error:
        raise Fault(f"{where}: no answer ({error})") from None
    if content is None:
        raise Fault(f"{where}: sends more than {LIMIT} bytes")
    digest = hashlib.sha256(content).hexdigest()
    if digest != export.sha256:
        raise Fault(f"{where}: sends other bytes: sha256 is {digest}, registered is {export.sha256}")
    return content


def _bounded(answer) -> bytes | None:  # type: ignore[no-untyped-def]
    """The whole answer, or None when larger than the limit. A broken-off answer raises HTTPException."""
    content = bytearray()
    while chunk := answer.read(CHUNK):
        content += chunk
        if len(content) > LIMIT:
            return None
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != len(content):
        raise HTTPException(f"broken off after {len(content)} of {length} bytes")
    return bytes(content)
