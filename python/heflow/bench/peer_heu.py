"""sf-heu (SecretFlow HEU), scheme ZPaillier; and IPCL, where the wheel has it, for decryption and products.

HEU takes its number of threads from YACL_NUM_THREADS when it is first imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("YACL_NUM_THREADS", "1")

import numpy as np
from heu import numpy as hnp
from heu import phe

from .case import OPERATIONS, Case
from .inputs import COLUMNS, Inputs, bucket_totals, expect
from .small_inputs import BITS, Small

NAME = "sf-heu"


def cases(bits: int, items: int = 256) -> Iterator[Case]:
    """Yield every operation of ZPaillier, then decryption and products of IPCL."""
    yield from _scheme_cases(phe.SchemaType.ZPaillier, NAME, bits, items, range(len(OPERATIONS)))
    if bits <= 2048:
        yield from _scheme_cases(phe.SchemaType.IPCL, "sf-heu IPCL", bits, 64, (2, 4, 5))


def _scheme_cases(schema: Any, name: str, bits: int, items: int, wanted: Any) -> Iterator[Case]:
    kit = hnp.HeKit(phe.setup(schema, bits))
    encryptor, decryptor, evaluator = kit.encryptor(), kit.decryptor(), kit.evaluator()
    integers, decoder = phe.IntegerEncoderParams(1), phe.BigintDecoder()
    bucket_items = 2000
    inputs = Inputs.make(items, bucket_items=bucket_items)
    m, exact = inputs.messages, inputs.exact(inputs.messages)

    def plain(a: Any) -> Any:
        return kit.array(np.ascontiguousarray(a, dtype=np.int64), integers)

    messages, f32, f53, n32 = (
        plain(a) for a in (m, inputs.factors32, inputs.factors53, -inputs.factors32)
    )
    x = encryptor.encrypt(messages)

    def decrypts_to(expected: Any) -> Any:
        return lambda result: expect(decryptor.decrypt(result).to_numpy(decoder), expected)

    def total_is(expected: int) -> Any:
        return lambda result: expect([int(str(decryptor.decrypt(result)))], [expected])

    long = x[[i % items for i in range(10_000)]]
    vector = x[[i % items for i in range(COLUMNS)]]
    row = plain(inputs.matrix[:1])
    spread = encryptor.encrypt(plain(m[np.arange(bucket_items) % items].reshape(-1, 1)))
    everyone, order = np.ones(bucket_items, dtype=np.int8), inputs.bins.astype(np.int8)
    totals = bucket_totals(m[np.arange(bucket_items) % items], inputs.bins)
    dot = int((inputs.matrix[0].astype(object) * exact[np.arange(COLUMNS) % items]).sum())
    total = int(exact[np.arange(10_000) % items].sum())
    table: list[tuple[int, Any, Any]] = [
        (items, lambda: encryptor.encrypt(messages), decrypts_to(m)),
        (items, lambda: encryptor.encrypt(messages), decrypts_to(m)),
        (items, lambda: decryptor.decrypt(x), lambda result: expect(result.to_numpy(decoder), m)),
        (items, lambda: evaluator.add(x, x), decrypts_to(2 * m)),
        (items, lambda: evaluator.mul(x, f32), decrypts_to(exact * inputs.factors32)),
        (items, lambda: evaluator.mul(x, f53), decrypts_to(exact * inputs.factors53)),
        (items, lambda: evaluator.mul(x, n32), decrypts_to(exact * -inputs.factors32)),
        (10_000, lambda: evaluator.sum(long), total_is(total)),
        (COLUMNS, lambda: evaluator.matmul(row, vector), decrypts_to(dot)),
        (
            spread.rows * inputs.bins.shape[1],
            lambda: evaluator.feature_wise_bucket_sum(spread, everyone, order, 32, False),
            decrypts_to(totals),
        ),
    ]
    for index in wanted:
        if index < len(table) and index != 1:
            count, run, check = table[index]
            yield Case(OPERATIONS[index], name, f"{bits} bits", count, run, check)


def small_cases(count: int) -> Iterator[Case]:
    """Yield ZPaillier's operations on an array of `count` numbers; one number goes without an array."""
    small = Small.make(count)
    yield from _small_scalar(small) if count == 1 else _small_array(small)


def _runs(kit: Any, decrypt: Any, x: Any, m: Any, f: Any, negative: Any) -> dict[str, Any]:
    """Return what arrays and single numbers have in common: x encrypts m; f and -f are factors."""
    encryptor, evaluator = kit.encryptor(), kit.evaluator()
    return {
        "encrypt": lambda: encryptor.encrypt(m),
        "encrypt, owner": lambda: encryptor.encrypt(m),
        "decrypt": lambda: decrypt(x),
        "add": lambda: evaluator.add(x, x),
        "subtract": lambda: evaluator.sub(x, x),
        "add plain": lambda: evaluator.add(x, f),
        "x 32-bit": lambda: evaluator.mul(x, f),
        "x negative 32-bit": lambda: evaluator.mul(x, negative),
    }


def _small_array(small: Small) -> Iterator[Case]:
    kit = hnp.HeKit(phe.setup(phe.SchemaType.ZPaillier, BITS))
    encryptor, decryptor, evaluator = kit.encryptor(), kit.decryptor(), kit.evaluator()
    integers, decoder = phe.IntegerEncoderParams(1), phe.BigintDecoder()
    m, f, negative, row = (
        kit.array(np.ascontiguousarray(a), integers)
        for a in (small.messages, small.factors, -small.factors, small.factors.reshape(1, -1))
    )
    x = encryptor.encrypt(m)

    def decrypt(made: Any) -> Any:
        plain = decryptor.decrypt(made)
        return plain.to_numpy(decoder) if hasattr(plain, "to_numpy") else [int(str(plain))]

    runs = _runs(kit, decrypt, x, m, f, negative)
    runs |= {"sum": lambda: evaluator.sum(x), "dot, 32-bit": lambda: evaluator.matmul(row, x)}
    yield from small.exact_cases(NAME, runs, decrypt)


def _small_scalar(small: Small) -> Iterator[Case]:
    kit = phe.setup(phe.SchemaType.ZPaillier, BITS)
    encryptor, decryptor = kit.encryptor(), kit.decryptor()
    m, f, negative = (
        phe.Plaintext(phe.SchemaType.ZPaillier, int(v))
        for v in (small.messages[0], small.factors[0], -small.factors[0])
    )
    x = encryptor.encrypt(m)

    def decrypt(made: Any) -> list[int]:
        return [int(str(decryptor.decrypt(made)))]

    yield from small.exact_cases(NAME, _runs(kit, decrypt, x, m, f, negative), decrypt)
