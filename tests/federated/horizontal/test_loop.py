"""Training loops over encrypted sums give what the same loops give in the clear."""

from functools import cache

import heflow as hf
import numpy as np
import pytest
from heflow.federated import Plan, horizontal, keygen
from heflow.federated.horizontal import ArrayModel, KeyHolder, Member, TooFewClients, model_key
from oracle import federated_average as oracle

SETTINGS = [("lattice", "shared"), ("lattice", "public"), ("paillier", "public")]
ROWS = {"a": 40, "b": 25, "c": 16, "d": 9}
CLIP, BITS = 1.0, 14


def logistic_model(name, columns=3):
    """A hospital's rows, its local steps and its gradient."""
    rng = np.random.default_rng(sum(map(ord, name)))
    X = np.clip(rng.normal(size=(ROWS[name], columns)), -3, 3)
    y = (X.sum(axis=1) + rng.normal(size=len(X)) > 0).astype(float)

    def gradient(arrays, round):
        w, b = arrays
        p = 1 / (1 + np.exp(-(X @ w + b)))
        loss = -np.mean(np.log(np.where(y > 0, p, 1 - p)))
        return [X.T @ (p - y) / len(y), np.array((p - y).mean())], {"loss": float(loss)}

    def train(arrays, round):
        _, metrics = gradient(arrays, round)
        for _ in range(3):
            change, _ = gradient(arrays, round)
            arrays = [a - 0.3 * g for a, g in zip(arrays, change, strict=True)]
        return arrays, metrics

    start = [np.zeros(columns), np.array(0.0)]
    return ArrayModel(start, len(y), train=train, gradient=gradient)


@cache
def _key(plan, scheme):
    return keygen(plan, scheme=scheme)


class Party:
    """Everything of a run: plan, keys, members, and the holder of the key where there is one."""

    def __init__(self, setting, names=tuple(ROWS), **options):
        scheme, key = setting
        self.plan = Plan(clients=len(ROWS), clip=CLIP, bits=BITS, max_total_weight=64, key=key)
        self.secret = _key(self.plan, scheme)
        self.hidden = model_key() if key == "public" else None
        self.options = options
        self.members = [self.member(n) for n in names]
        self.holder = self.key_holder()

    def key_holder(self):
        return None if self.hidden is None else KeyHolder(self.plan, self.secret, self.hidden)

    def member(self, name, kind=Member):
        key = self.secret if self.hidden is None else self.secret.public
        return kind(
            self.plan, key, name, logistic_model(name), model_key=self.hidden, **self.options
        )

    def fit(self, **options):
        options = {"rounds": 4, "rows_per_weight": 2, "key_holder": self.holder, **options}
        members = options.pop("members", self.members)
        return horizontal.fit(members, self.plan, self.secret.public, **options)

    def expected(self, taking_part, algorithm="fedavg", rate=1.0, bits=BITS):
        weights = {n: max(1, round(r / 2)) for n, r in ROWS.items()}
        start = [np.zeros(3), np.array(0.0)]
        models = {n: logistic_model(n) for n in ROWS}
        return oracle.run(start, models, weights, taking_part, algorithm, rate, CLIP, bits)


@pytest.fixture(params=SETTINGS, ids=["-".join(s) for s in SETTINGS])
def party(request):
    return Party(request.param)


@pytest.fixture
def shared():
    return Party(("lattice", "shared"))


def check_same(members, expected, atol=1e-12):
    for m in members:
        for found, value in zip(m.arrays, expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=atol)


class Vanishing(Member):
    """A member that is away in some rounds."""

    away = ()

    def update(self, task):
        if self.round in self.away:
            raise ConnectionError("the line is down")
        return super().update(task)


@pytest.mark.parametrize(("algorithm", "rate"), [("fedavg", 1.0), ("fedsgd", 0.7)])
def test_equals_the_clear_loop(party, algorithm, rate):
    result = party.fit(algorithm=algorithm, learning_rate=rate)
    everyone = [sorted(ROWS)] * 4
    check_same(party.members, party.expected(everyone, algorithm, rate))
    step = party.plan.step
    check_same(party.members, party.expected(everyone, algorithm, rate, bits=None), 8 * step)
    assert [r.weights for r in result.rounds] == [{"a": 20, "b": 12, "c": 8, "d": 4}] * 4
    assert all(r.bytes_up > 0 and r.bytes_down > 0 and r.seconds > 0 for r in result.rounds)
    assert result.bytes_up == sum(r.bytes_up for r in result.rounds)


