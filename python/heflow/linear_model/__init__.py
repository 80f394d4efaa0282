"""Linear models with the conventions of scikit-learn: plain, and on encrypted tensors."""

from ._base import EncryptedColumns, encrypt_columns
from .encrypted_training import owner_refresh
from .linear import LinearRegression, statistics
from .logistic import LogisticRegression
from .sigmoid import PolynomialSigmoid, least_squares

__all__ = [
    "EncryptedColumns",
    "LinearRegression",
    "LogisticRegression",
    "PolynomialSigmoid",
    "encrypt_columns",
    "least_squares",
    "owner_refresh",
    "statistics",
]
