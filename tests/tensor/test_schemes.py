"""Every scheme passes the same checks; the one that does not encrypt runs the same random programs."""

import heflow as hf
import pytest
from heflow.testing import ClearSecret, check_scheme

from tensor.test_programs import run_program


def test_paillier(secret, other_secret):
    check_scheme(secret, other_secret)


@pytest.mark.filterwarnings("ignore::heflow.PrecisionWarning")
def test_ckks(ckks_secret):
    other = hf.ckks.keygen(depth=2, backend=ckks_secret.public.backend)
    check_scheme(ckks_secret, other, tolerance=1e-6, shared_tolerance=0.1)


def test_clear():
    check_scheme(ClearSecret(), ClearSecret(key_id="ab" * 16))


@pytest.mark.parametrize("capacity_bits", [100, 300, 2047])
def test_random_programs_in_the_clear(capacity_bits):
    """Its verbs raise if a tracked limit was ever too small."""
    for seed in range(300):
        run_program(seed, ClearSecret(capacity_bits), 1 + seed % 50)
