"""Microsoft SEAL through seal-python: encoded vectors, operations called one by one, on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import seal

from . import ckks_inputs as suite
from .case import Case
from .ckks_inputs import Vectors

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


def cases(ring_degree: int) -> Iterator[Case]:
    """Yield every operation; the sum of all slots by log2(N / 2) rotations, as SEAL's examples do."""
    made = context(ring_degree)
    keys = seal.KeyGenerator(made)
    public, secret, relin = keys.create_public_key(), keys.secret_key(), keys.create_relin_keys()
    encryptor = seal.Encryptor(made, public, secret)
    decryptor, evaluator = seal.Decryptor(made, secret), seal.Evaluator(made)
    encoder = seal.CKKSEncoder(made)
    steps = [1 << i for i in range((ring_degree // 2).bit_length() - 1)]
    galois = seal.GaloisKeys()
    keys.create_galois_keys(steps, galois)
    vectors, size = Vectors(ring_degree), suite.size_label(ring_degree)

    def encrypt(values: Any) -> Any:
        return encryptor.encrypt(encoder.encode(values, SCALE))

    def encrypt_owner(values: Any) -> Any:
        return encryptor.encrypt_symmetric(encoder.encode(values, SCALE))

    def decrypt(ciphertext: Any) -> Any:
        return encoder.decode(decryptor.decrypt(ciphertext))

    x, y = encrypt(vectors.x), encrypt(vectors.y)

    def times_plain() -> Any:
        result = evaluator.multiply_plain(x, encoder.encode(vectors.y, SCALE))
        evaluator.rescale_to_next_inplace(result)
        return result

    def product() -> Any:
        result = evaluator.multiply(x, y)
        evaluator.relinearize_inplace(result, relin)
        evaluator.rescale_to_next_inplace(result)
        return result

    def total() -> Any:
        result = x
        for step in steps:
            result = evaluator.add(result, evaluator.rotate_vector(result, step, galois))
        return result

    def error_of(operation: str) -> Any:
        slots = 1 if operation == suite.SUM else ring_degree // 2
        return lambda result: vectors.error(operation, decrypt(result)[:slots])

    table: list[tuple[str, Any]] = [
        (suite.ENCRYPT_PUBLIC, lambda: encrypt(vectors.x)),
        (suite.ENCRYPT_OWNER, lambda: encrypt_owner(vectors.x)),
        (suite.ADD, lambda: evaluator.add(x, y)),
        (suite.TIMES_PLAIN, times_plain),
        (suite.PRODUCT, product),
        (suite.ROTATE, lambda: evaluator.rotate_vector(x, 1, galois)),
        (suite.SUM, total),
    ]
    for operation, run in table:
        yield Case(operation, NAME, size, 1, run, error_of(operation))
    yield Case(
        suite.DECRYPT,
        NAME,
        size,
        1,
        lambda: decrypt(x),
        lambda result: vectors.error(suite.DECRYPT, result),
    )
    key_bytes = len(public.to_string()) + len(relin.to_string())
    lengths = [
        (suite.CONTEXT_BYTES, key_bytes),
        (suite.SUM_CONTEXT_BYTES, key_bytes + len(galois.to_string())),
        (suite.PUBLIC_BYTES, len(x.to_string())),
        (suite.OWNER_BYTES, len(encrypt_owner(vectors.x).to_string())),
    ]
    for operation, length in lengths:
        yield Case(operation, NAME, size, 1, partial(int, length), lambda _: None, unit="bytes")
    coefficients = evaluator.transform_from_ntt(x)
    yield Case(
        suite.NTT,
        NAME,
        size,
        2 * suite.DATA_PRIMES[ring_degree],
        lambda: evaluator.transform_to_ntt(coefficients),
        lambda result: vectors.error(suite.DECRYPT, decrypt(result)),
    )
