"""Memory of the GPUs that the driver in KEOPS_CUDA_DRIVER emulates, with a shape and an element type, for ``emulated.py``
and the programs of ``test/Python/test_gpu.py``: each adds how a library offers it."""

import ctypes
import math
import os
from ctypes import POINTER, Structure, byref, c_int, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64
from ctypes import c_void_p

import numpy as np

CUDA, OUT_OF_MEMORY = 2, 2
driver = ctypes.CDLL(os.environ["KEOPS_CUDA_DRIVER"])
driver["_ZN5keops8emulated14setDeviceCountEi"](2)


class Device(Structure):
    _fields_ = [("type", c_int32), ("id", c_int32)]


class DType(Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class Lent(Structure):
    _fields_ = [
        *(("data", c_void_p), ("device", Device), ("ndim", c_int32), ("dtype", DType)),
        *(("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)), ("byte_offset", c_uint64)),
    ]


class Managed(Structure):
    pass


Deleter = ctypes.CFUNCTYPE(None, POINTER(Managed))
_HEAD = [("major", c_uint32), ("minor", c_uint32), ("context", c_void_p), ("deleter", Deleter)]
Managed._fields_ = [*_HEAD, ("flags", c_uint64), ("tensor", Lent)]


def call(name, *args):
    status = getattr(driver, name)(*args)
    assert status == 0, (name, status)


# Of DLPack, by the first letter of a type's name.
CODES = {"f": 2, "i": 0, "u": 1, "b": 4, "c": 5}
alive = {}  # what C holds, by address


class Tensor:
    """Memory of a device, or of the host where ``device`` is None, with a shape and an element type."""

    def __init__(self, shape, dtype, device=0):
        self.shape, self.dtype, self.device = tuple(shape), np.dtype(dtype), device
        self.bytes = math.prod(self.shape) * self.dtype.itemsize
        self.data = c_uint64(0)
        call("cuInit", 0)
        if device is None:
            self.host = ctypes.create_string_buffer(max(self.bytes, 1))
            self.data.value = ctypes.addressof(self.host)
        else:
            self.enter()
            status = driver.cuMemAlloc_v2(byref(self.data), c_size_t(max(self.bytes, 1)))
            call("cuCtxPopCurrent_v2", byref(c_void_p()))
            if status == OUT_OF_MEMORY:
                raise MemoryError(f"no {self.bytes} bytes are left")
            assert status == 0, status

    def __del__(self):
        # Not where memory of the host is all it has, nor where there was none to have.
        if self.device is not None and self.data.value:
            self.enter()
            driver.cuMemFree_v2(self.data)
            driver.cuCtxPopCurrent_v2(byref(c_void_p()))

    def enter(self):
        context, number = c_void_p(), c_int()
        call("cuDeviceGet", byref(number), self.device)
        call("cuDevicePrimaryCtxRetain", byref(context), number)
        call("cuCtxPushCurrent_v2", context)

    def write(self, array):
        # The emulated memory is memory of this process.
        numbers = np.ascontiguousarray(array)  # which must live until they are copied
        ctypes.memmove(self.data.value, numbers.ctypes.data, self.bytes)
        return self

    def read(self):
        array = np.empty(self.shape, self.dtype)
        ctypes.memmove(array.ctypes.data, self.data.value, self.bytes)
        return array

    def lend(self):
        managed, rank = Managed(), len(self.shape)
        strides = [math.prod(self.shape[axis + 1 :]) for axis in range(rank)]
        tensor = managed.tensor
        tensor.data, tensor.ndim = self.data.value, rank
        tensor.device = Device(1, 0) if self.device is None else Device(CUDA, self.device)
        tensor.dtype = DType(CODES[self.dtype.name[0]], 8 * self.dtype.itemsize, 1)
        tensor.shape, tensor.strides = (c_int64 * rank)(*self.shape), (c_int64 * rank)(*strides)
        managed.major, managed.minor, managed.deleter = 1, 2, forget
        alive[ctypes.addressof(managed)] = managed, self, tensor.shape, tensor.strides
        return managed


@Deleter
def forget(managed):
    alive.pop(ctypes.addressof(managed.contents))
