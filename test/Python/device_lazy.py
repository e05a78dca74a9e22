"""A program of test_gpu.py: LazyTensors and solvers over arrays on GPUs, of CuPy and of a library that is like JAX."""

import pickle

import numpy as np

from device_libraries import Array, DeviceNDArray, Frozen, Stream, alive, cupy, ndarray, refuses
from keops import reduce
from keops.numpy import KernelSolve, LazyTensor, Pm, Vi, Vj

rng = np.random.default_rng(0)
X, Y, B = rng.random((30, 3)), rng.random((40, 3)), rng.random((40, 2))
WHOLE = np.exp(-((X[:, None] - Y[None]) ** 2).sum(-1))
SQUARE = np.exp(-((Y[:, None] - Y[None]) ** 2).sum(-1)) + np.eye(len(Y))


def compare(kind, device, result, expected):
    assert type(result) is kind and result.device == device, (type(result), kind)
    assert result.shape == expected.shape and np.allclose(result.read(), expected), np.abs(result.read() - expected)


def check_reductions(kind, device):
    def put(values):
        return kind.put(values, None, device)

    def same(result, expected):
        compare(kind, device, result, expected)

    x, y, b = map(put, (X, Y, B))
    kernel = (-((Vi(x) - Vj(y)) ** 2).sum(-1)).exp()
    assert kernel.shape == (30, 40) and kernel.dtype == "float64"
    same(kernel.sum(1), WHOLE.sum(1)[:, None])
    same(kernel.sum(0, keepdim=True), WHOLE.sum(0)[None, :, None])
    same(kernel @ b, WHOLE @ B)
    same(kernel @ b[:, 0], WHOLE @ B[:, 0])
    same(kernel.T @ put(X), WHOLE.T @ X)
    same(kernel.argKmin(3, axis=1), WHOLE.argsort(1)[:, :3])
    same((kernel * 2.0 + Pm([1.0])).max(1)[:, 0], 2 * WHOLE.max(1) + 1)
    same((Vi(x) * put(np.arange(3.0)) - 1).sum(0), (X * np.arange(3.0) - 1).sum(0)[None])
    same((Vi(0, 3) | Vj(1, 3)).sum(1)(x, y)[:, 0], (X @ Y.T).sum(1))
    same((1j * Vi(x) * Vj(y)).sum(1), 1j * X * Y.sum(0))
    largest, total = reduce(kernel.max(1, call=False), kernel.sum(1, call=False))
    same(largest, WHOLE.max(1)[:, None])
    same(total, WHOLE.sum(1)[:, None])
    same(kernel.sum(1, ranges=None, backend="GPU"), WHOLE.sum(1)[:, None])
    halves = [put(np.array(part)) for part in ([[0, 30]], [1], [[0, 20]], [[0, 20]], [1], [[0, 30]])]
    if kind is ndarray:
        same(kernel.sum(1, ranges=tuple(halves))[:, 0], WHOLE[:, :20].sum(1))
    single = (-((Vi(put(np.float32(X))) - Vj(put(np.float32(Y)))) ** 2).sum(-1)).exp()
    assert single.sum(1).dtype == np.float32


def check_entries(kind, device):
    kernel = (-((Vi(kind.put(X, None, device)) - Vj(kind.put(Y, None, device))) ** 2).sum(-1)).exp()
    compare(kind, device, kernel.row(2), WHOLE[2])
    compare(kind, device, kernel.column(-1), WHOLE[:, -1])
    compare(kind, device, kernel.diagonal(), np.diagonal(WHOLE))
    compare(kind, device, kernel.dense(), WHOLE)
    compare(kind, device, kernel.T.dense(), WHOLE.T)


def check_axes(kind, device):
    """Reductions that end as arrays."""
    x, y = np.stack([X, 2 * X])[:, :, None], Y[None, None]
    lazy = LazyTensor(kind.put(x, None, device)) - LazyTensor(kind.put(y, None, device))
    whole = x - y
    for name in ("sum", "prod", "min", "max", "mean", "var"):
        compare(kind, device, getattr(lazy, name)(axis=(0, 2)), getattr(whole, name)(axis=(0, 2)))
    compare(kind, device, lazy.logsumexp(axis=(0, 1)), np.log(np.exp(whole).sum((0, 1))))
    compare(kind, device, lazy.count(axis=(1, 2)), np.full((2, 3), 1200))
    compare(kind, device, lazy.max(axis=(1, 2)), whole.max((1, 2)))
    none = LazyTensor(kind.put(x[:0], None, device)) - LazyTensor(kind.put(y, None, device))
    compare(kind, device, none.max(axis=(0, 2)), np.full((30, 3), -np.inf))


