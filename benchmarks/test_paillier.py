"""Paillier beside its peers: `pytest benchmarks --benchmark-only`.

One group for each operation and key length; the id names library, bits, items, threads and backend.
"""

import heflow as hf
import pytest
from heflow.bench import LIBRARIES, cases
from heflow.bench.case import OPERATIONS

BITS = (2048, 3072)


@pytest.fixture(scope="module")
def prepared():
    made = {}

    def get(library, bits):
        if (library, bits) not in made:
            made[library, bits] = {c.operation: c for c in cases(library, bits)}
        return made[library, bits]

    return get


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("bits", BITS)
def test_operation(benchmark, prepared, library, operation, bits):
    if library != "heflow":
        module, _ = LIBRARIES[library]
        pytest.importorskip(f"heflow.bench.{module}")
    case = prepared(library, bits).get(operation)
    if case is None:
        pytest.importorskip("heflow.bench.absent", reason=f"{library} has no {operation}")
    benchmark.group = f"{operation}, {bits} bits"
    benchmark.extra_info.update(
        backend=hf.default_backend(), key_bits=bits, items=case.items, threads=1, library=library
    )
    with hf.threads(1):
        case.check(benchmark.pedantic(case.run, rounds=3, warmup_rounds=1))
