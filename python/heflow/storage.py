"""Bytes and files: what can be stored, by kind, and the passphrase around secrets."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import tempfile
import warnings
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ._core import wire as _wire
from .errors import FormatError, KeyFileError, ParameterError, UnsupportedOperationError
from .paillier.public import KIND_PUBLIC, SCHEME_ID, PublicContext
from .paillier.secret import SecretContext, secret_from_payload
from .tensor import EncryptedTensor
from .tensor import wire as _tensor_wire

__all__ = ["from_bytes", "inspect", "load", "save"]

KIND_SECRET = 3
_KINDS = {KIND_PUBLIC: "public context", _tensor_wire.KIND: "tensor", KIND_SECRET: "secret"}
_SCHEMES = {SCHEME_ID: "paillier"}
_LOCK = struct.Struct("<BBB16s12s")  # log2 of scrypt's n, r, p; salt; nonce
_SCRYPT = (17, 8, 1)
_WRONG = "the passphrase is wrong or the file was changed"


def from_bytes(
    data: Any, public: PublicContext | None = None, *, backend: str | None = None, insecure: bool = False
) -> Any:
    """Read a public context or a tensor from bytes; nothing is used before it is checked.

    Parameters
    ----------
    data : bytes-like
    public : PublicContext
        Needed for tensors: the context they belong to.
    backend, insecure
        As for `heflow.paillier.keygen`; for contexts.

    Returns
    -------
    PublicContext or EncryptedTensor

    Raises
    ------
    FormatError, KeyMismatchError, ParameterError
    """
    kind, scheme, key_id, header, payload = _wire.open(data)
    if scheme not in _SCHEMES:
        raise FormatError(f"scheme {scheme} is not known here: a newer heflow wrote these bytes")
    if kind == KIND_PUBLIC:
        return PublicContext.from_parts(key_id, header, bytes(payload), backend, insecure)
    if kind == _tensor_wire.KIND:
        if public is None:
            raise ParameterError("a tensor is read with its public context: hf.from_bytes(data, public)")
        return _tensor_wire.from_bytes(data, public)
    if kind == KIND_SECRET:
        raise FormatError("these bytes are a secret file: hf.load(path, passphrase=...) opens it")
    raise FormatError(f"kind {kind} is not known here: a newer heflow wrote these bytes")


def inspect(data: Any) -> dict[str, Any]:
    """Describe bytes without trusting or decoding them.

    Returns
    -------
    dict
        kind, scheme, key_id, sizes in bytes; for tensors shape, dtype, scale_bits, bound.

    Raises
    ------
    FormatError
    """
    kind, scheme, key_id, header, payload = _wire.open(data)
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
    if isinstance(obj, SecretContext):
        _write(Path(path), _locked(obj, _passphrase(passphrase)), private=True)
        return
    if passphrase is not None:
        raise ParameterError("only secrets are saved with a passphrase")
    if not isinstance(obj, (PublicContext, EncryptedTensor)):
        raise UnsupportedOperationError(
            f"{type(obj).__name__} cannot be saved: public contexts, tensors and secrets can"
        )
    _write(Path(path), obj.to_bytes(), private=False)


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
    data = Path(path).read_bytes()
    kind = _wire.open(data)[0]
    if kind != KIND_SECRET:
        if passphrase is not None:
            raise KeyFileError(f"{path} holds a {_KINDS.get(kind, 'thing of unknown kind')}, not a secret")
        return from_bytes(data, public, backend=backend, insecure=insecure)
    if os.name == "posix" and stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        warnings.warn(f"{path} can be read by others: chmod 600 it", UserWarning, stacklevel=2)
    if passphrase is None:
        raise KeyFileError(f"{path} is a secret file: give passphrase=")
    return _unlocked(data, _passphrase(passphrase), backend, insecure)


def _passphrase(passphrase: bytes | str | None) -> bytes:
    if isinstance(passphrase, str):
        passphrase = passphrase.encode()
    if not isinstance(passphrase, bytes) or not passphrase:
        raise ParameterError("a secret is saved with passphrase=, bytes or text that is not empty")
    return passphrase


def _key(passphrase: bytes, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(passphrase)


def _locked(secret: SecretContext, passphrase: bytes) -> bytes:
    salt, nonce = os.urandom(16), os.urandom(12)
    header = _LOCK.pack(*_SCRYPT, salt, nonce)
    key_id = bytes.fromhex(secret.key_id)
    public = secret.public.to_bytes()
    contents = struct.pack("<I", len(public)) + public + secret._secret_payload()
    cipher = ChaCha20Poly1305(_key(passphrase, salt, *_SCRYPT))
    return _wire.seal(KIND_SECRET, SCHEME_ID, key_id, header, cipher.encrypt(nonce, contents, header + key_id))


def _unlocked(data: bytes, passphrase: bytes, backend: str | None, insecure: bool) -> SecretContext:
    _, _, key_id, header, payload = _wire.open(data)
    if len(header) != _LOCK.size:
        raise FormatError("the secret file's header has the wrong length")
    log_n, r, p, salt, nonce = _LOCK.unpack(header)
    if not 10 <= log_n <= 20 or not 1 <= r <= 16 or not 1 <= p <= 4:
        raise FormatError("the secret file asks for scrypt parameters that heflow does not write")
    try:
        contents = ChaCha20Poly1305(_key(passphrase, salt, log_n, r, p)).decrypt(
            nonce, bytes(payload), header + key_id
        )
    except InvalidTag:
        raise KeyFileError(_WRONG) from None
    size = struct.unpack_from("<I", contents)[0]
    public = from_bytes(contents[4 : 4 + size], backend=backend, insecure=insecure)
    return secret_from_payload(public, contents[4 + size :])


def _write(path: Path, data: bytes, private: bool) -> None:
    """Temporary file in the same folder, flushed, then renamed over the old one."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent or ".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o600 if private else 0o644 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
