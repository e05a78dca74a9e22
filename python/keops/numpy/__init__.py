"""keops on NumPy arrays."""

import numpy as _numpy  # noqa: F401  (loaded here, so that the first call does not have to)

from .._genred import Genred

__all__ = ["Genred"]
