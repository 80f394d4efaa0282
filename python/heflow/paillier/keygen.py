"""New keys, and keys from elsewhere."""

from __future__ import annotations

import secrets

import gmpy2

from ..errors import ParameterError
from .primes import check_modulus, check_primes, prime_pair
from .public import PublicContext, require_size
from .secret import SecretContext

__all__ = ["keygen", "public_from_n", "secret_from_primes"]

_RANDOMIZERS = ("djn", "textbook")


def _djn_base(n: int) -> int:
    """h_s = h^n mod n^2 for h = -x^2, x random (Damgard, Jurik and Nielsen 2010, section 4.1)."""
    while True:
        x = secrets.randbelow(n)
        if x > 1 and gmpy2.gcd(x, n) == 1:
            return int(gmpy2.powmod(n - x * x % n, n, n * n))


def _public(n: int, backend: str | None, randomizer: str, insecure: bool) -> PublicContext:
    if randomizer not in _RANDOMIZERS:
        raise ParameterError(f"randomizer={randomizer!r}: known are {_RANDOMIZERS}")
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
    Primes p = 2 t r + 1, r prime, t small and odd: Blum, gcd(p-1, q-1) = 2, and a generator of Z_p^* is
    certain. Bounds of FIPS 186-5, appendix A.1. Runs on gmpy2: not constant-time.
    """
    if not isinstance(bits, int) or isinstance(bits, bool) or bits % 2 or not 128 <= bits <= 8192:
        raise ParameterError(f"bits={bits!r}: an even number from 2048 to 8192 is needed; 3072 is the default")
    weak = require_size(bits, insecure)
    p, q = prime_pair(bits)
    public = _public(p.p * q.p, backend, randomizer, weak)
    return SecretContext(public, p.p, q.p, (p.generator, q.generator))


def public_from_n(
    n: int, *, backend: str | None = None, randomizer: str = "textbook", insecure: bool = False
) -> PublicContext:
    """Take a stranger's modulus (of phe, FATE, ...).

    It is checked to be odd, large enough, composite, no perfect power and without a factor below 2**20.
    That does not prove it to be a product of two primes: see docs/security.md.

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
    n = int(n) if type(n).__name__ == "mpz" else n
    check_modulus(n)
    weak = require_size(n.bit_length(), insecure)
    return _public(n, backend, randomizer, weak)


def secret_from_primes(
    p: int,
    q: int,
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
        As for `keygen`.

    Returns
    -------
    SecretContext

    Raises
    ------
    ParameterError, BackendError
    """
    p, q = (int(x) if type(x).__name__ == "mpz" else x for x in (p, q))
    check_primes(p, q)
    weak = require_size((p * q).bit_length(), insecure)
    return SecretContext(_public(p * q, backend, randomizer, weak), p, q, None)
