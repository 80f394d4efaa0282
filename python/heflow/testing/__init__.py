"""For tests of what stands on tensors: a scheme that does not encrypt, and checks for every scheme."""

from .clear import ClearContext, ClearSecret
from .scheme_checks import check_scheme

__all__ = ["ClearContext", "ClearSecret", "check_scheme"]
