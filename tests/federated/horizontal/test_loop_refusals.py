"""What a training loop refuses: nothing is trained on a wrong number."""

import os

import heflow as hf
import numpy as np
import pytest
from heflow.federated import Plan, horizontal, keygen, steps
from heflow.federated.horizontal import ArrayModel, Coordinator, KeyHolder, Member, model_key
from heflow.federated.horizontal.settings import Settings

PLAN = Plan(clients=3, clip=1.0, bits=12, max_total_weight=30, key="shared")
SECRET = keygen(PLAN)
OPEN = Plan(clients=3, clip=1.0, bits=12, max_total_weight=30, key="public")
OPEN_SECRET = keygen(OPEN)


def member(name="a", change=0.25, start=0.0, rows=10, plan=PLAN, secret=SECRET, **options):
    def train(arrays, round):
        return [arrays[0] + change]

    return Member(plan, secret, name, ArrayModel([np.full(3, start)], rows, train=train), **options)


def begun(*members, **options):
    server = Coordinator(PLAN, SECRET.public, minimum=options.pop("minimum", 1), **options)
    for m in members:
        server.welcome(m.begin(server.settings.to_bytes()))
    server.choose()
    return server


def closed(server, *members):
    for m in members:
        server.receive(m.update(server.task()))
    server.close()
    result = server.publish()
    for m in members:
        m.take(result)
        server.taken(m.name)
    return result


def test_messages_of_elsewhere():
    a, b = member("a"), member("b")
    server, other = begun(a, b), begun(member("a"))
    early = a.update(server.task())
    with pytest.raises(hf.KeyMismatchError, match="another session"):
        other.receive(early)
    with pytest.raises(hf.KeyMismatchError, match="another session"):
        a.update(other.task())
    stranger = Coordinator(PLAN, keygen(PLAN).public)
    with pytest.raises(hf.KeyMismatchError):
        a.update(stranger.task())
    with pytest.raises(hf.FormatError, match="'greeting' of round 0 is due"):
        server.welcome(early)
    server.receive(early)
    with pytest.raises(hf.ParameterError, match="already"):
        server.receive(early)
    server.close()
    first = server.publish()
    server.choose()
    with pytest.raises(hf.FormatError, match="round 1 is due and 'a' sent 'update' of round 0"):
        server.receive(early)
    with pytest.raises(hf.FormatError, match="round 0 is due"):
        a.update(server.task())
    a.take(first)
    with pytest.raises(hf.FormatError, match="round 1 is due"):
        a.take(first)
    server.receive(a.update(server.task()))
    assert server._aggregator.clients == ["a"]


def test_another_model():
    """A member that did not take this run's results is found by the tag, not by luck."""
    a, b = member("a"), member("b")
    server = begun(a, b)
    closed(server, a, b)
    server.choose()
    strayed = member("c")
    strayed.begin(server.settings.to_bytes())
    strayed.round = 1
    with pytest.raises(hf.FormatError, match="c holds another model than round 1"):
        strayed.update(server.task())
    a._tag, kept = bytes(32), a._tag
    with pytest.raises(hf.FormatError, match="another model"):
        a.update(server.task())
    a._tag = kept
    assert server.receive(a.update(server.task())) == "a"
    with pytest.raises(hf.ParameterError, match="'d' starts from other values"):
        server.welcome(member("d", start=0.5).begin(server.settings.to_bytes()))
    ahead = member("e")
    ahead.begin(server.settings.to_bytes())
    ahead.round = 7
    with pytest.raises(hf.ParameterError, match="'e' is at round 7"):
        server.welcome(ahead.begin(server.settings.to_bytes()))


def test_an_update_that_claims_another_model():
    """The server checks too: a member that skips its own check is found."""
    a = member("a")
    server = begun(a)
    _, parts = steps.read(
        SECRET.public, a.update(server.task()), server.settings.session, "update", 0
    )
    forged = steps.write(
        SECRET.public, server.settings.session, "update", 0, "a", bytes(32), parts[1]
    )
    with pytest.raises(hf.FormatError, match="'a' trained another model"):
        server.receive(forged)


