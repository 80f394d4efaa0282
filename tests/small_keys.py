"""Keys for tests: too short to protect anything, and quick to make."""

import warnings

import heflow as hf


def small_key(backend, randomizer="djn", bits=512):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hf.InsecureKeyWarning)
        return hf.paillier.keygen(bits, backend=backend, randomizer=randomizer, insecure=True)
