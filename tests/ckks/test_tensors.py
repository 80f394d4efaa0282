"""Encrypted tensors under CKKS: sizes beyond one ciphertext, levels, keys, what leaves."""

import pickle

import heflow as hf
import numpy as np
import pytest


def close(secret, x, expected, tolerance=1e-6):
    got, expected = secret.decrypt(x), np.asarray(expected)
    assert got.shape == expected.shape
    if got.size:
        assert np.abs(got - expected).max() <= tolerance * max(1, np.abs(expected).max())


@pytest.mark.parametrize("shape", [(), (1,), (0,), (7,), (4096,), (4097,), (3, 5000), (2, 3, 1500)])
def test_any_size(ckks_secret, shape):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    for x, y in ((ckks_secret.encrypt(a), ckks_secret.public.encrypt(b)),):
        close(ckks_secret, x, a, 1e-8)
        close(ckks_secret, y, b, 1e-7)
        close(ckks_secret, x + y, a + b)
        close(ckks_secret, x - y, a - b)
        close(ckks_secret, x * y, a * b)
        close(ckks_secret, x * y * x + y, a * b * a + b)
        close(ckks_secret, 1.5 * x - b, 1.5 * a - b)
        close(ckks_secret, x.sum(), a.sum())
        if a.size:
            close(ckks_secret, x.mean(), a.mean())


def test_axes_slices_and_matrices(ckks_secret):
    rng = np.random.default_rng(2)
    a = rng.normal(size=(6, 40))
    x = ckks_secret.public.encrypt(a)
    for axis in (0, 1, (0, 1), None):
        close(ckks_secret, x.sum(axis=axis), a.sum(axis=axis))
        close(ckks_secret, np.mean(x, axis=axis, keepdims=True), a.mean(axis=axis, keepdims=True))
    close(ckks_secret, x[2:5, ::-3], a[2:5, ::-3])
    close(ckks_secret, x[1].sum(), a[1].sum())
    close(ckks_secret, x * a[0], a * a[0])
    close(ckks_secret, x[0] * a, a[0] * a)
    close(ckks_secret, np.stack([x[0], x[1]]).sum(axis=0), a[:2].sum(axis=0))
    close(ckks_secret, a @ x.T, a @ a.T)
    close(ckks_secret, x[0] @ x[0], a[0] @ a[0])
    close(ckks_secret, x[0].dot(a[1]), a[0] @ a[1])
    close(
        ckks_secret, hf.bucket_sum(x[0], np.arange(40) % 3, 3), [a[0, k::3].sum() for k in range(3)]
    )


def test_whole_ciphertexts_add_up_without_a_level():
    secret = hf.ckks.keygen(depth=0)
    a = np.random.default_rng(3).normal(size=(8, secret.parameters.slots))
    x = secret.public.encrypt(a)
    assert x.level == 0
    close(secret, x.sum(axis=0), a.sum(axis=0))
    close(secret, x.sum(), a.sum())
    close(secret, x.mean(axis=0), a.mean(axis=0))
    with pytest.raises(hf.DepthError, match=r"for_depth\(1\)"):
        _ = 2.5 * x
    with pytest.raises(hf.UnsupportedOperationError, match="relinearisation"):
        _ = x * x


def test_depth_is_managed_and_named(ckks_secret):
    x = ckks_secret.encrypt([1.5, -2.0])
    assert x.level == 2
    square = x * x
    assert square.level == 1
    close(ckks_secret, square + x, np.array([1.5, -2.0]) ** 2 + [1.5, -2.0])
    close(ckks_secret, square * x, np.array([1.5, -2.0]) ** 3)
    close(ckks_secret, x**3, np.array([1.5, -2.0]) ** 3)
    close(ckks_secret, x.polyval([1, 0.5, -0.25]), [1 + 0.75 - 0.5625, 1 - 1 - 1])
    with pytest.raises(hf.DepthError, match=r"2 of 2 are used.*for_depth\(3\)"):
        _ = square * square * x


def test_bounds_are_tracked_where_they_are_declared(ckks_secret):
    x = ckks_secret.encrypt([1.0, 2.0], bound=8)
    assert (x + x).bound == 16 and (7 * x).bound == (5 * x).bound
    assert (hf.plain([3.0, 1.0], bound=4) * x).bound == 32
    big = ckks_secret.encrypt([1.0, 1.0], bound=2.0**40)
    with pytest.raises(hf.HeadroomError, match="the message"):
        ckks_secret.encrypt([1.0], bound=2.0**60)
    with pytest.raises(hf.HeadroomError):
        _ = hf.plain(1.0, bound=2.0**30) * big * x
    with pytest.raises(hf.EncodingRangeError):
        ckks_secret.encrypt([9.0], bound=8)
    with pytest.raises(hf.EncodingRangeError, match="declared range"):
        ckks_secret.encrypt([2.0**21])
    with pytest.raises(hf.EncodingRangeError, match="declared range"):
        _ = x * 2.0**21
    with pytest.raises(hf.EncodingError):
        ckks_secret.encrypt([np.nan])
    with pytest.raises(hf.ParameterError, match="scale"):
        ckks_secret.encrypt([1.0], scale_bits=20)


