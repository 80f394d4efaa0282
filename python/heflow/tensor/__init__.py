"""Encrypted tensors: a batch of ciphertexts with a shape, a declared bound and a public context."""

from .encrypted import EncryptedTensor, decode_integers, decode_message, encrypt_message
from .indexing import concatenate, stack
from .reductions import bucket_sum

__all__ = [
    "EncryptedTensor",
    "bucket_sum",
    "concatenate",
    "decode_integers",
    "decode_message",
    "encrypt_message",
    "stack",
]
