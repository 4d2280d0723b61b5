"""The signature of a packet: an in-toto statement on its index, in a DSSE envelope, signed with Ed25519.

The package ``cryptography`` signs (``make signing``); who checks needs the standard library alone (``packet_check``).
An Ed25519 signature is the same each time (RFC 8032, section 5.1.6), so that a packet that is built and signed twice
has the same bytes.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace.audit.packet_check import INDEX, SIGNATURE, STATEMENT, TYPE, fingerprint, signed_text
from omtrace.faults import Fault
from omtrace.store import write_bytes, zipped

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREDICATE = "https://in-toto.io/attestation/release/v0.1"  # the subjects are what a release consists of


def private_key(path: str | Path, ask: Callable[[], str]) -> "Ed25519PrivateKey":
    """The Ed25519 key of a file, as OpenSSH (``ssh-keygen -t ed25519``) or PEM has it.

    Parameters
    ----------
    path
        The file.
    ask
        Gives the passphrase of a key that has one.

    Raises
    ------
    Fault
        Where the package is not installed, and for a file that is no such key or cannot be opened with the passphrase.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
    except ImportError:
        raise Fault(
            "signing needs the package cryptography, which is not installed here; make signing, and activate "
            ".venv-signing"
        ) from None
    try:
        content = Path(path).read_bytes()
        load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in content else load_pem_private_key
        try:
            key = load(content, None)
        except TypeError:  # it has a passphrase
            key = load(content, ask().encode())
    except UnsupportedAlgorithm:
        raise Fault(
            f"{path}: not a key that can be opened here; of keys with a passphrase, those in PEM can be "
            "(openssl genpkey -algorithm ed25519 -aes256)"
        ) from None
    except (OSError, ValueError) as error:
        raise Fault(f"{path}: not a private key that can be opened ({type(error).__name__})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Fault(f"{path}: not an Ed25519 key; ssh-keygen -t ed25519 makes one")
    return key


def sign_packet(path: str | Path, key: "Ed25519PrivateKey", confidential: bool = False) -> str:
    """Put the signature into a packet.

    Parameters
    ----------
    path
        The zip file of ``omtrace release``.
    key
        The private key.
    confidential
        As of ``store.write_bytes``.

    Returns
    -------
    str
        The fingerprint of the public key.
    """
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    public = key.public_key().public_bytes_raw()
    payload = statement_of(files[INDEX])
    signature = {"keyid": fingerprint(public), "sig": _text(key.sign(signed_text(payload)))}
    envelope = {"payload": _text(payload), "payloadType": TYPE, "signatures": [signature]}
    files[SIGNATURE] = (json.dumps(envelope, indent=1) + "\n").encode()
    write_bytes(path, zipped(files), confidential=confidential)
    return fingerprint(public)


def statement_of(index: bytes) -> bytes:
    """What is said of a packet: the digest of its index, which names every other file, and what it is of."""
    content = json.loads(index)
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": INDEX, "digest": {"sha256": hashlib.sha256(index).hexdigest()}}],
        "predicateType": PREDICATE,
        "predicate": {
            "purl": f"pkg:generic/{content['study']}@{content['head']}",
            "releaseId": content["head"],
            "version": content["version"],
            "mode": content["mode"],
        },
    }
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