def test_a_repeated_round_asks_others_first():
    members = [member(n) for n in "abcdefgh"]
    server = begun(*members, fraction=0.3, seed=2)
    for gone in ("abcde", "fgh", "ah"):
        assert not set(gone) & set(server.choose(gone=set(gone)))
    assert len(server.choose(gone=set("abcdefgh"))) == 3


def test_not_asked():
    members = [member(n) for n in "abc"]
    server = begun(*members, fraction=0.1, seed=1)
    (asked,) = server._awaited
    other = next(m for m in members if m.name != asked)
    with pytest.raises(hf.ParameterError, match="was not asked"):
        server.receive(other.update(server.task()))


@pytest.mark.parametrize("key", ["shared", "public"])
def test_sums_of_too_few_are_not_opened(key):
    """Enforced by those who can decrypt, whatever the server asks."""
    plan, secret = (PLAN, SECRET) if key == "shared" else (OPEN, OPEN_SECRET)
    hidden = model_key() if key == "public" else None
    holder_of = secret if key == "shared" else secret.public
    parties = [member(n, plan=plan, secret=holder_of, model_key=hidden) for n in "abc"]
    server = Coordinator(plan, secret.public, minimum=3)
    for m in parties:
        server.welcome(m.begin(server.settings.to_bytes()))
    server.choose()
    for m in parties[:2]:
        server.receive(m.update(server.task()))
    with pytest.raises(horizontal.TooFewClients, match="2 of 3 clients"):
        server.close()
    honest = server.settings
    object.__setattr__(server, "settings", Settings(**{**vars(honest), "minimum": 1}))
    server.close()
    with pytest.raises(hf.ParameterError, match="holds 2 client"):
        if key == "shared":
            parties[0].take(server.publish())
        else:
            holder = KeyHolder(plan, secret, hidden)
            holder.begin(honest.to_bytes())
            holder.open(server.pending, 0)
    assert all(m.round == 0 for m in parties)


def test_the_key_holder_opens_one_sum_of_a_round():
    hidden = model_key()
    holder = KeyHolder(OPEN, OPEN_SECRET, hidden)
    parties = [member(n, plan=OPEN, secret=OPEN_SECRET.public, model_key=hidden) for n in "abc"]
    server = Coordinator(OPEN, OPEN_SECRET.public, minimum=2)
    with pytest.raises(hf.ParameterError, match="has not begun"):
        holder.open(b"", 0)
    holder.begin(server.settings.to_bytes())
    for m in parties:
        server.welcome(m.begin(server.settings.to_bytes()))

    def collected(chosen):
        server.choose()
        for m in chosen:
            server.receive(m.update(server.task()))
        return server.close()

    first = collected(parties)
    opened = holder.open(first, 0)
    assert holder.open(first, 0) == opened
    with pytest.raises(hf.ParameterError, match="another sum of round 0"):
        holder.open(collected(parties[:2]), 0)
    with pytest.raises(hf.FormatError, match="round 1 is due"):
        holder.open(first, 1)
    with pytest.raises(hf.ParameterError, match="another plan"):
        holder.begin(Coordinator(PLAN, SECRET.public).settings.to_bytes())
    wrong = member("d", plan=OPEN, secret=OPEN_SECRET.public, model_key=model_key())
    wrong.begin(server.settings.to_bytes())
    with pytest.raises(hf.KeyMismatchError, match="another model key"):
        wrong.take(opened)
    parties[0].take(opened)
    np.testing.assert_allclose(parties[0].arrays[0], 0.25, atol=OPEN.step)
    replay = opened[:-9] + bytes([opened[-9] ^ 1]) + opened[-8:]
    with pytest.raises(hf.FormatError):
        parties[1].take(replay)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (np.nan, hf.EncodingRangeError, "missing or infinite values in round 0"),
        (np.inf, hf.EncodingRangeError, "nothing was sent"),
        (np.zeros((2, 3)), hf.ShapeError, "gave arrays of shapes"),
    ],
)
def test_updates_that_are_no_updates(tmp_path, change, error, text):
    members = [member(n) for n in "ab"] + [member("broken", change=change)]
    with pytest.raises(error, match=text) as raised:
        horizontal.fit(members, PLAN, SECRET.public, rounds=2, checkpoint=tmp_path)
    assert "broken" in str(raised.value)
    assert all(m.round == 0 for m in members) and not (tmp_path / "state").exists()
    mended = [member(n) for n in ("a", "b", "broken")]
    horizontal.fit(mended, PLAN, SECRET.public, rounds=2, checkpoint=tmp_path)


