"""What is asked of an array on a GPU by the native module: its library's stream, and arrays beside it.

PyTorch's tensors are not among them; they come by ways of their own (``keops.torch``)."""

import sys


def find_stream(array):
    """The stream that the array's library uses now, as DLPack numbers it; None where it does not say."""
    return sys.modules["cupy"].cuda.get_current_stream().ptr or 1 if _name_library(array) == "cupy" else None


def make_empty(array, shape, dtype):
    """An array for results."""
    return _make(array, "empty", shape, dtype)


def make_array(array, value, dtype):
    """An array of a number or a list."""
    if value is None or isinstance(value, str):
        raise TypeError(f"expected numbers, got {type(value).__name__}")
    return _make(array, "asarray", value, dtype)


def _name_library(array):
    return type(array).__module__.partition(".")[0]


def _make(array, function, value, dtype):
    if _name_library(array) == "cupy":
        with array.device:
            return getattr(sys.modules["cupy"], function)(value, dtype)
    if not hasattr(array, "__array_namespace__"):
        hint = "; keops.torch takes PyTorch's" if _name_library(array) == "torch" else ""
        raise TypeError(f"expected arrays of a library with the array API, got {type(array).__name__}{hint}")
    namespace = array.__array_namespace__()
    return getattr(namespace, function)(value, dtype=getattr(namespace, dtype), device=array.device)
