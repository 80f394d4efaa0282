"""Bytes and files: damage, hostility, passphrases, atomic writes."""

import os
import signal
import stat
import struct
import subprocess
import sys
import time

import heflow as hf
import numpy as np
import pytest
from heflow._core import wire

pytestmark = pytest.mark.filterwarnings("ignore::heflow.errors.InsecureKeyWarning")


def reseal(data, change_header=lambda h: h, change_payload=lambda p: p):
    """The same envelope with other contents and a right checksum."""
    kind, scheme, key_id, header, payload = wire.open(data)
    return wire.seal(kind, scheme, key_id, change_header(header), change_payload(bytes(payload)))


def test_sizes(secret_2048):
    x = secret_2048.encrypt(np.arange(100).reshape(2, 5, 10))
    data = x.to_bytes()
    assert 100 * 512 < len(data) <= 100 * 512 + 256
    assert x.nbytes / x.size <= 680


def test_round_trips(secret, tmp_path):
    public = hf.from_bytes(secret.public.to_bytes(), backend=secret.public.backend, insecure=True)
    assert public == secret.public
    for a in (
        np.array([1.5, -2.5]),
        np.arange(6).reshape(2, 3),
        np.float64(3.25),
        np.zeros((0, 3)),
    ):
        x = secret.encrypt(a)
        y = hf.from_bytes(x.to_bytes(), public)
        assert (y.shape, y.dtype, y.bound, y.scale_bits) == (
            x.shape,
            x.dtype,
            x.bound,
            x.scale_bits,
        )
        np.testing.assert_array_equal(secret.decrypt(y), a)
        hf.save(tmp_path / "x", x)
        np.testing.assert_array_equal(secret.decrypt(hf.load(tmp_path / "x", public)), a)
    facts = hf.inspect(secret.encrypt(np.ones((2, 3))).to_bytes())
    assert (
        facts["kind"] == "tensor" and facts["shape"] == (2, 3) and facts["key_id"] == public.key_id
    )


