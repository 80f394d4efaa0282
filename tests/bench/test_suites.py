"""The benchmark suites: their arithmetic, their tables, and the peers that are installed."""

import json

import numpy as np
import pytest
from heflow.bench import SUITES, Case, Measurement, Report, cases, measure, update_bytes
from heflow.bench.ckks_inputs import Vectors, largest_error
from heflow.bench.federated_inputs import Updates


def test_masking_costs_what_its_authors_state():
    """Bonawitz et al. (CCS 2017): 1.73x at 2^10 clients of 2^20 values, 1.98x at 2^14 of 2^24, 16 bits."""
    assert update_bytes.pairwise_masking(2**10, 16, 2**20) / 2 == pytest.approx(1.73, abs=0.01)
    assert update_bytes.pairwise_masking(2**14, 16, 2**24) / 2 == pytest.approx(1.98, abs=0.01)


def test_the_bound_is_below_masking():
    for clients in update_bytes.CLIENTS:
        for bits in update_bytes.BITS:
            bound = update_bytes.information_bound(clients, bits)
            assert bits / 8 < bound < update_bytes.pairwise_masking(clients, bits)
    assert update_bytes.information_bound(8, 16) == 19 / 8


def test_a_row_has_a_cell_for_every_column():
    full = update_bytes.Row(8, 16, "shared", 3.01, 2.6, {"a": 81.0, "b": 30.0})
    bare = update_bytes.Row(8, 16, "shared", None, None, {})
    for row in (full, bare):
        assert len(row.cells()) == len(update_bytes.HEADER)
    assert full.cells()[4] == "3.01 (1.27x)" and bare.cells()[4] == "-"


def test_errors_are_measured_and_bounded():
    assert largest_error([1.0, 2.5], [1.0, 2.0], 1.0) == 0.5
    with pytest.raises(AssertionError, match="above"):
        largest_error([1.0, 2.5], [1.0, 2.0], 0.1)
    with pytest.raises(AssertionError, match="results for"):
        largest_error([1.0], [1.0, 2.0], 1.0)
    with pytest.raises(AssertionError):
        largest_error([np.nan], [1.0], 1.0)
    vectors = Vectors(8192)
    assert vectors.error("add", vectors.x + vectors.y) == 0
    assert np.abs(Updates.make(3, 100).values).max() == 1


def test_bytes_are_not_timed():
    measured = measure(
        Case("size", "heflow", "small", 1, lambda: 12, lambda _: None, unit="bytes"), 1
    )
    assert (measured.median, measured.runs, measured.error) == (12, 1, None)


def test_the_transform_is_measured_and_checked(monkeypatch):
    from heflow.bench import ring_ours

    (case,) = ring_ours.ntt_cases("heflow", 8192, "N=8192")
    assert 0 < measure(case, 1, runs=1, seconds=0).median < 1e4
    right = ring_ours.testing.ntt
    monkeypatch.setattr(ring_ours.testing, "ntt", lambda *a, **k: right(*a, **k) + np.uint64(1))
    with pytest.raises(AssertionError, match="wrong transform"):
        case.check(None)


def test_tables_show_errors_where_there_are_any(tmp_path):
    report = Report("heflow bench", "ckks")
    for library, time, error in (
        ("heflow", 2.0, 1e-8),
        ("seal", 8.0, 2e-8),
        ("tenseal", 9.0, 3e-8),
    ):
        report.add(Measurement("add", library, "N=8192", 1, time, time, time, 3, "us", error))
    report.add(Measurement("context bytes", "heflow", "N=8192", 1, 5e6, 5e6, 5e6, 1, "bytes"))
    report.add_table("More", ["a", "b"], [["1", "2"]])
    text = report.to_markdown()
    assert "| add | 2 | seal 8 | 4.0x | 1.0e-08 | 2.0e-08 | tenseal 9 |" in text
    assert "| context bytes | 5,000,000 B | - | - | - | - | - |" in text
    assert "### More" in text and SUITES["ckks"].notes[0] in text
    report.to_json(tmp_path / "o.json")
    assert json.loads((tmp_path / "o.json").read_text())["measurements"][0]["error"] == 1e-8


@pytest.mark.parametrize("key", ["shared", "public"])
@pytest.mark.parametrize("library", list(SUITES["federated"].libraries))
def test_updates_are_averaged(library, key):
    pytest.importorskip(SUITES["federated"].libraries[library].imports)
    for case in cases(library, key, "federated", clients=2, values=3000):
        assert measure(case, 1, runs=1, seconds=0).median > 0


@pytest.mark.slow
@pytest.mark.parametrize("library", list(SUITES["ckks"].libraries))
def test_ckks_results_are_right(library):
    pytest.importorskip(SUITES["ckks"].libraries[library].imports)
    for case in cases(library, 8192, "ckks"):
        error = case.check(case.run())
        assert error is None or error >= 0


def test_batches_appear_among_threads_alone():
    report, (batch, *_) = Report("heflow bench", "ckks"), SUITES["ckks"].batches
    for threads, time in ((1, 4.0), (2, 2.0)):
        report.add(Measurement(batch, "heflow", "N=8192", threads, time, time, time, 3))
    assert report.rows("N=8192") == []
    assert report.thread_rows() == [[batch, "N=8192", "2", "2", "2.00x"]]


def test_small_results_of_ours_are_right():
    for case in cases("heflow", 3, "small"):
        assert measure(case, 1, runs=1, seconds=0).median > 0


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("library", list(SUITES["small"].libraries))
def test_small_results_are_right(library, count):
    pytest.importorskip(SUITES["small"].libraries[library].imports)
    for case in cases(library, count, "small"):
        case.check(case.run())
