"""Microsoft SEAL through seal-python: encoded vectors, operations called one by one, on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import seal

from . import ckks_inputs as suite
from .case import Case
from .ckks_inputs import Vectors, byte_cases

NAME = "seal"
SCALE = 2.0**suite.SCALE_BITS


def context(ring_degree: int) -> Any:
    """Return a context of 60-bit primes at both ends and 40-bit primes between them."""
    parameters = seal.EncryptionParameters(seal.scheme_type.ckks)
    parameters.set_poly_modulus_degree(ring_degree)
    levels = suite.DATA_PRIMES[ring_degree] - 1
    bits = [60, *[suite.SCALE_BITS] * levels, 60]
    parameters.set_coeff_modulus(seal.CoeffModulus.Create(ring_degree, bits))
    return seal.SEALContext(parameters)


class _Scheme:
    """A key, and what is done with it."""

    def __init__(self, ring_degree: int) -> None:
        made = context(ring_degree)
        keys = seal.KeyGenerator(made)
        self.public, self.relin = keys.create_public_key(), keys.create_relin_keys()
        self.steps = [1 << i for i in range((ring_degree // 2).bit_length() - 1)]
        self.galois = seal.GaloisKeys()
        keys.create_galois_keys(self.steps, self.galois)
        self.encryptor = seal.Encryptor(made, self.public, keys.secret_key())
        self.decryptor = seal.Decryptor(made, keys.secret_key())
        self.evaluator, self.encoder = seal.Evaluator(made), seal.CKKSEncoder(made)

    def encrypt(self, values: Any) -> Any:
        return self.encryptor.encrypt(self.encoder.encode(values, SCALE))

    def encrypt_owner(self, values: Any) -> Any:
        return self.encryptor.encrypt_symmetric(self.encoder.encode(values, SCALE))

    def decrypt(self, ciphertext: Any) -> Any:
        return self.encoder.decode(self.decryptor.decrypt(ciphertext))

    def times_plain(self, x: Any, values: Any) -> Any:
        result = self.evaluator.multiply_plain(x, self.encoder.encode(values, SCALE))
        self.evaluator.rescale_to_next_inplace(result)
        return result

    def product(self, x: Any, y: Any) -> Any:
        result = self.evaluator.multiply(x, y)
        self.evaluator.relinearize_inplace(result, self.relin)
        self.evaluator.rescale_to_next_inplace(result)
        return result

    def rotate(self, x: Any, step: int) -> Any:
        return self.evaluator.rotate_vector(x, step, self.galois)

    def total(self, x: Any) -> Any:
        for step in self.steps:
            x = self.evaluator.add(x, self.rotate(x, step))
        return x


def cases(ring_degree: int) -> Iterator[Case]:
    """Yield every operation; the sum of all slots by log2(N / 2) rotations, as SEAL's examples do."""
    scheme = _Scheme(ring_degree)
    evaluator = scheme.evaluator
    vectors, size = Vectors(ring_degree), suite.size_label(ring_degree)
    x, y = scheme.encrypt(vectors.x), scheme.encrypt(vectors.y)
    runs: dict[str, Callable[[], Any]] = {
        suite.ENCRYPT_PUBLIC: lambda: scheme.encrypt(vectors.x),
        suite.ENCRYPT_OWNER: lambda: scheme.encrypt_owner(vectors.x),
        suite.ADD: lambda: evaluator.add(x, y),
        suite.TIMES_PLAIN: lambda: scheme.times_plain(x, vectors.y),
        suite.PRODUCT: lambda: scheme.product(x, y),
        suite.ROTATE: lambda: scheme.rotate(x, 1),
        suite.SUM: lambda: scheme.total(x),
        suite.DECRYPT: lambda: scheme.decrypt(x),
    }
    yield from vectors.cases(NAME, size, runs, scheme.decrypt)
    key_bytes = len(scheme.public.to_string()) + len(scheme.relin.to_string())
    lengths: dict[str, Callable[[], int]] = {
        suite.CONTEXT_BYTES: lambda: key_bytes,
        suite.SUM_CONTEXT_BYTES: lambda: key_bytes + len(scheme.galois.to_string()),
        suite.PUBLIC_BYTES: lambda: len(x.to_string()),
        suite.OWNER_BYTES: lambda: len(scheme.encrypt_owner(vectors.x).to_string()),
    }
    yield from byte_cases(NAME, size, lengths)
    coefficients = evaluator.transform_from_ntt(x)
    yield Case(
        suite.NTT,
        NAME,
        size,
        2 * suite.DATA_PRIMES[ring_degree],
        lambda: evaluator.transform_to_ntt(coefficients),
        lambda result: vectors.error(suite.DECRYPT, scheme.decrypt(result)),
    )
