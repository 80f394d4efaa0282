"""Ridge regression from encrypted statistics of five providers; one of them is forgotten."""

import warnings

import heflow as hf
import numpy as np
from heflow.linear_model import LinearRegression, statistics
from reporting import Report, options
from sklearn.datasets import load_diabetes


def main():
    args = options(__doc__)
    X, y = load_diabetes(return_X_y=True)
    report = Report("forgetting a party, ridge regression")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        secret = hf.paillier.keygen(2048 if args.full else 1024, insecure=not args.full)
    owner = np.random.default_rng(2).integers(0, 5, len(y))
    encrypt = lambda part: [secret.public.encrypt(a, scale_bits=60) for a in part]  # noqa: E731
    shares = report.timed(
        "encryption", lambda: [encrypt(statistics(X[owner == k], y[owner == k])) for k in range(5)]
    )
    xtx, xty = shares[0]
    for share in shares[1:]:
        xtx, xty = xtx + share[0], xty + share[1]
    ridge = lambda a, b: LinearRegression(0.1).fit_statistics(a, b, decrypt=secret.decrypt)  # noqa: E731
    joint = ridge(xtx, xty)
    forgotten = report.timed("forgetting", lambda: ridge(xtx - shares[2][0], xty - shares[2][1]))
    central = LinearRegression(0.1).fit(X, y)
    again = LinearRegression(0.1).fit(X[owner != 2], y[owner != 2])
    difference = lambda m, n: float(np.abs(m.coef_ / n.coef_ - 1).max())  # noqa: E731
    assert difference(forgotten, again) < 1e-9
    assert difference(joint, central) < 1e-9
    alone = LinearRegression(0.1).fit(X[owner == 0], y[owner == 0])
    report.row("R2, central", central.score(X, y))
    report.row("R2, encrypted sums of five", joint.score(X, y))
    report.row("R2, first provider alone", alone.score(X, y))
    report.row("largest relative difference to central", difference(joint, central))
    report.row("after forgetting, to re-training", difference(forgotten, again))
    report.row("bytes of a provider", sum(len(x.to_bytes()) for x in shares[0]))
    report.seen("the cloud", "ciphertexts")
    report.seen(
        "the key's owner",
        "the sums over providers, before and after: their difference is the one who left",
    )
    report.finish(args.json)


if __name__ == "__main__":
    main()
