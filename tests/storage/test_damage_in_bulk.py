"""Damage by the hundred thousand: found by the checksum, or, where that was made right, by what lies behind it."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import heflow as hf
import numpy as np
import pytest
from heflow._core import wire

MESSAGES = np.arange(-100, 100)


@pytest.mark.slow
def test_a_hundred_thousand_flipped_bits(secret):
    data = bytearray(secret.encrypt(MESSAGES).to_bytes())
    rng = np.random.default_rng(1)
    for bit in rng.integers(0, 8 * len(data), 100_000).tolist():
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(hf.FormatError):
            hf.from_bytes(data, secret.public)
        data[bit // 8] ^= 1 << bit % 8
    np.testing.assert_array_equal(secret.decrypt(hf.from_bytes(data, secret.public)), MESSAGES)


def _changed_under_a_right_checksum(secret, times):
    """Flip a bit of the ciphertexts: no number comes out, right or wrong."""
    kind, scheme, key_id, header, payload = wire.open(secret.encrypt([11, -12]).to_bytes())
    rng = np.random.default_rng(2)
    for bit in rng.integers(0, 8 * len(payload), times).tolist():
        changed = bytearray(payload)
        changed[bit // 8] ^= 1 << bit % 8
        data = wire.seal(kind, scheme, key_id, header, bytes(changed))
        with pytest.raises(hf.HeflowError):
            secret.decrypt(hf.from_bytes(data, secret.public))


def test_changed_ciphertexts_under_a_right_checksum(secret):
    _changed_under_a_right_checksum(secret, 100)


@pytest.mark.slow
def test_many_changed_ciphertexts_under_a_right_checksum(secret):
    _changed_under_a_right_checksum(secret, 10_000)


def test_every_truncation_and_trailing_bytes(secret):
    for thing in (secret.public, secret.encrypt([[1.5], [2.5]])):
        data = thing.to_bytes()
        for size in range(len(data)):
            with pytest.raises(hf.FormatError):
                hf.from_bytes(data[:size], secret.public, insecure=True)
        with pytest.raises(hf.FormatError):
            hf.from_bytes(data + b"\0", secret.public, insecure=True)


CLAIMS = textwrap.dedent("""
    import resource, struct, sys, time
    import heflow as hf
    from heflow._core import wire
    public = hf.paillier.public_from_n((2**521 - 1) * (2**607 - 1), insecure=True)
    kind, scheme, key_id, header, payload = wire.open(public.encrypt([1, 2]).to_bytes())
    assert hf.from_bytes(wire.seal(kind, scheme, key_id, header, bytes(payload)), public).size == 2
    def claimed(*shape):
        dims = struct.pack(f"<{len(shape)}Q", *shape)
        return bytes([len(shape)]) + header[1:14] + dims
    shapes = [(2**40,), (2**63,), (2**64 - 1,), (2**32, 2**32), (2**22,) * 3, (0, 2**63), (3,)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for shape in shapes:
        data = wire.seal(kind, scheme, key_id, claimed(*shape), bytes(payload)[:100])
        try:
            hf.from_bytes(data, public)
        except hf.HeflowError:
            continue
        sys.exit(f"{shape} was accepted")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1024, f"{grown} KiB were taken for claims"
""")


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts KiB on Linux")
def test_claimed_sizes_take_no_memory():
    subprocess.run([sys.executable, "-W", "ignore", "-c", CLAIMS], check=True)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_two_hundred_killed_saves_leave_whole_files(other_secret, tmp_path):
    """Two lengths take turns, so that a file half old and half new would show."""
    path, tensors = tmp_path / "x", [other_secret.encrypt(np.arange(n)) for n in (40, 60)]
    seen = set()
    for i in range(200):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            while True:
                for x in tensors:
                    hf.save(path, x)
                os.write(writer, b".")
        os.read(reader, 1)  # both lengths have been written
        time.sleep(0.0003 * (i % 50))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
        size = hf.load(path, other_secret.public).size
        assert size in (40, 60)
        seen.add(size)
    assert seen == {40, 60}