def check_solvers(kind, device):
    def put(values):
        return kind.put(values, None, device)

    y, b = put(Y), put(B)
    kernel = (-((Vi(y) - Vj(y)) ** 2).sum(-1)).exp()
    expected = np.linalg.solve(SQUARE, B)
    compare(kind, device, kernel.solve(b, alpha=1.0, eps=1e-10), expected)
    solver = KernelSolve("Exp(-SqDist(x,y))*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"], "b", axis=1)
    found = solver(y, y, b, alpha=1.0, eps=1e-10, info=True, preconditioner=lambda r: r / 2.0)
    compare(kind, device, found.solution, expected)
    assert found.converged and found.residual < 1e-8
    # The operator alone has a batch.
    scales = np.array([1.0, 2.0])[:, None, None]
    batched = np.stack(
        [np.linalg.solve(np.exp(-((s * (Y[:, None] - Y)) ** 2).sum(-1)) + np.eye(40), B) for s in (1, 2)]
    )
    compare(kind, device, solver(put(scales * Y), put(scales * Y), b, alpha=1.0, eps=1e-10), batched)
    if kind is ndarray:
        out = put(np.zeros_like(B))
        assert solver(y, y, b, alpha=1.0, eps=1e-10, out=out) is out
        compare(kind, device, out, expected)
    else:
        refuses(ValueError, lambda: solver(y, y, b, alpha=1.0, out=put(B)), "KernelSolve: out: cannot be written")
    refuses(ValueError, lambda: solver(y, y, b, out=B), "KernelSolve: out: cannot be written")
    refuses(TypeError, lambda: solver(y, y, 2.0), "the right-hand side: expected a numpy array, got float")


def check_mixtures():
    x, y = Vi(Frozen.put(X, None)), Vj(Frozen.put(Y, None))
    message = "Incompatible values for attribute memory"
    refuses(ValueError, lambda: x - Vj(Y), message, "frozen on cuda:0", "numpy")
    refuses(ValueError, lambda: Vi(X) - y, message, "frozen on cuda:0", "numpy")
    refuses(ValueError, lambda: x - Vj(ndarray.put(Y, None)), message, "frozen on cuda:0", "cupy on cuda:0")
    refuses(ValueError, lambda: x - Vj(Frozen.put(Y, None, 1)), message, "frozen on cuda:0", "frozen on cuda:1")
    refuses(ValueError, lambda: x * np.ones(3), message)
    refuses(ValueError, lambda: (x | y) @ B, message)
    refuses(ValueError, lambda: (x | y).sum(1, backend="CPU"), "backend: expected 'auto' or 'GPU'")
    refuses(ValueError, lambda: (x | y).sum(1, device_id=1), "device_id: expected 0, where the arrays are, got 1")
    refuses(TypeError, lambda: Vi(Frozen.put(X, "int64")), "expected an array of dtype", "int64")
    refuses(ValueError, lambda: Vi(Frozen.put(X[0], None)), "")
    lazy = (Vi(DeviceNDArray.put(Y)) | Vj(DeviceNDArray.put(Y))).exp()
    refuses(TypeError, lambda: lazy.solve(DeviceNDArray.put(B)), "expected arrays of a library with the array API")
    refuses(TypeError, lambda: Vi(Torch.put(X)), "a numpy array", "Torch")
    refuses(TypeError, lambda: Vi(Lost.put(X)), "a numpy array", "Lost")
    # Numbers go with all.
    assert np.allclose(((x - 1) * 0.5 + [1.0, 2.0, 3.0]).sum(0).read(), ((X - 1) / 2 + [1, 2, 3]).sum(0))
    assert pickle.loads(pickle.dumps(Vi(X) - Vj(Y))).shape == (30, 40, 3)


class Torch(Array):
    __module__ = "torch"


class Lost(Array):
    def __dlpack_device__(self):
        raise ValueError("this array is nowhere")


cupy.stream = Stream(0)  # of each device
for library in (Frozen, ndarray):
    for number in (0, 1):
        check_reductions(library, number)
    check_entries(library, 1)
    check_axes(library, 1)
    check_solvers(library, 1)
check_mixtures()
assert not alive, alive
print("done")
