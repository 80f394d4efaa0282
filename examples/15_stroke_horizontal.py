"""Five hospitals of very unequal size train one model of stroke risk; a server adds encrypted updates."""

import heflow as hf
import numpy as np
from heflow import federated
from heflow.federated import horizontal
from reporting import Report, auc, options
from sklearn.metrics import balanced_accuracy_score
from stroke_data import load

SHARES = (0.45, 0.28, 0.20, 0.05, 0.02)
RATE, LOCAL_STEPS, ROWS_PER_WEIGHT = 2.0, 5, 8
SCHEMES = {"lattice, shared key": ("lattice", "shared"), "Paillier": ("paillier", "public")}


def descend(X, y, arrays, steps, positive):
    """Return the arrays after steps of logistic regression in which a positive row counts `positive` times."""
    w, b = arrays
    for _ in range(steps):
        weights = np.where(y > 0, positive, 1.0)
        residual = weights * (1 / (1 + np.exp(-(X @ w + b))) - y) / weights.sum()
        w, b = w - RATE * X.T @ residual, b - RATE * residual.sum()
    return [w, b]


def plain_federated(parts, start, rounds, positive):
    """The loop in the clear: the mean of the models, by rows."""
    weights = [max(1, round(len(y) / ROWS_PER_WEIGHT)) for _, y in parts]
    arrays = start
    for _ in range(rounds):
        found = [descend(X, y, arrays, LOCAL_STEPS, positive) for X, y in parts]
        arrays = [np.average(a, axis=0, weights=weights) for a in zip(*found, strict=True)]
    return arrays


def encrypted_federated(scheme, parts, start, rounds, positive):
    """The same loop, encrypted: returns the model, the run, and seconds by phase."""
    scheme, key = SCHEMES[scheme]
    weights = sum(max(1, round(len(y) / ROWS_PER_WEIGHT)) for _, y in parts)
    plan = federated.Plan(clients=5, clip=4.0, bits=20, max_total_weight=weights, key=key)
    secret = federated.keygen(plan, scheme)
    hidden = horizontal.model_key() if key == "public" else None

    def member(i, X, y):
        model = horizontal.ArrayModel(
            start, len(y), train=lambda arrays, _: descend(X, y, arrays, LOCAL_STEPS, positive)
        )
        own = secret if hidden is None else secret.public
        return horizontal.Member(
            plan, own, f"hospital {i + 1}", model, model_key=hidden, strict=True
        )

    members = [member(i, X, y) for i, (X, y) in enumerate(parts)]
    holder = horizontal.KeyHolder(plan, secret, hidden) if hidden else None
    result = horizontal.fit(
        members,
        plan,
        secret.public,
        rounds=rounds,
        key_holder=holder,
        rows_per_weight=ROWS_PER_WEIGHT,
    )
    return members[0].arrays, result


def experiment(X, y, seed, rounds):
    """One split of the rows over hospitals and a test set: figures by name."""
    rng = np.random.default_rng(seed)
    order, held = rng.permutation(len(y)), int(0.3 * len(y))
    test, rows = order[:held], order[held:]
    cuts = (np.cumsum(SHARES)[:-1] * len(rows)).astype(int)
    parts = [(X[r], y[r]) for r in np.split(rows, cuts)]
    positive = float(np.sum(1 - y[rows]) / np.sum(y[rows]))
    start = [np.zeros(X.shape[1]), np.array(0.0)]

    def score(arrays):
        return auc(y[test], X[test] @ arrays[0] + arrays[1])

    def balanced(arrays):
        return balanced_accuracy_score(y[test], X[test] @ arrays[0] + arrays[1] > 0)

    central = descend(X[rows], y[rows], start, rounds * LOCAL_STEPS, positive)
    plain = plain_federated(parts, start, rounds, positive)
    alone = [descend(*part, start, rounds * LOCAL_STEPS, positive) for part in parts]
    figures = {
        "AUC, central": score(central),
        "AUC, plaintext federated": score(plain),
    }
    runs = {}
    for scheme in SCHEMES:
        found, runs[scheme] = encrypted_federated(scheme, parts, start, rounds, positive)
        figures[f"AUC, encrypted: {scheme}"] = score(found)
        gap = max(float(np.abs(a - b).max()) for a, b in zip(found, plain, strict=True))
        figures[f"largest difference of a weight: {scheme}"] = gap
        assert gap < 1e-4, gap
    for i, arrays in enumerate(alone):
        # Without a single positive row there is nothing to learn: chance.
        figures[f"AUC, hospital {i + 1} alone"] = score(arrays) if parts[i][1].any() else 0.5
    figures["balanced accuracy, central"] = balanced(central)
    figures["balanced accuracy, federated"] = balanced(plain)
    figures["gain of hospital 4"] = score(plain) - figures["AUC, hospital 4 alone"]
    figures["gain of hospital 5"] = score(plain) - figures["AUC, hospital 5 alone"]
    return figures, runs, [len(part[1]) for part in parts]


def main():
    args = options(__doc__)
    X, y = load(args.data)
    seeds, rounds = (20, 30) if args.full else (1, 5)
    report = Report(f"{'stroke' if args.data else 'breast cancer'}, five hospitals by rows")
    found = report.timed("all seeds", lambda: [experiment(X, y, s, rounds) for s in range(seeds)])
    figures = [f for f, _, _ in found]
    _, runs, rows = found[0]
    report.row("rows of the hospitals", ", ".join(map(str, rows)))
    report.row("rounds, local steps, seeds", f"{rounds}, {LOCAL_STEPS}, {seeds}")
    for label in figures[0]:
        values = [f[label] for f in figures]
        report.row(label, float(max(values) if label.startswith("largest") else np.mean(values)))
        if label.startswith("gain") and seeds > 1:
            report.row(f"{label}, standard error", float(np.std(values, ddof=1) / seeds**0.5))
    best = max(np.mean([f[f"AUC, hospital {i} alone"] for f in figures]) for i in range(1, 6))
    report.row("AUC, best hospital alone", float(best))
    for scheme, run in runs.items():
        report.row(f"bytes up, bytes down: {scheme}", f"{run.bytes_up:,}, {run.bytes_down:,}")
        report.row(f"seconds of a run: {scheme}", run.seconds)
    report.row("threads", hf.num_threads())
    report.seen("each hospital", "its own rows; every common model")
    report.seen("the server", "ciphertexts, names, numbers of rows; never a model")
    report.seen("the key's holder (Paillier)", "the sum of each round, of three hospitals or more")
    report.finish(args.json)
    if args.full and args.data:
        mean = {label: np.mean([f[label] for f in figures]) for label in figures[0]}
        assert abs(mean["AUC, plaintext federated"] - mean["AUC, central"]) < 0.01
        assert mean["gain of hospital 4"] > 0.10
        assert mean["gain of hospital 5"] > 0.15


if __name__ == "__main__":
    main()
