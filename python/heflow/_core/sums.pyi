from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ckks import Context, PublicKey, SecretKey

class Sums:
    def __init__(
        self,
        context: Context,
        fields: int,
        field_bits: int,
        delta_bits: int,
        drop: int,
        clip: float,
        largest: float,
    ) -> None: ...
    def message_bytes(self, values: int, shared: bool) -> int: ...

class Totals:
    def __init__(self, sums: Sums, values: int, shared: bool) -> None: ...

def encrypt_shared(sums: Sums, key: SecretKey, values: NDArray[Any]) -> tuple[bytes, int, int]: ...
def encrypt_public(sums: Sums, key: PublicKey, values: NDArray[Any]) -> tuple[bytes, int, int]: ...
def accumulate(totals: Totals, sums: Sums, data: Any, seed: bytes, weight: int) -> None: ...
def totals_to_bytes(totals: Totals, sums: Sums) -> bytes: ...
def totals_from_bytes(sums: Sums, data: Any, values: int, shared: bool) -> Totals: ...
def decrypt(
    sums: Sums, key: SecretKey, totals: Totals, total_weight: int, scale: float, offset: float
) -> NDArray[np.float64]: ...
