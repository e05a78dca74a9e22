"""A program of test_gpu.py: NumPy arrays that are copied to a GPU, which KEOPS_CUDA_DRIVER emulates, and results back."""

import ctypes
import os

import numpy as np

import keops
from keops.numpy import Genred, KernelSolve, LazyTensor, Vi, Vj

driver = ctypes.CDLL(os.environ["KEOPS_CUDA_DRIVER"])
driver["_ZN5keops8emulated14setDeviceCountEi"](2)
count_bytes = driver["_ZN5keops8emulated17getAllocatedBytesEi"]
count_bytes.restype = ctypes.c_size_t

rng = np.random.default_rng(0)
X, Y, B = rng.random((300, 3)), rng.random((40, 3)), rng.random((40, 2))
GAUSS = Genred("Exp(-SqDist(x,y))*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"], axis=1)
WHOLE = np.exp(-((X[:, None] - Y[None]) ** 2).sum(-1))


def runs_on(device, call):
    """The result of a call that must use memory of that device, and of no other."""
    keops.cache_clear(memory=True, disk=False)
    result = call()
    used = [count_bytes(k) > 0 for k in range(2)]
    assert used == [k == device for k in range(2)], used
    return result


def check_genred():
    for options, device in (
        ({"backend": "GPU"}, 0),
        ({"backend": "GPU_1D_host", "device_id": 1}, 1),
        ({"device_id": 1}, 1),
        ({"backend": "CPU"}, None),
        ({}, None),
    ):
        result = runs_on(device, lambda: GAUSS(X, Y, B, **options))
        assert type(result) is np.ndarray and np.allclose(result, WHOLE @ B), options
        out = np.zeros((2, *result.shape))[:, ::-1]
        assert GAUSS(X, Y, B, out=out[1], **options).base is out.base and np.allclose(out[1], WHOLE @ B)
    empty = GAUSS(X[:0], Y, B, backend="GPU"), GAUSS(X, Y[:0], B[:0], backend="GPU")
    assert empty[0].shape == (0, 2) and not empty[1].any()


def check_strides_and_batches():
    turned = np.asfortranarray(X)[::-1], Y.astype(np.float64)[:, ::-1][:, ::-1], np.broadcast_to(B[:1], B.shape)
    assert np.allclose(GAUSS(*turned, backend="GPU"), WHOLE[::-1] @ turned[2])
    batch = np.stack([X, X + 1])
    assert np.allclose(GAUSS(batch, Y, B, backend="GPU"), GAUSS(batch, Y, B))
    single = GAUSS(*(a.astype(np.float32) for a in (X, Y, B)), backend="GPU")
    assert single.dtype == np.float32 and np.allclose(single, WHOLE @ B, rtol=1e-5)


def check_lazy():
    kernel = (-((Vi(X) - Vj(Y)) ** 2).sum(-1)).exp()
    assert np.allclose(runs_on(1, lambda: kernel.sum(1, device_id=1))[:, 0], WHOLE.sum(1))
    assert np.array_equal(kernel.argKmin(3, axis=1, backend="GPU"), WHOLE.argsort(1)[:, :3])
    assert np.allclose(runs_on(0, lambda: kernel.__matmul__(B, backend="GPU_2D")), WHOLE @ B)
    kernel.backend = "GPU"
    assert np.allclose(runs_on(0, lambda: kernel.T @ X[:, :1]), WHOLE.T @ X[:, :1])
    largest, total = keops.reduce(kernel.max(1, call=False), kernel.sum(1, call=False))
    assert np.allclose(largest[:, 0], WHOLE.max(1)) and np.allclose(total[:, 0], WHOLE.sum(1))
    batch = LazyTensor(np.stack([X, 2 * X])[:, :, None]) - LazyTensor(Y[None, None])
    assert np.allclose(batch.sum(axis=(0, 2), backend="GPU"), batch.sum(axis=(0, 2)))


def check_solve():
    square = np.exp(-((Y[:, None] - Y[None]) ** 2).sum(-1)) + np.eye(len(Y))
    solver = KernelSolve("Exp(-SqDist(x,y))*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"], "b", axis=1)
    found = runs_on(1, lambda: solver(Y, Y, B, alpha=1.0, eps=1e-10, device_id=1))
    assert np.allclose(found, np.linalg.solve(square, B))
    assert keops.cache_info()["programs_in_memory"] == 1, "solvers ask the program that computes"
    kernel = (-((Vi(Y) - Vj(Y)) ** 2).sum(-1)).exp()
    assert np.allclose(runs_on(0, lambda: kernel.solve(B, alpha=1.0, eps=1e-10, backend="GPU")), found)


def refuses(error, text, **options):
    try:
        GAUSS(X, Y, B, **options)
    except error as problem:
        assert text in str(problem), problem
    else:
        raise AssertionError(text)


def check_mistakes():
    refuses(ValueError, "Genred: expected a device from 0 to 1 (there are 2 CUDA devices), got 2", device_id=2)
    refuses(ValueError, "Genred: expected a device from 0 to 1", device_id=2**32)
    refuses(ValueError, "Genred: device_id: expected -1 with backend='CPU', got 1", device_id=1, backend="CPU")
    sums = [(Vi(X) - Vj(Y)).sum(1, call=False, backend=backend) for backend in ("GPU", "CPU")]
    try:
        keops.reduce(*sums)
    except ValueError as problem:
        assert "the same backend" in str(problem)
    else:
        raise AssertionError("backends")


def check_lost():
    """At the end, as it is in a process whose device failed."""
    driver["_ZN5keops8emulated9setStickyEi"](700)
    refuses(RuntimeError, "failed, maybe somebody else's: cuStreamIsCapturing: CUDA_ERROR_ILLEGAL_ADDRESS", backend="GPU")
    refuses(RuntimeError, "start a new process", backend="GPU")
    assert np.allclose(GAUSS(X, Y, B), WHOLE @ B)


check_genred()
check_strides_and_batches()
check_lazy()
check_solve()
check_mistakes()
check_lost()
print("done")
