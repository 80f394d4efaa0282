"""New keys."""

from __future__ import annotations

import warnings

from ..backend import resolve
from ..errors import InsecureKeyWarning, ParameterError
from .parameters import Parameters
from .secret import SecretContext

__all__ = ["keygen"]


def keygen(
    parameters: Parameters | None = None,
    *,
    depth: int | None = None,
    backend: str | None = None,
    insecure: bool = False,
) -> SecretContext:
    """Make a new CKKS key.

    Parameters
    ----------
    parameters : Parameters, optional
    depth : int, optional
        Instead of parameters: ``Parameters.for_depth(depth)``, 128 bits of security.
    backend : str, optional
        See `heflow.backends`.
    insecure : bool
        Allow parameters that were made with ``insecure=True``.

    Returns
    -------
    SecretContext

    Raises
    ------
    ParameterError, BackendError
    """
    if (parameters is None) == (depth is None):
        raise ParameterError(
            "give either parameters or depth=: hf.ckks.keygen(depth=2), or hf.ckks.keygen(parameters)"
        )
    if parameters is None:
        assert depth is not None
        parameters = Parameters.for_depth(depth)
    if not isinstance(parameters, Parameters):
        raise ParameterError(
            f"parameters is a {type(parameters).__name__}; hf.ckks.Parameters is needed"
        )
    if not parameters.security_bits:
        if not (insecure or parameters.insecure):
            raise ParameterError(
                "these parameters are not secure: choose others, or say insecure=True"
            )
        warnings.warn(
            f"a modulus of {parameters.modulus_bits} bits protects nothing at ring degree "
            f"{parameters.ring_degree}",
            InsecureKeyWarning,
            stacklevel=2,
        )
    return SecretContext.fresh(parameters, resolve(backend))
