"""Solvers, complex numbers, entries and several reductions on PyTorch tensors, with their gradients, against dense
PyTorch in float64. ``test_solve``, ``test_lazytensor_complex``, ``test_entries`` and ``test_reduce`` have the values."""

import inspect
import warnings

import pytest

torch = pytest.importorskip("torch")

import keops  # noqa: E402
import keops.numpy  # noqa: E402
import keops.torch  # noqa: E402
from keops.torch import ComplexLazyTensor, KernelSolve, LazyTensor, Pm, Vi, Vj  # noqa: E402

OPTIONS = {"alpha": 0.5, "eps": 1e-12}


def draw(*shapes, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(shape, generator=generator, dtype=dtype) for shape in shapes]


def lazy_solve(x, g, b):
    return (-Vi(x).sqdist(Vj(x)) * Pm(g)).exp().solve(Vi(b), **OPTIONS)


def formula_solve(x, g, b):
    aliases = ["x=Vi(2)", "y=Vj(2)", "g=Pm(1)", f"a=Vj({b.shape[1]})"]
    return KernelSolve("Exp(-SqDist(x,y)*g)*a", aliases, "a", axis=1)(x, x, g, b, **OPTIONS)


def dense_solve(x, g, b):
    matrix = torch.exp(-g * ((x[:, None] - x[None]) ** 2).sum(-1))
    return torch.linalg.solve(matrix + 0.5 * torch.eye(len(x), dtype=x.dtype), b)


@pytest.mark.parametrize("solve", (lazy_solve, formula_solve))
@pytest.mark.parametrize("rows, columns", ((1, 1), (7, 1), (23, 4)))
def test_solutions_and_gradients(solve, rows, columns):
    tensors = [x.requires_grad_() for x in draw((rows, 2), (1,), (rows, columns))]
    (weights,) = draw((rows, columns))
    found, expected = solve(*tensors), dense_solve(*tensors)
    assert torch.allclose(found, expected)
    first = torch.autograd.grad((found * weights).sum(), tensors)
    assert all(map(torch.allclose, first, torch.autograd.grad((expected * weights).sum(), tensors)))


@pytest.mark.parametrize("solve", (lazy_solve, formula_solve))
def test_gradients_of_gradients(solve):
    tensors = [x.requires_grad_() for x in draw((5, 2), (1,), (5, 2))]
    assert torch.autograd.gradcheck(solve, tensors)
    assert torch.autograd.gradgradcheck(solve, tensors)


def test_gradients_where_the_unknown_is_inside():
    x, b = (v.requires_grad_() for v in draw((6, 2), (6, 2)))
    a = Vj(0, 2)
    found = ((-Vi(x).sqdist(Vj(x))).exp() * a).solve(Vi(b), var=a, **OPTIONS)
    expected = dense_solve(x, 1, b)
    gradients = (torch.autograd.grad(solution.square().sum(), (x, b)) for solution in (found, expected))
    assert torch.allclose(found, expected) and all(map(torch.allclose, *gradients))


def test_results_on_request():
    x, b = draw((9, 2), (9, 3))
    kernel = (-Vi(x).sqdist(Vj(x))).exp()
    for right in (b, b.clone().requires_grad_()):
        found = kernel.solve(right, alpha=0.5, info=True)
        assert found.converged and found.iterations > 0 and found.residual <= 3e-6
        assert torch.allclose(found.solution, dense_solve(x, 1, b), atol=1e-5)
        assert found.solution.requires_grad == right.requires_grad
    out = torch.empty(9, 3, dtype=torch.float64)
    assert kernel.solve(b, alpha=0.5, out=out) is out
    with pytest.raises(ValueError, match="LazyTensor: solve: out: a result that PyTorch watches"):
        kernel.solve(b.requires_grad_(), out=out)
    with pytest.raises(TypeError, match="the right-hand side: expected dtype float32 or float64, got torch.float16"):
        (-Vi(x.half()).sqdist(Vj(x.half()))).exp().solve(b.detach().half())


