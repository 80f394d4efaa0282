"""Three clinics learn their average waiting time; the server that adds learns nothing."""

import heflow as hf
import numpy as np

secret = hf.paillier.keygen(2048)
waiting = [np.array([12.0, 31.5, 8.25]), np.array([9.5, 22.0, 15.0]), np.array([20.0, 18.5, 11.75])]

messages = [secret.public.encrypt(w, bound=1000).to_bytes() for w in waiting]

server = hf.from_bytes(secret.public.to_bytes())  # what the server holds
total = sum((hf.from_bytes(m, server) for m in messages[1:]), hf.from_bytes(messages[0], server))

print("average:", secret.decrypt(total) / len(waiting))
print("server saw:", total)
