"""Private set intersection by Diffie-Hellman: which identifiers two parties have in common.

Both learn the intersection and the number of identifiers of the other side, nothing else.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, KeyMismatchError, ParameterError
from ..powmod import power_rows

__all__ = ["GROUP", "Party", "intersect"]

# The 2048-bit safe prime of group 14 (Kivinen and Kojo 2003, RFC 3526):
# 2^2048 - 2^1984 - 1 + 2^64 (floor(2^1918 pi) + 124476)
GROUP = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
ELEMENT_BYTES = 256
EXPONENT_BITS = 256
SESSION_BYTES = 16
_MAGIC = b"HFAL\x01"
_HEAD = struct.Struct("<BQ")  # step, number of elements
_DIGEST_BYTES = 32
Rows = NDArray[np.int64]


class Party:
    """One side of an alignment: three steps, each a message in, a message out.

    ``first()`` goes to the other side; what comes from there goes into ``second(message)``, whose result goes
    back; and ``rows(message)`` reads the other side's second message.

    Parameters
    ----------
    ids : iterable of str, bytes or int
        Identifiers, all different.
    session : bytes, 16
        Agreed on with the other side, different for every run.

    Raises
    ------
    ParameterError
        Identifiers repeat, are of mixed or other types, or the session has another length.

    Notes
    -----
    Elements are H(id) modulo the prime, raised to a secret even exponent of 256 bits, so that nothing lies
    outside the group of squares, whatever the other side sends (Meadows 1986; Huberman, Franklin and Hogg
    1999). Each side raises its own and the other's elements: two powers an identifier and side, which is
    nearly all the time. Identifiers are hashed with the session; the hash is public, so who holds a list of
    guesses still needs the other side's exponent to test them.
    """

    def __init__(self, ids: Iterable[Any], session: bytes) -> None:
        names = [_name(i) for i in ids]
        if len(session) != SESSION_BYTES:
            raise ParameterError(
                f"the session has {len(session)} bytes; {SESSION_BYTES} are needed"
            )
        if len(set(names)) != len(names):
            raise ParameterError(
                f"{len(names) - len(set(names))} identifiers occur more than once: keep one row for each"
            )
        self._session = bytes(session)
        self._exponent = 2 * secrets.randbits(EXPONENT_BITS - 1) | 1 << (EXPONENT_BITS - 1)
        self._order = _shuffled(len(names))
        self._elements = b"".join([_element(names[i], self._session) for i in self._order])
        self._theirs: bytes | None = None

    def __len__(self) -> int:
        return len(self._order)

    def first(self) -> bytes:
        """Return the own elements, raised to the secret, in random order."""
        return self._message(1, self._raised(self._elements))

    def second(self, message: bytes) -> bytes:
        """Raise the other side's elements and return them, in the order in which they came.

        Raises
        ------
        FormatError, KeyMismatchError
            Damaged bytes, an element outside the group, another session or step.
        """
        self._theirs = self._raised(self._read(message, 1))
        return self._message(2, self._theirs)

    def rows(self, message: bytes) -> Rows:
        """Return the rows of the identifiers in common; row k of both sides is the same identifier.

        Raises
        ------
        FormatError, KeyMismatchError
        ParameterError
            ``second`` has not been called.
        """
        if self._theirs is None:
            raise ParameterError(
                "the other side's first message has not been read: call second() before"
            )
        own = _split(self._read(message, 2))
        if len(own) != len(self):
            raise FormatError(f"{len(own)} elements came back and {len(self)} were sent")
        places = {x: i for i, x in enumerate(own)}
        common = sorted(places.keys() & _split(self._theirs))
        return self._order[np.array([places[x] for x in common], dtype=np.int64)]

    def _raised(self, elements: bytes) -> bytes:
        return power_rows(elements, self._exponent, GROUP)

    def _message(self, step: int, elements: bytes) -> bytes:
        count = len(elements) // ELEMENT_BYTES
        data = _MAGIC + self._session + _HEAD.pack(step, count) + elements
        return data + hashlib.sha256(data).digest()

    def _read(self, message: bytes, step: int) -> bytes:
        data, digest = message[:-_DIGEST_BYTES], message[-_DIGEST_BYTES:]
        head = len(_MAGIC) + SESSION_BYTES
        if not data.startswith(_MAGIC) or len(data) < head + _HEAD.size:
            raise FormatError("these bytes are not a message of an alignment")
        if hashlib.sha256(data).digest() != digest:
            raise FormatError("the message of the alignment is damaged: send it again")
        if data[len(_MAGIC) : head] != self._session:
            raise KeyMismatchError(
                "the message belongs to another session: start again on both sides"
            )
        found, count = _HEAD.unpack_from(data, head)
        body = data[head + _HEAD.size :]
        if found != step:
            raise FormatError(
                f"step {step} of the alignment is due and the message is of step {found}"
            )
        if len(body) != count * ELEMENT_BYTES:
            raise FormatError(f"{len(body)} bytes do not hold {count} elements")
        if any(not 1 < x < GROUP - 1 for x in _near_the_ends(body)):
            raise FormatError(
                "an element is outside the group: the other side does not follow the protocol"
            )
        if len(set(_split(body))) != count:
            raise FormatError("an element is repeated: the other side has duplicates")
        return body


def intersect(ids_a: Iterable[Any], ids_b: Iterable[Any]) -> tuple[Rows, Rows]:
    """Align two lists of identifiers in this process: the parties' steps, one after the other.

    Parameters
    ----------
    ids_a, ids_b : iterable of str, bytes or int
        Identifiers, all different within a side.

    Returns
    -------
    rows_a, rows_b : ndarray of int64, shape (n_common,)
        ``ids_a[rows_a[k]] == ids_b[rows_b[k]]``, in an order that tells nothing about either list.

    Raises
    ------
    ParameterError
    """
    session = secrets.token_bytes(SESSION_BYTES)
    a, b = Party(ids_a, session), Party(ids_b, session)
    first_a, first_b = a.first(), b.first()
    second_a, second_b = a.second(first_b), b.second(first_a)
    return a.rows(second_b), b.rows(second_a)


def _name(value: Any) -> bytes:
    if isinstance(value, (bool, np.bool_)):
        raise ParameterError("identifiers are strings, bytes or whole numbers, not booleans")
    if isinstance(value, str):
        return b"s" + value.encode()
    if isinstance(value, bytes):
        return b"b" + value
    if hasattr(value, "__index__"):
        return b"i" + str(int(value)).encode()
    raise ParameterError(f"identifier {value!r}: strings, bytes or whole numbers are needed")


def _element(name: bytes, session: bytes) -> bytes:
    """Hash to the first block of output that lies below the prime: all residues are equally likely."""
    source, blocks = hashlib.shake_256(_MAGIC + session + name), 1
    while True:
        element = source.digest(ELEMENT_BYTES * blocks)[-ELEMENT_BYTES:]
        if int.from_bytes(element, "little") < GROUP:
            return element
        blocks += 1


def _split(elements: bytes) -> list[bytes]:
    return [elements[i : i + ELEMENT_BYTES] for i in range(0, len(elements), ELEMENT_BYTES)]


def _near_the_ends(elements: bytes) -> list[int]:
    """Return the few elements below 2^64, or above 2^2048 - 2^1984: all others are inside the group."""
    words = np.frombuffer(elements, dtype="<u8").reshape(-1, ELEMENT_BYTES // 8)
    near = ~words[:, 1:].any(axis=1) | (words[:, -1] == 2**64 - 1)
    return [int.from_bytes(row.tobytes(), "little") for row in words[near]]


def _shuffled(count: int) -> Rows:
    """Return a secret random order: that of 64-bit numbers drawn for it."""
    return np.argsort(np.frombuffer(secrets.token_bytes(8 * count), dtype=np.uint64))
