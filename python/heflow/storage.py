"""Bytes and files: what can be stored, by kind, and the passphrase around secrets."""

from __future__ import annotations

import os
import secrets
import stat
import struct
import warnings
from typing import TYPE_CHECKING, Any

from ._core import wire as _wire
from .ckks import public as _ckks_public
from .ckks import secret as _ckks_secret
from .ckks import sums as _sums
from .errors import (
    FormatError,
    KeyFileError,
    KeyMismatchError,
    ParameterError,
    UnsupportedOperationError,
)
from .files import write_whole
from .paillier import public as _paillier_public
from .paillier import secret as _paillier_secret
from .scheme import PublicContext
from .tensor import EncryptedTensor
from .tensor import wire as _tensor_wire

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

__all__ = ["from_bytes", "inspect", "load", "save"]

KIND_SECRET = 3
KIND_PUBLIC = _paillier_public.KIND_PUBLIC
_KINDS = {KIND_PUBLIC: "public context", _tensor_wire.KIND: "tensor", KIND_SECRET: "secret"}
_SCHEMES = {
    _paillier_public.SCHEME_ID: "paillier",
    _ckks_public.SCHEME_ID: "ckks",
    _sums.SCHEME_ID: "sums",
}
_PUBLIC: dict[int, Any] = {
    _paillier_public.SCHEME_ID: _paillier_public.PublicContext,
    _ckks_public.SCHEME_ID: _ckks_public.PublicContext,
    _sums.SCHEME_ID: _sums.PublicContext,
}
_SECRET: dict[int, Any] = {
    _paillier_public.SCHEME_ID: _paillier_secret,
    _ckks_public.SCHEME_ID: _ckks_secret,
    _sums.SCHEME_ID: _sums,
}
_SCHEME_AT = 7
_LOCK = struct.Struct("<BBB16s12s")  # log2 of scrypt's n, r, p; salt; nonce
_SCRYPT = (17, 8, 1)  # 128 MiB and about half a second
_LARGEST_SCRYPT = (20, 8, 4)  # 1 GiB: what a file may ask for
_KIND_AT = 6  # the kind's place in the envelope
_WRONG = "the secret file does not open: the passphrase is wrong or the file was changed"


def from_bytes(
    data: Any,
    public: PublicContext | None = None,
    *,
    backend: str | None = None,
    insecure: bool = False,
) -> Any:
    """Read a public context or a tensor from bytes; nothing is used before it is checked.

    Parameters
    ----------
    data : bytes-like
    public : PublicContext
        Needed for tensors: the context they belong to. Contexts of other keys are refused beside it.
    backend, insecure
        As for `heflow.paillier.keygen`; for contexts.

    Returns
    -------
    PublicContext or EncryptedTensor

    Raises
    ------
    FormatError, KeyMismatchError, ParameterError
    """
    kind, scheme, key_id, header, payload = _open(data)
    if scheme not in _SCHEMES:
        raise FormatError(f"scheme {scheme} is not known here: a newer heflow wrote these bytes")
    if kind == KIND_PUBLIC:
        if public is not None and key_id.hex() != getattr(public, "key_id", None):
            raise KeyMismatchError(
                f"the bytes are the public context of key {key_id.hex()}, another than that of `public`"
            )
        return _PUBLIC[scheme].from_parts(key_id, header, bytes(payload), backend, insecure)
    if kind == _tensor_wire.KIND:
        if public is None or not hasattr(public, "open"):
            raise ParameterError(
                "a tensor is read with its public context, hf.from_bytes(data, public), which a secret has as "
                f"secret.public; given is {type(public).__name__}"
            )
        return _tensor_wire.from_bytes(data, public)
    if kind == KIND_SECRET:
        raise KeyFileError("these bytes are a secret file: hf.load(path, passphrase=...) opens it")
    raise FormatError(f"kind {kind} is not known here: a newer heflow wrote these bytes")


def inspect(data: Any) -> dict[str, Any]:
    """Describe bytes without trusting or decoding them.

    Returns
    -------
    dict
        kind, scheme, key_id, sizes in bytes; for tensors shape, dtype, scale_bits, bound; for
        public contexts bits, randomizer, insecure.

    Raises
    ------
    FormatError
    """
    kind, scheme, key_id, header, payload = _open(data)
    facts: dict[str, Any] = {
        "kind": _KINDS.get(kind, f"unknown ({kind})"),
        "scheme": _SCHEMES.get(scheme, f"unknown ({scheme})"),
        "key_id": key_id.hex(),
        "bytes": memoryview(data).nbytes,
        "payload_bytes": payload.nbytes,
    }
    if kind == _tensor_wire.KIND:
        shape, encoding, _ = _tensor_wire.read_header(header)
        facts |= {
            "shape": shape,
            "dtype": "int" if encoding.integer else "float64",
            "scale_bits": encoding.scale_bits,
            "bound": encoding.bound,
        }
    elif (kind, scheme) == (KIND_PUBLIC, _ckks_public.SCHEME_ID):
        parameters, _ = _ckks_public.read_header(header, insecure=True)
        facts |= {
            "ring_degree": parameters.ring_degree,
            "prime_bits": parameters.prime_bits,
            "special_bits": parameters.special_bits,
            "scale_bits": parameters.scale_bits,
            "depth": parameters.depth,
            "insecure": not parameters.security_bits,
        }
    elif (kind, scheme) == (KIND_PUBLIC, _paillier_public.SCHEME_ID):
        bits, exponent_bits, flags = _paillier_public.read_header(header, payload.nbytes)
        facts |= {
            "bits": bits,
            "randomizer": "djn" if exponent_bits else "textbook",
            "insecure": bool(flags),
        }
    return facts