def test_what_does_not_change_does_not_drift(party):
    """Zero is sent exactly, and both ends of the range are."""
    plan, changes = party.plan, np.array([0.0, CLIP, -CLIP, 0.3])
    model = ArrayModel([np.zeros(4)], 20, train=lambda arrays, round: [arrays[0] + changes])
    key = party.secret if party.hidden is None else party.secret.public
    members = [Member(plan, key, n, model, model_key=party.hidden, strict=True) for n in "abc"]
    party.fit(members=members, rounds=8)
    found = members[0].arrays[0]
    assert abs(found[0]) < 1e-14
    np.testing.assert_allclose(found, 8 * changes, atol=8 * 0.51 * plan.step)
    assert members[0].clipped == 0


def test_metrics_are_weighted_means(party):
    result = party.fit(metric_bound=4.0)
    arrays = [np.zeros(3), np.array(0.0)]
    losses = [logistic_model(n).gradient(arrays, 0)[1]["loss"] for n in sorted(ROWS)]
    expected = np.average(losses, weights=[20, 12, 8, 4])
    for history in (party.members[2].history, [r.metrics for r in result.rounds]):
        assert history[0]["loss"] == pytest.approx(expected, abs=4 * party.plan.step)
        assert history[3]["loss"] < history[0]["loss"] and history[0]["clipped"] == 0.0
    assert result.rounds[0].metrics.keys() == {"loss", "clipped"}


def test_clients_are_sampled(party):
    result = party.fit(fraction=0.5, minimum=3, seed=5, rounds=6)
    took = [sorted(r.weights) for r in result.rounds]
    assert all(len(names) == 3 for names in took) and len({tuple(t) for t in took}) > 1
    check_same(party.members, party.expected(took))  # those not asked follow
    again = Party(("lattice", "shared")).fit(fraction=0.5, minimum=3, seed=5, rounds=6)
    assert [sorted(r.weights) for r in again.rounds] == took


def test_a_member_that_vanishes_is_left_out_and_follows(party):
    gone = party.member("b", Vanishing)
    gone.away = {1, 2}
    members = [gone if m.name == "b" else m for m in party.members]
    result = party.fit(members=members)
    took = [sorted(r.weights) for r in result.rounds]
    assert took == [sorted(ROWS), list("acd"), list("acd"), sorted(ROWS)]
    check_same(members, party.expected(took))
    assert result.rounds[1].absent == {"b": "the line is down"} and not result.rounds[3].absent


def test_too_few_are_refused_and_the_checkpoint_is_whole(party, tmp_path):
    members = [party.member(n, Vanishing) for n in ROWS]
    for m in members[:2]:
        m.away = {2, 3}
    with pytest.raises(TooFewClients, match=r"2 of 4 clients .* round 2 and minimum=3") as error:
        party.fit(members=members, checkpoint=tmp_path)
    assert "a: the line is down" in str(error.value)
    assert all(m.round == 2 for m in members)
    check_same(members, party.expected([sorted(ROWS)] * 2))
    for m in members[:2]:
        m.away = ()
    result = party.fit(members=members, checkpoint=tmp_path)
    assert len(result.rounds) == 4
    check_same(members, party.expected([sorted(ROWS)] * 4))


def test_a_round_is_repeated(shared):
    """Two are away at the first attempt only."""

    class Late(Member):
        tries = 0

        def update(self, task):
            self.tries += 1
            if self.tries == 1:
                raise ConnectionError("late")
            return super().update(task)

    members = [shared.member(n, Late if n in "ab" else Member) for n in ROWS]
    result = shared.fit(members=members)
    assert [r.attempts for r in result.rounds] == [2, 1, 1, 1]
    check_same(members, shared.expected([sorted(ROWS)] * 4))
    members = [shared.member(n, Late if n in "ab" else Member) for n in ROWS]
    with pytest.raises(TooFewClients):
        shared.fit(members=members, retries=0)


def test_minimum_is_three_unless_declared(shared):
    two = shared.members[:2]
    with pytest.raises(TooFewClients, match=r"2 member\(s\) and minimum=3"):
        shared.fit(members=two)
    with pytest.raises(hf.ParameterError, match="minimum=5 and the plan is for 4"):
        shared.fit(minimum=5)
    shared.fit(members=two, minimum=2)
    check_same(two, shared.expected([["a", "b"]] * 4))


