"""Parties that hold the same features of different samples: they send updates, a server adds them."""
