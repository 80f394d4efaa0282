"""How the vectors lie in their files: little-endian numbers of fixed width, block after block.

modexp.bin: bits of modulus and exponents, count (u32 each); modulus; count times base, exponent, power.
ciphertexts.bin: bits of n, count (u32 each); p, q; count times message (i64), randomness, ciphertext.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class ModexpBlock:
    bits: int
    exponent_bits: int
    modulus: int
    bases: list
    exponents: list
    powers: list


@dataclass(frozen=True)
class CiphertextBlock:
    bits: int
    p: int
    q: int
    messages: list
    randomness: list
    ciphertexts: list


def write_modexp(blocks):
    out = bytearray()
    for b in blocks:
        width, exponent_width = b.bits // 8, b.exponent_bits // 8
        out += struct.pack("<3I", b.bits, b.exponent_bits, len(b.bases)) + _bytes(b.modulus, width)
        for base, exponent, power in zip(b.bases, b.exponents, b.powers, strict=True):
            out += _bytes(base, width) + _bytes(exponent, exponent_width) + _bytes(power, width)
    return bytes(out)


def read_modexp(path=HERE / "modexp.bin"):
    data, blocks = _Reader(path.read_bytes()), []
    while data.left():
        bits, exponent_bits, count = (data.number(4) for _ in range(3))
        width, exponent_width = bits // 8, exponent_bits // 8
        modulus = data.number(width)
        rows = [data.numbers(width, exponent_width, width) for _ in range(count)]
        blocks.append(
            ModexpBlock(bits, exponent_bits, modulus, *map(list, zip(*rows, strict=True)))
        )
    return blocks


def write_ciphertexts(blocks):
    out = bytearray()
    for b in blocks:
        width = b.bits // 8
        out += struct.pack("<2I", b.bits, len(b.messages))
        out += _bytes(b.p, width // 2) + _bytes(b.q, width // 2)
        for message, r, c in zip(b.messages, b.randomness, b.ciphertexts, strict=True):
            out += struct.pack("<q", message) + _bytes(r, width) + _bytes(c, 2 * width)
    return bytes(out)


def read_ciphertexts(path=HERE / "ciphertexts.bin"):
    data, blocks = _Reader(path.read_bytes()), []
    while data.left():
        bits, count = data.numbers(4, 4)
        width = bits // 8
        p, q = data.numbers(width // 2, width // 2)
        rows = [data.numbers(-8, width, 2 * width) for _ in range(count)]
        blocks.append(CiphertextBlock(bits, p, q, *map(list, zip(*rows, strict=True))))
    return blocks


def _bytes(number, width):
    return number.to_bytes(width, "little")


class _Reader:
    """Numbers one after the other; a negative width stands for a signed number."""

    def __init__(self, data):
        self._data, self._at = data, 0

    def left(self):
        return len(self._data) - self._at

    def number(self, width):
        taken = self._data[self._at : self._at + abs(width)]
        self._at += abs(width)
        assert len(taken) == abs(width), "the file is cut off"
        return int.from_bytes(taken, "little", signed=width < 0)

    def numbers(self, *widths):
        return [self.number(w) for w in widths]
