"""Linear models with the conventions of scikit-learn: plain, and on encrypted tensors."""
