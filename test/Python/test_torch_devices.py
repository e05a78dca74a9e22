"""Where tensors are computed with: the backend and device_id of keops.torch.

Fake tensors are on a GPU that is not there, and say what is moved to where; that moved tensors are computed with, and
differentiated, is tried with the processor in the place of the GPU."""

import pytest

torch = pytest.importorskip("torch")

from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402

from conftest import run_python  # noqa: E402
from gaussians import assert_close, dense, draw, gauss_formula, lazy_gauss, wanting  # noqa: E402
from keops.torch import KernelSolve, Vi, Vj, _places  # noqa: E402

ALIASES = ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)"]


@pytest.fixture
def gpus(monkeypatch):
    """The numbers of the GPUs that were asked for, of which each is the processor."""
    numbers = []

    def find(caller, number):
        numbers.append(number)
        return torch.device("cpu")

    monkeypatch.setattr(_places, "_find_gpu", find)
    return numbers


def test_moved_tensors_are_differentiated(gpus):
    gauss, tensors = gauss_formula(), wanting(*draw(9, 8))
    assert_close(gauss(*tensors, backend="GPU"), dense(*tensors))
    assert_close(lazy_gauss(*tensors), dense(*tensors))
    assert gpus == [0]
    assert torch.autograd.gradcheck(lambda *tensors: gauss(*tensors, device_id=3), tensors)
    assert set(gpus) == {0, 3}


def test_moved_tensors_have_several_results(gpus):
    x, y, *_ = draw(9, 8)
    values, indices = (Vi(x) | Vj(y)).min_argmin(axis=1, backend="GPU_1D")
    expected = (x @ y.T).min(1)
    assert torch.equal(values[:, 0], expected.values) and torch.equal(indices[:, 0], expected.indices)
    assert gpus == [0]


def test_solvers_move_once(gpus):
    x = torch.rand(6, 3, dtype=torch.float64)
    (b,) = wanting(torch.rand(6, 1, dtype=torch.float64))
    solver = KernelSolve("Exp(-SqDist(x,y))*b", ALIASES, "b", axis=1)
    found = solver(x, x, b, alpha=0.5, eps=1e-12, device_id=2)
    matrix = torch.exp(-(torch.cdist(x, x) ** 2)) + 0.5 * torch.eye(6, dtype=torch.float64)
    expected = torch.linalg.solve(matrix, b)
    assert_close(found, expected)
    assert_close(*(torch.autograd.grad(result.sum(), b)[0] for result in (found, expected)))
    info = (-Vi(x).sqdist(Vj(x))).exp().solve(b, alpha=0.5, eps=1e-12, info=True, backend="GPU")
    assert info.converged and torch.allclose(info.solution, expected)
    assert gpus == [2, 0]
    out = torch.full((1, 6), 7.0, dtype=torch.float64).T
    assert solver(x, x, b.detach(), alpha=0.5, eps=1e-12, out=out, backend="GPU") is out
    assert_close(out, expected)
    with pytest.raises(ValueError, match="KernelSolve: out: expected torch.float64"):
        solver(x, x, b.detach(), out=torch.empty(6, 1), backend="GPU")
    with pytest.raises(ValueError, match="KernelSolve: out: a result that PyTorch watches"):
        solver(x, x, b, out=out, backend="GPU")


