"""Tensors on a GPU that is emulated, offered by DLPack's C exchange as PyTorch offers its own: all that keops does is
what it does for PyTorch. ``arrays.py`` and ``test/Python/emulated_gpu.py`` compute with them."""

import ctypes
from ctypes import POINTER, Structure, c_char_p, c_int, c_int32, c_uint32, c_void_p, py_object, pythonapi

import ml_dtypes
from emulated_memory import CODES, CUDA, Lent, Managed, Tensor, alive

SetError = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, c_char_p)
Allocate = ctypes.CFUNCTYPE(c_int, POINTER(Lent), POINTER(POINTER(Managed)), c_void_p, SetError)
Borrow = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(POINTER(Managed)))
ToObject = ctypes.CFUNCTYPE(c_int, POINTER(Managed), POINTER(c_void_p))
Describe = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(Lent))
GetStream = ctypes.CFUNCTYPE(c_int, c_int32, c_int32, POINTER(c_void_p))


class Exchange(Structure):
    _fields_ = [
        *(("major", c_uint32), ("minor", c_uint32), ("previous", c_void_p), ("allocate", Allocate)),
        *(("borrow", Borrow), ("to_object", ToObject), ("describe", Describe), ("stream", GetStream)),
    ]


NAMES = {2: "float", 0: "int", 1: "uint", 5: "complex"}
allocated, streams = [], []


@Allocate
def allocate(prototype, result, context, set_error):
    lent = prototype.contents
    is_bfloat = lent.dtype.code == CODES["b"]
    dtype = ml_dtypes.bfloat16 if is_bfloat else f"{NAMES[lent.dtype.code]}{lent.dtype.bits}"
    device = lent.device.id if lent.device.type == CUDA else None
    try:
        tensor = Tensor(lent.shape[: lent.ndim], dtype, device)
    except MemoryError as error:
        set_error(context, b"MemoryError", str(error).encode())
        return -1
    allocated.append((tensor.shape, tensor.dtype.name, device))
    result[0] = ctypes.pointer(tensor.lend())
    return 0


@Borrow
def borrow(address, result):
    result[0] = ctypes.pointer(ctypes.cast(address, py_object).value.lend())
    return 0


@ToObject
def to_object(managed, result):
    address = ctypes.addressof(managed.contents)
    tensor = alive.pop(address)[1]
    pythonapi.Py_IncRef(py_object(tensor))
    result[0] = id(tensor)
    return 0


@Describe
def describe(_address, _result):
    return -1


@GetStream
def get_stream(kind, number, result):
    streams.append((kind, number))
    result[0] = None
    return 0


pythonapi.PyCapsule_New.restype = py_object
pythonapi.PyCapsule_New.argtypes = [c_void_p, c_char_p, c_void_p]
# A capsule keeps the address of its name.
EXCHANGE_NAME = b"dlpack_exchange_api"
exchange = Exchange(1, 2, None, allocate, borrow, to_object, describe, get_stream)
Tensor.__dlpack_c_exchange_api__ = pythonapi.PyCapsule_New(ctypes.addressof(exchange), EXCHANGE_NAME, None)


def put(array, device=0):
    return Tensor(array.shape, array.dtype, device).write(array)
