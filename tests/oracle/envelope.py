"""The envelope and Paillier's payloads read by docs/formats.md alone."""

import struct


def crc(data):
    """CRC-64/XZ, bit by bit."""
    value = 2**64 - 1
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xC96C5795D7870F42 * (value & 1)
    return value ^ 2**64 - 1


def read(data):
    """Return kind, scheme, key id, header, payload."""
    magic, version, kind, scheme, key, header, payload = struct.unpack_from("<4sHBB16sIQ", data)
    assert (magic, version) == (b"HEFL", 1)
    assert len(data) == 36 + header + payload + 8
    assert struct.unpack("<Q", data[-8:])[0] == crc(data[:-8])
    return kind, scheme, key, data[36 : 36 + header], data[36 + header : -8]


def paillier_modulus(header, payload):
    """Return n of a public context."""
    bits, _, _ = struct.unpack("<IIB", header)
    return int.from_bytes(payload[: -(-bits // 8)], "little")


def paillier_tensor(header, payload, n, p, q):
    """Return shape, scale bits and the integers inside."""
    axes, _, scale_bits, mantissa, shift = struct.unpack_from("<BBHQH", header)
    shape = struct.unpack_from(f"<{axes}Q", header, 14)
    width = -(-2 * n.bit_length() // 8)
    order, found = (p - 1) * (q - 1), []
    for at in range(0, len(payload), width):
        c = int.from_bytes(payload[at : at + width], "little")
        m = (pow(c, order, n * n) - 1) // n * pow(order, -1, n) % n
        m -= n if 2 * m > n else 0
        assert abs(m) <= mantissa << shift
        found.append(m)
    return shape, scale_bits, found
