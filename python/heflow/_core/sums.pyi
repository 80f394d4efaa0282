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

class Totals:
    def __init__(self, sums: Sums, values: int, shared: bool) -> None: ...
    def add(self, data: Any, seed: bytes, weight: int) -> None: ...
    def seal(self, kind: int, scheme: int, key_id: bytes, header: bytes) -> bytes: ...

def encrypt_shared(
    sums: Sums,
    key: SecretKey,
    values: NDArray[Any],
    kind: int,
    scheme: int,
    key_id: bytes,
    header: bytes,
) -> tuple[bytes, int, int]: ...
def encrypt_public(
    sums: Sums,
    key: PublicKey,
    values: NDArray[Any],
    kind: int,
    scheme: int,
    key_id: bytes,
    header: bytes,
) -> tuple[bytes, int, int]: ...
def totals_from_bytes(sums: Sums, data: Any, values: int, shared: bool) -> Totals: ...
def decrypt_float(
    sums: Sums,
    key: SecretKey,
    data: Any,
    values: int,
    shared: bool,
    total_weight: int,
    scale: float,
    offset: float,
) -> NDArray[np.float32]: ...
def decrypt_double(
    sums: Sums,
    key: SecretKey,
    data: Any,
    values: int,
    shared: bool,
    total_weight: int,
    scale: float,
    offset: float,
) -> NDArray[np.float64]: ...
