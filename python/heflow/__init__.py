"""heflow: homomorphic encryption for federated learning.

>>> import heflow as hf
>>> secret = hf.paillier.keygen()
>>> x = secret.public.encrypt([1.5, -2.0])
>>> secret.decrypt(2 * x + 1)
array([ 4., -3.])
"""

from __future__ import annotations

from . import ckks, federated, paillier
from .backend import BackendInfo, backends, default_backend
from .encoding import Plain, plain
from .errors import (
    BackendError,
    DepthError,
    EncodingError,
    EncodingRangeError,
    EncodingTypeError,
    EntropyError,
    FormatError,
    HeadroomError,
    HeflowError,
    InsecureKeyWarning,
    KeyFileError,
    KeyMismatchError,
    ParameterError,
    PrecisionWarning,
    ShapeError,
    UnsupportedOperationError,
)
from .powmod import powmod
from .runtime import __version__, runtime, show_runtime, warn_about_name_clash
from .storage import from_bytes, inspect, load, save
from .tensor import EncryptedTensor, bucket_sum, concatenate, stack
from .threads import num_threads, set_num_threads, threads

warn_about_name_clash()
del warn_about_name_clash

__all__ = [
    "BackendError",
    "BackendInfo",
    "DepthError",
    "EncodingError",
    "EncodingRangeError",
    "EncodingTypeError",
    "EncryptedTensor",
    "EntropyError",
    "FormatError",
    "HeadroomError",
    "HeflowError",
    "InsecureKeyWarning",
    "KeyFileError",
    "KeyMismatchError",
    "ParameterError",
    "Plain",
    "PrecisionWarning",
    "ShapeError",
    "UnsupportedOperationError",
    "__version__",
    "backends",
    "bucket_sum",
    "ckks",
    "concatenate",
    "default_backend",
    "federated",
    "from_bytes",
    "inspect",
    "load",
    "num_threads",
    "paillier",
    "plain",
    "powmod",
    "runtime",
    "save",
    "set_num_threads",
    "show_runtime",
    "stack",
    "threads",
]