def test_float32_converges_without_a_warning():
    x, b = draw((300, 3), (300, 2), dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = (-Vi(x).sqdist(Vj(x))).exp().solve(b, alpha=0.5)
    expected = dense_solve(x.double(), 1, b.double())
    assert found.dtype == torch.float32 and torch.allclose(found.double(), expected, atol=1e-4)


def test_complex_numbers():
    (z, w), (x,) = draw((7, 3), (5, 3), dtype=torch.complex128), draw((7, 3))
    product = Vi(z) * Vj(w) + 2j * Vi(x)
    dense = z[:, None] * w + 2j * x[:, None]
    assert isinstance(product, ComplexLazyTensor) and product.dtype == "complex128"
    assert torch.allclose(product.sum(axis=1), dense.sum(1)) and torch.allclose(product.dense(), dense)
    assert torch.allclose(product.abs().sum(axis=0), dense.abs().sum(0))
    assert torch.allclose((Vi(z) * Vj(w)).sum() @ w, (z @ w.T) @ w)
    with pytest.raises(ValueError, match="LazyTensor: Sqrt is not defined for complex numbers"):
        product.sqrt()
    gradients = []
    for reduce in (lambda z: (Vi(z) * Vj(w)).exp().sum(axis=1), lambda z: (z[:, None] * w).exp().sum(1)):
        variable = z.clone().requires_grad_()
        gradients += torch.autograd.grad(reduce(variable).abs().sum(), variable)
    assert torch.allclose(*gradients)


@pytest.mark.parametrize("m, n", ((7, 5), (1, 1), (0, 4), (4, 0), (0, 0), (17, 9)))
def test_entries(m, n):
    x, y = (v.requires_grad_() for v in draw((m, 3), (n, 3)))
    for lazy, dense in ((Vi(x) - Vj(y), x[:, None] - y), ((Vi(x) | Vj(y)), x @ y.T)):
        size = min(m, n)
        pairs = [(lazy.dense(), dense), (lazy.diagonal(), dense[range(size), range(size)])]
        pairs += [(lazy.row(-1), dense[-1])] if m else []
        pairs += [(lazy.column(0), dense[:, 0])] if n else []
        for found, expected in pairs:
            assert found.shape == expected.shape and torch.allclose(found, expected)
            if m and n:
                gradients = (torch.autograd.grad(v.sin().sum(), (x, y), retain_graph=True) for v in (found, expected))
                assert all(map(torch.allclose, *gradients))


def test_several_reductions_at_once():
    x, y = (v.requires_grad_() for v in draw((7, 3), (5, 3)))
    difference, dense = Vi(x) - Vj(y), x[:, None] - y
    found = keops.reduce(difference.sqnorm2(), axis=1, sum=True, min_argmin=True, logsumexp=True)
    squares = dense.square().sum(-1, keepdim=True)
    assert torch.allclose(found["sum"], squares.sum(1)) and torch.allclose(found["logsumexp"], squares.logsumexp(1))
    assert torch.equal(found["min_argmin"][1], squares.argmin(1))
    kept, plain = keops.reduce(difference.sum(axis=0, keepdim=True, call=False), difference.exp().sum(axis=1, call=False))
    assert torch.allclose(kept, dense.sum(0, keepdim=True)) and torch.allclose(plain, dense.exp().sum(1))
    gradients = (
        torch.autograd.grad(a.sum() + b.sum(), (x, y)) for a, b in ((found["sum"], plain), (squares, dense.exp()))
    )
    assert all(map(torch.allclose, *gradients))


def test_the_doors_are_the_same():
    mine = {name for name in dir(LazyTensor) if not name.startswith("_")}
    assert {name for name in dir(keops.numpy.LazyTensor) if not name.startswith("_")} - mine == {"aslinearoperator"}
    assert set(keops.torch.__all__) == set(keops.numpy.__all__)
    # The order of arguments differs as it does in KeOps.
    orders = [list(inspect.signature(door.KernelSolve).parameters)[4:7] for door in (keops.torch, keops.numpy)]
    assert orders == [["dtype_acc", "use_double_acc", "sum_scheme"], ["dtype", "opt_arg", "dtype_acc"]]