def test_a_value_that_left_its_range_is_refused_at_decryption():
    secret = hf.ckks.keygen(hf.ckks.Parameters(8192, (47, 40, 40), (47,), 40, integer_bits=6 - 1))
    x = secret.encrypt(np.full(100, 30.0))
    with pytest.raises(hf.HeadroomError, match="exceeds"):
        secret.decrypt(x * x)  # 900, declared to stay below 32


def test_rotations_need_their_keys(ckks_secret):
    n = ckks_secret.parameters.slots
    a = np.random.default_rng(4).normal(size=n)
    with pytest.raises(hf.UnsupportedOperationError, match=r"public_for\(rotations=\[3\]\)"):
        ckks_secret.encrypt(a).rotate(3)
    public = ckks_secret.public_for(rotations=[3])
    assert public.key_id == ckks_secret.key_id and public.rotations == [3]
    close(ckks_secret, public.encrypt(a).rotate(3), np.roll(a, -3))
    summing = ckks_secret.public_for(rotations="sum")
    x = summing.encrypt(a)
    close(ckks_secret, x.rotate(-5), np.roll(a, 5))
    close(ckks_secret, x[:10] + x[7:17], a[:10] + a[7:17])
    assert len(summing.to_bytes()) < 35e6 / 2.9
    close(ckks_secret, x[:10].rotate(3), np.roll(a[:10], -3))
    close(ckks_secret, x.reshape(2, -1).rotate(1), np.roll(a.reshape(2, -1), -1, axis=1))
    with pytest.raises(hf.ShapeError, match="no axis"):
        x[0].rotate(1)
    with pytest.raises(hf.UnsupportedOperationError, match="GiB"):
        np.broadcast_to(x[:2], (100_000, 2)).sum(axis=1)
    for bad in ("all", 2.5, [True]):
        with pytest.raises(hf.ParameterError):
            ckks_secret.public_for(rotations=bad)


def test_sums_and_elements_meet(ckks_secret):
    x = ckks_secret.encrypt([1.0, 2.0, 3.0])
    close(ckks_secret, x[0] + x.sum(), 7.0)
    close(ckks_secret, 2 * x.sum() - 1, 11.0)
    close(ckks_secret, np.stack([x.sum(), x.mean()]), [6.0, 2.0])
    with pytest.raises(hf.UnsupportedOperationError, match="no longer in a slot"):
        _ = x.sum() * x[0]


def test_bytes(ckks_secret):
    public = ckks_secret.public
    a = np.random.default_rng(5).normal(size=5000)
    owner, x = ckks_secret.encrypt(a), public.encrypt(a)
    assert len(owner.to_bytes()) < 0.51 * len(x.to_bytes())
    for tensor in (owner, x, owner + x, x[10:20], x.sum(), x * a, x.mean()):
        data = tensor.to_bytes()
        again = hf.from_bytes(data, public)
        assert np.abs(ckks_secret.decrypt(again) - ckks_secret.decrypt(tensor)).max() < 1e-6
        assert tensor.to_bytes(refresh=False) == tensor.to_bytes(refresh=False)
        assert hf.inspect(data)["scheme"] == "ckks"
    close(ckks_secret, pickle.loads(pickle.dumps(owner)), a)
    other = hf.from_bytes(public.to_bytes(), backend=public.backend)
    close(ckks_secret, hf.from_bytes(x.to_bytes(), other) + x, 2 * a)
    with pytest.raises(hf.UnsupportedOperationError, match="not single integers"):
        x.to_ciphertext_ints()


def test_what_leaves_carries_its_own_elements_only(ckks_secret):
    public = ckks_secret.public
    a = np.arange(1.0, 101.0)
    x = ckks_secret.encrypt(a)
    view = hf.from_bytes(x[3:5].to_bytes(), public)
    whole = ckks_secret.decrypt(
        view._with(
            type(view._batch)(
                view._batch.core, np.arange(public.parameters.slots), public.parameters.slots
            ),
            (public.parameters.slots,),
        )
    )
    assert np.abs(whole[3:5] - a[3:5]).max() < 1e-6
    assert np.abs(np.delete(whole, [3, 4])).max() < 1e-6
    # A total: slot 0 of the ciphertext no longer tells a[0].
    total = hf.from_bytes(x.sum().to_bytes(), public)
    slots = type(view._batch)(total._batch.core, np.arange(1), public.parameters.slots)
    loose = total._with(slots, (1,), x.public.encrypt([0.0], bound=2.0**20)._encoding)
    with pytest.raises(hf.HeadroomError):  # noise of the size of the modulus
        ckks_secret.decrypt(loose)


