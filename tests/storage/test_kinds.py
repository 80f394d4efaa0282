"""One file of each kind from each release: they load, mean what they meant, and are written as they were."""

import itertools
import struct
import warnings
from pathlib import Path

import heflow as hf
import numpy as np
import pytest
from heflow.federated import Aggregator, Client, steps
from oracle import envelope
from oracle.sums_decoder import decode
from vectors import make_kinds as made

FOLDERS = sorted((Path(made.__file__).parent / "kinds").iterdir())
pytestmark = pytest.mark.filterwarnings("ignore::heflow.errors.InsecureKeyWarning")


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda f: f.name)
def files(request):
    return {p.name.replace("-", " "): p.read_bytes() for p in request.param.iterdir()}


_SECRETS = {}


@pytest.fixture
def opened(files, request):
    """Open a secret file, once."""
    folder = request.node.callspec.params["files"]

    def secret(name):
        key = folder.name, name
        if key not in _SECRETS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # version control keeps no modes
                path = folder / made.file_of(f"{name} secret")
                _SECRETS[key] = hf.load(path, passphrase=made.PASSPHRASE, insecure=True)
        return _SECRETS[key]

    return secret


@pytest.fixture
def secret_of(opened, backend):
    """The same on each backend."""
    return lambda name: opened(name).with_backend(backend)


TENSORS = {
    "paillier integers": ("paillier", made.INTEGERS),
    "paillier floats": ("paillier", 2 * made.FLOATS + 1),
    "ckks owner": ("ckks", made.SLOTS),
    "ckks public": ("ckks", made.SLOTS),
    "ckks bound": ("ckks", made.SLOTS),
    "ckks slice": ("ckks", made.SLOTS[2:5]),
    "ckks total": ("ckks", made.SLOTS.sum()),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors(files, secret_of, name):
    key, expected = TENSORS[name]
    secret = secret_of(key)
    x = hf.from_bytes(files[name], secret.public)
    found = secret.decrypt(x)
    assert found.dtype == np.asarray(expected).dtype and x.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=0 if key == "paillier" else 1e-4)
    assert x.to_bytes(refresh=False) == files[name]


@pytest.mark.parametrize("name", ["paillier", "paillier textbook", "ckks", *made.PLANS])
def test_public_contexts(files, secret_of, name, backend):
    public = hf.from_bytes(files[name], backend=backend, insecure=True)
    assert public.to_bytes() == files[name]
    secret = secret_of(name.split()[0] if "textbook" in name else name)
    assert public.key_id == secret.key_id
    if name == "ckks":
        x = public.encrypt(made.SLOTS)
        atol = 1e-3
        np.testing.assert_allclose(secret.decrypt(x * x), made.SLOTS**2, atol=atol)
        np.testing.assert_allclose(secret.decrypt(x.rotate(1))[:7], made.SLOTS[1:], atol=atol)
    elif name not in made.PLANS:
        np.testing.assert_array_equal(secret.decrypt(public.encrypt([7, -7])), [7, -7])


def mean(plan, secret, result):
    return Client(plan, secret, "reader").decrypt_mean(result)


@pytest.mark.parametrize("name", [*made.PLANS, "packed"])
def test_rounds(files, secret_of, name):
    plan = made.PLANS["public" if name == "packed" else name]
    secret = secret_of("paillier" if name == "packed" else name)
    server = Aggregator(plan, secret.public, round=4)
    server.receive(files[f"{name} update 0"])
    assert server.checkpoint() == files[f"{name} checkpoint"]
    server = Aggregator.restore(plan, secret.public, files[f"{name} checkpoint"])
    server.receive(files[f"{name} update 1"])
    if name != "packed":  # there a result is re-randomised
        assert server.result() == files[f"{name} result"]
    for result in (server.result(), files[f"{name} result"]):
        found = mean(plan, secret, result)
        for array in ("w", "b"):
            parts = [w * u[array] for w, u in zip(made.WEIGHTS, made.UPDATES, strict=True)]
            np.testing.assert_allclose(found[array], sum(parts) / 5, atol=plan.step)
            assert found[array].dtype == made.UPDATES[0][array].dtype


