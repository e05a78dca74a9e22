"""A program of test_gpu.py: arrays of two libraries on emulated GPUs, which export them by DLPack's capsules. One is like
JAX: it says nothing of streams and lets nobody write; the other, by its name, is CuPy."""

import ctypes
import sys
from ctypes import c_char_p, c_void_p, py_object, pythonapi
from types import ModuleType, SimpleNamespace

import numpy as np

from emulated_memory import CUDA, Tensor, alive, driver
from keops.numpy import Genred, Vi

pythonapi.PyCapsule_New.restype = py_object
pythonapi.PyCapsule_New.argtypes = [c_void_p, c_char_p, c_void_p]
pythonapi.PyCapsule_IsValid.argtypes = [c_void_p, c_char_p]
pythonapi.PyCapsule_GetPointer.restype = c_void_p
pythonapi.PyCapsule_GetPointer.argtypes = [c_void_p, c_char_p]
create_stream = driver["_ZN5keops8emulated12createStreamEi"]
create_stream.restype = c_void_p
asked = []  # the streams for which arrays were exported
NAME = b"dltensor_versioned"


@ctypes.PYFUNCTYPE(None, c_void_p)
def drop(capsule):
    # Whoever takes the array out gives the capsule another name.
    if pythonapi.PyCapsule_IsValid(capsule, NAME):
        alive.pop(pythonapi.PyCapsule_GetPointer(capsule, NAME))


class Array(Tensor):
    flags = 0

    def __dlpack_device__(self):
        return CUDA, self.device

    def __dlpack__(self, *, stream=None, **_):
        asked.append(stream)
        managed = self.lend()
        managed.flags = self.flags
        return pythonapi.PyCapsule_New(ctypes.addressof(managed), NAME, drop)

    @classmethod
    def put(cls, values, dtype="float32", device=0):
        values = np.asarray(values, dtype)
        return cls(values.shape, values.dtype, device).write(values)


class Frozen(Array):
    """An array that follows the standard of array libraries."""

    flags = 1
    __module__ = "frozen.arrays"

    def __array_namespace__(self):
        return frozen


class Current(int):
    """A device of CuPy: in its context, arrays are made there."""

    def __enter__(self):
        cupy.current = self

    def __exit__(self, *_):
        cupy.current = Current(0)


class ndarray(Array):
    """An array of CuPy."""

    __module__ = "cupy"

    def __init__(self, shape, dtype, device=None):
        super().__init__(shape, dtype, cupy.current if device is None else Current(device))


frozen = SimpleNamespace(
    empty=lambda shape, dtype, device: Frozen(shape, dtype, device),
    asarray=lambda value, dtype, device: Frozen.put(value, dtype, device),
    **{name: name for name in ("float32", "float64", "int64", "complex64")},
)
cupy = sys.modules["cupy"] = ModuleType("cupy")
cupy.current = Current(0)
cupy.empty = lambda shape, dtype: ndarray(shape, dtype)
cupy.asarray = lambda value, dtype: ndarray.put(value, dtype, None)
STREAM = create_stream(0)
cupy.cuda = SimpleNamespace(get_current_stream=lambda: SimpleNamespace(ptr=STREAM))

rng = np.random.default_rng(0)
X, Y, B = (rng.random((count, dim)).astype(np.float32) for count, dim in ((300, 3), (40, 3), (40, 2)))
GAUSS = Genred("Exp(-SqDist(x,y)*g)*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)", "g=Pm(1)"], axis=1)
EXPECTED = np.exp(-2 * ((X[:, None] - Y[None]) ** 2).sum(-1).astype(float)) @ B


def check_results(kind, stream):
    x, y, b, g = map(kind.put, (X, Y, B, [2.0]))
    for options in ({}, {"backend": "GPU"}, {"device_id": 0}):
        asked.clear()
        result = GAUSS(x, y, b, g, **options)
        assert type(result) is kind and np.allclose(result.read(), EXPECTED, rtol=1e-5)
        assert asked == [stream] * 5, asked
    for g in (2, 2.0, [2.0]):
        assert np.allclose(GAUSS(x, y, b, g).read(), EXPECTED, rtol=1e-5)
    nearest = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], "Min_ArgMin", axis=1)
    values, indices = nearest(x, y)
    squares = ((X[:, None] - Y[None]) ** 2).sum(-1)
    assert np.array_equal(indices.read()[:, 0], squares.argmin(1)) and indices.dtype == np.int64
    assert np.allclose(values.read()[:, 0], squares.min(1), atol=1e-6)


def check_devices():
    cupy.cuda.get_current_stream = lambda: SimpleNamespace(ptr=0)
    for kind in (Frozen, ndarray):
        result = GAUSS(*(kind.put(array, device=1) for array in (X, Y, B)), 2.0)
        assert result.device == 1 and np.allclose(result.read(), EXPECTED, rtol=1e-5)


def refuses(error, arguments, *words, **options):
    try:
        GAUSS(*arguments, **options)
    except error as problem:
        assert all(word in str(problem) for word in words), problem
    else:
        raise AssertionError(words)


class Broken(Frozen):
    def __dlpack__(self, **_):
        raise BufferError("this array is a promise")


class Lost(Frozen):
    def __dlpack_device__(self):
        raise ValueError("this array is nowhere")


def check_mistakes():
    x, y, b, g = map(Frozen.put, (X, Y, B, [2.0]))
    refuses(ValueError, (x, Frozen.put(Y, device=1), b, g), "argument 2", "cuda:0", "cuda:1")
    refuses(ValueError, (x, Y, b, g), "argument 2", "cuda:0", "cpu")
    refuses(ValueError, (X, Y, B, g), "argument 4", "expected memory of cpu", "cuda:0")
    refuses(ValueError, (x, y, b, "2"), "argument 4", "expected numbers, got str")
    refuses(ValueError, (Broken.put(X), y, b, g), "argument 1", "this array is a promise")
    refuses(ValueError, (Lost.put(X), Y, B, 2.0), "argument 1")
    refuses(ValueError, (x, y, b, g), "backend: expected 'auto' or 'GPU'", "cuda:0", "'CPU'", backend="CPU")
    refuses(ValueError, (x, y, b, g), "device_id: expected 0, where the arrays are, got 1", device_id=1)
    out = np.zeros((300, 2), np.float32)
    refuses(ValueError, (x, y, b, g), "output 1", "cuda:0", "cpu", out=out)
    refuses(ValueError, (X, Y, B, 2.0), "output 1", "expected memory of cpu", out=Frozen.put(out))
    refuses(ValueError, (x, y, b, g), "output 1", "writable", out=Frozen.put(out))
    written = Array.put(out)
    assert GAUSS(x, y, b, g, out=written) is written and np.allclose(written.read(), EXPECTED, rtol=1e-5)
    refuses(TypeError, map(Array.put, (X, Y, B, [2.0])), "expected arrays of a library with the array API, got Array")
    try:
        Vi(x)
    except TypeError as problem:
        assert "Frozen" in str(problem), problem
    else:
        raise AssertionError("LazyTensor")


check_results(Frozen, 1)
check_results(ndarray, STREAM)
check_devices()
check_mistakes()
assert not alive, alive
print("done")
