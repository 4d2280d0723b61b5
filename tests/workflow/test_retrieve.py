"""Retrieving an export: only the registered bytes, from destination, mirror or address."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lineage_tree import export
from omtrace.faults import Fault
from omtrace.model import retrieve as module
from omtrace.model.retrieve import from_address, retrieve

CONTENT = b"the registered bytes\r\n"
HTTP = ("http", "https")


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch):
    monkeypatch.delenv("OMTRACE_MIRROR", raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Publisher(BaseHTTPRequestHandler):
    """Answers each path in its own way and counts the requests."""

    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header(
                "Location",
                {"/to/file": "file:///etc/hostname", "/to/ftp": "ftp://127.0.0.1/x", "/to/good": "/good"}[self.path],
            )
            self.end_headers()
            return
        self.send_response(200)
        content = {"/good": CONTENT, "/other": b"other", "/broken": CONTENT, "/large": b"x" * 5000}[self.path]
        self.send_header("Content-Length", str(len(content) + (7 if self.path == "/broken" else 0)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def publisher():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Publisher.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def wanted(address=""):
    return export(
        3,
        "data/raw/far/name.xls",
        CONTENT,
        origin="retrieved",
        address=address,
        citation="Authors: Title. Journal 2006;7:15.",
        licence="CC BY 2.0",
    )


def refused(tmp_path, *arguments, **more):
    """The Fault's text; nothing may be at the destination."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Fault) as caught:
        retrieve(*arguments, **more)
    assert [p for p in sorted(tmp_path.rglob("*")) if p.is_file()] == [p for p in before if p.is_file()]
    return str(caught.value)


def test_registered_bytes_at_the_destination_are_enough(tmp_path, publisher):
    target = tmp_path / "name.xls"
    target.write_bytes(CONTENT)
    assert retrieve(wanted(f"{publisher}/good"), target, schemes=HTTP) == "destination"
    assert not Publisher.asked


def test_other_bytes_at_the_destination_are_not_overwritten(tmp_path):
    target = tmp_path / "name.xls"
    target.write_bytes(b"mine")
    text = refused(tmp_path, wanted(), target)
    assert f"rm {target}" in text and wanted().sha256 in text and target.read_bytes() == b"mine"
    target.unlink()
    target.mkdir()
    assert "not a file" in refused(tmp_path, wanted(), target)


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_mirror_is_searched_by_content_before_the_address(tmp_path, publisher, monkeypatch, by):
    mirror = tmp_path / "mirror"
    (mirror / "deep/er").mkdir(parents=True)
    (mirror / "name.xls").write_bytes(b"same name, other bytes")
    (mirror / "deep/er/any.bin").write_bytes(CONTENT)
    (mirror / "dead").symlink_to("nowhere")
    (mirror / "loop").symlink_to(mirror)
    os.mkfifo(mirror / "pipe")
    if by == "environment":
        monkeypatch.setenv("OMTRACE_MIRROR", str(mirror))
    target = tmp_path / "raw/far/name.xls"
    where = retrieve(wanted(f"{publisher}/good"), target, str(mirror) if by == "argument" else "", schemes=HTTP)
    assert where == f"mirror {mirror}" and target.read_bytes() == CONTENT
    assert not Publisher.asked and os.listdir(target.parent) == ["name.xls"]


def test_a_file_is_put_in_place_once_it_is_recorded(tmp_path, publisher):
    target = tmp_path / "name.xls"

    def full(source):
        assert source == f"{publisher}/good" and not target.exists()
        raise Fault("the ledger cannot be written")

    with pytest.raises(Fault, match="the ledger cannot be written"):
        retrieve(wanted(f"{publisher}/good"), target, schemes=HTTP, record=full)
    assert not target.exists()
    sources = []
    retrieve(wanted(f"{publisher}/good"), target, schemes=HTTP, record=sources.append)
    retrieve(wanted(f"{publisher}/good"), target, schemes=HTTP, record=sources.append)
    assert sources == [f"{publisher}/good", "destination"] and target.read_bytes() == CONTENT


