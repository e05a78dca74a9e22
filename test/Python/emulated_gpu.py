"""A program of test_gpu.py: tensors on GPUs that are emulated, in calls of the native module."""

import numpy as np
from emulated import CUDA, Tensor, alive, allocated, put, streams

from keops import _keops


def make(formula, aliases):
    return _keops.Reduction(formula, aliases, caller="test", tensor_types=(Tensor,), make_tensor=None)


def refuses(reduction, arguments, *words, detached=True, **options):
    try:
        reduction.compute(arguments, options.get("out"), options.get("ranges"), detached)
    except ValueError as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError(words)


def check_sums():
    gauss = make("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"])
    rng = np.random.default_rng(0)
    for m, n in ((1, 1), (0, 3), (3, 0), (129, 70), (1500, 300)):
        x, y, b = rng.random((m, 3), np.float32), rng.random((n, 3), np.float32), rng.random((n, 2), np.float32)
        result = gauss.compute((put(x), put(y), put(b)))
        assert isinstance(result, Tensor) and result.device == 0
        squares = ((x[:, None].astype(float) - y[None]) ** 2).sum(-1)
        assert np.allclose(result.read(), np.exp(-squares) @ b, rtol=1e-5)
    assert set(streams) == {(CUDA, 0)}
    assert any(dtype == "uint8" for _, dtype, _ in allocated), "temporary memory is the library's"


def check_pairs_and_out():
    nearest = make("Min_ArgMin_Reduction(SqDist(x,y),0)", ["x=Vi(2)", "y=Vj(2)"])
    rng = np.random.default_rng(1)
    x, y = rng.random((40, 2)), rng.random((50, 2))
    values, indices = nearest.compute((put(x), put(y)))
    squares = ((x[:, None] - y[None]) ** 2).sum(-1)
    assert np.array_equal(indices.read()[:, 0], squares.argmin(1)) and indices.dtype == np.int64
    assert np.allclose(values.read()[:, 0], squares.min(1))
    out = Tensor((40, 1), np.float64), Tensor((40, 1), np.int64)
    assert nearest.compute((put(x), put(y)), out)[1] is out[1]
    assert np.array_equal(out[1].read(), indices.read())
    empty, one = np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    found = nearest.compute((put(x), put(y)), None, (empty, one, empty, empty, one, empty))[0]
    assert np.isinf(found.read()).all()


def check_devices():
    total = make("Sum_Reduction(x*p,1)", ["x=Vi(1)", "p=Pm(1)"])
    x, p = np.arange(5.0)[:, None], np.array([2.0])
    for device in (0, 1):
        result = total.compute((put(x, device), put(p, device)))
        assert result.device == device and result.read() == 20
    refuses(total, (put(x, 0), put(p, 1)), "argument 2", "cuda:0", "cuda:1")
    refuses(total, (put(x, 0), put(p, None)), "argument 2", "cuda:0", "cpu")
    refuses(total, (put(x), put(p)), "output 1", "cuda:0", "cpu", out=put(np.zeros((1, 1)), None))
    refuses(total, (put(x), 2.0), "argument 2", "a tensor on cuda:0", "float")
    assert total.compute((put(x), 2.0)) is NotImplemented
    assert total.compute((put(x, None), 2.0)).read() == 20
    ranges = tuple(put(np.zeros((0, 2) if k % 3 != 1 else (0,), np.int64)) for k in range(6))
    refuses(total, (put(x), put(p)), "ranges[0]", "cpu", "cuda:0", ranges=ranges)


check_sums()
check_pairs_and_out()
check_devices()
assert not alive, alive
print("done")
