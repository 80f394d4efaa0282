"""Ring degree, modulus chain and scale, checked against the security table."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import Any

from ..errors import ParameterError
from ..whole import is_whole

__all__ = ["MAX_MODULUS_BITS", "Parameters"]

# Largest log2 of the whole modulus, special primes included, for 128 bits of classical security with ternary
# secrets (Bossuat et al. 2024, Security Guidelines for Implementing Homomorphic Encryption, ePrint 2024/463).
MAX_MODULUS_BITS = {1024: 26, 2048: 53, 4096: 106, 8192: 214, 16384: 430, 32768: 868, 65536: 1747}
MIN_PRIME_BITS, MAX_PRIME_BITS = 20, 50
FAST_PRIME_BITS = 47  # transforms need no corrections below
MAX_LEVELS = 60
MAX_PRIMES = 64
HYBRID_DEPTH = 6  # from here on, several primes to a digit
MARGIN_BITS = 2  # sign, and the rounding of scales


def _bits(value: Any, name: str) -> tuple[int, ...]:
    try:
        bits = tuple(operator.index(b) for b in value)
    except TypeError:
        raise ParameterError(f"{name}={value!r}: a tuple of bit lengths is needed") from None
    if any(not MIN_PRIME_BITS <= b <= MAX_PRIME_BITS for b in bits):
        raise ParameterError(
            f"{name}={bits}: primes have {MIN_PRIME_BITS} to {MAX_PRIME_BITS} bits"
        )
    return bits


def _special_choices(primes: tuple[int, ...], depth: int) -> list[tuple[int, ...]]:
    """Return special primes worth trying: fewest digits of key switching first."""
    if not depth:
        return [()]
    if depth < HYBRID_DEPTH:
        return [(max(FAST_PRIME_BITS, *primes),)]
    choices = []
    for digits in (2, 3, 4, 6):
        each = -(-len(primes) // digits)
        most = max(sum(primes[i : i + each]) for i in range(0, len(primes), each))
        count = max(-(-most // FAST_PRIME_BITS), 2)
        choices.append((FAST_PRIME_BITS,) * count)
    return choices


@dataclass(frozen=True)
class Parameters:
    """Public parameters of a CKKS key.

    Attributes
    ----------
    ring_degree : int
        N: a power of two, 1024 to 65536. A ciphertext holds N / 2 real numbers.
    prime_bits : tuple of int
        Bits of the data primes. The first stay to the end; each product uses up one of the others.
    special_bits : tuple of int
        Bits of the special primes of evaluation keys: none for sums only, one for short chains. With several,
        a digit of key switching holds as many data primes as they cover (hybrid digits).
    scale_bits : int
        Fractional bits of the integers inside.
    integer_bits : int, optional
        Values stay below 2**integer_bits, at every step. By default what the first prime holds.
    insecure : bool
        Allow moduli above the table, for tests.

    Raises
    ------
    ParameterError

    Notes
    -----
    128 bits of classical security: the total of all bits is at most 26 / 53 / 106 / 214 / 430 / 868 /
    1747 for N = 1024 to 65536 (ePrint 2024/463).
    """

    ring_degree: int
    prime_bits: tuple[int, ...]
    special_bits: tuple[int, ...] = ()
    scale_bits: int = 40
    integer_bits: int | None = None
    insecure: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("ring_degree", "scale_bits", "integer_bits"):
            value = getattr(self, name)
            if name == "integer_bits" and value is None:
                continue
            if not is_whole(value):
                raise ParameterError(f"{name}={value!r}: a whole number is needed")
            object.__setattr__(self, name, int(value))
        if self.ring_degree not in MAX_MODULUS_BITS:
            raise ParameterError(
                f"ring_degree={self.ring_degree!r}: a power of two from 1024 to 65536 is needed"
            )
        primes = _bits(self.prime_bits, "prime_bits")
        special = _bits(self.special_bits, "special_bits")
        object.__setattr__(self, "prime_bits", primes)
        object.__setattr__(self, "special_bits", special)
        if not 1 <= len(primes) <= MAX_LEVELS:
            raise ParameterError(f"{len(primes)} data primes given; 1 to {MAX_LEVELS} are possible")
        if len(primes) + len(special) > MAX_PRIMES:
            raise ParameterError(
                f"{len(primes)} data and {len(special)} special primes given; {MAX_PRIMES} in all are possible"
            )
        if special and sum(special) < max(primes):
            raise ParameterError(
                f"the special primes have {sum(special)} bits and a data prime {max(primes)}: they must not "
                "have fewer, or evaluation keys add too much noise"
            )
        if not 10 <= self.scale_bits <= MAX_PRIME_BITS:
            raise ParameterError(f"scale_bits={self.scale_bits!r} is outside 10..{MAX_PRIME_BITS}")
        if self.integer_bits is None:
            object.__setattr__(self, "integer_bits", primes[0] - self.scale_bits - MARGIN_BITS)
        if self._integer_bits < 1 or self.base_primes > 2 or self.base_primes > len(primes):
            raise ParameterError(
                f"values of {self.integer_bits} integer and {self.scale_bits} fractional bits do not "
                f"fit the first two primes of {primes}: use a larger first prime or fewer scale_bits"
            )
        most = MAX_MODULUS_BITS[self.ring_degree]
        if self.modulus_bits > most and not self.insecure:
            raise ParameterError(
                f"the modulus has {self.modulus_bits} bits and ring degree {self.ring_degree} allows "
                f"{most} for 128 bits of security (ePrint 2024/463): use a larger ring_degree or fewer "
                "primes; insecure=True allows it for tests"
            )

    @classmethod
    def for_depth(
        cls, depth: int, decimals: int = 6, integer_bits: int = 20, insecure: bool = False
    ) -> Parameters:
        """Choose the smallest parameters for `depth` products one after the other.

        Parameters
        ----------
        depth : int
            Products on the longest way from an input to a result, plain factors included.
        decimals : int
            Decimal places kept of a result.
        integer_bits : int
            Values stay below 2**integer_bits.
        insecure : bool
            Mark keys of them as insecure, for tests.

        Returns
        -------
        Parameters

        Raises
        ------
        ParameterError
            Nothing up to ring degree 65536 is large enough.
        """
        for name, value, least in (
            ("depth", depth, 0),
            ("decimals", decimals, 1),
            ("integer_bits", integer_bits, 1),
        ):
            if not is_whole(value) or value < least:
                raise ParameterError(f"{name}={value!r}: a whole number from {least} on is needed")
        depth, decimals, integer_bits = int(depth), int(decimals), int(integer_bits)
        scale_bits = 20 + math.ceil(
            decimals * math.log2(10)
        )  # noise of a key switch: about 15 bits
        if scale_bits > FAST_PRIME_BITS:
            raise ParameterError(f"decimals={decimals}: at most 8 are kept with primes of 47 bits")
        base = [FAST_PRIME_BITS]
        missing = scale_bits + integer_bits + MARGIN_BITS - FAST_PRIME_BITS
        if missing > 0:
            base.append(max(missing, scale_bits))
        if base[-1] > MAX_PRIME_BITS:
            raise ParameterError(
                f"integer_bits={integer_bits} with {decimals} decimals needs more than two primes: "
                "ask for fewer, or scale the values"
            )
        # In long chains the scale wanders around 2^scale_bits, and primes on both sides hold it there.
        alternate = 1 if depth >= HYBRID_DEPTH else 0
        primes = tuple(base + [scale_bits + alternate * ((depth - i) % 2) for i in range(depth)])
        choices = _special_choices(primes, depth)
        for ring_degree, most in MAX_MODULUS_BITS.items():
            for special in choices:
                fits = sum(primes) + sum(special) <= most
                if ring_degree >= 2048 and fits and len(primes) + len(special) <= MAX_PRIMES:
                    return cls(ring_degree, primes, special, scale_bits, integer_bits, insecure)
        raise ParameterError(
            f"depth={depth} needs more than ring degree 65536: bootstrap or decrypt"
        )

    @property
    def _integer_bits(self) -> int:
        return self.integer_bits or 0

    @property
    def modulus_bits(self) -> int:
        """Bits of the whole modulus, the special prime included."""
        return sum(self.prime_bits) + sum(self.special_bits)

    @property
    def base_primes(self) -> int:
        """How many primes stay to the end, so that values fit."""
        needed = self.scale_bits + self._integer_bits + MARGIN_BITS
        bits = 0
        for count, b in enumerate(self.prime_bits, 1):
            bits += b
            if bits >= needed:
                return count
        return len(self.prime_bits) + 1

    @property
    def spare_bits(self) -> int:
        """Bits of the last modulus beyond the range: a value that wrapped passes with 2**-spare_bits."""
        return sum(self.prime_bits[: self.base_primes]) - self.scale_bits - self._integer_bits - 1

    @property
    def depth(self) -> int:
        """Products that can follow one another."""
        return len(self.prime_bits) - self.base_primes

    @property
    def slots(self) -> int:
        """Real numbers in a ciphertext."""
        return self.ring_degree // 2

    @property
    def security_bits(self) -> int:
        """128, or 0 for moduli above the table."""
        return 128 if self.modulus_bits <= MAX_MODULUS_BITS[self.ring_degree] else 0

    def describe(self) -> str:
        """Return what the parameters mean, in words."""
        fresh = sum((b + 7) // 8 for b in self.prime_bits) * self.ring_degree
        return (
            f"CKKS, ring degree {self.ring_degree}: {self.slots} numbers in a ciphertext of "
            f"{2 * fresh:,} bytes ({fresh:,} from the owner)\n"
            f"data primes of {self.prime_bits} bits, special {self.special_bits or 'none'}: "
            f"{self.modulus_bits} of {MAX_MODULUS_BITS[self.ring_degree]} bits, security "
            f"{self.security_bits or 'NONE'} bits\n"
            f"scale 2^{self.scale_bits}, |values| < 2^{self.integer_bits}, depth {self.depth}; "
            f"{self.spare_bits} spare bits tell what left the range"
        )
