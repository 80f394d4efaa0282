"""What all parties of an aggregation agree on before anything is encrypted, with its head-room proved."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any

from ..ckks.sums import PRIME_BITS, SumParameters, largest_modulus
from ..errors import HeadroomError, ParameterError
from ..whole import is_whole

__all__ = ["Plan"]

MIN_PRIME_BITS = 20
NOISE = 21  # largest size of a centred binomial error
VARIANCE = 10.5
DEVIATIONS = 13  # a Gaussian exceeds them with probability below 2^-120
MAX_BITS = 24
SMALLEST_CLIP = 1e-300  # steps of the clip stay within float64
MAX_WEIGHT = (1 << 14) - 1  # 64-bit sums of 50-bit residues


def whole(value: Any, name: str, least: int, most: int) -> int:
    """Return a whole number in a range, or say what is needed."""
    if not is_whole(value) or not least <= value <= most:
        raise ParameterError(f"{name}={value!r}: a whole number from {least} to {most} is needed")
    return int(value)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Agreement of all parties on ranges, precision, weights and key.

    Parameters
    ----------
    clients : int
        How many clients take part in a round at most.
    clip : float
        Values lie in -clip .. clip; others are clipped and counted.
    bits : int
        Precision of a value: it is rounded to one of 2**bits steps.
    max_total_weight : int, optional
        The weights of a round add up to this at most; `clients` by default.
    key : {"shared", "public"}
        "shared": all clients hold the secret key, and half the bytes are sent; any client together with
        the server, or listening to the line, reads every update. "public": clients encrypt under a public
        key and cannot read each other; whoever holds the secret can read any single update that it gets
        hold of.

    Raises
    ------
    ParameterError
        A number makes no sense.
    HeadroomError
        Sums of such weights could overflow; the numbers are named.

    Notes
    -----
    docs/maths/exact-sums.md derives the conditions. With a shared key the worst case of the noise is
    covered: sums are never wrong. With a public key they are wrong with probability below 2**-120 for each
    coefficient.
    """

    clients: int
    clip: float = 1.0
    bits: int = 16
    max_total_weight: int | None = None
    key: str
    _sums: SumParameters | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        whole(self.clients, "clients", 1, MAX_WEIGHT)
        whole(self.bits, "bits", 1, MAX_BITS)
        if self.max_total_weight is None:
            object.__setattr__(self, "max_total_weight", self.clients)
        whole(self.max_total_weight, "max_total_weight", 1, 1 << 53)
        if self.weights > MAX_WEIGHT:
            raise HeadroomError(
                f"max_total_weight={self.max_total_weight}: sums hold total weights up to {MAX_WEIGHT}; divide "
                "the weights by a common factor, such as samples by 100"
            )
        if self.weights < self.clients:
            raise ParameterError(
                f"max_total_weight={self.max_total_weight} is less than clients={self.clients}: each "
                "client weighs at least 1"
            )
        if self.key not in ("shared", "public"):
            raise ParameterError(f"key={self.key!r}: 'shared' or 'public' is needed")
        if isinstance(self.clip, bool) or not isinstance(self.clip, (int, float)):
            raise ParameterError(f"clip={self.clip!r}: a positive finite number is needed")
        if not SMALLEST_CLIP <= self.clip <= 1 / SMALLEST_CLIP:
            raise ParameterError(
                f"clip={self.clip!r}: a positive finite number from 1e-300 to 1e300 is needed"
            )
        object.__setattr__(self, "clip", float(self.clip))

    @property
    def weights(self) -> int:
        """Largest total weight of a round."""
        return self.max_total_weight or 0

    @property
    def largest(self) -> int:
        """The integer that stands for `clip`; 0 stands for -clip."""
        return (1 << self.bits) - 1

    @property
    def step(self) -> float:
        """Distance of two neighbouring values; a value is rounded by half of it at most."""
        return 2 * self.clip / self.largest

    @property
    def field_bits(self) -> int:
        """Bits of a sum of integers."""
        return (self.weights * self.largest).bit_length()

    @property
    def max_weight(self) -> int:
        """Largest weight of one client, when every other client weighs at least 1."""
        return self.weights - self.clients + 1

    def noise_bound(self, drop: int, degree: int = 2048) -> int:
        """Bound the noise of a coefficient of a sum; docs/maths/exact-sums.md.

        Parameters
        ----------
        drop : int
            Low bits that are rounded away before sending.
        degree : int
            Of the ring.

        Returns
        -------
        int
            With a shared key never exceeded, with a public key but with probability 2**-120.
        """
        half = (1 << drop) // 2
        if self.key == "shared":
            return self.weights * (NOISE + half)
        ternary = 2 * degree / 3
        rounding = (4**drop - 1) / 12 * (1 + ternary)
        variance = VARIANCE * (1 + 2 * ternary) + rounding
        # The worst split of weights: one client has all.
        return math.ceil(DEVIATIONS * self.weights * math.sqrt(variance))

    @property
    def sum_parameters(self) -> SumParameters:
        """The packing on the lattice that sends the fewest bits; two primes only where one does not do."""
        if self._sums is None:
            found = self._one_prime() or self._two_primes()
            object.__setattr__(self, "_sums", SumParameters(*found, self.clip, self.largest))
        assert self._sums is not None
        return self._sums

    def _modulus_bits(self, fields: int, delta_bits: int, least: int, step: int) -> int:
        """Return the bits of the smallest q in which `fields` full sums, times Delta, and the noise fit."""
        # Sums up to W (2^bits - 1) in every field, times Delta > 2 B, stay below q - Delta / 2.
        most = sum(self.weights * self.largest << j * self.field_bits for j in range(fields))
        most = (most << delta_bits) + (1 << (delta_bits - 1))
        bits = max(most.bit_length(), least)
        bits += (least - bits) % step
        while bits <= 2 * PRIME_BITS and largest_modulus(bits) <= most:
            bits += step
        return bits

    def _one_prime(self) -> tuple[int, int, int, int, int, bool] | None:
        best: tuple[float, tuple[int, int, int, int, int, bool]] | None = None
        for fields in (4, 3, 2, 1):
            for drop in range(16):
                delta = (2 * self.noise_bound(drop)).bit_length()
                bits = self._modulus_bits(fields, delta, MIN_PRIME_BITS, 1)
                if bits > PRIME_BITS or drop >= delta:
                    continue
                cost = (bits - drop) / fields
                if best is None or cost < best[0]:
                    best = cost, (bits, fields, self.field_bits, delta, drop, self.key == "shared")
        return None if best is None else best[1]

    def _two_primes(self) -> tuple[int, int, int, int, int, bool]:
        """Fields lie in two words of 50 bits, Delta in the first; no bits are dropped."""
        delta = (2 * self.noise_bound(0, 4096)).bit_length()
        fields = (PRIME_BITS - delta) // self.field_bits + PRIME_BITS // self.field_bits
        while (bits := self._modulus_bits(fields, delta, PRIME_BITS + 2, 2)) > 2 * PRIME_BITS:
            fields -= 1
        return bits, fields, self.field_bits, delta, 0, self.key == "shared"

    @property
    def bytes_per_value(self) -> float:
        """Bytes that a client sends for each value on the lattice, without the header."""
        p = self.sum_parameters
        return (p.modulus_bits - p.drop) / p.fields / 8 * (1 if p.shared else 2)

    @property
    def digest(self) -> str:
        """Identity of the plan, as hex digits: all parties must have the same."""
        facts = {
            "bits": self.bits,
            "clients": self.clients,
            "clip": self.clip.hex(),
            "key": self.key,
            "weights": self.weights,
        }
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(b"heflow-plan" + text.encode()).hexdigest()[:32]

    def describe(self) -> str:
        """Return what the plan means, in words."""
        reader = (
            "any client together with the server reads every update"
            if self.key == "shared"
            else "clients cannot read each other; the holder of the secret can read single updates"
        )
        p = self.sum_parameters
        rounded = f"{p.drop} rounded away" if p.drop else "none rounded away"
        return (
            f"{self.clients} clients, values in -{self.clip:g} .. {self.clip:g} at {self.bits} bits (step "
            f"{self.step:.3g}), total weight up to {self.weights}\n"
            f"{self.bytes_per_value:.2f} bytes per value (float32: 4): {p.fields} sums of {p.field_bits} bits "
            f"in a coefficient of {p.modulus_bits} bits, {rounded}\n"
            f"key: {self.key}; {reader}"
        )

    def __str__(self) -> str:
        return self.describe()
