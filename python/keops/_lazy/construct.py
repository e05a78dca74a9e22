"""What a LazyTensor can be made of: arrays, numbers, lists, indices of symbolic variables. Each becomes a leaf, the key
by which equal variables are recognised, the array or number itself, and a domain. Complex arrays have their dimension
here, in ``complex`` the double."""

import operator
from itertools import count, dropwhile
from numbers import Integral, Real

from . import tracing
from ._operations import RECORDS
from .domain import find_domain
from .nodes import constant, variable

_numbers = count(1)

_NO_AXIS = "When 'x' is encoded as a 2D array, LazyTensor expects an explicit 'axis' value in {0,1}."
_AXIS_OF_3D = "'axis' parameter should not be given when 'x' is a 3D tensor."
# More than any formula has; the compiler has smaller limits of its own.
_MOST = 1 << 31
_SHAPE_OF_3D = "If 'x' is a 3D+ tensor, its shape should be one of (..,M,1,D), (..,1,N,D) or (..,1,1,D)."
_TRIPLET = "LazyTensors(tuple) is only valid if tuple = (ind,dim,cat) is a triplet of integers."


class Seen:
    """The key of an array that is read through a view, or while tracing: keeps the array, whose identity counts."""

    def __init__(self, array, category):
        self.array = array
        self.category = category

    def __eq__(self, other):
        return isinstance(other, Seen) and self.array is other.array and self.category == other.category

    __hash__ = None


def find_key(datum, category):
    """Equal for the same object in the same category. Numbers are variables of their own each time."""
    if type(datum) is float:
        return -next(_numbers)
    # What is compiled for an identity would be compiled for one object alone.
    if tracing.is_tracing():
        return Seen(datum, category)
    # Objects lie at multiples of 16, so that a category fits into the last bits of an identity.
    return id(datum) | category


def read(arrays, x, axis):
    """Leaf, keys, data, domain of any value."""
    if axis is not None and not isinstance(axis, Integral):
        raise TypeError(f"LazyTensor: axis: expected 0, 1, 2 or None, got {type(axis).__name__}")
    if arrays.is_array(x):
        return read_array(arrays, x, axis)
    if isinstance(x, (bool, str, bytes)) or x is None:
        raise _wrong_type(arrays, x)
    if isinstance(x, Real):
        return _read_number(arrays, x, axis)
    if isinstance(x, tuple):
        return _read_symbol(arrays, x, axis)
    if isinstance(x, list):
        return _read_list(arrays, x, axis)
    raise _wrong_type(arrays, x)


def _wrong_type(arrays, x):
    return TypeError(
        f"LazyTensor: x: expected a number, a list of numbers, a {arrays.name} array or a tuple (ind,dim,cat); "
        f"got {type(x).__name__}"
    )


def read_array(arrays, x, axis):
    shape = x.shape
    dtype = arrays.dtypes.get(x.dtype) or arrays.complex_dtypes.get(x.dtype) or arrays.refuse_dtype(x.dtype)
    if len(shape) == 2:
        if axis == 0 or axis == 1:
            return _read_rows(arrays, x, axis, dtype)
        if axis == 2:
            return _read_parameter(arrays, x, dtype)
        raise ValueError(_NO_AXIS if axis is None else f"LazyTensor: axis: expected 0 or 1, got {axis!r}")
    if len(shape) > 2:
        return _read_3d(arrays, x, axis, dtype)
    _check_parameter_axis(axis)
    return _read_parameter(arrays, x, dtype)


def read_rows(arrays, x, axis):
    """An array (..., M, D) of i (axis 0) or j (axis 1), even if it has one row."""
    return _read_rows(arrays, x, axis, arrays.dtypes.get(x.dtype) or arrays.refuse_dtype(x.dtype))


def _read_rows(arrays, x, axis, dtype):
    *batch, rows, dim = x.shape
    if dim == 0:
        raise ValueError(f"LazyTensor: x: expected at least one column, got shape {tuple(x.shape)}")
    sizes = (rows, None) if axis == 0 else (None, rows)
    memory = arrays.name_memory(x)
    domain = find_domain(arrays.name, dtype, *sizes, batchdims=tuple(batch) or None, memory=memory)
    return variable(axis, dim), (find_key(x, axis),), (x,), domain


def _read_parameter(arrays, x, dtype):
    *batch, dim = x.shape or (1,)
    if dim == 0:
        raise ValueError("LazyTensor: x: expected at least one number, got an empty array")
    # Leading ones of a parameter say nothing.
    batch = tuple(dropwhile(lambda length: length == 1, batch))
    domain = find_domain(arrays.name, dtype, batchdims=batch or None, memory=arrays.name_memory(x))
    return variable(2, dim), (find_key(x, 2),), (x,), domain


def _check_parameter_axis(axis):
    if axis not in (None, 2):
        raise ValueError(f"LazyTensor: axis: a number or a vector of parameters has axis 2 or None, got {axis!r}")


def _read_3d(arrays, x, axis, dtype):
    if axis is not None:
        raise ValueError(_AXIS_OF_3D)
    rows, columns = x.shape[-3:-1]
    if rows != 1 and columns != 1:
        raise ValueError(_SHAPE_OF_3D)
    if rows == columns == 1:
        category = 2
        leaf, _, data, domain = _read_parameter(arrays, x[..., 0, 0, :], dtype)
    else:
        category, view = (0, x[..., 0, :]) if columns == 1 else (1, x[..., 0, :, :])
        leaf, _, data, domain = _read_rows(arrays, view, category, dtype)
    return leaf, (Seen(x, category),), data, domain


def _read_number(arrays, x, axis):
    _check_parameter_axis(axis)
    if isinstance(x, Integral):
        return constant(int(x)), (), (), find_domain(arrays.name)
    return variable(2, 1), (-next(_numbers),), (float(x),), find_domain(arrays.name)


def _read_list(arrays, x, axis):
    _check_parameter_axis(axis)
    if not x:
        raise ValueError("LazyTensor: x: expected at least one number, got an empty list")
    for number in x:
        if isinstance(number, bool) or not isinstance(number, Real):
            raise TypeError(f"LazyTensor: x: expected a list of numbers, got a list with {type(number).__name__}")
    return variable(2, len(x)), (find_key(x, 2),), (x,), find_domain(arrays.name)


def _read_symbol(arrays, x, axis):
    is_triplet = len(x) == 3 and all(isinstance(k, Integral) and not isinstance(k, bool) for k in x)
    if not is_triplet or axis is not None:
        raise ValueError(_TRIPLET)
    number, dim, category = map(int, x)
    if not 0 <= number < _MOST or not 1 <= dim < _MOST or category not in (0, 1, 2):
        raise ValueError(f"LazyTensor: (ind,dim,cat): expected ind >= 0, dim >= 1 and cat 0, 1 or 2; got {x}")
    return variable(category, dim, number), ((number, dim, category),), (None,), find_domain(arrays.name)


def read_integers(form, values):
    """Integers and tuples of integers, as the operation's record has them."""
    if not values:
        return ()
    kinds = RECORDS[form][0].lstrip("v") if form in RECORDS else "n" * len(values)
    return tuple(_read_integer(form, kind, value) for kind, value in zip(kinds, values))


def _read_integer(form, kind, value):
    try:
        if kind == "n":
            return operator.index(value)
        return tuple(map(operator.index, value)) if isinstance(value, (tuple, list)) else (operator.index(value),)
    except TypeError:
        what = "an integer" if kind == "n" else "a tuple of integers"
        raise TypeError(f"Operation {form} expects {what}. Received {value!r}.") from None
