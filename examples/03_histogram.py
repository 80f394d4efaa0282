"""Encrypted gradients summed by bin: the step that gradient-boosted trees repeat."""

import heflow as hf
import numpy as np

rng = np.random.default_rng(1)
secret = hf.paillier.keygen(2048)  # the party with the labels
gradients = rng.normal(size=1000)
encrypted = secret.encrypt(gradients, bound=16)

bins = rng.integers(
    0, 8, (1000, 3)
)  # the party with the features: bin of each row, for three features
histogram = hf.bucket_sum(encrypted, bins, 8)

exact = [[gradients[bins[:, f] == b].sum() for b in range(8)] for f in range(3)]
print("largest difference:", np.abs(secret.decrypt(histogram) - exact).max())
