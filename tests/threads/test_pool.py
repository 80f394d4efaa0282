"""The pool: exceptions, nesting, several callers, fork, Ctrl-C, the GIL."""

import os
import signal
import subprocess
import sys
import threading
import time

import heflow as hf
import numpy as np
import pytest
from heflow._core import testing as core


def test_every_tile_runs_once(thread_count):
    for tiles in (0, 1, 2, 7, 1000):
        assert core.parallel_loop(tiles, 0.0) == tiles * (tiles - 1) // 2


def test_an_exception_in_a_tile_propagates(thread_count):
    with pytest.raises(hf.ParameterError, match="tile 17 failed"):
        core.parallel_loop(100, 0.1, failing_tile=17)
    assert core.parallel_loop(10, 0.0) == 45


def test_nested_loops(thread_count):
    assert core.parallel_loop(20, 0.0, nested=True) == 60


def test_settings(monkeypatch):
    with hf.threads(3):
        assert hf.num_threads() == 3
    for bad in (0, 5000):
        with pytest.raises(hf.ParameterError):
            hf.set_num_threads(bad)
    code = "import heflow as hf; print(hf.num_threads())"
    for value, expected in (("3", "3"), ("many", "ParameterError"), ("0", "ParameterError")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "HEFLOW_NUM_THREADS": value},
            capture_output=True,
            text=True,
        )
        assert expected in done.stdout + done.stderr


def test_several_python_threads_share_a_context(secret):
    x = secret.public.encrypt(np.arange(50))
    wrong = []

    def work(k):
        for i in range(10):
            got = secret.decrypt(x * (k + i) + secret.public.encrypt(np.full(50, k)))
            if got.tolist() != [(k + i) * v + k for v in range(50)]:
                wrong.append((k, i))

    callers = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in callers:
        t.start()
    for t in callers:
        t.join()
    assert not wrong


def test_the_gil_is_released():
    ticks = 0
    stop = threading.Event()

    def tick():
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    before = ticks
    core.parallel_loop(100, 5.0)
    during = ticks - before
    stop.set()
    ticker.join()
    assert during > 50


FORK = """
import os, sys, threading
import numpy as np
import heflow as hf
from heflow._core import testing as core
hf.set_num_threads(2)
secret = hf.paillier.keygen(512, insecure=True)
public = secret.public
public.encrypt(np.zeros(100))
busy = threading.Thread(target=core.parallel_loop, args=(300, 5.0))
busy.start()
pipes = []
for _ in range(4):
    r, w = os.pipe()
    if os.fork() == 0:
        os.write(w, public.encrypt(np.zeros(100, int)).to_bytes())
        os._exit(0)
    os.close(w)
    pipes.append(r)
seen = {int(c) for c in public.encrypt(np.zeros(100, int)).to_ciphertext_ints()}
for r in pipes:
    data = b""
    while part := os.read(r, 1 << 20):
        data += part
    seen |= {int(c) for c in hf.from_bytes(data, public).to_ciphertext_ints()}
busy.join()
print(len(seen))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_during_a_loop_repeats_nothing_and_does_not_hang():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "500", done.stderr


CTRL_C = """
import os, signal, threading, time
from heflow._core import testing as core
import heflow as hf
hf.set_num_threads(2)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may ignore it
sent = []
def press():
    time.sleep(0.5); sent.append(time.perf_counter()); os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=press).start()
try:
    core.parallel_loop(100000, 5.0)
except KeyboardInterrupt:
    print(round((time.perf_counter() - sent[0]) * 1000))
print(core.parallel_loop(10, 0.0))
"""


def test_ctrl_c_is_answered():
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C], capture_output=True, text=True, timeout=60
    )
    waited, after = done.stdout.split()
    assert int(waited) < 200 and after == "45"


def test_ctrl_c_in_encryption():
    code = (
        "import heflow as hf, numpy as np, os, signal, threading\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a parent may ignore it
        "public = hf.paillier.keygen(2048, backend='portable').public\n"
        "threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    public.encrypt(np.ones(1_000_000))\n"
        "except KeyboardInterrupt:\n    print('stopped', len(public.encrypt([1.0, 2.0])))\n"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "stopped 2", done.stderr
    assert time.perf_counter() - start < 60
    assert signal.getsignal(signal.SIGINT) is not None


def test_threads_are_counted_in_whole_numbers():
    before = hf.num_threads()
    for bad in (0, -1, 1.5, "a", True, None, 10**6):
        with pytest.raises(hf.ParameterError, match="1 to 1024"):
            hf.set_num_threads(bad)
    assert hf.num_threads() == before