def test_steps(files, secret_of):
    public = secret_of("paillier").public
    assert steps.read(public, files["step"], "session", "task", 3) == ("me", [b"first", b""])
    assert steps.write(public, "session", "task", 3, "me", b"first", b"") == files["step"]


def primes(secret):
    """Read the contents of a secret file by their description."""
    data = secret._secret_payload()
    sizes = struct.unpack_from("<4I", data)
    ends = [16, 16 + sizes[0], 16 + sizes[0] + sizes[1]]
    return [int.from_bytes(data[a:b], "little") for a, b in itertools.pairwise(ends)]


def test_the_description_alone_reads_paillier(files, opened):
    _, _, _, header, payload = envelope.read(files["paillier"])
    n = envelope.paillier_modulus(header, payload)
    secret = opened("paillier")
    p, q = primes(secret)
    assert n == p * q == secret.public.n
    kind, scheme, _, header, payload = envelope.read(files["paillier integers"])
    assert (kind, scheme) == (2, 1)
    shape, scale, found = envelope.paillier_tensor(header, payload, n, p, q)
    assert (shape, scale, found) == ((2, 2), 0, made.INTEGERS.ravel().tolist())
    _, _, _, header, payload = envelope.read(files["paillier floats"])
    _, scale, found = envelope.paillier_tensor(header, payload, n, p, q)
    assert [m / 2**scale for m in found] == (2 * made.FLOATS + 1).tolist()


def test_the_description_alone_reads_updates(files, opened):
    name = "shared"
    plan = made.PLANS[name]
    p = plan.sum_parameters
    parameters = (p.modulus_bits, p.fields, p.field_bits, p.delta_bits, p.drop)
    ternary = np.frombuffer(opened(name)._secret_payload(), np.int8)
    header, found = decode(files[f"{name} update 1"], parameters, ternary, 3)
    assert (header["client"], header["weight"]) == ("client 1", made.WEIGHTS[1])
    values = np.concatenate([made.UPDATES[1][k].ravel() for k in "wb"])
    np.testing.assert_allclose(np.array(found) * plan.step - plan.clip, values, atol=plan.step)


def test_today_writes_the_same_headers(files, opened):
    """A field that changed its place or meaning shows here even where readers let it pass."""
    for name in ("paillier integers", "paillier floats"):
        public = opened("paillier").public
        x = public.encrypt(made.INTEGERS if "integers" in name else made.FLOATS)
        x = x if "integers" in name else 2.0 * x + 1.0
        assert envelope.read(x.to_bytes())[:4] == envelope.read(files[name])[:4]
    for name, plan in made.PLANS.items():
        secret = opened(name)
        key = secret if plan.key == "shared" else secret.public
        message = Client(plan, key, "client 0").encrypt_update(made.UPDATES[0], weight=2, round=4)
        mine, theirs = envelope.read(message), envelope.read(files[f"{name} update 0"])
        assert mine[:4] == theirs[:4] and len(mine[4]) == len(theirs[4])


@pytest.mark.parametrize("version", [0, 2, 513])
def test_versions_to_come(files, opened, version):
    """Whatever the kind, the error names both versions."""
    secret = opened("shared")
    for name, data in files.items():
        other = data[:4] + version.to_bytes(2, "little") + data[6:]
        with pytest.raises(hf.FormatError, match=rf"version {version} .*known: 1"):
            hf.from_bytes(other, secret.public)
        with pytest.raises(hf.FormatError, match="known: 1"):
            hf.inspect(other)
        if "update" in name:
            plan = made.PLANS["shared"]
            with pytest.raises(hf.FormatError, match="known: 1"):
                Aggregator(plan, secret.public, round=4).receive(other)
