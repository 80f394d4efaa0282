"""Private set intersection: exact, and identifiers a second."""

import heflow as hf
import numpy as np
from heflow.federated import alignment
from reporting import Report, options


def main():
    args = options(__doc__)
    count = 30_000 if args.full else 1_000
    rng = np.random.default_rng(1)
    ids = np.array([f"customer-{i:08}" for i in rng.permutation(10 * count)[:count]])
    a, b = (ids[rng.permutation(count)[: count * 4 // 5]] for _ in range(2))
    report = Report("alignment by Diffie-Hellman")
    with hf.threads(1):
        rows_a, rows_b = report.timed("both sides, one thread", lambda: alignment.intersect(a, b))
    assert set(a[rows_a]) == set(a) & set(b)
    assert (a[rows_a] == b[rows_b]).all()
    report.timed("both sides, all threads", lambda: alignment.intersect(a, b))
    seconds = report.facts["seconds"]["both sides, one thread"]
    report.row("identifiers of A, of B, in common", f"{len(a)}, {len(b)}, {len(rows_a)}")
    report.row("identifiers raised a second, one core", 4 * len(a) / seconds)
    report.row("of one side's list a second, one core", 2 * len(a) / seconds)
    report.row("threads", hf.num_threads())
    report.seen("each side", "the intersection, and the other side's number of identifiers")
    report.finish(args.json)


if __name__ == "__main__":
    main()
