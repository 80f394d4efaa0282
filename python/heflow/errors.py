"""The errors of heflow: each derives from `HeflowError` and from the closest built-in.

A message says what was given, what was needed and what to do.
"""

from __future__ import annotations


class HeflowError(Exception):
    """Root of every error that heflow raises on purpose."""


class ParameterError(HeflowError, ValueError):
    """A key size, modulus, thread count or other parameter is unusable or insecure."""


class ShapeError(HeflowError, ValueError):
    """Shapes, axes or indices do not fit."""


class KeyMismatchError(HeflowError, ValueError):
    """Two things under different keys met."""


class EncodingError(HeflowError, ValueError):
    """A message cannot be encoded."""


class EncodingRangeError(EncodingError, OverflowError):
    """A message lies outside the declared range."""


class EncodingTypeError(EncodingError, TypeError):
    """A message is not a real number."""


class HeadroomError(HeflowError, OverflowError):
    """A result could, or did, exceed what a ciphertext holds or a bound declares."""


class DepthError(HeadroomError):
    """No multiplication level is left."""


class UnsupportedOperationError(HeflowError, TypeError):
    """The operation does not exist on ciphertexts of this scheme, or on secrets."""


class FormatError(HeflowError, ValueError):
    """Bytes are damaged, truncated, foreign or hostile."""


class KeyFileError(HeflowError, ValueError):
    """A secret file cannot be opened."""


class BackendError(HeflowError, RuntimeError):
    """A backend is unknown, unavailable, or two of them met."""


class EntropyError(HeflowError, OSError):
    """The operating system gave no randomness."""


class PrecisionWarning(UserWarning):
    """Some non-zero messages are too small for the scale and became zero."""


class InsecureKeyWarning(UserWarning):
    """A key below the secure sizes is in use."""
