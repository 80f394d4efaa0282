"""Exact encrypted averaging: the server holds the public context and sees nothing."""

import numpy as np
from heflow import federated

rng = np.random.default_rng(3)
plan = federated.Plan(clients=3, clip=1.0, bits=16, max_total_weight=30, key="public")
print(plan)
secret = federated.keygen(plan)  # a decryptor's; clients and server get secret.public

updates = [{"w": rng.normal(0, 0.2, (20, 5)), "b": rng.normal(0, 0.2, 5)} for _ in range(3)]
server = federated.Aggregator(plan, secret.public, round=1)
for i, (update, rows) in enumerate(zip(updates, (5, 10, 15), strict=True)):
    client = federated.Client(plan, secret.public, name=f"hospital-{i}")
    server.receive(client.encrypt_update(update, weight=rows, round=1))

mean = federated.Client(plan, secret, name="decryptor").decrypt_mean(server.result())
exact = sum(n * u["w"] for n, u in zip((5, 10, 15), updates, strict=True)) / 30
print("largest difference:", np.abs(mean["w"] - exact).max(), "of a step of", plan.step)