def test_damage_to_a_tensor(secret):
    data = bytearray(secret.encrypt([1]).to_bytes())
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(hf.HeflowError):
            hf.from_bytes(bytes(data), secret.public)
        data[bit // 8] ^= 1 << bit % 8
    for size in range(0, len(data), 3):
        with pytest.raises(hf.FormatError):
            hf.from_bytes(bytes(data[:size]), secret.public)


def test_damaged_ciphertexts_with_a_right_checksum_never_give_a_number(secret):
    data = secret.encrypt([7]).to_bytes()
    rng = np.random.default_rng(6)
    for bit in rng.integers(0, 8 * secret.public._key.ciphertext_bytes, 60):

        def flip(payload, bit=int(bit)):
            changed = bytearray(payload)
            changed[bit // 8] ^= 1 << bit % 8
            return bytes(changed)

        with pytest.raises(hf.HeflowError):
            secret.decrypt(hf.from_bytes(reseal(data, change_payload=flip), secret.public))


HEADERS = [
    lambda h: b"", lambda h: h[:-1], lambda h: h + b"x", lambda h: b"\xff" + h[1:], lambda h: h[:1] + b"\xff" + h[2:], lambda h: h[:4] + bytes(8) + h[12:],
    lambda h: h[:12] + b"\xff\xff" + h[14:], lambda h: h[:14] + struct.pack("<Q", 2**63), lambda h: h[:14] + struct.pack("<Q", 2**40), lambda h: h[:14] + struct.pack("<Q", 3),
    lambda h: b"\x03" + h[1:14] + struct.pack("<QQQ", 2**22, 2**22, 2**22),
]  # fmt: skip


@pytest.mark.parametrize("change", HEADERS)
def test_hostile_headers(secret, change):
    data = reseal(secret.encrypt([1, 2]).to_bytes(), change_header=change)
    start = time.perf_counter()
    with pytest.raises(hf.HeflowError):
        hf.from_bytes(data, secret.public)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("shape", [(0, 2**47, 2**47), (2**40, 0, 2**40)])
def test_empty_tensors_of_shapes_that_no_array_has(secret, shape):
    data = secret.encrypt(np.zeros((0, 3, 2))).to_bytes()
    changed = reseal(data, change_header=lambda h: h[:14] + struct.pack("<QQQ", *shape))
    with pytest.raises(hf.FormatError, match="beyond any memory"):
        hf.from_bytes(changed, secret.public)


def test_damage_to_a_public_context(secret):
    data = bytearray(secret.public.to_bytes())
    for bit in range(0, 8 * len(data), 7):
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(hf.HeflowError):
            hf.from_bytes(bytes(data), insecure=True)
        data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(hf.HeflowError):
        hf.from_bytes(
            reseal(bytes(data), change_payload=lambda p: bytes([p[0] ^ 2]) + p[1:]), insecure=True
        )


def test_what_is_missing_or_wrong(secret, other_secret):
    data = secret.encrypt([1]).to_bytes()
    with pytest.raises(hf.ParameterError, match="public"):
        hf.from_bytes(data)
    with pytest.raises(hf.KeyMismatchError):
        hf.from_bytes(data, other_secret.public)
    with pytest.raises(hf.FormatError, match="HEFL"):
        hf.from_bytes(b"PK\x03\x04 something else entirely", secret.public)
    with pytest.raises(hf.HeflowError):
        hf.save("nowhere", object())


def test_secret_files(secret, tmp_path):
    path = tmp_path / "key"
    hf.save(path, secret, passphrase=b"open")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    x = secret.public.encrypt([1.5])
    again = hf.load(path, passphrase="open", backend=secret.public.backend, insecure=True)
    assert again.decrypt(x).tolist() == [1.5] and again.encrypt([2]).key_id == x.key_id
    with pytest.raises(hf.ParameterError, match="insecure"):
        hf.load(path, passphrase=b"open")
    messages = set()
    data = path.read_bytes()
    _, _, _, _, payload = wire.open(data)
    for attempt in ({"passphrase": b"shut"}, {"passphrase": b"open"}):
        if attempt["passphrase"] == b"open":
            path.write_bytes(reseal(data, change_payload=lambda p: bytes([p[0] ^ 1]) + p[1:]))
        with pytest.raises(hf.KeyFileError) as caught:
            hf.load(path, insecure=True, **attempt)
        messages.add(str(caught.value))
    assert len(messages) == 1
    path.write_bytes(data)
    assert len(payload) > 0
    with pytest.raises(hf.KeyFileError, match="passphrase="):
        hf.load(path)
    with pytest.raises(hf.HeflowError):
        hf.save(path, secret)
    path.chmod(0o644)
    with pytest.warns(UserWarning, match="600"):
        hf.load(path, passphrase=b"open", insecure=True)
    hf.save(tmp_path / "pub", secret.public)
    with pytest.raises(hf.KeyFileError, match="not a secret"):
        hf.load(tmp_path / "pub", passphrase=b"open", insecure=True)


KILLED = """
import sys, heflow as hf, numpy as np
public = hf.paillier.public_from_n((2**521 - 1) * (2**607 - 1), insecure=True)
x = public.encrypt(np.arange(40))
print("ready", flush=True)
while True:
    hf.save(sys.argv[1], x)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_a_killed_save_leaves_a_whole_file(tmp_path):
    path = tmp_path / "x"
    public = hf.paillier.public_from_n((2**521 - 1) * (2**607 - 1), insecure=True)
    hf.save(path, public.encrypt(np.arange(40)))
    for i in range(5):
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", KILLED, str(path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        child.stdout.readline()
        time.sleep(0.01 + 0.013 * i)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert hf.load(path, public).shape == (40,)


def test_a_failed_save_leaves_the_old_file(secret, tmp_path, monkeypatch):
    path = tmp_path / "x"
    hf.save(path, secret.public)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        hf.save(path, secret.encrypt([1]))
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_what_stands_in_for_a_public_context(secret, other_secret):
    data = secret.encrypt([1.0]).to_bytes()
    for wrong in (None, secret, "public", 5):
        with pytest.raises(hf.ParameterError, match=r"secret\.public"):
            hf.from_bytes(data, wrong)
    mine = secret.public.to_bytes()
    assert hf.from_bytes(mine, secret.public, insecure=True).key_id == secret.key_id
    with pytest.raises(hf.KeyMismatchError, match=secret.key_id):
        hf.from_bytes(mine, other_secret.public, insecure=True)
