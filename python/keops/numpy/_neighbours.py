"""What is asked of an array on a GPU by the native module: on which stream it is read, and arrays beside it.

An array comes by DLPack or by ``__cuda_array_interface__``. PyTorch's tensors are not among them; they come by ways of
their own (``keops.torch``). What is computed with such arrays outside of programs stands in ``_namespaces``."""

import sys
from contextlib import contextmanager
from math import prod

import numpy as np

from ._streams import LEGACY, PER_THREAD

_CUDA = 2  # of DLPack
_MOST = 1 << 63


def is_neighbour(x):
    """Whether ``x`` is an array on a GPU, of a library other than PyTorch."""
    kind = type(x)
    if _is_tensor(kind):
        return False
    if not hasattr(kind, "__dlpack_device__"):
        return hasattr(kind, "__cuda_array_interface__")
    try:
        return x.__dlpack_device__()[0] == _CUDA
    except Exception:  # of somebody else's code, about an array that is nowhere
        return False


def _is_tensor(kind):
    return any(base.__module__.partition(".")[0] == "torch" for base in kind.__mro__)


def name_library(array):
    """The package that the array's type comes from, such as ``"cupy"``."""
    return type(array).__module__.partition(".")[0]


def name_memory(array):
    """Whose memory it is in words: ``"cupy on cuda:0"``."""
    device = f" on cuda:{array.__dlpack_device__()[1]}" if hasattr(array, "__dlpack_device__") else ""
    return name_library(array) + device


# ---- Streams ---------------------------------------------------------------------------------------------------------


def choose_stream(array, wanted):
    """The stream for a run, as DLPack numbers it, and whether the array's library goes on with it.

    ``wanted`` is the number that the caller gave, or None: CuPy's is then the current one, and that of an array with
    nothing but ``__cuda_array_interface__`` the one that it names."""
    is_followed = name_library(array) == "cupy"
    if wanted is not None:
        return wanted, is_followed
    if is_followed:
        with array.device:  # each has its own current one
            return sys.modules["cupy"].cuda.get_current_stream().ptr or LEGACY, True
    described = None if hasattr(array, "__dlpack__") else read_interface(array)[-1]
    return described or LEGACY, False


@contextmanager
def use_stream(array, stream):
    """A context in which CuPy computes on a stream; one without effect for other libraries, which have none, and where
    ``stream`` is None."""
    if stream is None or name_library(array) != "cupy":
        yield
        return
    with array.device, _wrap_stream(sys.modules["cupy"].cuda, stream, array.device):
        yield


def _wrap_stream(cuda, stream, device):
    if stream == LEGACY:
        return cuda.Stream.null
    return cuda.Stream.ptds if stream == PER_THREAD else cuda.ExternalStream(stream, int(device))


# ---- Arrays beside it ------------------------------------------------------------------------------------------------


def make_empty(array, stream, shape, dtype, number):
    """An array for results that are computed on ``stream``; ``number`` is that of the device."""
    with use_stream(array, stream):
        return make(array, "empty", shape, dtype, number)


def make_array(array, stream, value, dtype, number):
    """An array of a number or a list."""
    if value is None or isinstance(value, str):
        raise TypeError(f"expected numbers, got {type(value).__name__}")
    with use_stream(array, stream):
        return make(array, "asarray", value, dtype, number)


def make(array, function, value, dtype, number=0):
    """What a function of the array's library makes of a shape or of numbers, on its device."""
    library = name_library(array)
    if library == "cupy":
        with array.device:
            return getattr(sys.modules["cupy"], function)(value, dtype)
    if library == "numba":
        with sys.modules["numba"].cuda.gpus[number]:
            return _make_of_numba(sys.modules["numba"].cuda, function, value, dtype)
    namespace = find_namespace(array)
    return getattr(namespace, function)(value, dtype=getattr(namespace, dtype), device=array.device)


def _make_of_numba(cuda, function, value, dtype):
    if function == "asarray":
        return cuda.to_device(np.ascontiguousarray(value, dtype))
    return cuda.device_array(value, np.dtype(dtype))


def find_namespace(array):
    """The functions of the array's library: CuPy's, or those of the array API standard."""
    if name_library(array) == "cupy":
        return sys.modules["cupy"]
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    hint = "keops.torch takes PyTorch's" if _is_tensor(type(array)) else "'out' may hold results"
    raise TypeError(f"expected arrays of a library with the array API, got {type(array).__name__}; {hint}")


# ---- __cuda_array_interface__ ----------------------------------------------------------------------------------------


def read_interface(array):
    """Address, name of the dtype, shape, strides in bytes, whether it may only be read, and the stream, 0 for none, of
    what ``__cuda_array_interface__`` says. ValueError for what is no such description, or has a mask."""
    described = array.__cuda_array_interface__
    try:
        address, is_read_only = described["data"]
        shape, dtype = tuple(map(int, described["shape"])), np.dtype(described["typestr"])
        strides = described.get("strides")
        strides = _find_strides(shape, dtype.itemsize) if strides is None else tuple(map(int, strides))
        mask, stream = described.get("mask"), described.get("stream")
        address, stream = int(address or 0), None if stream is None else int(stream)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        reason = f"{type(problem).__name__}: {problem}"
        raise ValueError(f"__cuda_array_interface__: expected a description of an array, got {reason}") from None
    if mask is not None:
        raise ValueError("__cuda_array_interface__: expected an array without a mask; pass its numbers alone")
    is_small = all(abs(number) < _MOST for number in (*shape, *strides)) and 0 <= address < 2 * _MOST
    if len(strides) != len(shape) or min(shape, default=0) < 0 or not is_small:
        raise ValueError("__cuda_array_interface__: expected an address and a stride for each length")
    if stream is not None and not 0 < stream < _MOST:
        raise ValueError(f"__cuda_array_interface__: stream: expected None or a positive number, got {stream}")
    name = dtype.name if dtype.isnative else str(dtype)
    return address if prod(shape) else 0, name, shape, strides, bool(is_read_only), stream or 0


def _find_strides(shape, itemsize):
    return tuple(itemsize * prod(shape[axis + 1 :]) for axis in range(len(shape)))
