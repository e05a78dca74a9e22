"""What the core must know about PyTorch tensors."""

from functools import partial

import torch

from .._options import check_call as _check_call
from ._program import TensorProgram as make_program  # noqa: F401  (the core calls it)

name = "torch"
dtypes = {getattr(torch, kind): kind for kind in ("float16", "bfloat16", "float32", "float64")}
check_call = partial(_check_call, arrays="these tensors")


def is_array(x):
    return isinstance(x, torch.Tensor)


def refuse_dtype(dtype):
    """Raises for a type that cannot be computed with."""
    if dtype.is_complex:
        raise NotImplementedError("LazyTensor: complex tensors and numbers are not supported yet")
    raise TypeError(f"LazyTensor: x: expected a tensor of dtype float16, bfloat16, float32 or float64, got {dtype}")
