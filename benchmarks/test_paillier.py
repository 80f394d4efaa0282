"""Paillier beside its peers: `pytest benchmarks --benchmark-only`.

One group for each operation and key length; the id names library, bits and backend. Peers that are not
installed are left out.
"""

from importlib.util import find_spec

import heflow as hf
import pytest
from heflow.bench import cases
from heflow.bench.case import OPERATIONS, TEXTBOOK

BITS = (2048, 3072)
ALL = (*OPERATIONS, TEXTBOOK)
MEASURED = {
    ("heflow", "heflow"): ALL,
    ("gmpy2", "gmpy2"): ("decrypt", OPERATIONS[-1], TEXTBOOK),
    ("phe", "phe"): OPERATIONS[:9],
    ("sf-heu", "heu"): tuple(o for o in OPERATIONS[:10] if o != "encrypt, owner"),
    ("pypaillier", "paillier"): tuple(o for o in OPERATIONS[:9] if o != "encrypt, owner"),
}
PAIRS = [
    pytest.param(library, operation, id=f"{operation}-{library}")
    for (library, module), operations in MEASURED.items()
    if find_spec(module)
    for operation in operations
]


@pytest.fixture(scope="module")
def prepared():
    made = {}

    def get(library, bits):
        if (library, bits) not in made:
            found = {}
            for case in cases(library, bits):
                found.setdefault(case.operation, case)  # a library's own scheme before its others
            made[library, bits] = found
        return made[library, bits]

    return get


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize(("library", "operation"), PAIRS)
def test_operation(benchmark, prepared, library, operation, bits):
    case = prepared(library, bits)[operation]
    benchmark.group = f"{operation}, {bits} bits"
    benchmark.extra_info.update(
        backend=hf.default_backend(), key_bits=bits, items=case.items, threads=1, library=library
    )
    with hf.threads(1):
        case.check(benchmark.pedantic(case.run, rounds=3, warmup_rounds=1))
