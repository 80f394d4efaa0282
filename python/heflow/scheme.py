"""The boundary between tensors and schemes: what a scheme offers, at the level of batches.

Nothing above this file knows about moduli, slots or levels; nothing below is called once per element.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .encoding.words import Words

__all__ = [
    "ApproximateEvaluator",
    "Batch",
    "Evaluator",
    "MultipliesCiphertexts",
    "PublicContext",
    "Rotates",
    "SecretContext",
]


class Batch(Protocol):
    """A contiguous, immutable block of ciphertexts under one key."""

    def __len__(self) -> int: ...

    @property
    def nbytes(self) -> int: ...


class Evaluator(Protocol):
    """What a tensor calls. Plain integers travel as `Words`: int64, shape (count, k)."""

    @property
    def exact(self) -> bool:
        """Whether messages are integers. Others take real numbers: see `ApproximateEvaluator`."""

    @property
    def capacity(self) -> int:
        """Largest size of an integer that a ciphertext holds."""

    @property
    def label(self) -> str:
        """Scheme and size for display, such as ``paillier-3072``."""

    def encrypt(self, words: Words) -> Any:
        """Encrypt integers with fresh randomness."""

    def add(self, a: Any, b: Any) -> Any:
        """Add item by item; equal lengths."""

    def add_plain(self, a: Any, words: Words) -> Any:
        """Add plain integers item by item."""

    def negate(self, a: Any) -> Any:
        """Negate item by item."""

    def multiply_plain(self, a: Any, words: Words) -> Any:
        """Multiply by plain integers item by item."""

    def take(self, a: Any, indices: NDArray[np.int64]) -> Any:
        """Gather items; repeats are allowed."""

    def concatenate(self, batches: list[Any]) -> Any:
        """Join batches."""

    def sum(self, a: Any, indices: NDArray[np.int64]) -> Any:
        """Return out[i] = sum_j a[indices[i, j]] for indices of shape (n_out, k), k >= 1."""

    def bucket_sum(self, a: Any, bins: NDArray[np.int32], n_bins: int) -> Any:
        """Sum items by bin for each column of bins (n_items, n_features); feature by feature."""

    def matmul_plain(self, a: Any, vectors: NDArray[np.int64], weights: Words) -> Any:
        """Return out[v * n_rows + r] = sum_j weights[r, j] * a[vectors[v, j]]."""

    def matmul_sparse(
        self, a: Any, starts: NDArray[np.int64], items: NDArray[np.int64], weights: Words
    ) -> Any:
        """Return out[r] = sum_k weights[k] * a[items[k]], k from starts[r] up to starts[r + 1]."""

    def rerandomize(self, a: Any) -> Any:
        """Return ciphertexts of the same messages that nobody can link to `a`."""

    def batch_to_bytes(self, a: Any) -> bytes:
        """Return the canonical bytes, the same on every backend."""

    def batch_from_bytes(self, data: Any, count: int) -> Any:
        """Read canonical bytes, every ciphertext checked."""


class ApproximateEvaluator(Protocol):
    """What a tensor calls where ciphertexts hold real numbers: float64 arrays in the place of `Words`.

    Scales and levels are the evaluator's business; bounds stay in units of 2^-scale_bits. add, negate,
    take, concatenate, sum, bucket_sum and rerandomize are as in `Evaluator`.
    """

    @property
    def exact(self) -> bool: ...

    @property
    def scale_bits(self) -> int:
        """Fractional bits of the integers inside, the same for all."""

    @property
    def range_limit(self) -> int:
        """The declared range of all values, in units of 2^-scale_bits."""

    def capacity_of(self, a: Any) -> int:
        """Largest integer that fits the ciphertexts of a batch."""

    def encrypt(self, values: Any, limit: int | None = None) -> Any:
        """Encrypt a flat array."""

    def subtract(self, a: Any, b: Any) -> Any:
        """Subtract item by item."""

    def add_plain(self, a: Any, values: NDArray[np.float64]) -> Any:
        """Add plain numbers item by item; one number alone counts for all."""

    def multiply_plain(self, a: Any, values: NDArray[np.float64]) -> Any:
        """Multiply by plain numbers item by item; one number alone counts for all."""

    def matmul_plain(self, a: Any, vectors: NDArray[np.int64], weights: NDArray[np.float64]) -> Any:
        """Return out[v * n_rows + r] = sum_j weights[r, j] * a[vectors[v, j]]."""

    def divided(self, a: Any, count: int) -> Any:
        """Divide by a public count."""

    def leaving(self, a: Any) -> Any:
        """Return what may go to someone else: the elements and nothing beside them."""


@runtime_checkable
class MultipliesCiphertexts(Protocol):
    """An evaluator that multiplies ciphertexts; the presence of the method is the capability."""

    def multiply(self, a: Any, b: Any, bounds: tuple[float, float]) -> Any: ...


@runtime_checkable
class Rotates(Protocol):
    """An evaluator that rotates slots."""

    def rotate(self, a: Any, steps: int, length: int) -> Any: ...

    def add_rotations(self, a: Any, steps: list[int], length: int) -> Any: ...


class PublicContext(Protocol):
    """Encrypts and evaluates; safe to give away."""

    @property
    def scheme(self) -> str: ...

    @property
    def key_id(self) -> str: ...

    @property
    def backend(self) -> str: ...

    @property
    def parameters(self) -> Any: ...

    @property
    def evaluator(self) -> Any: ...

    def encrypt(self, a: Any, scale_bits: int | None = None, bound: float | None = None) -> Any: ...

    def with_backend(self, name: str) -> PublicContext: ...

    def to_bytes(self) -> bytes: ...

    def seal(self, kind: int, header: bytes, payload: bytes) -> bytes: ...

    def open(self, data: Any, kind: int) -> tuple[bytes, Any]: ...


@runtime_checkable
class SecretContext(Protocol):
    """Has a public context, and decrypts."""

    @property
    def public(self) -> PublicContext: ...

    def encrypt(self, a: Any, scale_bits: int | None = None, bound: float | None = None) -> Any: ...

    def decrypt(self, x: Any) -> NDArray[Any]: ...

    def decrypt_integers(self, x: Any) -> NDArray[Any]: ...

    def decrypt_shared(self, x: Any, queries: int = 100) -> NDArray[Any]: ...
