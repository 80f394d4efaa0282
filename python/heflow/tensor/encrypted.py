"""The one tensor class. Array behaviour lives in the neighbouring files; this one holds the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..encoding import Encoding, declared_encoding, decode, encode
from ..encoding import words as _words
from ..encoding.fixed_point import as_messages
from ..encoding.headroom import require
from ..encoding.words import Words
from ..errors import ParameterError, ShapeError, UnsupportedOperationError
from ..scheme import PublicContext
from ..whole import is_whole
from . import approximate, display, indexing, operators, protocols, reductions, wire

__all__ = ["EncryptedTensor", "decode_integers", "decode_message", "encrypt_message"]

MESSAGE_SCALE_BITS = 40
Shape = tuple[int, ...]


class EncryptedTensor:
    """An immutable array of encrypted real numbers.

    Made by ``public.encrypt(a)`` or ``secret.encrypt(a)``, read by ``secret.decrypt(x)``. Shape, scale,
    bound and key id are public; nothing public depends on the values. The usual NumPy spellings work:
    ``x + y``, ``2.5 * x``, ``x / 4``, ``W @ x``, ``np.sum(x, axis=0)``, ``x[1:, ::2]``. What ciphertexts
    cannot do raises `UnsupportedOperationError`.
    """

    __slots__ = ("_batch", "_encoding", "_folded", "_public", "_shape")

    def __init__(
        self, public: PublicContext, batch: Any, shape: Shape, encoding: Encoding, folded: bool
    ) -> None:
        if len(shape) > wire.MAX_NDIM:
            raise ShapeError(f"{len(shape)} axes given; tensors have at most {wire.MAX_NDIM}")
        self._public = public
        self._batch = batch
        self._shape = shape
        self._encoding = encoding
        self._folded = folded

    def _with(
        self,
        batch: Any,
        shape: Shape | None = None,
        encoding: Encoding | None = None,
        folded: bool | None = None,
    ) -> EncryptedTensor:
        return EncryptedTensor(
            self._public,
            batch,
            self._shape if shape is None else shape,
            self._encoding if encoding is None else encoding,
            self._folded if folded is None else folded,
        )

    # What is public about it

    @property
    def shape(self) -> Shape:
        """Shape, as of an array."""
        return self._shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self._shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """What `decrypt` gives: float64, int64, or object for integers beyond 63 bits."""
        if not self._encoding.integer:
            return np.dtype(np.float64)
        return np.dtype(np.int64 if self._encoding.limit < 1 << 63 else object)

    @property
    def public(self) -> PublicContext:
        """The public context it was made under."""
        return self._public

    @property
    def key_id(self) -> str:
        """Identity of the key that decrypts it."""
        return self._public.key_id

    @property
    def scale_bits(self) -> int:
        """Fractional bits of the integers inside."""
        return self._encoding.scale_bits

    @property
    def bound(self) -> float | int:
        """Declared bound on the size of every element, in units of messages."""
        return self._encoding.bound

    @property
    def headroom_bits(self) -> int:
        """Bits by which the bound may still grow."""
        evaluator = self._public.evaluator
        capacity = evaluator.capacity if evaluator.exact else evaluator.capacity_of(self._batch)
        return int(capacity // self._encoding.limit).bit_length() - 1

    @property
    def level(self) -> int:
        """How many products can still follow one another (CKKS)."""
        if self._public.evaluator.exact:
            raise UnsupportedOperationError(
                f"{self._public.scheme} has no levels: bounds limit products"
            )
        return int(self._public.evaluator.level(self._batch))

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return int(self._batch.nbytes)

    @property
    def T(self) -> EncryptedTensor:
        """The tensor with its axes reversed."""
        return indexing.transpose(self)

    # Arithmetic

    def __add__(self, other: Any) -> EncryptedTensor:
        if type(other) is EncryptedTensor:
            return operators.add_tensors(self, other)
        return operators.attempt(operators.add, self, other)

    def __radd__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.add, self, other)

    def __sub__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.subtract, self, other)

    def __rsub__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.subtract, other, self)

    def __mul__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.multiply, self, other)

    def __rmul__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.multiply, self, other)

    def __truediv__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.true_divide, self, other)

    def __matmul__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.matmul, self, other)

    def __rmatmul__(self, other: Any) -> EncryptedTensor:
        return operators.attempt(operators.matmul, other, self)

    def __neg__(self) -> EncryptedTensor:
        return operators.negative(self)

    def __pos__(self) -> EncryptedTensor:
        return self

    def __pow__(self, exponent: Any) -> EncryptedTensor:
        return approximate.power(self, exponent)

    def polyval(self, coefficients: Any) -> EncryptedTensor:
        """Return c0 + c1 x + c2 x**2 + ... of every element (CKKS): ceil(log2 degree) + 1 levels."""
        return approximate.polyval(self, coefficients)

    def rotate(self, steps: int) -> EncryptedTensor:
        """Return the elements moved `steps` places to the left, around the end of the last axis (CKKS).

        Rows that fill a ciphertext each need a key for the steps:
        ``secret.public_for(rotations=[steps])``.
        """
        evaluator = self._rotates([steps])
        return self._with(evaluator.rotate(self._batch, int(steps), self.shape[-1]))

    def add_rotations(self, steps: Sequence[int]) -> EncryptedTensor:
        """Return x + x.rotate(steps[0]) + x.rotate(steps[1]) + ...; in one go where each has its key (CKKS).

        The bound grows by the number of terms.
        """
        evaluator = self._rotates(steps)
        batch = evaluator.add_rotations(self._batch, [int(k) for k in steps], self.shape[-1])
        return approximate.rotations(self, batch, len(steps) + 1)

    def within(self, bound: float) -> EncryptedTensor:
        """Declare that all elements lie in -bound .. bound, where tracking must assume more (CKKS).

        What polynomials give is often far smaller than their tracked bound. Decryption refuses a value beyond.
        """
        if self._public.evaluator.exact:
            raise UnsupportedOperationError(
                f"bounds of {self._public.scheme} tensors are exact: declare them at encryption"
            )
        return approximate.within(self, bound)

    def _rotates(self, steps: Sequence[int]) -> Any:
        evaluator = self._public.evaluator
        if evaluator.exact:
            raise UnsupportedOperationError(
                f"{self._public.scheme} has no slots to rotate: use np.roll"
            )
        if not all(map(is_whole, steps)):
            raise ParameterError(f"steps={list(steps)!r}: whole numbers are needed")
        if self.ndim < 1:
            raise ShapeError("a number has no axis to rotate: x.reshape(-1) has one")
        return evaluator

    def dot(self, a: Any) -> EncryptedTensor:
        """Return the dot product with a plain vector or matrix: `x @ a`, or `x * a` for a scalar."""
        return operators.dot(self, a)

    # Reductions and shape

    def sum(self, axis: Any = None, keepdims: bool = False) -> EncryptedTensor:
        """Sum over axes; exact. The bound grows by the number of elements."""
        return reductions.sum(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> EncryptedTensor:
        """Mean over axes: the sum times the fixed-point reciprocal of the count."""
        return reductions.mean(self, axis, keepdims)

    def reshape(self, *shape: Any) -> EncryptedTensor:
        """Return the same elements in another shape; one length may be -1."""
        return indexing.reshape(self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> EncryptedTensor:
        """Return the elements in one axis."""
        return indexing.reshape(self, -1)

    def transpose(self, *axes: Any) -> EncryptedTensor:
        """Permute the axes, given one by one or as a tuple; reversed by default."""
        return indexing.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def __getitem__(self, key: Any) -> EncryptedTensor:
        return indexing.select(self, key)

    def __iter__(self) -> Iterator[EncryptedTensor]:
        if not self._shape:
            raise UnsupportedOperationError("a tensor without axes has no elements to iterate over")
        return (self[i] for i in range(self._shape[0]))

    def __len__(self) -> int:
        if not self._shape:
            raise UnsupportedOperationError("a tensor without axes has no len()")
        return self._shape[0]

    # Randomness

    def rerandomize(self) -> EncryptedTensor:
        """Return the same messages under fresh randomness: unlinkable to this tensor."""
        return self._with(self._public.evaluator.rerandomize(self._batch), folded=False)

    def mask(self, statistical_bits: int = 40) -> tuple[EncryptedTensor, NDArray[Any]]:
        """Add fresh uniform integers that hide the elements from whoever decrypts the result.

        Parameters
        ----------
        statistical_bits : int
            The masked value tells the decrypting party at most 2**-statistical_bits about an element
            (statistical distance).

        Returns
        -------
        masked : EncryptedTensor
        mask : ndarray of Python int, same shape
            What to subtract from ``secret.decrypt_integers(masked)``.

        Raises
        ------
        HeadroomError, ParameterError
        """
        return operators.mask(self, statistical_bits)

    def to_backend(self, name: str) -> EncryptedTensor:
        """Return the tensor under the same key for another backend."""
        public = self._public.with_backend(name)
        data = self._public.evaluator.batch_to_bytes(self._batch)
        batch = public.evaluator.batch_from_bytes(data, self.size)
        return EncryptedTensor(public, batch, self._shape, self._encoding, self._folded)

    # Bytes

    def to_bytes(self, refresh: bool = True) -> bytes:
        """Return the tensor as bytes for someone else.

        Parameters
        ----------
        refresh : bool
            Re-randomise first if plain values were folded in; otherwise a receiver who knows the inputs
            could find small plain factors by trial. False gives deterministic bytes, equal on every
            backend.
        """
        return wire.to_bytes(self, refresh)

    def to_ciphertext_ints(self, refresh: bool = True) -> NDArray[Any]:
        """Return the ciphertexts as Python integers below n^2, for other programs (Paillier)."""
        return wire.to_ciphertext_ints(self, refresh)

    def __reduce__(self) -> tuple[Callable[..., EncryptedTensor], tuple[Any, ...]]:
        return wire.unpickle, (self._public, wire.to_bytes(self, refresh=False))

    def __copy__(self) -> EncryptedTensor:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> EncryptedTensor:
        return self  # immutable

    # Display and refusals

    def __repr__(self) -> str:
        return display.text(self)

    def _repr_html_(self) -> str:
        return display.html(self)

    __array_ufunc__ = protocols.array_ufunc
    __array_function__ = protocols.array_function
    __array_priority__ = __pandas_priority__ = 1000_000  # frames and series leave operators to us

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise UnsupportedOperationError(
            "encrypted tensors are immutable: build a new one with hf.concatenate or hf.stack"
        )


def _refusal(name: str, why: str) -> Callable[..., NoReturn]:
    def refuse(self: EncryptedTensor, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnsupportedOperationError(f"{name}: {why}; {protocols.SUPPORTED}")

    return refuse


_DECRYPT_FIRST = "its values are encrypted; the owner of the key can secret.decrypt(x) first"
_JOIN = "hf.stack and hf.concatenate join encrypted tensors, as np.stack does; else "
for _name in ("bool", "float", "int", "complex", "index", "array", "hash"):
    _why = _JOIN + _DECRYPT_FIRST if _name == "array" else _DECRYPT_FIRST
    setattr(EncryptedTensor, f"__{_name}__", _refusal(f"{_name}(x)", _why))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(EncryptedTensor, f"__{_name}__", _refusal("comparison", _DECRYPT_FIRST))
for _name in ("floordiv", "mod", "divmod", "lshift", "rshift", "and", "or", "xor"):
    setattr(EncryptedTensor, f"__r{_name}__", _refusal(_name, "not possible on these ciphertexts"))
    setattr(EncryptedTensor, f"__{_name}__", _refusal(_name, "not possible on these ciphertexts"))
for _name in ("rpow", "rtruediv", "abs", "round", "invert", "trunc", "floor", "ceil"):
    setattr(EncryptedTensor, f"__{_name}__", _refusal(_name, "not possible on these ciphertexts"))


def encrypt_message(
    public: PublicContext,
    encrypt: Callable[[Words], Any],
    message: Any,
    scale_bits: int | None = None,
    bound: float | None = None,
    strict: bool = False,
) -> EncryptedTensor:
    """Validate, encode and encrypt a message: the way of both contexts into a tensor."""
    if isinstance(message, EncryptedTensor):
        raise UnsupportedOperationError("the message is encrypted already")
    values = as_messages(message)
    if values.ndim > wire.MAX_NDIM:
        raise ParameterError(f"{values.ndim} axes given; tensors have at most {wire.MAX_NDIM}")
    if not public.evaluator.exact:
        return approximate.encrypt(public, encrypt, values, scale_bits, bound, strict)
    encoding = declared_encoding(values, scale_bits, bound, MESSAGE_SCALE_BITS)
    require(encoding.limit, public.evaluator.capacity, "the message")
    words = encode(values, encoding, strict=strict)
    return EncryptedTensor(public, encrypt(words), values.shape, encoding, folded=False)


def decode_message(words: Words, tensor: EncryptedTensor) -> NDArray[Any]:
    """Return decrypted words as the messages of `tensor`."""
    return decode(words, tensor._encoding, tensor.shape)


def decode_integers(words: Words, tensor: EncryptedTensor) -> NDArray[Any]:
    """Return decrypted words as the exact scaled integers of `tensor`."""
    result = np.empty(len(words), dtype=object)
    result[:] = _words.to_python(words)
    return result.reshape(tensor.shape)
