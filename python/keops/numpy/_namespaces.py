"""What ``_arrays`` does with NumPy's functions, for arrays of other libraries on a GPU: with CuPy's, or with those of the
array API standard, where the arrays are."""

from ._neighbours import find_namespace, make, name_library

_NAMES = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "int64")


def name_dtype(dtype):
    """``"float32"`` and the like of a library's dtype, None for one that nothing is computed with."""
    name = getattr(dtype, "name", None) or str(dtype).rpartition(".")[2]
    return name if name in _NAMES else None


def to_numpy(x):
    return x.get() if name_library(x) == "cupy" else x


def cast(x, name):
    """``x`` in another type."""
    if hasattr(x, "astype"):
        return x.astype(name)
    namespace = find_namespace(x)
    return namespace.astype(x, getattr(namespace, name))


def concatenate(parts, axis):
    namespace = find_namespace(parts[0])
    return getattr(namespace, "concat" if hasattr(namespace, "concat") else "concatenate")(parts, axis=axis)


def zeros_like(x):
    return make(x, "zeros", x.shape, name_dtype(x.dtype))


def broadcast_to(x, shape):
    return find_namespace(x).broadcast_to(x, shape)


def widen(x):
    name = name_dtype(x.dtype)
    return x if name == "int64" else cast(x, "complex128" if name.startswith("complex") else "float64")


def total(x, axes):
    return find_namespace(x).sum(x, axis=axes, keepdims=True)


def product(x, axes):
    return find_namespace(x).prod(x, axis=axes, keepdims=True)


def largest(x, axes, empty):
    if 0 in (x.shape[axis] for axis in axes):
        return total(x, axes) + empty
    return find_namespace(x).max(x, axis=axes, keepdims=True)


def dot(x, y):
    return total(cast(x, "float64") * cast(y, "float64"), (-2,))


def divide(x, y, like):
    where = find_namespace(x).where
    return cast(where(y == 0, y, x / where(y == 0, y + 1, y)), name_dtype(like.dtype))
