"""Make kernels.txt: what the kernels give, computed with Python's integers alone (python -m vectors.make_kernels).

Inputs come from SplitMix64, as in tests/kernels; a result is stored as the CRC-64/XZ of its 64-bit words.
"""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from oracle.sums_decoder import chacha20_block, modulus

MASK = (1 << 64) - 1
RESULTS = {}


class Source:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        x = self.state
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
        return x ^ (x >> 31)

    def words(self, count):
        return [self.next() for _ in range(count)]

    def below(self, count, bound):
        return [x % bound for x in self.words(count)]

    def number(self, count, bits):
        return sum(w << (64 * i) for i, w in enumerate(self.words(count))) & ((1 << bits) - 1)

    def integers(self, n, bits):
        return [signed(x) >> (63 - bits) for x in self.words(n)]


def signed(word):
    return word - (1 << 64) if word >> 63 else word


def crc(data):
    value = MASK
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xC96C5795D7870F42 if value & 1 else 0)
    return value ^ MASK


def result(name, words):
    RESULTS[name] = crc(b"".join((w & MASK).to_bytes(8, "little") for w in words))


def words_of(x, count):
    return [x >> (64 * i) & MASK for i in range(count)]


def reversed_bits(x, bits):
    return int(format(x, f"0{bits}b")[::-1], 2)


def transposed(i):
    """Position 8 i + j of a block of 64 holds what belongs to 8 j + i."""
    return i & ~63 | (i & 7) << 3 | (i >> 3) & 7


