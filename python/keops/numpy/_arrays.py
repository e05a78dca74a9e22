"""What the core must know about NumPy arrays."""

from functools import partial

import numpy as np

from .. import _keops
from .._options import check_call as _check_call

name = "numpy"
dtypes = {np.dtype(kind): kind for kind in ("float16", "float32", "float64")}

make_program = _keops.Reduction
check_call = partial(_check_call, arrays="NumPy arrays")


to_numpy = np.asarray
from_numpy = np.asarray


def is_array(x):
    return isinstance(x, np.ndarray)


def refuse_dtype(dtype):
    """The name of a type that NumPy knows from an extension; raises for one that cannot be computed with."""
    if dtype.name == "bfloat16":
        return "bfloat16"
    if dtype.kind == "c":
        raise NotImplementedError("LazyTensor: complex arrays and numbers are not supported yet")
    raise TypeError(f"LazyTensor: x: expected an array of dtype float16, bfloat16, float32 or float64, got {dtype}")
