"""The envelope finds all damage, and believes no length."""

import random
import time

import heflow as hf
import pytest
from heflow._core import wire
from hypothesis import given
from hypothesis import strategies as st

KEY_ID = bytes(range(16))


def crc64(data):
    crc = 2**64 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return crc ^ (2**64 - 1)


def test_checksum():
    assert wire.checksum(b"123456789") == 0x995DC9BBDF1939FA  # CRC-64/XZ's check value
    rng = random.Random(1)
    for size in (0, 1, 15, 16, 17, 31, 32, 33, 100, 1000):
        data = rng.randbytes(size)
        assert wire.checksum(data) == crc64(data)


@given(
    kind=st.integers(0, 255),
    scheme=st.integers(0, 255),
    header=st.binary(max_size=50),
    payload=st.binary(max_size=200),
)
def test_round_trip(kind, scheme, header, payload):
    data = wire.seal(kind, scheme, KEY_ID, header, payload)
    assert len(data) == 44 + len(header) + len(payload)
    got = wire.open(data)
    assert got[:4] == (kind, scheme, KEY_ID, header) and bytes(got[4]) == payload


def test_every_bit_flip_is_found():
    data = bytearray(wire.seal(2, 1, KEY_ID, b"header", b"payload"))
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(hf.FormatError):
            wire.open(bytes(data))
        data[bit // 8] ^= 1 << bit % 8
    wire.open(bytes(data))


def test_every_truncation_is_found():
    data = wire.seal(2, 1, KEY_ID, b"header", b"payload")
    for size in range(len(data)):
        with pytest.raises(hf.FormatError):
            wire.open(data[:size])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: b"PK\x03\x04" + d[4:], "HEFL"),
        (lambda d: d[:4] + b"\x09\x00" + d[6:], "version 9"),
        (lambda d: d + b"x", "follow"),
        (lambda d: d[:24] + b"\xff" * 12 + d[36:], "truncated"),
        (lambda d: d[:28] + (1 << 40).to_bytes(8, "little") + d[36:], "truncated"),
        (lambda d: d[:-1] + bytes([d[-1] ^ 1]), "checksum"),
    ],
)
def test_messages(change, match):
    start = time.perf_counter()
    with pytest.raises(hf.FormatError, match=match):
        wire.open(change(wire.seal(2, 1, KEY_ID, b"header", b"payload")))
    assert time.perf_counter() - start < 1
