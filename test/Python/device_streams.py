"""A program of test_gpu.py: the stream that a caller names. A capture of a stream shows what is put on it: a run that is
not waited for becomes a graph, and one that is waited for ends the capture."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np

from device_libraries import OTHER, STREAM, Array, DeviceNDArray, Frozen, Stream, alive, asked, begin_capture
from device_libraries import create_stream, cupy, end_capture, ndarray, refuses, replay
from keops import reduce
from keops.numpy import Genred, KernelSolve, LazyTensor, Vi, Vj

SECOND = create_stream(0)
rng = np.random.default_rng(0)
X, Y, B = rng.random((300, 3)), rng.random((40, 3)), rng.random((40, 2))
GAUSS = Genred("Exp(-SqDist(x,y))*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"], axis=1)
WHOLE = np.exp(-((X[:, None] - Y[None]) ** 2).sum(-1))


def put(kind, device=0):
    return [kind.put(array, "float64", device) for array in (X, Y, B)]


def is_captured(place, call, *arguments, **options):
    """Whether all of a call can be part of a graph; the graph is run, while its memory is there."""
    begin_capture(place)
    results = call(*arguments, **options)
    graph = end_capture(place)
    return graph >= 0 and replay(graph) == 0 and results is not None


def check_forms():
    arrays = put(Frozen)
    for stream, number in (
        (STREAM, STREAM),
        (np.int64(STREAM), STREAM),
        (0, 1),
        (1, 1),
        (SimpleNamespace(ptr=STREAM), STREAM),
        (SimpleNamespace(ptr=0), 1),
        (SimpleNamespace(cuda_stream=STREAM), STREAM),
        (SimpleNamespace(__cuda_stream__=lambda: (0, STREAM), ptr=OTHER), STREAM),
        (None, 1),
    ):
        asked.clear()
        assert np.allclose(GAUSS(*arrays, stream=stream).read(), WHOLE @ B)
        assert set(asked) == {number}, (stream, asked)


def check_waiting():
    arrays, others, out = put(ndarray), put(Array), Array.put(np.zeros((300, 2)), "float64")
    for stream in (STREAM, SECOND):  # for the first time, nothing is captured
        GAUSS(*arrays, stream=stream), GAUSS(*others, stream=stream, out=out)
    assert is_captured(SECOND, GAUSS, *others, out=out, stream=SECOND)
    assert is_captured(SECOND, GAUSS, *arrays, stream=SECOND)
    cupy.stream = Stream(SECOND)
    assert is_captured(SECOND, GAUSS, *arrays)
    cupy.stream = Stream(STREAM)
    # Libraries that follow no stream get what is there.
    for kind in (Frozen, DeviceNDArray):
        refuses_capture(*put(kind))
    # So does what was made of a list, which nobody else keeps.
    x, y, _ = put(DeviceNDArray)
    refuses_capture(x, y, B.tolist(), out=out)


def refuses_capture(*arrays, **options):
    begin_capture(SECOND)
    refuses(RuntimeError, lambda: GAUSS(*arrays, stream=SECOND, **options), "cuStreamSynchronize")
    assert end_capture(SECOND) < 0


def check_captured_results():
    arrays, out = put(Array), Array.put(np.zeros((300, 2)), "float64")
    begin_capture(SECOND)
    GAUSS(*arrays, out=out, stream=SECOND)
    graph = end_capture(SECOND)
    assert not out.read().any() and replay(graph) == 0 and np.allclose(out.read(), WHOLE @ B)


def check_library():
    """CuPy makes what belongs to a run, and computes with results, on its stream."""
    x, y, b = put(ndarray)
    kernel = (-((Vi(x) - Vj(y)) ** 2).sum(-1)).exp()
    batch = LazyTensor(x[None, :, None]) - LazyTensor(y[None, None])
    for call, expected in (
        (lambda: GAUSS(x, y, b, stream=SECOND), WHOLE @ B),
        (lambda: kernel.__matmul__(b, stream=SECOND), WHOLE @ B),
        (lambda: kernel.sum(1, stream=SECOND)[:, 0], WHOLE.sum(1)),
        (lambda: kernel.sum(1, call=False)(stream=SECOND)[:, 0], WHOLE.sum(1)),
        (lambda: batch.sum(axis=(0, 1), stream=SECOND), (X.sum(0) - len(X) * Y)),
        (lambda: reduce(kernel.sum(1, call=False, stream=SECOND), kernel.max(1, stream=SECOND, call=False))[0], None),
    ):
        ndarray.streams.clear()
        result = call()
        assert SECOND in ndarray.streams, ndarray.streams
        assert expected is None or np.allclose(result.read(), expected)
    refuses(ValueError, lambda: reduce(kernel.sum(1, call=False), kernel.max(1, call=False, stream=1)), "stream")
    solver = KernelSolve("Exp(-SqDist(x,y))*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"], "b", axis=1)
    ndarray.streams.clear()
    found = solver(y, y, b, alpha=1.0, eps=1e-10, stream=SECOND)
    assert set(ndarray.streams) == {SECOND} and cupy.stream.ptr == STREAM
    square = np.exp(-((Y[:, None] - Y[None]) ** 2).sum(-1)) + np.eye(len(Y))
    assert np.allclose(found.read(), np.linalg.solve(square, B))
    lazy = (-((Vi(y) - Vj(y)) ** 2).sum(-1)).exp()
    assert np.allclose(lazy.solve(b, alpha=1.0, eps=1e-10, stream=1).read(), found.read())


def check_mistakes():
    arrays = put(Frozen)
    kernel = (Vi(arrays[0]) - Vj(arrays[1])).abs()
    for wrong in (
        True,
        "1",
        1.0,
        object(),
        Fraction(2),
        SimpleNamespace(ptr="x"),
        Broken(),
        Future(),
        Array.put([1.0]),
    ):
        words = "stream: expected None, the number of a CUDA stream, or an object", type(wrong).__name__
        refuses(TypeError, lambda: GAUSS(*arrays, stream=wrong), "Genred", *words)
        refuses(TypeError, lambda: kernel.sum(1, stream=wrong), "LazyTensor", *words)
    for wrong in (-1, 3, 4095, 1 << 63, 1 << 80, SimpleNamespace(ptr=-2)):
        refuses(ValueError, lambda: GAUSS(*arrays, stream=wrong), "Genred: stream: expected 0, 1, 2 or the address")
    refuses(ValueError, lambda: GAUSS(*arrays, stream=OTHER), "Genred: stream: expected one of device 0")
    for options in ({}, {"backend": "GPU"}, {"backend": "CPU"}):
        refuses(ValueError, lambda: GAUSS(X, Y, B, stream=1, **options), "Genred: stream: expected None for arrays of")
    host = (Vi(X) - Vj(Y)).abs()
    refuses(ValueError, lambda: host.sum(1, stream=1), "LazyTensor: stream: expected None for arrays of the host")
    refuses(
        ValueError, lambda: (Vi(X) | Vj(X)).exp().solve(X, stream=1), "stream: expected None for arrays of the host"
    )


class Broken:
    def __cuda_stream__(self):
        raise RuntimeError("no stream")


class Future:
    def __cuda_stream__(self):
        return 1, STREAM


check_forms()
check_waiting()
check_captured_results()
check_library()
check_mistakes()
assert not alive, alive
print("done")
