"""The signature of a packet: Ed25519 against the vectors of RFC 8032, keys as they are written, what is signed."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from omtrace.audit.packet_check import (
    BASE,
    FIELD,
    ORDER,
    fingerprint,
    is_signed,
    point_of,
    public_key,
    signed_text,
    text_of,
    times,
)
from omtrace.audit.signature import private_key, statement_of
from omtrace.faults import Fault

VECTORS = json.loads((Path(__file__).parents[1] / "reference/ed25519_rfc8032.json").read_text())["vectors"]


class Key:
    """A private key that signs as RFC 8032, section 5.1.6, says: for tests, where time tells nobody anything."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & ~7 & (1 << 255) - 1 | 1 << 254
        self.prefix = digest[32:]
        self.public = self.encoded(times(self.scalar, BASE))

    @staticmethod
    def encoded(point):
        x, y, z, _ = point
        inverse = pow(z, FIELD - 2, FIELD)
        return ((y * inverse % FIELD) | (x * inverse % FIELD & 1) << 255).to_bytes(32, "little")

    def public_key(self):
        return self

    def public_bytes_raw(self):
        return self.public

    def sign(self, message):
        number = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % ORDER
        first = self.encoded(times(number, BASE))
        challenge = int.from_bytes(hashlib.sha512(first + self.public + message).digest(), "little")
        return first + ((number + challenge * self.scalar) % ORDER).to_bytes(32, "little")


def bytes_of(vector):
    return [bytes.fromhex(vector[part]) for part in ("secret", "public", "message", "signature")]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_vectors_of_rfc_8032_are_verified_and_nothing_else_is(vector):
    secret, public, message, signature = bytes_of(vector)
    assert is_signed(public, message, signature)
    key = Key(secret)
    assert key.public == public and key.sign(message) == signature
    assert not is_signed(public, message + b"x", signature)
    for at in (0, 31, 32, 63):
        other = bytearray(signature)
        other[at] ^= 1
        assert not is_signed(public, message, bytes(other))
    others = [bytes.fromhex(other["public"]) for other in VECTORS if other != vector]
    assert not any(is_signed(other, message, signature) for other in others)


def test_a_signature_in_another_form_is_none():
    _, public, message, signature = bytes_of(VECTORS[1])
    more = (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")
    assert not is_signed(public, message, signature[:32] + more)  # S has to be below the order
    assert not is_signed(public, message, signature[:63]) and not is_signed(public, message, b"")
    assert not is_signed(public[:31], message, signature)
    assert point_of((2).to_bytes(32, "little")) is None  # on no point of the curve
    assert point_of((FIELD + 1).to_bytes(32, "little")) is None  # a second way to write y = 1
    assert point_of((1 | 1 << 255).to_bytes(32, "little")) is None  # x = 0 has no sign


def test_a_public_key_is_read_as_openssh_and_pem_write_it(tmp_path):
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
        listed = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True).stdout
    except FileNotFoundError:
        pytest.skip("there is no ssh-keygen")
    key = public_key((tmp_path / "key.pub").read_text())
    assert len(key) == 32 and fingerprint(key) in listed
    der = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key).decode()
    assert public_key(f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n") == key
    assert text_of(str(tmp_path / "key.pub")) == (tmp_path / "key.pub").read_text() and text_of("ssh") == "ssh"
    for text in ("", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa AAAAB3NzaC1yc2E=", der[:-8], "no key"):
        assert public_key(text) == b"", text


def test_what_is_signed_is_the_encoding_of_dsse_and_a_statement_of_in_toto():
    index = json.dumps({"study": "one", "head": "ab", "version": "1", "mode": "share mode"}).encode()
    payload = statement_of(index)
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "packet.json", "digest": {"sha256": hashlib.sha256(index).hexdigest()}}]
    assert signed_text(payload) == b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload


def test_without_the_package_that_signs_the_fault_says_how_to_have_it(tmp_path, monkeypatch):
    import builtins

    real = builtins.__import__

    def without(name, *others):
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Fault, match="make signing"):
        private_key(tmp_path / "key", lambda: "")
