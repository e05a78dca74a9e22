"""What the core must know about NumPy arrays."""

from functools import partial

import numpy as np

from .. import _keops
from .._conjugate_gradients import solve  # noqa: F401  (the core calls it)

name = "numpy"
dtypes = {np.dtype(kind): kind for kind in ("float16", "float32", "float64")}
# The types of the parts of complex numbers.
complex_dtypes = {np.dtype("complex64"): "float32", np.dtype("complex128"): "float64"}
make_program = _keops.Reduction

to_numpy = np.asarray
from_numpy = np.asarray


def is_array(x):
    return isinstance(x, np.ndarray)


def check_memory(what, x):
    """All arrays store their numbers one by one."""


def refuse_dtype(dtype):
    """The name of a type that NumPy knows from an extension; raises for one that cannot be computed with."""
    if dtype.name == "bfloat16":
        return "bfloat16"
    raise TypeError(
        "LazyTensor: x: expected an array of dtype float16, bfloat16, float32, float64, complex64 or complex128, "
        f"got {dtype}"
    )


def fuse(parts):
    """The text of several reductions for ``make_program``."""
    return f"Fused({','.join(parts)})" if len(parts) > 1 else parts[0]


# ---- What entries are gathered with ----------------------------------------------------------------------------------


def concatenate(parts, count, axis):
    """The array of ``count`` rows (axis 0) or columns (axis 1) that ``parts`` yields some at a time."""
    made, start = None, 0
    for part in parts:
        if made is None:
            made = np.empty((*part.shape[:axis], count, *part.shape[axis + 1 :]), part.dtype)
        stop = start + part.shape[axis]
        made[(slice(None),) * axis + (slice(start, stop),)] = part
        start = stop
    return made


def make_mask(width, dim, dtype, data):
    """Unit vectors of ``width``, each component ``dim`` times: (width, width * dim)."""
    return np.repeat(np.eye(width), dim, axis=1).astype(dtype)


# ---- What results are merged with ------------------------------------------------------------------------------------

math = np
be_quiet = partial(np.errstate, all="ignore")


def widen(x):
    """Floats in float64, as complex numbers where they are; integers as they are."""
    return x if x.dtype.kind == "i" else x.astype(np.promote_types(x.dtype, np.float64))


def narrow(x, like):
    return x.astype(like.dtype)


def total(x, axes):
    return x.sum(axes, keepdims=True)


def product(x, axes):
    return x.prod(axes, keepdims=True)


def largest(x, axes, empty):
    """The largest values, ``empty`` where there are none."""
    return x.max(axes, keepdims=True, initial=empty)


# ---- What solvers compute with ---------------------------------------------------------------------------------------


broadcast_to = np.broadcast_to


def zeros_like(x):
    """A new array, whatever the strides of ``x``."""
    return np.zeros(x.shape, x.dtype)


def dot(x, y):
    """The float64 inner products of the columns of (..., M, E): (..., 1, E)."""
    return np.einsum("...ij,...ij->...j", x, y, dtype=np.float64)[..., None, :]


def divide(x, y, like):
    """x / y, 0 where y is 0, in the type of the array ``like``."""
    return np.divide(x, y, out=np.zeros(x.shape), where=y != 0).astype(like.dtype)
