"""ChaCha20 against RFC 8439 and a second implementation; samplers; failing entropy."""

import os
import shutil
import subprocess
import sys

import heflow as hf
import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from heflow._core import testing as core
from hypothesis import given
from hypothesis import strategies as st

CC = os.environ.get("CC", "cc")


def reference(seed, substream, nbytes):
    """Cryptography's ChaCha20; its 16-byte nonce is counter and nonce as here."""
    nonce = (0).to_bytes(8, "little") + substream.to_bytes(8, "little")
    return Cipher(algorithms.ChaCha20(seed, nonce), None).encryptor().update(bytes(nbytes))


def test_rfc_8439_appendix_a1():
    expected = "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
    assert core.stream(bytes(32), 0, 64).hex() == expected


@given(
    seed=st.binary(min_size=32, max_size=32),
    substream=st.integers(0, 2**64 - 1),
    nbytes=st.integers(0, 500),
)
def test_stream_equals_a_second_implementation(seed, substream, nbytes):
    assert core.stream(seed, substream, nbytes) == reference(seed, substream, nbytes)


@given(seed=st.binary(min_size=32, max_size=32), bound=st.integers(1, 2**300))
def test_uniform_below(seed, bound):
    size = 8 * (-(-bound.bit_length() // 64))
    drawn = int.from_bytes(core.uniform_below(seed, 1, bound.to_bytes(size, "little")), "little")
    assert 0 <= drawn < bound


def test_uniform_below_is_uniform():
    bound, counts = 5, np.zeros(5)
    for i in range(20_000):
        counts[int.from_bytes(core.uniform_below(bytes(32), i, bytes([bound])), "little")] += 1
    chi_square = ((counts - 4000) ** 2 / 4000).sum()
    assert chi_square < 33.4  # p = 10^-6 at four degrees of freedom


def test_entropy():
    assert core.entropy(32) != core.entropy(32)
    assert len(core.entropy(100_000)) == 100_000
    with pytest.raises(hf.ParameterError):
        core.stream(b"short", 0, 1)


SHIM = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/syscall.h>
#include <unistd.h>
ssize_t getrandom(void *out, size_t n, unsigned flags) {
  static int calls; const char *mode = getenv("ENTROPY_FAULT");
  ++calls;
  if (mode && !strcmp(mode, "eintr") && calls % 3) { errno = EINTR; return -1; }
  if (mode && !strcmp(mode, "short") && n > 1) n = (n + 1) / 2;
  if (mode && !strcmp(mode, "enosys") && n == 32) { errno = ENOSYS; return -1; }
  return syscall(SYS_getrandom, out, n, flags);
}
"""
PROGRAM = """
import heflow as hf
n = (2**521 - 1) * (2**607 - 1)
public = hf.paillier.public_from_n(n, insecure=True)
try:
    x = public.encrypt([1, 2, 3])
    print("encrypted", len({int(c) for c in x.to_ciphertext_ints()}))
except hf.EntropyError as error:
    print("refused", isinstance(error, OSError), error)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which(CC), reason="needs Linux and a C compiler"
)
@pytest.mark.parametrize(
    ("mode", "expected"),
    [("eintr", "encrypted 3"), ("short", "encrypted 3"), ("enosys", "refused True")],
)
def test_entropy_faults(tmp_path, mode, expected):
    """Interrupted and short answers are repeated; anything else is an error before anything is encrypted."""
    (tmp_path / "shim.c").write_text(SHIM)
    subprocess.run(
        [CC, "-shared", "-fPIC", "-o", tmp_path / "shim.so", tmp_path / "shim.c"], check=True
    )
    env = {**os.environ, "LD_PRELOAD": str(tmp_path / "shim.so"), "ENTROPY_FAULT": mode}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith(expected), done.stdout + done.stderr
