def powmod(
    bases: bytes,
    exponents: bytes,
    modulus: bytes,
    count: int,
    exponent_bytes: int,
    shared_exponent: bool,
    backend: str,
) -> bytes: ...
