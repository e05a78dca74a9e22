"""A program of test_gpu.py: ``Genred`` over arrays that only ``__cuda_array_interface__`` describes."""

import numpy as np

from device_libraries import OTHER, STREAM, Array, DeviceNDArray, Foreign, alive, refuses
from keops.numpy import Genred, Vi, Vj

rng = np.random.default_rng(0)
X, Y, B = (rng.random((count, dim)).astype(np.float32) for count, dim in ((300, 3), (40, 3), (40, 2)))
GAUSS = Genred("Exp(-SqDist(x,y)*g)*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)", "g=Pm(1)"], axis=1)
WHOLE = np.exp(-2 * ((X[:, None] - Y[None]) ** 2).sum(-1).astype(float))
EXPECTED = WHOLE @ B


def put(device=0, **changes):
    """X, Y, B, and the number; the first is changed."""
    x, y, b = (DeviceNDArray.put(array, None, device) for array in (X, Y, B))
    return x.change(**changes), y, b, 2.0


def check_results():
    for device in (0, 1):
        result = GAUSS(*put(device))
        assert type(result) is DeviceNDArray and result.device == device
        assert np.allclose(result.read(), EXPECTED, rtol=1e-5)
    transposed = DeviceNDArray.put(np.ascontiguousarray(X.T)).change(shape=X.shape, strides=(4, 4 * len(X)))
    assert np.allclose(GAUSS(transposed, *put()[1:]).read(), EXPECTED, rtol=1e-5)
    assert GAUSS(DeviceNDArray.put(X[:0]), *put()[1:]).shape == (0, 2)
    kernel = (-((Vi(put()[0]) - Vj(put()[1])) ** 2).sum(-1) * 2.0).exp()
    assert np.allclose(kernel.sum(1).read()[:, 0], WHOLE.sum(1), rtol=1e-5)


def check_out():
    x, y, b = (Foreign.put(array) for array in (X, Y, B))
    refuses(ValueError, lambda: GAUSS(x, y, b, [2.0]), "argument 4", "expected arrays of a library with the array API")
    g, out = Foreign.put(np.float32([2.0])), Foreign.put(np.zeros((300, 2), np.float32))
    refuses(TypeError, lambda: GAUSS(x, y, b, g), "expected arrays of a library with the array API, got Foreign")
    assert GAUSS(x, y, b, g, out=out) is out and np.allclose(out.read(), EXPECTED, rtol=1e-5)
    out.is_frozen = True
    refuses(ValueError, lambda: GAUSS(x, y, b, g, out=out), "output 1", "writable")
    # Either protocol will do for any argument.
    mixed = GAUSS(DeviceNDArray.put(X), *map(Array.put, (Y, B)), 2.0)
    assert type(mixed) is DeviceNDArray and np.allclose(mixed.read(), EXPECTED, rtol=1e-5)


def check_streams():
    """A stream of the other device is refused by whoever uses it."""
    for stream in (None, 1, 2, STREAM):
        if stream != 2:  # which the emulated driver does not have
            assert np.allclose(GAUSS(*put(stream=stream)).read(), EXPECTED, rtol=1e-5)
    refuses(ValueError, lambda: GAUSS(*put(stream=OTHER)), "stream: expected one of device 0")
    refuses(ValueError, lambda: GAUSS(*put(stream=OTHER), stream=STREAM), "stream: expected one of device 0")
    x, y, b, g = put(stream=STREAM)
    refuses(
        ValueError, lambda: GAUSS(x, y.change(stream=OTHER), b, g), "argument 2", "stream: expected one of device 0"
    )
    assert np.allclose(GAUSS(x, y.change(stream=1), b, g, stream=STREAM).read(), EXPECTED, rtol=1e-5)


def check_mistakes():
    wrong({"mask": DeviceNDArray.put(X)}, "expected an array without a mask")
    wrong({"stream": 0}, "stream: expected None or a positive number, got 0")
    wrong({"stream": "1st"}, "expected a description of an array, got ValueError")
    wrong({"strides": (4,)}, "a stride for each length")
    wrong({"shape": (-300, 3)}, "a stride for each length")
    wrong({"shape": 300}, "expected a description of an array, got TypeError")
    wrong({"strides": (1 << 70, 4)}, "a stride for each length")
    wrong({"strides": (13, 4)}, "strides of whole elements")
    wrong({"dtype": np.dtype(">f4")}, "expected dtype float")
    wrong({"dtype": np.dtype("V4")}, "expected dtype float")
    host = np.zeros((300, 3), np.float32)
    # The test's array frees what it points to.
    x, *others = put()
    address, x.data.value = x.data.value, host.ctypes.data
    refuses(ValueError, lambda: GAUSS(x, *others), "argument 1", "expected memory of a GPU, got memory of the host")
    x.data.value = address
    del DeviceNDArray.__cuda_array_interface__
    DeviceNDArray.__cuda_array_interface__ = {"shape": (300, 3)}
    wrong({}, "expected a description of an array, got KeyError: 'data'")


def wrong(changes, *words):
    arguments = put(**changes)
    refuses(ValueError, lambda: GAUSS(*arguments), "Genred: argument 1", *words)


check_results()
check_out()
check_streams()
check_mistakes()
assert not alive, alive
print("done")
