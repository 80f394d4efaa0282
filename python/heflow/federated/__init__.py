"""Federated learning on encrypted updates: plans, clients, and the server that only adds."""

from .horizontal.aggregator import Aggregator
from .horizontal.client import Client
from .keys import keygen
from .plan import Plan

__all__ = ["Aggregator", "Client", "Plan", "keygen"]
