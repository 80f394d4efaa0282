"""New keys, and keys from elsewhere."""

from __future__ import annotations

import secrets
from typing import Any

import gmpy2

from ..backend import resolve
from ..errors import ParameterError
from .primes import MAX_BITS, check_modulus, check_primes, prime_pair, whole_number
from .public import MIN_BITS, PublicContext, require_size
from .secret import SecretContext

__all__ = ["keygen", "public_from_n", "secret_from_primes"]

SMALLEST_BITS = 128  # with insecure=True; shorter primes cannot have the form that is asked for
_RANDOMIZERS = ("djn", "textbook")


def _djn_base(n: int) -> int:
    """h_s = h^n mod n^2 for h = -x^2, x random (Damgard, Jurik and Nielsen 2010, section 4.1)."""
    while True:
        x = secrets.randbelow(n)
        if x > 1 and gmpy2.gcd(x, n) == 1:
            return int(gmpy2.powmod(n - x * x % n, n, n * n))


def _require_choices(backend: str | None, randomizer: str) -> None:
    """Refuse bad names before any prime is searched."""
    resolve(backend)
    if randomizer not in _RANDOMIZERS:
        raise ParameterError(f"randomizer={randomizer!r}: known are 'djn' and 'textbook'")


def _public(n: int, backend: str | None, randomizer: str, insecure: bool) -> PublicContext:
    if randomizer == "textbook":
        return PublicContext(n, 0, 0, backend, insecure)
    return PublicContext(n, _djn_base(n), (n.bit_length() + 1) // 2, backend, insecure)


def keygen(
    bits: int = 3072,
    *,
    backend: str | None = None,
    randomizer: str = "djn",
    insecure: bool = False,
) -> SecretContext:
    """Make a new Paillier key.

    Parameters
    ----------
    bits : int
        Length of n: 3072 (128-bit security, NIST SP 800-57), 2048 (112-bit), 4096; even, to 8192.
        Smaller only with `insecure`.
    backend : str, optional
        See `heflow.backends`.
    randomizer : {"djn", "textbook"}
        How the public key hides messages; see docs/security.md.
    insecure : bool
        Allow sizes that protect nothing, for tests and teaching.

    Returns
    -------
    SecretContext

    Raises
    ------
    ParameterError, BackendError

    Notes
    -----
    Primes p = 2 t r + 1, r prime, t small and odd: Blum, gcd(p-1, q-1) = 2, and a generator of
    Z_p^* is certain. Bounds of FIPS 186-5, appendix A.1. Runs on gmpy2: not constant-time.
    """
    size = whole_number(bits)
    if size is None or size % 2 or not SMALLEST_BITS <= size <= MAX_BITS:
        raise ParameterError(
            f"bits={bits!r}: an even number from {MIN_BITS} to {MAX_BITS} is needed; "
            "3072 is the default"
        )
    _require_choices(backend, randomizer)
    weak = require_size(size, insecure)
    p, q = prime_pair(size)
    public = _public(p.p * q.p, backend, randomizer, weak)
    return SecretContext(public, p.p, q.p, (p.generator, q.generator))


def public_from_n(
    n: Any, *, backend: str | None = None, randomizer: str = "textbook", insecure: bool = False
) -> PublicContext:
    """Take a stranger's modulus (of phe, FATE, ...).

    It is checked to be odd, large enough, composite, no perfect power and without a factor below
    2**20. That does not prove it to be a product of two primes: see docs/security.md.

    Parameters
    ----------
    n : int
    backend, insecure
        As for `keygen`.
    randomizer : {"textbook", "djn"}

    Returns
    -------
    PublicContext

    Raises
    ------
    ParameterError, BackendError
    """
    modulus = whole_number(n)
    if modulus is None:
        raise ParameterError(f"n must be an integer, not {type(n).__name__}")
    _require_choices(backend, randomizer)
    check_modulus(modulus)
    weak = require_size(modulus.bit_length(), insecure)
    return _public(modulus, backend, randomizer, weak)


def secret_from_primes(
    p: Any,
    q: Any,
    *,
    backend: str | None = None,
    randomizer: str = "textbook",
    insecure: bool = False,
) -> SecretContext:
    """Take an existing key by its primes, checked.

    Parameters
    ----------
    p, q : int
    backend, randomizer, insecure
        As for `keygen`; "djn" needs primes that are 3 modulo 4, with gcd(p-1, q-1) = 2.

    Returns
    -------
    SecretContext

    Raises
    ------
    ParameterError, BackendError
    """
    p, q = whole_number(p), whole_number(q)
    if p is None or q is None:
        raise ParameterError("p and q must be integers")
    _require_choices(backend, randomizer)
    check_primes(p, q, blum=randomizer == "djn")
    check_modulus(p * q)
    weak = require_size((p * q).bit_length(), insecure)
    return SecretContext(_public(p * q, backend, randomizer, weak), p, q, None)
