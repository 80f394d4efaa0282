"""What is compared with what: each suite, its libraries, and the headings of its tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from .ckks_inputs import BATCHES

__all__ = ["SUITES", "Library", "Suite"]


@dataclass(frozen=True)
class Library:
    """Where the cases of a library are, what it imports, and what to install for it."""

    module: str
    distribution: str
    imports: str
    function: str = "cases"


@dataclass(frozen=True)
class Suite:
    """One kind of work. `unit` is that of its times; `threaded` is measured on two threads as well,
    `batches` for nothing else.
    """

    title: str
    unit: str
    libraries: dict[str, Library]
    threaded: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


SUITES = {
    "paillier": Suite(
        "Paillier, {size}, one thread, median us per item",
        "us",
        {
            "heflow": Library("ours", "heflow-core", "heflow"),
            "gmpy2": Library("peer_gmpy2", "gmpy2", "gmpy2"),
            "phe": Library("peer_phe", "phe", "phe"),
            "sf-heu": Library("peer_heu", "sf-heu", "heu"),
            "pypaillier": Library("peer_pypaillier", "pypaillier", "paillier"),
        },
        threaded=("encrypt, public key", "decrypt", "64 x 512 int32 matrix, per MAC"),
    ),
    "ckks": Suite(
        "CKKS, {size}, one thread, median us per ciphertext of full slots",
        "us",
        {
            "heflow": Library("ckks_ours", "heflow-core", "heflow.ckks"),
            "tenseal": Library("peer_tenseal", "tenseal", "tenseal"),
            "seal": Library("peer_seal", "seal-python", "seal"),
        },
        batches=tuple(BATCHES.values()),
        notes=(
            "errors: largest absolute error over all slots; the same N(0, 1) data and scale 2^40 for every "
            "library",
            "encryption includes encoding, decryption decoding; products include encoding (x plain vector), "
            "relinearisation and rescaling",
            "primes, in bits (special primes after the +): heflow 47, 40 ... 40 + 47, at N=16384 + 47, 47, 47 "
            "(three data primes to a digit); peers 60, 40 ... 40 + 60, the same number of data primes",
            "the wheels of TenSEAL and SEAL have no AVX-512 transforms: SEAL built with Intel HEXL, measured "
            "apart, is about three times faster at products and rotations",
            "TenSEAL takes the scale of a product for 2^40 again, whatever prime was divided out: a relative "
            "error, 2^-23 at N=8192 and 2^-19 at N=16384",
            "`sum of all slots`: the peers leave the total in every slot",
            "`forward NTT`: per limb; ours one limb again and again, in cache; SEAL's all limbs of a "
            "ciphertext, which it copies first",
        ),
    ),
    "federated": Suite(
        "Federated averaging, {size}, one thread, median ms for all clients",
        "ms",
        {
            "heflow": Library("federated_ours", "heflow-core", "heflow.federated"),
            "tenseal": Library("peer_tenseal", "tenseal", "tenseal", "federated_cases"),
        },
        notes=(
            "encryption ends, and receiving starts, at bytes; receiving includes parsing, checks, sums and the "
            "bytes of the result",
            "errors: largest absolute error of the mean; ours is quantisation alone: at most half a step",
            "TenSEAL at N=8192 [60, 40, 40, 60], scale 2^40, the usual setting, and at N=4096 [54, 54], scale "
            "2^30, the smallest that keeps 16 bits; its modulus of 108 bits is within SEAL's own limit for "
            "N=4096 and above that of the 2024 guidelines (ePrint 2024/463)",
            "the bound is (bits + log2 clients) / 8: room for the sum in every message; a plaintext needs none",
        ),
    ),
    "small": Suite(
        "Small tensors, {size}, one thread, median us per call",
        "us",
        {
            "heflow": Library("small_ours", "heflow-core", "heflow"),
            "gmpy2": Library("peer_gmpy2", "gmpy2", "gmpy2", "small_cases"),
            "phe": Library("peer_phe", "phe", "phe", "small_cases"),
            "sf-heu": Library("peer_heu", "sf-heu", "heu", "small_cases"),
            "tenseal": Library("peer_tenseal", "tenseal", "tenseal", "small_cases"),
        },
        notes=(
            "a call takes the whole tensor, with checks, encoding and headroom; gmpy2 is arithmetic alone",
            "`encrypt, owner`: phe and sf-heu have no other way than with the public key",
            "`x negative`, `subtract`: an inverse modulo n^2; one for a batch of ours",
        ),
    ),
}