def test_results_are_copied_to_out(gpus):
    gauss, tensors = gauss_formula(), draw(9, 8)
    out = torch.full((2, 9), 7.0, dtype=torch.float64).T
    assert gauss(*tensors, backend="GPU", out=out) is out
    assert_close(out, dense(*tensors))
    x, y, *_ = tensors
    pair = torch.empty(9, 1, dtype=torch.float64), torch.empty(9, 1, dtype=torch.int64)
    assert (Vi(x) | Vj(y)).min_argmin(axis=1, device_id=2, out=pair) is pair
    expected = (x @ y.T).min(1)
    assert torch.equal(pair[0][:, 0], expected.values) and torch.equal(pair[1][:, 0], expected.indices)
    assert gpus == [0, 2]
    wrong = [
        (pair, "out: expected 1 tensor"),
        (out.float(), r"output 1: expected torch.float64 \(9, 2\) on cpu, got torch.float32 \(9, 2\)"),
        (out[:1], r"output 1: expected torch.float64 \(9, 2\) on cpu, got torch.float64 \(1, 2\)"),
        (out.to("meta"), "output 1: .* on cpu, got .* on meta"),
        (out.numpy(), "output 1: .*, got ndarray"),
        (out.clone().requires_grad_(), "output 1: expected a tensor that wants no gradient"),
        (out[:1].expand(9, 2), "output 1: cannot be written"),
    ]
    for given, message in wrong:
        with pytest.raises(ValueError, match="Genred: " + message):
            gauss(*tensors, backend="GPU", out=given)
    with pytest.raises(ValueError, match="Genred: out: expected None where PyTorch watches"):
        gauss(*wanting(*tensors), backend="GPU", out=out)
    with pytest.raises(ValueError, match="Genred: out: expected None where PyTorch watches"):
        torch.func.vmap(lambda x: gauss(x, *tensors[1:], backend="GPU", out=out))(tensors[0][None])


def test_results_come_back():
    gauss = gauss_formula()
    with FakeTensorMode():
        tensors = [x.to("cuda:1") for x in draw(9, 8)]
        for options in ({}, {"backend": "CPU"}, {"backend": "GPU"}, {"device_id": 1}, {"backend": "GPU_2D"}):
            result = gauss(*tensors, **options)
            assert result.device == torch.device("cuda:1") and result.shape == (9, 2)
        with pytest.raises(ValueError, match="Genred: device_id: expected 1, where the tensors are, got 0"):
            gauss(*tensors, device_id=0)
        with pytest.raises(ValueError, match="Genred: out: expected None where PyTorch watches"):
            gauss(*tensors, backend="CPU", out=torch.empty(9, 2, device="cuda:1"))
        there = gauss(*(x.to("cpu") for x in tensors))
        assert there.device == torch.device("cpu")


def test_streams_are_those_of_pytorch():
    gauss, tensors = gauss_formula(), draw(9, 8)
    x = tensors[0]
    solver = KernelSolve("Exp(-SqDist(x,y))*b", ALIASES, "b", axis=1)
    for caller, call in (
        ("Genred", lambda: gauss(*tensors, stream=0)),
        ("LazyTensor", lambda: (Vi(x) | Vj(x)).sum(1, stream=object())),
        ("LazyTensor", lambda: (-Vi(x).sqdist(Vj(x))).exp().solve(x, stream=1)),
        ("KernelSolve", lambda: solver(x, x, x[:, :1], stream=7)),
    ):
        with pytest.raises(ValueError, match=rf"{caller}: stream: expected None .*with torch.cuda.stream\(stream\)"):
            call()
    assert_close(gauss(*tensors, stream=None), dense(*tensors))


def test_a_backend_is_no_excuse_for_tensors_on_two_devices(gpus):
    x, y, *others = draw(9, 8)
    with pytest.raises(ValueError, match=r"argument 2 \(y\)"):
        gauss_formula()(x, y.to("meta"), *others, backend="GPU")


NO_GPU = """
import torch
from keops.torch import Genred
x = torch.ones(3, 1)
product = Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], axis=1)
try:
    product(x, x, backend="GPU")
except RuntimeError as error:
    print(error)
print(product(x, x).tolist())
"""


def test_without_a_gpu_the_reason_is_said():
    refused, computed = run_python(NO_GPU, CUDA_VISIBLE_DEVICES="").splitlines()
    assert refused.startswith("Genred: PyTorch has no GPU to compute on: it ") and computed == "[[3.0], [3.0], [3.0]]"
