"""Gradients of keops.torch from end to end, against PyTorch's own in float64 on the host."""

import arrays
import numpy as np
import pytest
import torch

from keops.torch import Genred, LazyTensor

DTYPES = {torch.float32: 2e-5, torch.float64: 1e-12, torch.float16: 4e-3, torch.bfloat16: 3e-2}
M, N = 300, 400


def make_leaves(dtype, host):
    """The same values on the device and, in float64, on the host."""
    rng = np.random.default_rng(0)
    values = [torch.tensor(rng.random(shape)).to(dtype) for shape in ((M, 3), (N, 3), (N, 2))]
    if host:
        return [v.double().requires_grad_() for v in values]
    return [v.to(arrays.TORCH_DEVICE).requires_grad_() for v in values]


def gauss_of_pairs(x, y, b):
    return torch.exp(-((x[:, None] - y[None]) ** 2).sum(-1)) @ b


def log_of_pairs(x, y, b):
    return torch.logsumexp(-((x[:, None] - y[None]) ** 2).sum(-1) + b[:, 0], 1, keepdim=True)


def least_of_pairs(x, y, b):
    return (((x[:, None] - y[None]) ** 2).sum(-1) * b[:, 0]).amin(1, keepdim=True)


ALIASES = ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"]
CASES = {
    "gauss": (Genred("Exp(-SqDist(x,y))*b", ALIASES, axis=1), gauss_of_pairs),
    "logsumexp": (Genred("Elem(b,0)-SqDist(x,y)", ALIASES, reduction_op="LogSumExp", axis=1), log_of_pairs),
    "min": (Genred("SqDist(x,y)*Elem(b,0)", ALIASES, reduction_op="Min", axis=1), least_of_pairs),
}


def assert_near(got, expected, tolerance):
    got = got.detach().cpu().double()
    assert (got - expected).abs().max() <= tolerance * expected.abs().max()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_gradients(name, dtype):
    reduction, on_host = CASES[name]
    ours, theirs = make_leaves(dtype, host=False), make_leaves(dtype, host=True)
    result, expected = reduction(*ours), on_host(*theirs)
    assert result.device.type == arrays.TORCH_DEVICE
    assert_near(result, expected, DTYPES[dtype])
    # Which term is least may differ between terms that round to one number.
    if name == "min" and dtype in (torch.float16, torch.bfloat16):
        return
    direction = torch.ones_like(expected)
    wanted = torch.autograd.grad(expected, theirs, direction, allow_unused=True)
    got = torch.autograd.grad(result, ours, direction.to(result), allow_unused=True)
    for mine, other in zip(got, wanted, strict=True):
        assert_near(mine, other, DTYPES[dtype])


def test_second_gradients():
    results = []
    for host in (False, True):
        x, y, b = make_leaves(torch.float64, host)
        result = (gauss_of_pairs if host else CASES["gauss"][0])(x, y, b)
        (first,) = torch.autograd.grad(result.sum(), x, create_graph=True)
        results.append(torch.autograd.grad((first**2).sum(), (x, y, b)))
    for mine, other in zip(*results, strict=True):
        assert_near(mine, other, 1e-11)


def test_lazy_tensors():
    ours, theirs = make_leaves(torch.float32, host=False), make_leaves(torch.float32, host=True)
    x, y, b = ours
    kernel = (-((LazyTensor(x[:, None]) - LazyTensor(y[None])) ** 2).sum(-1)).exp()
    result, expected = kernel @ b, gauss_of_pairs(*theirs)
    assert_near(result, expected, 1e-6)
    gradients, wanted = torch.autograd.grad(result.sum(), ours), torch.autograd.grad(expected.sum(), theirs)
    for mine, other in zip(gradients, wanted, strict=True):
        assert_near(mine, other, 2e-5)