class Killed(RuntimeError):
    pass


@pytest.mark.parametrize("fresh", [True, False], ids=["members start anew", "members go on"])
def test_resumes_bit_for_bit(party, tmp_path, fresh):
    party.fit(fraction=0.8, seed=3, rounds=5)
    whole = [a.copy() for a in party.members[0].arrays]

    def killed(done, total):
        if done == 2:
            raise Killed

    members = [party.member(n) for n in ROWS]
    options = {"fraction": 0.8, "seed": 3, "rounds": 5, "checkpoint": tmp_path}
    with pytest.raises(Killed):
        party.fit(members=members, key_holder=party.key_holder(), progress=killed, **options)
    if fresh:
        members, options["seed"] = [party.member(n) for n in ROWS], None
    seen = []
    result = party.fit(
        members=members,
        key_holder=party.key_holder(),
        progress=lambda *p: seen.append(p),
        **options,
    )
    assert seen == [(3, 5), (4, 5), (5, 5)] and [r.number for r in result.rounds] == list(range(5))
    for m in members:
        assert m.round == 5
        for a, b in zip(m.arrays, whole, strict=True):
            np.testing.assert_array_equal(a, b)
    assert result.rounds[0].metrics.keys() == {"loss", "clipped"}
    with pytest.raises(hf.ParameterError, match="other settings"):
        party.fit(members=members, learning_rate=0.5, checkpoint=tmp_path)


def test_a_server_that_dies_after_closing_opens_the_same_sum(party, tmp_path):
    """Two sums of one round would tell of their difference: the closed one is kept."""

    def dies(self, *args):
        raise Killed

    holder = party.holder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(horizontal.Coordinator, "publish", dies)
        with pytest.raises(Killed):
            party.fit(checkpoint=tmp_path)
    for m in party.members[:2]:  # who would be missed, were the round collected again
        m.update = dies.__get__(m)
    result = party.fit(checkpoint=tmp_path, rounds=1, key_holder=holder)
    check_same(party.members, party.expected([sorted(ROWS)]))
    assert sorted(result.rounds[0].weights) == sorted(ROWS)
    assert not list(tmp_path.glob("sum-*")) and len(list(tmp_path.glob("result-*"))) == 1


def test_damaged_checkpoints(shared, tmp_path):
    shared.fit(checkpoint=tmp_path)
    (tmp_path / "result-1").write_bytes(b"half")
    with pytest.raises(hf.FormatError):
        shared.fit(rounds=6, checkpoint=tmp_path)
    (tmp_path / "result-1").unlink()
    with pytest.raises(hf.FormatError, match="no whole checkpoint"):
        shared.fit(rounds=6, checkpoint=tmp_path)
    (tmp_path / "state").write_text("{")
    with pytest.raises(hf.FormatError, match="no whole checkpoint"):
        shared.fit(rounds=6, checkpoint=tmp_path)


def test_progress_bar(shared, capsys):
    shared.fit(rounds=1, progress=True)
    assert "rounds" in capsys.readouterr().out


def test_the_server_holds_no_secret_and_sees_no_array(party, tmp_path):
    """Whatever it receives, sends or stores holds no number of the model, and never repeats."""
    seen = []

    class Watched(Member):
        def update(self, task):
            seen.append(super().update(task))
            return seen[-1]

    members = [party.member(n, Watched) for n in ROWS]
    party.fit(members=members, checkpoint=tmp_path, rounds=2)
    stored = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    numbers = [v for a in members[0].arrays for v in a.ravel()]
    changes = party.expected([sorted(ROWS)] * 2)[0] - party.expected([sorted(ROWS)])[0]
    for value in [*numbers, *changes.ravel()]:
        assert np.float64(value).tobytes() not in stored + b"".join(seen)
    assert len(set(seen)) == len(seen)
    with pytest.raises(hf.ParameterError, match="public context"):
        horizontal.Coordinator(party.plan, party.secret)
    if party.plan.key == "public":
        for m in members:
            assert "SecretContext" not in repr(vars(m._client._context))


def test_seeds_of_the_same_update_differ(shared):
    """A repeated round sends the same change under fresh randomness."""
    server = horizontal.Coordinator(shared.plan, shared.secret.public)
    member = shared.members[0]
    server.welcome(member.begin(server.settings.to_bytes()))
    assert member.update(server.task()) != member.update(server.task())
