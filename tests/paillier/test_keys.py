"""Key making, checks on foreign keys, and what a secret shows."""

import copy
import pickle
import random
import traceback

import gmpy2
import heflow as hf
import numpy as np
import pytest
from heflow.paillier.primes import prime_pair


@pytest.mark.parametrize("bits", [512, 1024, 2048])
def test_prime_shape(bits):
    p, q = prime_pair(bits)
    n = p.p * q.p
    assert n.bit_length() == bits
    assert p.p % 4 == q.p % 4 == 3
    assert gmpy2.gcd(p.p - 1, q.p - 1) == 2
    assert gmpy2.gcd(n, (p.p - 1) * (q.p - 1)) == 1
    for prime in (p, q):
        assert gmpy2.is_prime(prime.p, 40)
        assert prime.p**2 >= 2 ** (bits - 1)
        assert gmpy2.powmod(prime.generator, (prime.p - 1) // 2, prime.p) == prime.p - 1


def test_sizes():
    with pytest.raises(hf.ParameterError, match="insecure=True"):
        hf.paillier.keygen(1024)
    for bits in (3071, 100, 9000, True, "2048", 2048.0):
        with pytest.raises(hf.ParameterError):
            hf.paillier.keygen(bits)
    with pytest.warns(hf.InsecureKeyWarning):
        weak = hf.paillier.keygen(512, insecure=True)
    assert "INSECURE" in repr(weak) and "INSECURE" in repr(weak.public)
    with pytest.raises(hf.ParameterError, match="insecure=True"):
        hf.from_bytes(weak.public.to_bytes())
    assert hf.from_bytes(weak.public.to_bytes(), insecure=True) == weak.public


def test_default_is_3072_and_djn():
    secret = hf.paillier.keygen()
    assert secret.public.parameters == hf.paillier.Parameters(3072, "djn", False)


def _weak_moduli(count):
    """Moduli that no Paillier key may have, each kind by turns."""
    rng = random.Random(5)
    p = int(gmpy2.next_prime(rng.getrandbits(1024) | 3 << 1022))
    for i in range(count):
        kind = i % 5
        if kind == 0:
            yield rng.getrandbits(2047) << 1 | 1 << 2047  # even
        elif kind == 1:
            yield rng.choice([3, 5, 7, 11, 101, 65537, 1048573]) * (
                rng.getrandbits(2044) | 1 << 2043 | 1
            )
        elif kind == 2:
            yield int(gmpy2.next_prime(1 << 260)) * 3 ** (i % 3) * (1 << 40 | 1)  # short
        elif kind == 3:
            yield rng.getrandbits(rng.randrange(2, 2040)) | 1
        else:
            yield p * p if i % 2 else int(gmpy2.iroot(p, 3)[0]) ** 6 | 1


def test_weak_moduli_are_refused():
    for n in _weak_moduli(1000):
        with pytest.raises(hf.ParameterError):
            hf.paillier.public_from_n(n)


def test_prime_and_power_moduli():
    prime = int(gmpy2.next_prime(1 << 2047))
    with pytest.raises(hf.ParameterError, match="prime"):
        hf.paillier.public_from_n(prime)
    p = int(gmpy2.next_prime(1 << 1024))
    with pytest.raises(hf.ParameterError, match="perfect power"):
        hf.paillier.public_from_n(p * p)
    with pytest.raises(hf.ParameterError, match="equal"):
        hf.paillier.secret_from_primes(p, p)
    with pytest.raises(hf.ParameterError, match="not prime"):
        hf.paillier.secret_from_primes(p * 3, p)
    with pytest.raises(hf.ParameterError, match="too close"):
        hf.paillier.secret_from_primes(p, int(gmpy2.next_prime(p)))


def test_imported_key_defaults_to_textbook(backend):
    key = hf.paillier.keygen(1024, insecure=True)
    public = hf.paillier.public_from_n(key.public.n, backend=backend, insecure=True)
    assert public.parameters.randomizer == "textbook"
    assert public.key_id == key.public.key_id
    x = public.encrypt([1.5, -2.5])
    assert key.with_backend(backend).decrypt(x).tolist() == [1.5, -2.5]


def test_randomness_is_fresh(secret):
    many = [
        secret.public.encrypt(np.zeros(50, int)),
        secret.public.encrypt(np.zeros(50, int)),
        secret.encrypt(np.zeros(50, int)),
    ]
    seen = {int(c) for x in many for c in x.to_ciphertext_ints()}
    assert len(seen) == 150 and 1 not in seen


def test_rerandomize_on_leaving(secret):
    x = secret.public.encrypt([3, 4])
    folded = 5 * x
    assert folded.to_bytes() != folded.to_bytes()
    assert folded.to_bytes(refresh=False) == folded.to_bytes(refresh=False)
    assert (x + x).to_bytes() == (x + x).to_bytes()
    n2 = secret.public.n**2
    tried = [pow(int(x.to_ciphertext_ints()[0]), k, n2) for k in range(10)]
    assert int(folded.to_ciphertext_ints()[0]) not in tried
    assert int(folded.to_ciphertext_ints(refresh=False)[0]) in tried


def test_secret_shows_nothing(secret_2048):
    payload = secret_2048._secret_payload()
    lengths = np.frombuffer(payload[:16], dtype="<u4")
    p = int.from_bytes(payload[16 : 16 + lengths[0]], "little")
    q = secret_2048.public.n // p
    shown = [
        repr(secret_2048),
        str(secret_2048),
        f"{secret_2048}",
        repr(secret_2048.public),
        str(dir(secret_2048)),
    ]
    for refused in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(hf.UnsupportedOperationError) as caught:
            refused(secret_2048)
        shown.append("".join(traceback.format_exception(caught.value)))
    with pytest.raises(hf.HeflowError) as caught:
        secret_2048.decrypt(3)
    shown.append("".join(traceback.format_exception(caught.value)))
    with pytest.raises(TypeError):
        vars(secret_2048)
    for text in shown:
        for value in (p, q, (p - 1) * (q - 1)):
            for digits in (str(value), format(value, "x")):
                assert digits[:24] not in text and digits[-24:] not in text


def test_wrong_key(secret, other_secret):
    x = secret.public.encrypt([1])
    with pytest.raises(hf.KeyMismatchError, match=other_secret.key_id):
        other_secret.decrypt(x)


def test_public_contexts_pickle_and_compare(public):
    again = pickle.loads(pickle.dumps(public))
    assert again == public and hash(again) == hash(public) and again.backend == public.backend
    x = public.encrypt([1, 2])
    y = pickle.loads(pickle.dumps(x))
    assert y.to_bytes(refresh=False) == x.to_bytes(refresh=False)
    assert copy.deepcopy(x) is x
