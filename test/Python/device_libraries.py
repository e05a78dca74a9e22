"""Libraries of arrays on emulated GPUs, for the programs of test_gpu.py. They compute by NumPy, on the host: their memory
is that of this process. One is like JAX: it says nothing of streams and lets nobody write; one, by its name, is CuPy; one
is Numba, whose arrays have nothing but ``__cuda_array_interface__``; arrays of another have nothing else at all."""

import ctypes
import operator
import sys
from ctypes import c_char_p, c_int, c_void_p, py_object, pythonapi
from types import ModuleType, SimpleNamespace

import numpy as np

from emulated_memory import CUDA, Tensor, alive, driver

pythonapi.PyCapsule_New.restype = py_object
pythonapi.PyCapsule_New.argtypes = [c_void_p, c_char_p, c_void_p]
pythonapi.PyCapsule_IsValid.argtypes = [c_void_p, c_char_p]
pythonapi.PyCapsule_GetPointer.restype = c_void_p
pythonapi.PyCapsule_GetPointer.argtypes = [c_void_p, c_char_p]
NAME = b"dltensor_versioned"
asked = []  # the streams for which arrays were exported


def find_control(name, result, *arguments):
    function = driver[f"_ZN5keops8emulated{name}"]
    function.restype, function.argtypes = result, arguments
    return function


create_stream = find_control("12createStreamEi", c_void_p, c_int)
begin_capture = find_control("12beginCaptureEP11CUstream_st", None, c_void_p)
end_capture = find_control("10endCaptureEP11CUstream_st", c_int, c_void_p)
replay = find_control("6replayEi", c_int, c_int)
STREAM, OTHER = create_stream(0), create_stream(1)  # of either device


@ctypes.PYFUNCTYPE(None, c_void_p)
def drop(capsule):
    # Whoever takes the array out gives the capsule another name.
    if pythonapi.PyCapsule_IsValid(capsule, NAME):
        alive.pop(pythonapi.PyCapsule_GetPointer(capsule, NAME))


def unwrap(x):
    return x.read() if isinstance(x, Numbers) else x


class Relaxed:
    """In its context, memory is allocated and freed while a stream is captured, as libraries do it from their pools."""

    def __enter__(self):
        self.mode = c_int(2)
        driver.cuThreadExchangeStreamCaptureMode(ctypes.byref(self.mode))

    def __exit__(self, *_):
        driver.cuThreadExchangeStreamCaptureMode(ctypes.byref(self.mode))


class Numbers(Tensor):
    """An array that is computed with; ``put`` makes one of the same kind."""

    def __init__(self, *args):
        with Relaxed():
            super().__init__(*args)

    def __del__(self):
        with Relaxed():
            super().__del__()

    @classmethod
    def put(cls, values, dtype=None, device=0):
        values = np.asarray(values, dtype)
        return cls(values.shape, values.dtype, device).write(values)

    ndim = property(lambda self: len(self.shape))

    def make(self, values):
        return type(self).put(values, None, self.device)

    def __getitem__(self, index):
        return self.make(self.read()[index])

    def __bool__(self):
        return bool(self.read())

    def __float__(self):
        return float(self.read())

    def __array__(self, *_, **__):
        raise TypeError("these numbers are on a GPU")


def _operate(name):
    function = getattr(operator, name.strip("_").removeprefix("r"), None) or getattr(operator, name)

    def operate(self, *others):
        if any(not isinstance(other, (Numbers, int, float, np.generic)) for other in others):
            return NotImplemented
        values = [self.read(), *map(unwrap, others)]
        return self.make(function(*(values[::-1] if name.startswith("__r") else values)))

    return operate


for name in "add sub mul truediv pow and or radd rsub rmul rtruediv lt le gt ge eq ne invert neg".split():
    setattr(Numbers, f"__{name}__", _operate(f"__{name}__"))
for name in "sum prod max any reshape astype swapaxes".split():
    setattr(
        Numbers,
        name,
        lambda self, *args, name=name, **options: self.make(getattr(self.read(), name)(*args, **options)),
    )


class Array(Numbers):
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
        return super().put(values, dtype, device)