def test_hostile_bytes(ckks_secret):
    public = ckks_secret.public
    data = bytearray(ckks_secret.encrypt([1.0, 2.0]).to_bytes())
    for position in (0, 5, 7, 20, 60, 100, len(data) // 2, len(data) - 1):
        damaged = bytearray(data)
        damaged[position] ^= 0x41
        with pytest.raises(hf.HeflowError):
            hf.from_bytes(bytes(damaged), public)
    for cut in (0, 10, 50, len(data) - 1):
        with pytest.raises(hf.FormatError):
            hf.from_bytes(bytes(data[:cut]), public)
    head, payload = public.open(bytes(data), 2)
    huge = bytes(payload[:62]) + b"\xff" * (len(payload) - 62)
    with pytest.raises(hf.FormatError, match="residue"):
        hf.from_bytes(public.seal(2, head, huge), public)
    x = public.encrypt([1.0])
    head, payload = public.open(x.to_bytes(), 2)
    start = len(payload) - 2 * public.parameters.ring_degree * (6 + 5 + 5 + 5)
    transparent = bytes(payload[: len(payload) - (len(payload) - start) // 2])
    transparent += bytes(len(payload) - len(transparent))
    with pytest.raises(hf.FormatError, match="transparent"):
        hf.from_bytes(public.seal(2, head, transparent), public)
    with pytest.raises(hf.KeyMismatchError):
        hf.from_bytes(bytes(data), hf.ckks.keygen(depth=0).public)


def test_secret_files(ckks_secret, tmp_path):
    path = tmp_path / "secret"
    hf.save(path, ckks_secret, passphrase=b"correct horse")
    again = hf.load(path, passphrase=b"correct horse", backend=ckks_secret.public.backend)
    close(again, ckks_secret.encrypt([1.5]), [1.5])
    with pytest.raises(hf.KeyFileError):
        hf.load(path, passphrase=b"wrong")
    with pytest.raises(hf.UnsupportedOperationError):
        pickle.dumps(ckks_secret)
    with pytest.raises(hf.UnsupportedOperationError, match="approximate"):
        ckks_secret.decrypt_integers(ckks_secret.encrypt([1.0]))
    with pytest.raises(hf.UnsupportedOperationError, match="approximate"):
        ckks_secret.encrypt([1.0]).mask()


def test_backends_agree_on_bytes():
    names = [b.name for b in hf.backends() if b.available]
    secret = hf.ckks.keygen(depth=1, backend=names[0])
    x = secret.encrypt([1.0, -2.5, 3.0])
    for name in names:
        y = x.to_backend(name)
        assert y.to_bytes(refresh=False) == x.to_bytes(refresh=False)
        assert (y + y).to_bytes(refresh=False) == (x + x).to_bytes(refresh=False)
        assert (y * y).to_bytes(refresh=False) == (x * x).to_bytes(refresh=False)
        close(secret.with_backend(name), y * 0.5, [0.5, -1.25, 1.5])


def narrow(*prime_bits, special=(47,)):
    """A key whose first prime alone holds the range, with two bits to spare."""
    return hf.ckks.keygen(hf.ckks.Parameters(1024, prime_bits, special, 40, insecure=True))


@pytest.mark.filterwarnings("ignore::heflow.InsecureKeyWarning")
def test_products_that_wrap_around_one_prime_are_seen_in_two():
    """11.6^2 = 134.56 in every slot is 6.56 modulo the first prime, and 6.56 lies within the range."""
    secret = narrow(47, 40, 40)
    x = secret.public.encrypt(np.full(512, 11.6))
    for wrapped in (x * x, x * 11.6, x**2, (x * x).sum(), (x * x).mean(), (x * x)[3:9]):
        with pytest.raises(hf.HeadroomError, match="bound"):
            secret.decrypt(wrapped)
        with pytest.raises(hf.HeadroomError, match="bound"):
            secret.decrypt_shared(wrapped)


@pytest.mark.filterwarnings("ignore::heflow.InsecureKeyWarning")
def test_sums_beyond_one_slot_survive_bytes():
    """A total holds what all slots together do."""
    secret = narrow(47, special=())
    a = np.full(512, 30.0)
    total = secret.encrypt(a).sum()
    assert total.bound > secret.public.evaluator.capacity / 2.0**40
    for back in (hf.from_bytes(total.to_bytes(), secret.public), pickle.loads(pickle.dumps(total))):
        close(secret, back, a.sum())


@pytest.mark.filterwarnings("ignore::heflow.InsecureKeyWarning")
def test_what_no_longer_fits_a_level_down_is_refused_at_once():
    """Not only by decryption, which another party may do much later."""
    secret = narrow(47, 40, 40)
    wide = secret.encrypt(np.ones(8), bound=200) * hf.plain(1.0, bound=1)
    low = secret.encrypt(np.ones(8), bound=1) * hf.plain(1.0, bound=1) * hf.plain(1.0, bound=1)
    assert (wide.level, low.level) == (1, 0)
    close(secret, hf.from_bytes(wide.to_bytes(), secret.public), np.ones(8))
    for attempt in (
        lambda: wide[:3].to_bytes(),  # other slots are hidden by a product before it leaves
        lambda: hf.concatenate([wide, low]),
        lambda: np.stack([low, wide]),
        lambda: wide + low,
    ):
        with pytest.raises(hf.HeadroomError, match="ciphertext"):
            attempt()


@pytest.mark.filterwarnings("ignore::heflow.InsecureKeyWarning")
def test_means_meet_values_on_either_side():
    """A mean is stored as its sum: values are not multiplied up to it, which would not fit."""
    secret = narrow(47, 40, 40)
    a = np.random.default_rng(5).uniform(-3, 3, (2000, 512))
    x = secret.encrypt(a)
    for mean, of_a in ((x.mean(axis=0), a.mean(axis=0)), (x.mean(axis=0)[:5], a.mean(axis=0)[:5])):
        row, of_row = x[7][: len(of_a)], a[7][: len(of_a)]
        close(secret, row - mean, of_row - of_a)
        close(secret, mean - row, of_a - of_row)
    one = secret.encrypt(1.0)
    close(secret, x.mean() - one, a.mean() - 1)
    close(secret, one - x.mean(), 1 - a.mean())
    sums = x.sum(axis=0).mean() - x.mean()  # both totals, of different factors
    close(secret, sums, a.sum(axis=0).mean() - a.mean(), 1e-4)


def test_values_at_their_declared_bounds_come_back(ckks_secret):
    """The noise of a product grows by the other's bound: more than a hair above a bound may be right."""
    x = ckks_secret.public.encrypt(np.full(4096, 1000.0), bound=1000)
    y = ckks_secret.public.encrypt(np.full(4096, -1e-3), bound=1e-3)
    for product in (x * y, y * x, (x * y) * (x * y)):
        assert product.bound == pytest.approx(1.0)
        close(ckks_secret, product, np.full(4096, -1.0 if product.level else 1.0), 1e-4)
    with pytest.raises(hf.HeadroomError, match="bound"):
        ckks_secret.decrypt((x * y).within(0.99))


def test_plain_operands_that_vanish_are_named(ckks_secret):
    x = ckks_secret.encrypt([1.5, -2.0])
    for operation in (
        lambda: x * 1e-300,
        lambda: [1e-20, 1.0] * x,
        lambda: x + 5e-324,
        lambda: x / 1e300,
        lambda: x @ np.array([1e-20, 0.0]),
        lambda: hf.plain(1e-20, scale_bits=100) * x,
    ):
        with pytest.warns(hf.PrecisionWarning, match=r"1 non-zero value.*2\^-41"):
            operation()
    close(ckks_secret, x * [0.0, 1e-11], [0.0, -2e-11])
    for bad, text in ((np.nan, "nan"), ([1.0, np.inf], r"\(1,\)")):
        with pytest.raises(hf.EncodingError, match=text):
            x * bad


def test_powers_and_polynomials_take_numbers(ckks_secret):
    x = ckks_secret.encrypt([1.5, -2.0])
    for whole in (2, 2.0, np.int8(2), np.float32(2), np.array(2)):
        close(ckks_secret, x**whole, [2.25, 4.0])
    for bad in (0, -1, 0.5, True, np.True_, "2", None, np.array([2, 2]), x):
        with pytest.raises(hf.UnsupportedOperationError, match="whole exponents"):
            x**bad
    with pytest.raises(hf.EncodingTypeError, match="polynomial"):
        x.polyval(["1", "2"])


def test_nothing_at_all(ckks_secret):
    empty = ckks_secret.encrypt(np.zeros((2, 0)))
    close(ckks_secret, empty @ np.zeros((0, 3)), np.zeros((2, 3)))
    assert ckks_secret.decrypt(empty.rotate(1)).shape == (2, 0)
    assert (empty * 2.0 + empty).shape == (2, 0)
