"""An independent reader of encrypted updates (docs/formats.md): plain Python, nothing of heflow.

It opens an update of a shared key with the ternary secret and returns the integers inside.
"""

import json
import math
import struct


def rotate(x, bits):
    return ((x << bits) | (x >> (32 - bits))) & 0xFFFFFFFF


def quarter_round(s, a, b, c, d):
    for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = rotate(s[z] ^ s[x], bits)


def chacha20_block(key, nonce, counter):
    """RFC 8439's block function with a 64-bit counter and a 64-bit nonce, as Bernstein has it."""
    initial = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8I", key)]
    initial += [counter & 0xFFFFFFFF, counter >> 32, nonce & 0xFFFFFFFF, nonce >> 32]
    s = list(initial)
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
            quarter_round(s, a, b, c, d)
        for a, b, c, d in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter_round(s, a, b, c, d)
    return struct.pack("<16I", *[(x + y) & 0xFFFFFFFF for x, y in zip(s, initial, strict=True)])


def expand(seed, nonce, q, n):
    """Words of a key stream, cut to the bits of q; those not below q are skipped."""
    values, counter, mask = [], 0, (1 << q.bit_length()) - 1
    while len(values) < n:
        for word in struct.unpack("<8Q", chacha20_block(seed, nonce, counter)):
            if word & mask < q:
                values.append(word & mask)
        counter += 1
    return values[:n]


def is_prime(n):
    if n % 2 == 0:
        return False
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        x = pow(a, d, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(s - 1)):
            return False
    return True


def modulus(bits, n, below=None):
    """The largest prime of so many bits that is 1 modulo 2 n, or the largest below another."""
    q = ((1 << bits) - 1) // (2 * n) * (2 * n) + 1
    while q >> bits or not is_prime(q) or (below is not None and q >= below):
        q -= 2 * n
    return q


def primes(bits):
    """The degree of the ring, and what q is the product of."""
    if bits <= 50:
        return 2048, [modulus(bits, 2048)]
    first = modulus(bits // 2, 4096)
    return 4096, [first, modulus(bits // 2, 4096, below=first)]


def root(q, n):
    """base^((q - 1) / 2n) for the smallest base 2, 3, ... that makes it of order 2 n."""
    base = 2
    while pow(base, (q - 1) // 2, q) != q - 1:
        base += 1
    return pow(base, (q - 1) // (2 * n), q)


def exponent(position, n):
    """The value at this position of the transform is the one at root^exponent."""
    index = (position & ~63) | (position & 7) << 3 | (position >> 3 & 7)
    bits = n.bit_length() - 1
    return 2 * int(f"{index:0{bits}b}"[::-1], 2) + 1


def product(a_values, secret, q, n):
    """Coefficients of a s, a given by its values: interpolation by definition, over odd powers of the root."""
    psi = root(q, n)
    powers = [1] * (2 * n)
    for i in range(1, 2 * n):
        powers[i] = powers[i - 1] * psi % q
    ordered = [0] * n
    for position, value in enumerate(a_values):
        e = exponent(position, n)
        at = sum(int(c) * powers[e * k % (2 * n)] for k, c in enumerate(secret) if c) % q
        ordered[(e - 1) // 2] = value * at % q
    inverse = pow(n, -1, q)
    # c_k = 1/n sum_e value(e) psi^(-e k), a transform over e = 2 i + 1.
    half = fft([v % q for v in ordered], pow(psi, -2, q), q)
    return [x * inverse % q * powers[-k % (2 * n)] % q for k, x in enumerate(half)]


def fft(values, w, q):
    if len(values) == 1:
        return values
    even, odd = fft(values[::2], w * w % q, q), fft(values[1::2], w * w % q, q)
    out, t = [0] * len(values), 1
    for i in range(len(even)):
        x = t * odd[i] % q
        out[i], out[i + len(even)] = (even[i] + x) % q, (even[i] - x) % q
        t = t * w % q
    return out


def decode(message, parameters, secret, count):
    """Return the header and the `count` integers."""
    bits, fields, field_bits, delta_bits, drop = parameters
    n, moduli = primes(bits)
    magic, version, kind, scheme = struct.unpack_from("<4sHBB", message)
    assert (magic, version, kind, scheme) == (b"HEFL", 1, 4, 3)
    header_size, payload_size = struct.unpack_from("<IQ", message, 24)
    header = json.loads(message[36 : 36 + header_size])
    payload = message[36 + header_size : 36 + header_size + payload_size]
    seed, packed = payload[:32], payload[32:]
    values, at, width, q = [], 0, bits // len(moduli) - drop, math.prod(moduli)
    for block in range(-(-count // (fields * n))):
        left = count - block * fields * n
        stride = n if left >= fields * n else (-(-left // fields) + 7) // 8 * 8
        noisy = [0] * stride
        for i, p in enumerate(moduli):
            stream = int.from_bytes(packed[at : at + stride * width // 8], "little")
            at += stride * width // 8
            c0 = [(stream >> (k * width) & ((1 << width) - 1)) << drop for k in range(stride)]
            mask = product(expand(seed, block * len(moduli) + i, p, n), secret, p, n)
            one = q // p * pow(q // p, -1, p)  # 1 modulo p, 0 modulo the other
            noisy = [x + (a + b) * one for x, a, b in zip(noisy, c0, mask, strict=False)]
        sums = [(x + (1 << (delta_bits - 1))) % q >> delta_bits for x in noisy]
        for field in range(fields):
            values += [s >> (field * field_bits) & ((1 << field_bits) - 1) for s in sums]
    assert at == len(packed)
    return header, values[:count]
