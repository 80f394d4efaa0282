"""A bank scores encrypted applications with its own model, and never sees them."""

import heflow as hf
import numpy as np

secret = hf.paillier.keygen(2048)  # the applicants' side
applications = np.array([[42.0, 1.0, 3.5], [25.0, 0.0, 1.2]])
encrypted = secret.encrypt(applications, bound=1000)

weights = hf.plain([0.02, -0.5, 0.3], scale_bits=32, bound=10)  # the bank's side
scores = encrypted @ weights + 0.25
reply = scores.to_bytes()  # re-randomised: the weights cannot be found by trial

print("scores:", secret.decrypt(hf.from_bytes(reply, secret.public)))
