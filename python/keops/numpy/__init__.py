"""keops on NumPy arrays."""

from .._genred import Genred

__all__ = ["Genred"]
