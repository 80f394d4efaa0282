"""Arithmetic on limits: public bounds on the integers inside ciphertexts."""

from __future__ import annotations

from ..errors import HeadroomError

__all__ = ["SIGNIFICANT_BITS", "bits_for", "require", "round_up"]

SIGNIFICANT_BITS = 64


def round_up(limit: int) -> int:
    """Round a limit up to 64 significant bits, so that it fits a few bytes of a header."""
    excess = limit.bit_length() - SIGNIFICANT_BITS
    if excess <= 0:
        return limit
    return -(-limit >> excess) << excess


def bits_for(limit: int) -> int:
    """Return the bits of an integer of this size together with its sign."""
    return limit.bit_length() + 1


def require(limit: int, capacity: int, what: str) -> int:
    """Return the limit rounded up, or raise before anything can overflow.

    Raises
    ------
    HeadroomError
        If integers of this size do not fit a ciphertext of the given capacity.
    """
    rounded = round_up(limit)
    if rounded > capacity:
        raise HeadroomError(
            f"{what} could reach {bits_for(rounded)} bits and a ciphertext of this key holds "
            f"{bits_for(capacity)}: declare smaller ranges (bound=, hf.plain(..., bound=)), use fewer "
            "scale bits, or decrypt and encrypt again in between"
        )
    return rounded
