"""CKKS: products of encrypted vectors, and a result that may be shown to others."""

import heflow as hf
import numpy as np

rng = np.random.default_rng(2)
secret = hf.ckks.keygen(depth=2)
public = secret.public
incomes, weights = rng.uniform(0, 10, 6000), rng.uniform(0, 1, 6000)  # two ciphertexts each
x, w = public.encrypt(incomes, bound=10), public.encrypt(weights, bound=1)

weighted = (w * x).sum()  # one level; the sum needs no rotation
print("levels left:", (w * x).level, "of", x.level)
print("difference:", abs(secret.decrypt(weighted) - incomes @ weights))
print("shown to others, rounded to honest precision:", secret.decrypt_shared(x.mean()))
