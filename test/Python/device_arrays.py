"""A program of test_gpu.py: ``Genred`` over arrays of libraries that export them by DLPack's capsules."""

import numpy as np

from device_libraries import STREAM, Array, Frozen, Stream, alive, asked, cupy, ndarray, refuses
from keops.numpy import Genred

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
    cupy.stream = Stream(0)
    for kind in (Frozen, ndarray):
        result = GAUSS(*(kind.put(array, device=1) for array in (X, Y, B)), 2.0)
        assert result.device == 1 and np.allclose(result.read(), EXPECTED, rtol=1e-5)


class Broken(Frozen):
    def __dlpack__(self, **_):
        raise BufferError("this array is a promise")


class Lost(Frozen):
    def __dlpack_device__(self):
        raise ValueError("this array is nowhere")


def check_mistakes():
    x, y, b, g = map(Frozen.put, (X, Y, B, [2.0]))
    wrong(ValueError, (x, Frozen.put(Y, device=1), b, g), "argument 2", "cuda:0", "cuda:1")
    wrong(ValueError, (x, Y, b, g), "argument 2", "cuda:0", "cpu")
    wrong(ValueError, (X, Y, B, g), "argument 4", "expected memory of cpu", "cuda:0")
    wrong(ValueError, (x, y, b, "2"), "argument 4", "expected numbers, got str")
    wrong(ValueError, (Broken.put(X), y, b, g), "argument 1", "this array is a promise")
    wrong(ValueError, (Lost.put(X), Y, B, 2.0), "argument 1")
    wrong(ValueError, (x, y, b, g), "backend: expected 'auto' or 'GPU'", "cuda:0", "'CPU'", backend="CPU")
    wrong(ValueError, (x, y, b, g), "device_id: expected 0, where the arrays are, got 1", device_id=1)
    out = np.zeros((300, 2), np.float32)
    wrong(ValueError, (x, y, b, g), "output 1", "cuda:0", "cpu", out=out)
    wrong(ValueError, (X, Y, B, 2.0), "output 1", "expected memory of cpu", out=Frozen.put(out))
    wrong(ValueError, (x, y, b, g), "output 1", "writable", out=Frozen.put(out))
    wrong(ValueError, (x, y, b, g), "output 1", "this array is a promise", out=Broken.put(out))
    written = Array.put(out)
    assert GAUSS(x, y, b, g, out=written) is written and np.allclose(written.read(), EXPECTED, rtol=1e-5)
    wrong(TypeError, map(Array.put, (X, Y, B, [2.0])), "expected arrays of a library with the array API, got Array")


def wrong(error, arguments, *words, **options):
    refuses(error, lambda: GAUSS(*arguments, **options), *words)


check_results(Frozen, 1)
check_results(ndarray, STREAM)
check_devices()
check_mistakes()
assert not alive, alive
print("done")