def bigint(bits):
    source, size = Source(bits), -(-bits // 64)
    n = source.number(size, bits) | 1 | 1 << (bits - 1)
    square, wide = n * n, -(-2 * bits // 64)
    a, b = source.number(size, bits - 1), source.number(size, bits - 1)
    x, y = source.number(wide, 2 * bits - 2), source.number(wide, 2 * bits - 2)
    low = b & ((1 << 116) - 1)  # two limbs of 58 bits
    name = f"bigint/{bits}/"
    result(name + "mont_mul", words_of(a * b % n, size))
    result(name + "mont_sqr", words_of(a * a % n, size))
    result(name + "linear", words_of((a - low) % n, size))
    result(name + "add", words_of(a + b, size + 1))
    result(name + "dual_mul", words_of(x * y % square, wide))
    result(name + "dual_sqr", words_of(x * x % square, wide))
    result(name + "dual_mul_half", words_of(x * a % square, wide))


def root_of(p, order):
    for base in range(2, 1000):
        root = pow(base, (p - 1) // order, p)
        if pow(root, order // 2, p) == p - 1:
            return root
    raise AssertionError


def evaluate(a, p, points):
    """Values at the points root^e, by splitting into even and odd coefficients."""
    root, exponents, order = points
    n = len(a)
    if n == 1:
        return dict.fromkeys(exponents, a[0])
    half = {2 * e % order for e in exponents}
    even, odd = (evaluate(a[i::2], p, (root, half, order)) for i in (0, 1))
    return {e: (even[2 * e % order] + pow(root, e, p) * odd[2 * e % order]) % p for e in exponents}


def balanced(x, p):
    return x - p if x > p // 2 else x


def ring(bits, log_degree):
    n, p = 1 << log_degree, modulus(bits, 1 << log_degree)
    other, source = modulus(45, n), Source(100 * bits + log_degree)
    a, b, c, d = (source.below(n, p) for _ in range(4))
    lazy, w = source.below(n, 1 << 50), source.next() % p
    root = root_of(p, 2 * n)
    order = [2 * reversed_bits(transposed(i), log_degree) + 1 for i in range(n)]
    values = evaluate(a, p, (root, set(order), 2 * n))
    forward = [values[e] for e in order]
    # The inverse: coefficient j is the sum of value(e) root^(-e j) over n, a transform of the values by exponent.
    spectrum = [0] * (2 * n)
    for value, e in zip(a, order, strict=True):
        spectrum[e] = value
    back = evaluate(spectrum, p, (pow(root, -1, p), set(range(n)), 2 * n))
    name = f"ring/{bits}/{n}/"

    def each(what, body):
        result(name + what, [body(i) % p for i in range(n)])

    each("forward", lambda i: forward[i])
    each("forward_lazy", lambda i: forward[i])
    each("inverse", lambda i: back[i] * pow(n, -1, p))
    each("add", lambda i: a[i] + b[i])
    each("subtract", lambda i: a[i] - b[i])
    each("negate", lambda i: -a[i])
    each("reduce", lambda i: lazy[i])
    each("multiply", lambda i: lazy[i] * b[i])
    each("multiply_add", lambda i: lazy[i] * b[i] + c[i])
    each("scale", lambda i: lazy[i] * w)
    each("scale_add", lambda i: lazy[i] * w + c[i])
    each("difference_scale", lambda i: (a[i] - b[i]) * w)
    each("difference_scale_add", lambda i: (a[i] - b[i]) * w + c[i])
    each("tensor0", lambda i: a[i] * c[i])
    each("tensor1", lambda i: a[i] * d[i] + b[i] * c[i])
    each("tensor2", lambda i: b[i] * d[i])
    each("inner_products", lambda i: (forward[i] + c[i] + d[i]) * b[i])
    each("inner_products_single", lambda i: forward[i] * b[i])
    result(name + "switch_modulus", [balanced(x, p) % other for x in a])
    small = [x % 43 - 21 for x in source.words(n)]
    each("from_int8", lambda i: small[i])
    integers = source.integers(n, 50)
    wide = [int(float(x * 2**48) + float(y)) for x, y in zip(source.integers(n, 50), integers, strict=True)]  # fmt: skip
    each("from_doubles", lambda i: integers[i])
    each("from_wide_doubles", lambda i: wide[i])
    result(name + "to_doubles", [balanced(x, p) for x in a])
    place = {e: i for i, e in enumerate(order)}
    result(name + "permute", [a[place[5 * e % (2 * n)]] for e in order])


def embedding(log_degree):
    """The points in order: node k splits X^m - e^(i pi angle / N) into its two square roots."""
    degree = 1 << log_degree
    n, angles = degree // 2, [0] * degree
    angles[1] = n
    for k in range(1, n):
        angles[2 * k] = angles[k] // 2
        angles[2 * k + 1] = (angles[k] // 2 + degree) % (2 * degree)
    result(f"embedding/{degree}/angles", [angles[n + transposed(i)] for i in range(n)])


def key_stream(substream, size):
    key = bytes(range(1, 33))
    return b"".join(chacha20_block(key, substream, i) for i in range(-(-size // 64)))[:size]


def random():
    key = bytes(range(1, 33))
    for blocks in (1, 3, 4, 5, 9):
        stream = [chacha20_block(key, 0x0123456789ABCDEF, 0xFFFFFFFE + i) for i in range(blocks)]
        result(f"random/chacha20/{blocks}", b"".join(stream))
    p, words = 0x2AAAAAAAAAAAB, [w for (w,) in struct.iter_unpack("<Q", key_stream(7, 64_000))]
    # Every fill takes as many words as are missing.
    residues, at = [], 0
    while len(residues) < 1000:
        missing = 1000 - len(residues)
        cut = [w & ((1 << 50) - 1) for w in words[at : at + missing]]
        residues += [w for w in cut if w < p]
        at += missing
    result("random/uniform_residues", residues)
    number = sum(w << (64 * i) for i, w in enumerate(words[at : at + 5]))
    result("random/uniform_bits", words_of(number & ((1 << 301) - 1), 5))
    stream, at, ternary = key_stream(8, 64_000), 0, []
    while len(ternary) < 5000:
        for byte in stream[at : at + 1024]:
            ternary += [v - 1 for v in (byte >> s & 3 for s in (0, 2, 4, 6)) if v < 3]
        at += 1024
    result("random/uniform_ternary", ternary[:5000])
    third, ones = 344, (1 << 21) - 1  # 1,024 samples: 3 thirds of 344 from 2 thirds of words
    words = [w for (w,) in struct.iter_unpack("<Q", stream[at : at + 16 * third])]
    x, y = words[:third], words[third:]
    pairs = [(w & ones, w >> 21 & ones) for w in words]
    pairs += [(v >> 43, w >> 43) for v, w in zip(x, y, strict=True)]
    binomial = [plus.bit_count() - minus.bit_count() for plus, minus in pairs]
    result("random/centred_binomial21", binomial[:1024])
    data = bytes(i % 256 for i in range(1000))
    result("wire/checksum", [crc(data[:size]) for size in (0, 1, 15, 16, 17, 255, 256, 1000)])


def double_bits(x):
    return int.from_bytes(struct.pack("<d", x), "little")


def to_float(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def quantise(reals, n):
    clipped = sum(abs(x) > 1 for x in reals)
    u = [round((max(min(x, 1.0), -1.0) + 1.0) * 32767.5) for x in reals]
    return [u[i] << 14 | u[n + i] << 30 for i in range(n)], u, clipped


def sums(n=512, q=0x3FFFFFFFF0001):
    source = Source(3)
    reals = [x * 2.0**-52 for x in source.integers(2 * n, 53)]
    words, u, clipped = quantise(reals, n)
    result("sums/quantise_double", words)
    result("sums/counts", [clipped, 0])
    result("sums/quantise_float", quantise([to_float(x) for x in reals], n)[0])
    restored = [x * (1 / 32767.5) + -1 for x in u]
    result("sums/restore_double", [double_bits(x) for x in restored])
    result("sums/restore_float", [double_bits(to_float(x)) for x in restored])
    a, b = source.below(n, q), source.below(n, q)
    small = [x % 43 - 21 for x in source.words(n)]
    residues = [(x - y + e) % q for x, y, e in zip(a, b, small, strict=True)]
    result("sums/round_difference", residues)
    result("sums/round_difference_drop", [(x + 1024) >> 11 for x in residues])
    for width in (8, 39, 57):
        values = [x & ((1 << width) - 1) for x in source.words(n)]
        packed = sum(v << (width * i) for i, v in enumerate(values))
        result(f"sums/pack/{width}", packed.to_bytes(n // 8 * width, "little"))
        result(f"sums/largest/{width}", [max(values)])
        result(f"sums/unpack_add/{width}", [x + 12345 * v for x, v in zip(a, values, strict=True)])
    result("sums/add_multiple", [x + 99991 * y for x, y in zip(a, b, strict=True)])


def make():
    """Return the text of kernels.txt."""
    RESULTS.clear()
    for bits in (61, 512, 1000, 1024, 1536, 2048, 3072, 4096):
        bigint(bits)
    for bits in (30, 47, 50):
        for log_degree in (10, 11):
            ring(bits, log_degree)
    embedding(10), embedding(11)
    random()
    sums()
    return "".join(f"{name} {digest:016x}\n" for name, digest in RESULTS.items())


if __name__ == "__main__":
    Path(__file__).with_name("kernels.txt").write_text(make())
