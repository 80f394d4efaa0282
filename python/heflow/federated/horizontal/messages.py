"""What clients and the server send: headers as JSON of bounded size, checked key by key."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EncodingTypeError, FormatError, ParameterError, ShapeError

__all__ = [
    "KIND_CHECKPOINT",
    "KIND_RESULT",
    "KIND_UPDATE",
    "Structure",
    "flatten",
    "opened",
    "read_header",
    "write_header",
]

KIND_UPDATE, KIND_RESULT, KIND_CHECKPOINT = 4, 5, 6
MAX_HEADER = 1 << 20
MAX_NAME = 200
MAX_NDIM = 32  # what every NumPy has
_DTYPES = ("float16", "float32", "float64")
_HALF = (np.finfo(np.float16).min, np.finfo(np.float16).max)


@dataclass(frozen=True)
class Structure:
    """Arrays that make up an update: a single one, a list, or a dict of them."""

    form: str
    keys: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return sum(math.prod(shape) for shape in self.shapes)

    @property
    def dtype(self) -> type[np.float32] | type[np.float64]:
        """What results are rounded to at first: float32 if nothing else is in it."""
        return np.float32 if set(self.dtypes) == {"float32"} else np.float64

    def same_shape(self, other: Structure) -> bool:
        """Whether values of both correspond; precisions may differ."""
        return (self.form, self.keys, self.shapes) == (other.form, other.keys, other.shapes)

    def describe(self) -> str:
        """Return names and shapes, in words."""
        if self.form == "dict":
            named = zip(self.keys, self.shapes, strict=True)
            return f"a dict of arrays of shapes {', '.join(f'{k}: {s}' for k, s in named)}"
        return (
            f"{'an array' if self.form == 'array' else 'a list of arrays'} of shapes {self.shapes}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "form": self.form,
            "keys": list(self.keys),
            "shapes": [list(s) for s in self.shapes],
            "dtypes": list(self.dtypes),
        }

    @classmethod
    def from_json(cls, value: Any) -> Structure:
        """Check and read plain values."""
        try:
            form, keys = value["form"], tuple(value["keys"])
            shapes = tuple(tuple(s) for s in value["shapes"])
            dtypes = tuple(value["dtypes"])
        except (TypeError, KeyError):
            raise FormatError("the message does not describe its arrays") from None
        lengths_fit = len(shapes) == len(dtypes) and len(keys) == (
            len(shapes) if form == "dict" else 0
        )
        numbers = all(type(n) is int and 0 <= n < 1 << 40 for s in shapes for n in s)
        texts = all(isinstance(k, str) for k in keys) and all(d in _DTYPES for d in dtypes)
        if form not in ("array", "list", "dict") or not (lengths_fit and numbers and texts):
            raise FormatError("the message describes arrays that heflow does not write")
        if (form == "array" and len(shapes) != 1) or len(set(keys)) != len(keys):
            raise FormatError("the message describes arrays that heflow does not write")
        if any(len(s) > MAX_NDIM for s in shapes):
            raise FormatError(f"the message describes arrays of more than {MAX_NDIM} axes")
        # NumPy multiplies the lengths of empty arrays too, without those that are 0.
        if sum(math.prod(n or 1 for n in s) for s in shapes) >= 1 << 40:
            raise FormatError("the message describes more values than any memory holds")
        return cls(form, keys, shapes, dtypes)

    def rebuild(self, values: NDArray[Any]) -> Any:
        """Cut a flat array back into the arrays; where the precision fits they are views of it."""
        parts, at = [], 0
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            count = math.prod(shape)
            part = values[at : at + count].reshape(shape)
            if dtype == "float16":  # half a step more than what was sent may be infinite there
                part = np.clip(part, *_HALF)
            parts.append(part.astype(dtype, copy=False))
            at += count
        if self.form == "array":
            return parts[0]
        return dict(zip(self.keys, parts, strict=True)) if self.form == "dict" else parts


def _leaf(array: Any, where: str) -> NDArray[Any]:
    if isinstance(array, np.ma.MaskedArray):
        raise EncodingTypeError(
            f"{where} is masked: masked entries have no value; call .filled(value)"
        )
    try:
        values = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise EncodingTypeError(
            f"{where} does not turn into an array of NumPy ({error}); of PyTorch: "
            "t.detach().cpu().float().numpy()"
        ) from None
    if values.dtype.kind in "iub":
        raise EncodingTypeError(
            f"{where} has dtype {values.dtype}; updates are floats: leave counters and masks out, and "
            "convert with .astype(np.float32) what is to be averaged"
        )
    if values.dtype.name not in _DTYPES:
        raise EncodingTypeError(
            f"{where} has dtype {values.dtype}; float16, float32 and float64 are sent"
        )
    return values


def flatten(update: Any) -> tuple[NDArray[Any], Structure]:
    """Return all values of an update in one axis, float32 or float64, and what they are made of."""
    if isinstance(update, dict):
        if not all(isinstance(k, str) for k in update):
            raise EncodingTypeError("the keys of an update must be strings")
        form, keys, arrays = "dict", tuple(update), list(update.values())
    elif isinstance(update, (list, tuple)):
        form, keys, arrays = "list", (), list(update)
        if arrays and all(isinstance(a, (int, float)) and not isinstance(a, bool) for a in arrays):
            form, arrays = "array", [np.asarray(update, dtype=np.float64)]
    else:
        form, keys, arrays = "array", (), [update]
    leaves = [_leaf(a, f"array {keys[i] if keys else i}") for i, a in enumerate(arrays)]
    if not leaves:
        raise ShapeError("the update holds no arrays")
    deep = [a.ndim for a in leaves if a.ndim > MAX_NDIM]
    if deep:
        raise ShapeError(f"an array of the update has {deep[0]} axes; at most {MAX_NDIM} are sent")
    structure = Structure(
        form, keys, tuple(a.shape for a in leaves), tuple(a.dtype.name for a in leaves)
    )
    wide = np.float64 if "float64" in structure.dtypes else np.float32
    flat = [np.ascontiguousarray(a, dtype=wide).reshape(-1) for a in leaves]
    return (flat[0] if len(flat) == 1 else np.concatenate(flat)), structure


def opened(public: Any, data: Any, kind: int) -> tuple[bytes, Any]:
    """Unwrap a message that belongs to the key: header and payload."""
    try:
        view = memoryview(data)
    except TypeError:
        raise FormatError(f"a message is bytes, not {type(data).__name__}") from None
    result: tuple[bytes, Any] = public.open(view, kind)
    return result


def write_header(facts: dict[str, Any]) -> bytes:
    """Return a header as bytes."""
    data = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    if len(data) > MAX_HEADER:
        raise ParameterError(
            f"the description of the update takes {len(data)} bytes; at most {MAX_HEADER} are sent: use "
            "fewer or larger arrays"
        )
    return data


def read_header(data: bytes, types: dict[str, type]) -> dict[str, Any]:
    """Read a header that has exactly these keys and types."""
    if len(data) > MAX_HEADER:
        raise FormatError(f"the header has {len(data)} bytes; at most {MAX_HEADER} are read")
    try:
        facts = json.loads(bytes(data).decode())
    except (ValueError, RecursionError):
        raise FormatError("the header is not readable") from None
    if not isinstance(facts, dict) or set(facts) != set(types):
        raise FormatError(f"the header must hold {', '.join(sorted(types))}")
    for key, kind in types.items():
        if type(facts[key]) is not kind:
            raise FormatError(f"the header's {key} is not of type {kind.__name__}")
    return facts
