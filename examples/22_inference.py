"""Scores of encrypted rows: Paillier and CKKS, beside phe and TenSEAL where they are installed."""

import importlib.util
import time
import warnings

import heflow as hf
import numpy as np
from heflow.linear_model import LogisticRegression, encrypt_columns
from reporting import Report, options


def timed(work, repeats=3):
    """Return the median seconds, and the result."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), result


def phe_seconds(X, model, bits, rows):
    """Score some rows with phe, one number at a time: seconds a row."""
    import phe

    public, secret = phe.generate_paillier_keypair(n_length=bits)
    encrypted = [[public.encrypt(float(v)) for v in row] for row in X[:rows]]
    weights, intercept = model.coef_[0], float(model.intercept_[0])

    def score():
        return [
            sum((v * float(w) for v, w in zip(row, weights, strict=True)), intercept)
            for row in encrypted
        ]

    seconds, scores = timed(score, 1)
    np.testing.assert_allclose(
        [secret.decrypt(s) for s in scores], model.decision_function(X[:rows]), atol=1e-6
    )
    return seconds / rows


def tenseal_seconds(X, model):
    """Score all rows with TenSEAL, a ciphertext for each column."""
    import tenseal as ts

    context = ts.context(ts.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[47, 40, 40, 47])
    context.global_scale = 2**40
    columns = [ts.ckks_vector(context, column.tolist()) for column in X.T]
    weights, intercept = model.coef_[0].tolist(), float(model.intercept_[0])

    def score():
        total = columns[0] * weights[0]
        for column, w in zip(columns[1:], weights[1:], strict=True):
            total += column * w
        return total + intercept

    seconds, scores = timed(score)
    error = np.abs(np.array(scores.decrypt()) - model.decision_function(X)).max()
    assert error < 1e-3
    return seconds, float(error)


def main():
    args = options(__doc__)
    hf.set_num_threads(1)  # the peers use one
    rows, columns = (2000, 100) if args.full else (200, 20)
    rng = np.random.default_rng(0)
    X = np.clip(rng.normal(size=(rows, columns)), -4, 4)
    y = (X @ rng.normal(size=columns) + rng.normal(size=rows) > 0).astype(int)
    model = LogisticRegression(l2=0.01).fit(X, y)
    expected = model.decision_function(X)
    report = Report(f"encrypted inference, {rows} rows x {columns} columns")
    bits = 2048 if args.full else 1024
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        paillier = hf.paillier.keygen(bits, insecure=not args.full)
    ckks = hf.ckks.keygen(
        hf.ckks.Parameters(
            ring_degree=8192, prime_bits=(47, 40, 40), special_bits=(47,), scale_bits=40
        )
    )
    x = paillier.public.encrypt(X, bound=8.0)
    ours, scores = timed(lambda: model.decision_function(x))
    np.testing.assert_allclose(paillier.decrypt(scores), expected, atol=1e-6)
    report.row(f"Paillier-{bits}, seconds", ours)
    full = {name: importlib.util.find_spec(name) is not None for name in ("phe", "tenseal")}
    if full["phe"]:
        theirs = phe_seconds(X, model, bits, min(rows, 5)) * rows
        report.row("phe, seconds (from 5 rows)", theirs)
        report.row("ratio to phe", theirs / ours)
    packed = encrypt_columns(ckks.public, X)
    ours, scores = timed(lambda: model.decision_function(packed))
    error = np.abs(ckks.decrypt(scores) - expected).max()
    assert error < 1e-3
    report.row("CKKS, N = 8192, seconds", ours)
    report.row("CKKS, largest error", float(error))
    if full["tenseal"]:
        theirs, error = tenseal_seconds(X, model)
        report.row("TenSEAL, seconds", theirs)
        report.row("TenSEAL, largest error", error)
        report.row("ratio to TenSEAL", theirs / ours)
    report.seen("the server", "ciphertexts, and its own model")
    report.seen("the key's owner", "the scores")
    report.finish(args.json)


if __name__ == "__main__":
    main()
