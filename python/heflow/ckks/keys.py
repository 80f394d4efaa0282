"""Evaluation keys: what a public context can do beyond sums and plain products."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .._core import ckks as _ckks
from ..errors import FormatError, ParameterError, UnsupportedOperationError
from ..whole import is_whole

__all__ = ["EvaluationKeys", "rotation_steps"]

_COUNT = struct.Struct("<I")
_ENTRY = struct.Struct("<II")  # steps (0: relinearisation), bytes after the seed


def rotation_steps(rotations: Any, slots: int) -> list[int]:
    """Return the steps that a request stands for: "sum" and "matmul" are the powers of two.

    Raises
    ------
    ParameterError
    """
    powers = [1 << i for i in range(slots.bit_length() - 1)]
    if rotations is None:
        return []
    if isinstance(rotations, str):
        if rotations in ("sum", "matmul"):
            return powers
        raise ParameterError(f"rotations={rotations!r}: 'sum', 'matmul' or step counts are needed")
    if not isinstance(rotations, Iterable):
        rotations = [rotations]
    steps = []
    for k in rotations:
        if not is_whole(k):
            raise ParameterError(f"rotations: {k!r} is not a number of steps")
        steps.append(int(k) % slots)
    return sorted(set(steps) - {0})


@dataclass(frozen=True)
class EvaluationKeys:
    """The relinearisation key and rotation keys by steps."""

    relinearization: _ckks.SwitchKey | None = None
    rotations: dict[int, _ckks.SwitchKey] = field(default_factory=dict)

    def require_relinearization(self) -> _ckks.SwitchKey:
        """Return the key that products of ciphertexts need."""
        if self.relinearization is None:
            raise UnsupportedOperationError(
                "this public context has no relinearisation key: parameters of depth 0 have none, and "
                "pickled contexts leave it behind; take secret.public of a key with depth 1 or more"
            )
        return self.relinearization

    def path(self, steps: int, slots: int) -> list[int]:
        """Return rotations that make up `steps`: one key, or powers of two."""
        steps %= slots
        if steps == 0:
            return []
        if steps in self.rotations:
            return [steps]
        powers = [1 << i for i in range(slots.bit_length()) if steps >> i & 1]
        if all(p in self.rotations for p in powers):
            return powers
        raise UnsupportedOperationError(
            f"this public context has no key for a rotation by {steps}: its owner makes one with "
            f"secret.public_for(rotations=[{steps}]), or rotations='sum' for all powers of two"
        )

    def to_bytes(self, context: _ckks.Context) -> bytes:
        """Return the keys, each as a seed and its half."""
        entries = [(0, self.relinearization)] if self.relinearization is not None else []
        entries += sorted(self.rotations.items())
        parts = [_COUNT.pack(len(entries))]
        for steps, key in entries:
            seed, data = _ckks.switch_to_bytes(context, key)
            parts += [_ENTRY.pack(steps, len(data)), seed, data]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: Any, context: _ckks.Context) -> EvaluationKeys:
        """Read keys; lengths, steps and residues are checked."""
        view = memoryview(data)
        if view.nbytes < _COUNT.size:
            raise FormatError("the evaluation keys are truncated")
        count, at = _COUNT.unpack_from(view)[0], _COUNT.size
        relinearization: _ckks.SwitchKey | None = None
        rotations: dict[int, _ckks.SwitchKey] = {}
        for _ in range(count):
            if view.nbytes - at < _ENTRY.size + 32:
                raise FormatError("the evaluation keys are truncated")
            steps, size = _ENTRY.unpack_from(view, at)
            at += _ENTRY.size
            seed, half = bytes(view[at : at + 32]), bytes(view[at + 32 : at + 32 + size])
            at += 32 + size
            if steps >= context.slots or (rotations and steps <= max(rotations)):
                raise FormatError("an evaluation key is repeated or rotates too far")
            key = _ckks.switch_from_bytes(context, seed, half, steps)
            if steps:
                rotations[steps] = key
            elif relinearization is None:
                relinearization = key
            else:
                raise FormatError("an evaluation key is repeated")
        if at != view.nbytes:
            raise FormatError("the evaluation keys do not have the length they claim")
        return cls(relinearization, rotations)
