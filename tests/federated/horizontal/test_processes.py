"""Members and the key's holder in processes of their own; the server here holds the public context only."""

import socket
import threading

import heflow as hf
import numpy as np
import pytest
from heflow.federated import Plan, horizontal, keygen
from heflow.federated.horizontal import Member, RemoteKeyHolder, RemoteMember
from member_process import AUTHKEY, PLAN, model, start


def stored(tmp_path, key):
    """Keys as files: the secret for those who may have it, the public context for the others."""
    plan = Plan(key=key, **PLAN)
    secret = keygen(plan)
    hf.save(tmp_path / "secret", secret, passphrase=b"p")
    hf.save(tmp_path / "public", secret.public)
    return plan, secret


def in_process(plan, secret, names, rounds, **options):
    """The same run in this process."""
    hidden = horizontal.model_key() if plan.key == "public" else None
    key = secret if hidden is None else secret.public
    members = [Member(plan, key, n, model(i), model_key=hidden) for i, n in enumerate(names)]
    holder = horizontal.KeyHolder(plan, secret, hidden) if hidden else None
    horizontal.fit(
        members, plan, secret.public, rounds=rounds, key_holder=holder, rows_per_weight=2, **options
    )
    return members[0].arrays[0]


def test_one_dies_and_comes_back(tmp_path):
    """It is left out for a round, and takes the results that it missed when it is there again."""
    plan, secret = stored(tmp_path, "shared")
    where = {"key": "shared", "path": tmp_path / "secret", "passphrase": b"p"}
    parties = {
        n: start(n, seed=i, trouble={"dies": 1} if n == "d" else None, **where)
        for i, n in enumerate("abcd")
    }
    members = [RemoteMember(parties[n][1], AUTHKEY, n, timeout=30) for n in "abcd"]
    public = hf.load(tmp_path / "public")
    options = {"rows_per_weight": 2, "checkpoint": tmp_path / "server"}
    with pytest.raises(horizontal.TooFewClients, match="d: d does not answer"):
        horizontal.fit(members, plan, public, rounds=3, minimum=4, **options)
    again, address = start("d", seed=3, **where)
    members[3] = RemoteMember(address, AUTHKEY, "d", timeout=30)
    result = horizontal.fit(members, plan, public, rounds=3, minimum=4, **options)
    assert [len(r.weights) for r in result.rounds] == [4, 4, 4]
    local = Member(plan, secret, "a", model(0))  # a reader: same start, same results
    local.begin(
        horizontal.Coordinator(
            plan, public, minimum=4, rows_per_weight=2, folder=tmp_path / "server"
        ).settings.to_bytes()
    )
    for i in range(3):
        local.take((tmp_path / "server" / f"result-{i}").read_bytes())
    np.testing.assert_array_equal(local.arrays[0], in_process(plan, secret, "abcd", 3))
    for m in members:
        m.close()
    for process in [again, *(parties[n][0] for n in "abc")]:
        process.join(10)
        assert process.exitcode == 0


def test_a_slow_one_is_left_out_and_a_key_holder_opens(tmp_path):
    plan, _ = stored(tmp_path, "public")
    hidden = horizontal.model_key()
    public = {"key": "public", "path": tmp_path / "public", "hidden": hidden}
    processes, members = [], []
    for i, n in enumerate("abcd"):
        process, address = start(n, seed=i, trouble={"sleeps": 0} if n == "b" else None, **public)
        processes.append(process)
        members.append(RemoteMember(address, AUTHKEY, n, timeout=1.5 if n == "b" else 30))
    process, address = start(
        "key holder", "public", tmp_path / "secret", passphrase=b"p", hidden=hidden
    )
    holder = RemoteKeyHolder(address, AUTHKEY)
    result = horizontal.fit(
        members,
        plan,
        hf.load(tmp_path / "public"),
        rounds=1,
        rows_per_weight=2,
        key_holder=holder,
        retries=0,
    )
    assert list(result.rounds[0].weights) == ["a", "c", "d"]
    assert "1.5 seconds" in result.rounds[0].absent["b"]
    for m in [*members, holder]:
        m.close()
    for p in [process, *processes]:
        p.join(10)
        assert p.exitcode == 0


def test_authkeys_and_unknown_steps(tmp_path):
    stored(tmp_path, "shared")
    _, address = start("a", "shared", tmp_path / "secret", passphrase=b"p")
    with pytest.raises(hf.ParameterError, match="another authkey"):
        RemoteMember(address, b"guessed", "a", timeout=10).begin(b"")
    member = RemoteMember(address, AUTHKEY, "a", timeout=10)
    with pytest.raises(hf.FormatError, match=r"a: a has no step 'open'"):
        member.ask("open", b"", b"")
    with pytest.raises(hf.FormatError, match="no step '_reset'"):
        member.ask("_reset", b"")
    with pytest.raises(hf.HeflowError):
        member.begin(b"nonsense")
    with pytest.raises(hf.ParameterError, match="has not begun"):
        member.update(b"")
    member.close()
    with pytest.raises(ConnectionError, match="does not answer"):
        RemoteMember(address, AUTHKEY, "a", timeout=10).begin(b"")


def test_one_joins_late(tmp_path):
    """Nobody listens there when the run begins; from the second round on it takes part."""
    plan, secret = stored(tmp_path, "shared")
    with socket.create_server(("localhost", 0)) as free:
        address = free.getsockname()
    members = [Member(plan, secret, n, model(i)) for i, n in enumerate("abc")]
    late, there = Member(plan, secret, "d", model(3)), threading.Event()
    serving = threading.Thread(
        target=horizontal.serve,
        args=(late, address, AUTHKEY),
        kwargs={"ready": lambda address: there.set()},
        daemon=True,
    )

    def join(done, total):
        if done == 1:
            serving.start()
            assert there.wait(20)

    remote = RemoteMember(address, AUTHKEY, "d", timeout=20)
    result = horizontal.fit(
        [*members, remote], plan, hf.load(tmp_path / "public"), rounds=3,
        rows_per_weight=2, minimum=3, progress=join,
    )  # fmt: skip
    remote.close()
    serving.join(10)
    assert ["d" in r.weights for r in result.rounds] == [False, True, True]
    np.testing.assert_array_equal(late.arrays[0], members[0].arrays[0])
    assert "d does not answer" in result.rounds[0].absent["d"]
