"""Secret files: whatever was changed, the error is that of a wrong passphrase."""

import os
import stat
import time

import heflow as hf
import pytest
from heflow import storage
from heflow._core import wire


@pytest.fixture
def secret_file(secret, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "_SCRYPT", (10, 8, 1))  # the tests open many
    path = tmp_path / "key"
    hf.save(path, secret, passphrase=b"open")
    return path


def _refused(path, data):
    path.write_bytes(data)
    with pytest.raises(hf.KeyFileError) as caught:
        hf.load(path, passphrase=b"open", insecure=True)
    return str(caught.value)


def test_every_flipped_bit(secret_file):
    data = bytearray(secret_file.read_bytes())
    texts = set()
    for bit in range(8 * len(data)):
        data[bit // 8] ^= 1 << bit % 8
        texts.add(_refused(secret_file, bytes(data)))
        data[bit // 8] ^= 1 << bit % 8
    assert texts == {storage._WRONG}


def test_changes_under_a_right_checksum(secret_file):
    kind, scheme, key_id, header, payload = wire.open(secret_file.read_bytes())
    payload = bytes(payload)
    start = time.perf_counter()
    texts = set()
    # A larger n, r or p than heflow accepts must not be tried.
    for at in range(len(header)):
        for mask in (1, 0x80) if at > 2 else (0x80, 0xFF):
            changed = header[:at] + bytes([header[at] ^ mask]) + header[at + 1 :]
            texts.add(_refused(secret_file, wire.seal(kind, scheme, key_id, changed, payload)))
    for at in range(16):
        changed = key_id[:at] + bytes([key_id[at] ^ 1]) + key_id[at + 1 :]
        texts.add(_refused(secret_file, wire.seal(kind, scheme, changed, header, payload)))
    for at in range(0, len(payload), 7):
        changed = payload[:at] + bytes([payload[at] ^ 4]) + payload[at + 1 :]
        texts.add(_refused(secret_file, wire.seal(kind, scheme, key_id, header, changed)))
    for forged in (
        wire.seal(kind, 0, key_id, header, payload),
        wire.seal(kind, scheme, key_id, b"", payload),
        wire.seal(kind, scheme, key_id, header, b""),
    ):
        texts.add(_refused(secret_file, forged))
    assert texts == {storage._WRONG}
    assert time.perf_counter() - start < 30


def test_truncation_and_foreign_files(secret_file):
    data = secret_file.read_bytes()
    assert {_refused(secret_file, data[:size]) for size in range(0, len(data), 11)} == {
        storage._WRONG
    }
    assert _refused(secret_file, b"-----BEGIN PRIVATE KEY-----") == storage._WRONG


def test_the_file_holds_no_digits_of_the_primes(secret, secret_file):
    data = secret_file.read_bytes()
    payload = secret._secret_payload()
    assert not any(payload[i : i + 8] in data for i in range(16, len(payload) - 8, 8))


def test_default_cost_of_a_guess():
    assert storage._SCRYPT == (17, 8, 1)


def test_secret_bytes_are_sent_to_load(secret_file):
    with pytest.raises(hf.KeyFileError, match="passphrase"):
        hf.from_bytes(secret_file.read_bytes())
    facts = hf.inspect(secret_file.read_bytes())
    assert facts["kind"] == "secret"
    assert "bits" not in facts


@pytest.mark.parametrize("passphrase", [b"", "", None, 5])
def test_passphrases_that_are_none(secret, tmp_path, passphrase):
    with pytest.raises(hf.ParameterError, match="passphrase"):
        hf.save(tmp_path / "key", secret, passphrase=passphrase)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_modes_and_links(secret, tmp_path):
    before = os.umask(0o027)
    try:
        hf.save(tmp_path / "public", secret.public)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o640
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "public")
    hf.save(link, secret.public.encrypt([1]))
    assert link.is_symlink()
    assert hf.inspect((tmp_path / "public").read_bytes())["kind"] == "tensor"


def test_inspect_a_public_context(secret):
    facts = hf.inspect(secret.public.to_bytes())
    assert (facts["bits"], facts["randomizer"], facts["insecure"]) == (512, "djn", True)
    for wrong in ("text", 5, None, [1, 2]):
        with pytest.raises(hf.FormatError, match="bytes are needed"):
            hf.inspect(wrong)