def _lift(kind, name):
    """A function of a library, computed by NumPy."""

    def call(*args, **options):
        like = next(x for x in (args[0] if isinstance(args[0], list) else args) if isinstance(x, kind))
        args = [list(map(unwrap, x)) if isinstance(x, list) else unwrap(x) for x in args]
        return like.make(getattr(np, name)(*args, **options))

    return call


def list_functions(kind, names):
    return {name: _lift(kind, name) for name in names.split()}


class Frozen(Array):
    """An array that follows the standard of array libraries."""

    flags = 1
    __module__ = "frozen.arrays"

    def __array_namespace__(self):
        return frozen


class Current(int):
    """A device of CuPy: in its context, arrays are made there."""

    def __enter__(self):
        self.before, cupy.current = cupy.current, self

    def __exit__(self, *_):
        cupy.current = self.before


class Stream:
    """A stream of CuPy: in its context, it is the current one."""

    def __init__(self, ptr, device=-1):
        self.ptr = ptr

    def __enter__(self):
        self.before, cupy.stream = cupy.stream, self

    def __exit__(self, *_):
        cupy.stream = self.before


class ndarray(Array):
    """An array of CuPy. ``streams`` are those for which arrays are made."""

    __module__ = "cupy"
    streams = []

    def __init__(self, shape, dtype, device=None):
        self.streams.append(cupy.stream.ptr)
        super().__init__(shape, dtype, cupy.current if device is None else Current(device))

    def __setitem__(self, index, value):
        values = self.read()
        values[index] = unwrap(value)
        self.write(values)

    def get(self):
        return self.read()


class DeviceNDArray(Numbers):
    """An array of Numba: without DLPack, and made in the context of a device."""

    __module__ = "numba.cuda.cudadrv.devicearray"
    strides = mask = stream = None
    is_frozen = False

    @property
    def __cuda_array_interface__(self):
        return {
            "version": 3,
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.data.value, self.is_frozen),
            "strides": self.strides,
            "mask": self.mask,
            "stream": self.stream,
        }

    def change(self, **changes):
        for name, value in changes.items():
            setattr(self, name, value)
        return self


class Foreign(DeviceNDArray):
    """An array of a library that is not known."""

    __module__ = "foreign"


COMMON = "sum prod max where exp log isfinite broadcast_to concat"
frozen = SimpleNamespace(
    empty=lambda shape, dtype, device: Frozen(shape, dtype, device),
    zeros=lambda shape, dtype, device: Frozen.put(np.zeros(shape), dtype, device),
    asarray=lambda value, dtype, device: Frozen.put(value, dtype, device),
    **list_functions(Frozen, COMMON),
    **{name: name for name in ("float32", "float64", "int64", "complex64", "complex128")},
)
cupy = sys.modules["cupy"] = ModuleType("cupy")
cupy.current, cupy.stream = Current(0), Stream(STREAM)
cupy.empty = lambda shape, dtype: ndarray(shape, dtype)
cupy.zeros = lambda shape, dtype: ndarray.put(np.zeros(shape), dtype, None)
cupy.asarray = lambda value, dtype: ndarray.put(value, dtype, None)
vars(cupy).update(list_functions(ndarray, COMMON.replace("concat", "concatenate")))
Stream.null, Stream.ptds = Stream(0), Stream(2)
cupy.cuda = SimpleNamespace(get_current_stream=lambda: cupy.stream, Stream=Stream, ExternalStream=Stream)
numba = sys.modules["numba"] = ModuleType("numba")
numba.current = 0


class Gpu(int):
    """A device of Numba."""

    def __enter__(self):
        self.before, numba.current = numba.current, self

    def __exit__(self, *_):
        numba.current = self.before


numba.cuda = SimpleNamespace(
    gpus=[Gpu(0), Gpu(1)],
    device_array=lambda shape, dtype: DeviceNDArray(shape, dtype, int(numba.current)),
    to_device=lambda values: DeviceNDArray.put(values, None, int(numba.current)),
)


def refuses(error, call, *words):
    try:
        call()
    except error as problem:
        assert all(word in str(problem) for word in words), problem
    else:
        raise AssertionError(words)