def test_a_tolerant_run_notes_why():
    plan = Plan(clients=4, bits=12, max_total_weight=40, key="shared")
    secret = keygen(plan)
    members = [member(n, plan=plan, secret=secret) for n in "abc"]
    members.append(member("broken", change=np.nan, plan=plan, secret=secret))
    result = horizontal.fit(members, plan, secret.public, rounds=2, tolerant=True)
    assert all(list(r.weights) == list("abc") for r in result.rounds)
    assert "missing or infinite" in result.rounds[1].absent["broken"]


def test_outside_the_clip_range():
    members = [member("a"), member("b"), member("c", change=3.0)]
    result = horizontal.fit(members, PLAN, SECRET.public, rounds=1)
    assert members[2].clipped == 3 and members[0].clipped == 0
    assert result.rounds[0].metrics["clipped"] == pytest.approx(1 / 3, abs=1e-9)
    np.testing.assert_allclose(members[0].arrays[0], 0.5, atol=PLAN.step)
    members = [member("a"), member("b"), member("c", change=3.0, strict=True)]
    with pytest.raises(hf.EncodingRangeError, match=r"c: 3 value\(s\) lie outside -1 .. 1"):
        horizontal.fit(members, PLAN, SECRET.public, rounds=1)


def test_metrics_outside_their_range():
    model = ArrayModel([np.zeros(2)], 5, train=lambda a, r: (a, {"loss": 100.0}))
    members = [Member(PLAN, SECRET, n, model) for n in "abc"]
    with pytest.raises(hf.EncodingRangeError, match="metric_bound="):
        horizontal.fit(members, PLAN, SECRET.public, rounds=1)
    horizontal.fit(members, PLAN, SECRET.public, rounds=1, metric_bound=128.0)
    assert members[0].history[0]["loss"] == pytest.approx(100, abs=128 * PLAN.step)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"algorithm": "adam"}, "'fedavg' or 'fedsgd'"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"fraction": 0.0}, "fraction"),
        ({"fraction": 1.5}, "fraction"),
        ({"minimum": 0}, "minimum"),
        ({"minimum": 4}, "for 3 clients"),
        ({"rows_per_weight": 0}, "rows_per_weight"),
        ({"metric_bound": -1.0}, "metric_bound"),
        ({"rounds": 0}, "rounds"),
        ({"rounds": 1.5}, "rounds"),
        ({"key_holder": object()}, "leave key_holder out"),
    ],
)
def test_settings(options, text):
    with pytest.raises(hf.ParameterError, match=text):
        horizontal.fit([member(n) for n in "abc"], PLAN, SECRET.public, **{"rounds": 1, **options})