def test_argument_comes_before_the_environment_and_both_are_searched(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "two/x").write_bytes(CONTENT)
    monkeypatch.setenv("OMTRACE_MIRROR", str(tmp_path / "two"))
    assert retrieve(wanted(), tmp_path / "a", str(tmp_path / "one")) == f"mirror {tmp_path / 'two'}"
    (tmp_path / "one/x").write_bytes(CONTENT)
    assert retrieve(wanted(), tmp_path / "b", str(tmp_path / "one")) == f"mirror {tmp_path / 'one'}"


def test_each_file_of_the_mirror_is_hashed_once(tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    for number in range(5):
        (mirror / f"{number}").write_bytes(b"%d" % number)
    hashed = []
    real = module.sha256_of
    monkeypatch.setattr(module, "sha256_of", lambda path: hashed.append(path) or real(path))
    for _ in range(3):
        refused(tmp_path, wanted(), tmp_path / "x", str(mirror))
    assert len(hashed) == 5


def test_large_files_of_the_mirror_are_passed_over_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 10)
    (tmp_path / "large").write_bytes(CONTENT)
    assert "1 files were too large or not readable" in refused(tmp_path, wanted(), tmp_path / "x", str(tmp_path))


@pytest.mark.parametrize("path", ["/good", "/to/good"])
def test_address_answers(tmp_path, publisher, path):
    target = tmp_path / "raw/name.xls"
    assert retrieve(wanted(publisher + path), target, schemes=HTTP) == publisher + path
    assert target.read_bytes() == CONTENT and os.listdir(target.parent) == ["name.xls"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/missing", "HTTP Error 404"),
        ("/broken", "of 29 bytes"),
        ("/to/file", "is not allowed"),
        ("/to/ftp", "redirected to an address that is not http or https"),
        ("/large", "sends more than 4000 bytes"),
    ],
)
def test_address_that_does_not_answer(tmp_path, publisher, monkeypatch, path, says):
    monkeypatch.setattr(module, "LIMIT", 4000)
    text = refused(tmp_path, wanted(publisher + path), tmp_path / "x", schemes=HTTP)
    assert says in text and "get it from: " + publisher + path in text


def test_other_bytes_from_the_address_are_refused_with_both_digests(tmp_path, publisher):
    text = refused(tmp_path, wanted(publisher + "/other"), tmp_path / "raw/x", schemes=HTTP)
    assert export(1, "data/raw/far/x", b"other").sha256 in text and wanted().sha256 in text
    assert "sends other bytes" in text


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x", "file:///etc/hostname", "ftp://example.org/x", "x.xls"])
def test_only_https_is_asked(tmp_path, address):
    assert "not an https address" in refused(tmp_path, wanted(address), tmp_path / "x")


@pytest.mark.parametrize("address", ["https://127.0.0.1:9/x", "https://", "https://[/x", "https://127.0.0.1:9/a b\n"])
def test_no_network_says_what_to_do(tmp_path, address):
    target = tmp_path / "data/raw/far/name.xls"
    text = refused(tmp_path, wanted(address), target, "/no/such/folder", timeout=2)
    for part in (
        "could not be retrieved",
        "mirror /no/such/folder: there is no such folder",
        f"get it from: {address}",
        "citation: Authors: Title. Journal 2006;7:15.",
        "licence: CC BY 2.0",
        f"sha256: {wanted().sha256}",
        f"put it at {target}",
        "OMTRACE_MIRROR",
        "config/config.yaml",
    ):
        assert part in text, part


def test_without_an_address_the_citation_is_told(tmp_path):
    text = refused(tmp_path, wanted(), tmp_path / "x")
    assert "the register has no address; the citation says where it was published" in text
    assert "citation: Authors: Title. Journal 2006;7:15." in text


def test_a_server_that_is_silent_is_given_up(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(Fault, match="no answer"):
            from_address(wanted(f"http://127.0.0.1:{server.getsockname()[1]}/x"), timeout=0.3, schemes=HTTP)