def save(path: str | os.PathLike[str], obj: Any, *, passphrase: bytes | str | None = None) -> None:
    """Write a public context, a tensor, or a secret to a file: whole, or not at all.

    Parameters
    ----------
    path : path-like
    obj : PublicContext, EncryptedTensor or SecretContext
        A tensor into which plain values were folded is re-randomised.
    passphrase : bytes or str
        Needed for a secret, and only there. The file gets mode 0600.

    Raises
    ------
    ParameterError, UnsupportedOperationError, OSError
    """
    if isinstance(obj, tuple(module.SecretContext for module in _SECRET.values())):
        write_whole(path, _locked(obj, _passphrase(passphrase)), private=True)
        return
    if passphrase is not None:
        raise ParameterError("only secrets are saved with a passphrase")
    storable: tuple[Any, ...] = (*_PUBLIC.values(), EncryptedTensor)
    if not isinstance(obj, storable):
        raise UnsupportedOperationError(
            f"{type(obj).__name__} cannot be saved: public contexts, tensors and secrets can"
        )
    data: bytes = obj.to_bytes()
    write_whole(path, data)


def load(
    path: str | os.PathLike[str],
    public: PublicContext | None = None,
    *,
    passphrase: bytes | str | None = None,
    backend: str | None = None,
    insecure: bool = False,
) -> Any:
    """Read what `save` wrote.

    Parameters
    ----------
    path : path-like
    public : PublicContext
        Needed for tensors.
    passphrase : bytes or str
        Needed for secrets.
    backend, insecure
        As for `heflow.paillier.keygen`.

    Raises
    ------
    FormatError, KeyMismatchError, KeyFileError, ParameterError, OSError
    """
    with open(path, "rb") as file:
        data = file.read()
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    if passphrase is None:
        if data[_KIND_AT : _KIND_AT + 1] == bytes([KIND_SECRET]):
            raise KeyFileError(f"{path} is a secret file, or damaged: give passphrase=")
        return from_bytes(data, public, backend=backend, insecure=insecure)
    try:
        kind = _wire.open(data)[0]
    except FormatError:
        # Damage and a wrong passphrase look the same, whatever byte was hit.
        raise KeyFileError(_WRONG) from None
    if kind != KIND_SECRET:
        name = _KINDS.get(kind, f"thing of unknown kind {kind}")
        raise KeyFileError(f"{path} holds a {name}, not a secret: load it without passphrase=")
    if os.name == "posix" and mode & 0o077:
        warnings.warn(f"{path} can be read by others: chmod 600 it", UserWarning, stacklevel=2)
    return _unlocked(data, _passphrase(passphrase), backend, insecure)


def _open(data: Any) -> tuple[int, int, bytes, bytes, memoryview]:
    try:
        view = memoryview(data)
    except TypeError:
        raise FormatError(f"bytes are needed, not {type(data).__name__}") from None
    return _wire.open(view)


def _passphrase(passphrase: bytes | str | None) -> bytes:
    if isinstance(passphrase, str):
        passphrase = passphrase.encode()
    if not isinstance(passphrase, (bytes, bytearray)) or not passphrase:
        raise ParameterError("a secret file needs passphrase=, bytes or text that is not empty")
    return bytes(passphrase)


def _cipher(passphrase: bytes, salt: bytes, log_n: int, r: int, p: int) -> ChaCha20Poly1305:
    # Imported here: it would double the time of `import heflow`, and few programs open key files.
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    key = Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(passphrase)
    return ChaCha20Poly1305(key)


def _authenticated(scheme: int, header: bytes, key_id: bytes) -> bytes:
    return bytes([KIND_SECRET, scheme]) + key_id + header


def _locked(secret: Any, passphrase: bytes) -> bytes:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    header = _LOCK.pack(*_SCRYPT, salt, nonce)
    key_id = bytes.fromhex(secret.key_id)
    public = secret.public.to_bytes()
    contents = struct.pack("<I", len(public)) + public + secret._secret_payload()
    cipher = _cipher(passphrase, salt, *_SCRYPT)
    scheme = public[_SCHEME_AT]
    payload = cipher.encrypt(nonce, contents, _authenticated(scheme, header, key_id))
    return _wire.seal(KIND_SECRET, scheme, key_id, header, payload)


def _unlocked(data: bytes, passphrase: bytes, backend: str | None, insecure: bool) -> Any:
    from cryptography.exceptions import InvalidTag

    _, scheme, key_id, header, payload = _wire.open(data)
    if len(header) != _LOCK.size or scheme not in _SECRET:
        raise KeyFileError(_WRONG)
    *scrypt, salt, nonce = _LOCK.unpack(header)
    if not all(1 <= a <= b for a, b in zip(scrypt, _LARGEST_SCRYPT, strict=True)):
        raise KeyFileError(_WRONG)
    try:
        contents = _cipher(passphrase, salt, *scrypt).decrypt(
            nonce, bytes(payload), _authenticated(scheme, header, key_id)
        )
    except InvalidTag:
        raise KeyFileError(_WRONG) from None
    size = struct.unpack_from("<I", contents)[0]
    public = from_bytes(contents[4 : 4 + size], backend=backend, insecure=insecure)
    return _SECRET[scheme].secret_from_payload(public, contents[4 + size :])