def test_members():
    with pytest.raises(hf.ParameterError, match="name of its own"):
        horizontal.fit([member("a"), member("a")], PLAN, SECRET.public, rounds=1)
    with pytest.raises(hf.ParameterError, match="weight of 31"):
        begun(member("a", rows=31))
    with pytest.raises(hf.ParameterError, match="n_samples of a"):
        member("a", rows=0)
    with pytest.raises(hf.ParameterError, match="goes with a plan of key='public'"):
        member("a", model_key=model_key())
    with pytest.raises(hf.ParameterError, match="goes with a plan of key='public'"):
        member("a", plan=OPEN, secret=OPEN_SECRET.public)
    with pytest.raises(hf.ParameterError, match="32 bytes"):
        member("a", plan=OPEN, secret=OPEN_SECRET.public, model_key=b"short")
    with pytest.raises(hf.ParameterError, match="give key_holder="):
        horizontal.fit([member("a")], OPEN, OPEN_SECRET.public, rounds=1)
    with pytest.raises(hf.EncodingTypeError, match="int64"):
        Member(PLAN, SECRET, "a", ArrayModel([np.arange(3)], 5))
    with pytest.raises(hf.EncodingRangeError, match="starts from missing"):
        member("a", start=np.nan)
    with pytest.raises(hf.ShapeError, match="no list"):
        Member(PLAN, SECRET, "a", ArrayModel([], 5))
    with pytest.raises(hf.ParameterError, match="has not begun"):
        member("a").update(b"")
    with pytest.raises(hf.UnsupportedOperationError, match="gradient"):
        horizontal.fit(
            [member(n) for n in "abc"], PLAN, SECRET.public, rounds=1, algorithm="fedsgd"
        )
    other = Plan(clients=3, clip=2.0, bits=12, max_total_weight=30, key="shared")
    with pytest.raises(hf.ParameterError, match="another plan"):
        member("a").begin(Coordinator(other, keygen(other).public).settings.to_bytes())


def test_the_order_of_steps():
    server = begun(member("a"))
    with pytest.raises(hf.ParameterError, match="has not been closed"):
        server.publish()
    with pytest.raises(horizontal.TooFewClients, match="0 of 1"):
        server.close()


class Carried:
    """A member under the name by which the server knows its place."""

    def __init__(self, name, inner):
        self.name, self._inner = name, inner

    def __getattr__(self, name):
        return getattr(self._inner, name)


def test_two_names_for_one_member():
    with pytest.raises(hf.ParameterError, match="asked as 'b' calls itself 'c'"):
        horizontal.fit(
            [member("a"), Carried("b", member("c"))], PLAN, SECRET.public, rounds=1, minimum=1
        )


def test_an_update_in_the_name_of_another():
    """Outside of a message or inside of it: the one who sent it is named, and the round goes on."""
    a, b = member("a"), member("b")
    server = begun(a, b)
    of_a = a.update(server.task())
    with pytest.raises(hf.ParameterError, match="'b' sent an update in the name of 'a'"):
        server.receive(of_a, "b")
    session = server.settings.session
    _, parts = steps.read(SECRET.public, of_a, session, "update", 0)
    disguised = steps.write(SECRET.public, session, "update", 0, "b", *parts)
    with pytest.raises(hf.ParameterError, match="'b' sent an update in the name of 'a'"):
        server.receive(disguised, "b")
    assert server.receive(of_a, "a") == "a"
    assert server.receive(b.update(server.task()), "b") == "b"


def test_a_disguised_member_stops_nobody_else():
    """In a tolerant run it is left out, and its victim is not."""
    a, b, c = (member(n) for n in "abc")
    honest = b.update

    def lying(task):
        session = b.settings.session
        _, parts = steps.read(SECRET.public, honest(task), session, "update", 0)
        return steps.write(SECRET.public, session, "update", 0, "a", *parts)

    b.update = lying
    result = horizontal.fit([a, b, c], PLAN, SECRET.public, rounds=1, minimum=2, tolerant=True)
    assert list(result.rounds[0].weights) == ["a", "c"]
    assert "in the name of 'a'" in result.rounds[0].absent["b"]


def test_a_disk_that_is_full(tmp_path, monkeypatch):
    """The run stops with the system's error, leaves nothing half, and goes on when there is room."""
    members = [member(n) for n in "abc"]
    replace = os.replace
    failing = {"result-1"}

    def full(source, target):
        if os.path.basename(target) in failing:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        horizontal.fit(members, PLAN, SECRET.public, rounds=2, checkpoint=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["result-0", "state", "sum-1"]
    failing.clear()
    result = horizontal.fit(members, PLAN, SECRET.public, rounds=2, checkpoint=tmp_path)
    assert len(result.rounds) == 2
    for m in members:
        np.testing.assert_allclose(m.arrays[0], 0.5, atol=2 * PLAN.step)
