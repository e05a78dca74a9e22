"""What the core must know about NumPy's arrays, and those of other libraries that are on a GPU (``_namespaces``)."""

from functools import partial, wraps

import numpy as np

from .. import _keops
from .._conjugate_gradients import solve  # noqa: F401  (the core calls it)
from . import _namespaces, _neighbours
from ._streams import read_stream  # noqa: F401  (the core calls it)

name = "numpy"
dtypes = {np.dtype(kind): kind for kind in ("float16", "float32", "float64")}
# The types of the parts of complex numbers.
complex_dtypes = {np.dtype("complex64"): "float32", np.dtype("complex128"): "float64"}
make_program = _keops.Reduction
from_numpy = np.asarray
on_stream = _neighbours.use_stream
_OWN_TYPES = (np.ndarray, np.generic)
# What need not be asked where it is.
_PLAIN_TYPES = frozenset((float, int, bool, complex, str, tuple, list, type(None)))


def _for_others(function):
    """A function for NumPy's arrays, with that of the same name in ``_namespaces`` for others."""
    other = getattr(_namespaces, function.__name__)

    @wraps(function)
    def choose(x, *args):
        return (function if isinstance(x, _OWN_TYPES) else other)(x, *args)

    return choose


def is_array(x):
    return isinstance(x, np.ndarray) or (type(x) not in _PLAIN_TYPES and _neighbours.is_neighbour(x))


def name_memory(x):
    """Whose memory an array is in, in words."""
    return name if isinstance(x, np.ndarray) else _neighbours.name_memory(x)


def to_numpy(x):
    return np.asarray(x if isinstance(x, _OWN_TYPES) else _namespaces.to_numpy(x))


def check_memory(what, x):
    """All arrays store their numbers one by one."""


def refuse_dtype(dtype):
    """The name of a type that NumPy knows from an extension, or not at all; raises for one that is not computed with."""
    found = dtype.name if isinstance(dtype, np.dtype) else _namespaces.name_dtype(dtype)
    if found == "bfloat16" or (not isinstance(dtype, np.dtype) and found in dtypes.values()):
        return found
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
    made, start, parts = None, 0, iter(parts)
    for part in parts:
        if not isinstance(part, np.ndarray):
            return _namespaces.concatenate([part, *parts], axis)
        if made is None:
            made = np.empty((*part.shape[:axis], count, *part.shape[axis + 1 :]), part.dtype)
        stop = start + part.shape[axis]
        made[(slice(None),) * axis + (slice(start, stop),)] = part
        start = stop
    return made


def make_mask(width, dim, dtype, data):
    """Unit vectors of ``width``, each component ``dim`` times: (width, width * dim), where the arrays ``data`` are."""
    mask, like = np.repeat(np.eye(width), dim, axis=1), next(filter(is_array, data), None)
    if like is None or isinstance(like, np.ndarray):
        return mask.astype(dtype)
    return _neighbours.make(like, "asarray", mask.tolist(), dtype)


# ---- What results are merged with ------------------------------------------------------------------------------------

be_quiet = partial(np.errstate, all="ignore")


def find_math(x):
    """The functions of the array's library."""
    return np if isinstance(x, _OWN_TYPES) else _neighbours.find_namespace(x)


@_for_others
def widen(x):
    """Floats in float64, as complex numbers where they are; integers as they are."""
    return x if x.dtype.kind == "i" else x.astype(np.promote_types(x.dtype, np.float64))


def narrow(x, like):
    return x.astype(like.dtype)


@_for_others
def total(x, axes):
    return x.sum(axes, keepdims=True)


@_for_others
def product(x, axes):
    return x.prod(axes, keepdims=True)


@_for_others
def largest(x, axes, empty):
    """The largest values, ``empty`` where there are none."""
    return x.max(axes, keepdims=True, initial=empty)


# ---- What solvers compute with ---------------------------------------------------------------------------------------


@_for_others
def broadcast_to(x, shape):
    return np.broadcast_to(x, shape)


@_for_others
def zeros_like(x):
    """A new array, whatever the strides of ``x``."""
    return np.zeros(x.shape, x.dtype)


@_for_others
def dot(x, y):
    """The float64 inner products of the columns of (..., M, E): (..., 1, E)."""
    return np.einsum("...ij,...ij->...j", x, y, dtype=np.float64)[..., None, :]


@_for_others
def divide(x, y, like):
    """x / y, 0 where y is 0, in the type of the array ``like``."""
    return np.divide(x, y, out=np.zeros(x.shape), where=y != 0).astype(like.dtype)
