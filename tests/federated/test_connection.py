"""Peers behind sockets that stall, babble, lie about lengths or hang up: an error in time, and the others go on."""

import contextlib
import json
import socket
import struct
import threading
import time
from multiprocessing.connection import answer_challenge, deliver_challenge

import heflow as hf
import pytest
from heflow.federated import connection
from heflow.federated.connection import Remote, Vanished
from heflow.federated.frames import Frames

KEY = b"a key of both"
SHORT = 0.4  # seconds


def echo(verb, parts):
    return verb.encode() + b"".join(parts)


@contextlib.contextmanager
def served():
    """A party that serves in a thread; its address."""
    addresses = []
    there = threading.Event()

    def ready(address):
        addresses.append(address)
        there.set()

    thread = threading.Thread(
        target=connection.serve, args=(echo, ("localhost", 0), KEY, ready), daemon=True
    )
    thread.start()
    assert there.wait(10)
    yield addresses[0]
    last = Remote(addresses[0], KEY, "m", 10, "advice")
    assert last.ask("still", b" here") == b"still here"
    last.close()
    thread.join(10)
    assert not thread.is_alive()


@contextlib.contextmanager
def listening(behave):
    """Something that proves the key and then does what it wants; its address."""
    with socket.create_server(("localhost", 0)) as listener:

        def run():
            link = Frames(listener.accept()[0], 10)
            with contextlib.closing(link), contextlib.suppress(OSError, EOFError):
                deliver_challenge(link, KEY)
                answer_challenge(link, KEY)
                behave(link)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()
        thread.join(10)
        assert not thread.is_alive()


def hello(link):
    """Read the question of one part."""
    link.recv_bytes()
    link.recv_bytes()


def raw(link, data):
    """Send bytes that are no message, and stay until the other side hangs up."""
    hello(link)
    link._socket.sendall(data)
    link.wait()


STALLS = {
    "nothing": b"",
    "part of a length": b"\0",
    "part of an answer": struct.pack("!i", 100) + b"+ab",
    "a length beyond all memory": struct.pack("!iQ", -1, 1 << 62),
    "another protocol": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("sent", STALLS.values(), ids=STALLS)
def test_a_party_that_stalls_vanishes_in_time(sent):
    with listening(lambda link: raw(link, sent)) as address:
        remote = Remote(address, KEY, "hospital-3", SHORT, "start it again")
        with pytest.raises(Vanished, match=r"hospital-3 does not answer \(0.4 seconds\): start"):
            remote.ask("step", b"part")


def test_a_party_that_drips_vanishes_in_time():
    def drip(link):
        hello(link)
        link._socket.sendall(struct.pack("!i", 1000))
        while True:
            link._socket.sendall(b"+")
            time.sleep(SHORT / 10)

    with listening(drip) as address, pytest.raises(Vanished, match="seconds"):
        Remote(address, KEY, "m", SHORT, "").ask("step", b"part")


def test_a_party_that_does_not_read_vanishes_in_time():
    done = threading.Event()
    with listening(lambda link: done.wait(30)) as address:
        with pytest.raises(Vanished, match="seconds"):
            Remote(address, KEY, "m", SHORT, "").ask("step", bytes(64 << 20))
        done.set()


ANSWERS = {
    "empty": b"",
    "no sign": b"hello",
    "no JSON": b"-{",
    "no text": b'-{"type":"FormatError"}',
    "deep JSON": b"-" + b"[" * 100_000,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_unreadable_answers(answer):
    def babble(link):
        hello(link)
        link.send_bytes(answer)
        link.wait()

    unreadable = pytest.raises(hf.FormatError, match="m sent an answer that is not readable")
    with listening(babble) as address, unreadable:
        Remote(address, KEY, "m", 10, "").ask("step", b"part")


def test_negative_lengths_hang_up():
    wrong = struct.pack("!i", -7)
    with listening(lambda link: raw(link, wrong)) as address, pytest.raises(Vanished, match="OSE"):
        Remote(address, KEY, "m", 10, "").ask("step", b"part")


def test_strangers_keep_nobody_waiting():
    """Silent ones stay connected for the whole test; the party answers beside them."""
    with served() as address, contextlib.ExitStack() as stack:
        for said in (b"", b"\0", b"GET / HTTP/1.0\r\n\r\n", struct.pack("!iQ", -1, 1 << 62)):
            stranger = stack.enter_context(socket.create_connection(address))
            stranger.sendall(said)
        start = time.monotonic()
        remote = Remote(address, KEY, "m", 10, "")
        assert remote.ask("a", b"b", b"c") == b"abc"
        assert time.monotonic() - start < connection.GREETING
        remote._hang_up()


QUESTIONS = {
    "no JSON": b"{",
    "deep JSON": b"[" * 60_000,
    "too many parts": json.dumps({"verb": "a", "parts": 1 << 40}).encode(),
    "too long": b" " * (1 << 17),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_party_outlives_what_is_no_question(question):
    with served() as address:
        remote = Remote(address, KEY, "m", 10, "")
        remote._link.send_bytes(question)
        with pytest.raises((EOFError, ConnectionResetError)):
            remote._link.recv_bytes()
        remote._hang_up()


def test_a_party_outlives_a_claimed_length():
    with served() as address:
        remote = Remote(address, KEY, "m", 10, "")
        remote._link.send_bytes(json.dumps({"verb": "a", "parts": 1}).encode())
        remote._link._socket.sendall(struct.pack("!iQ", -1, 1 << 62) + b"little")
        remote._hang_up()


def test_lengths_round_a_piece():
    with served() as address:
        remote = Remote(address, KEY, "m", 10, "")
        for size in (0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 5):
            data = bytes(range(251)) * (size // 251 + 1)
            assert remote.ask("", data[:size]) == data[:size]
        remote._hang_up()


@pytest.mark.parametrize("authkey", [b"", "text", None])
def test_keys_that_are_none(authkey):
    with pytest.raises(hf.ParameterError, match="authkey"):
        connection.serve(echo, ("localhost", 0), authkey)
    with pytest.raises(hf.ParameterError, match="authkey"):
        Remote(("localhost", 1), authkey, "m", 1, "")
