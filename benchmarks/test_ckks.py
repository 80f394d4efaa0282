"""CKKS beside its peers: `pytest benchmarks/test_ckks.py --benchmark-only`.

One group for each operation and ring degree; the id names operation and library. Libraries that are
not installed are left out.
"""

from importlib.util import find_spec

import heflow as hf
import pytest
from heflow.bench import SUITES, cases
from heflow.bench import ckks_inputs as suite

RING_DEGREES = (8192, 16384)
ARITHMETIC = (
    suite.ENCRYPT_PUBLIC,
    suite.ENCRYPT_OWNER,
    suite.DECRYPT,
    suite.ADD,
    suite.TIMES_PLAIN,
    suite.PRODUCT,
    suite.SUM,
)
MEASURED = {
    "heflow": (*ARITHMETIC, suite.ROTATE, suite.NTT),
    "tenseal": ARITHMETIC,
    "seal": (*ARITHMETIC, suite.ROTATE, suite.NTT),
}
PAIRS = [
    pytest.param(library, operation, id=f"{operation}-{library}")
    for library, operations in MEASURED.items()
    if find_spec(SUITES["ckks"].libraries[library].imports)
    for operation in operations
]


@pytest.fixture(scope="module")
def prepared():
    made = {}

    def get(library, ring_degree):
        if (library, ring_degree) not in made:
            found = cases(library, ring_degree, "ckks")
            made[library, ring_degree] = {case.operation: case for case in found}
        return made[library, ring_degree]

    return get


@pytest.mark.parametrize("ring_degree", RING_DEGREES)
@pytest.mark.parametrize(("library", "operation"), PAIRS)
def test_operation(benchmark, prepared, library, operation, ring_degree):
    case = prepared(library, ring_degree)[operation]
    benchmark.group = f"{operation}, {suite.size_label(ring_degree)}"
    with hf.threads(1):
        error = case.check(benchmark.pedantic(case.run, rounds=3, warmup_rounds=1))
    benchmark.extra_info.update(
        backend=hf.default_backend(),
        ring_degree=ring_degree,
        items=case.items,
        threads=1,
        library=library,
        error=error,
    )
