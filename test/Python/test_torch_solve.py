"""Solvers, complex numbers, entries, several reductions and several axes on PyTorch tensors, with their gradients,
against dense PyTorch in float64. ``test_solve``, ``test_lazytensor_complex``, ``test_entries``, ``test_reduce`` and
``test_axes`` have the values."""

import inspect
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap  # noqa: E402

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
    aliases = ["x=Vi(2)", "y=Vj(2)", "g=Pm(1)", f"a=Vj({b.shape[-1]})"]
    return KernelSolve("Exp(-SqDist(x,y)*g)*a", aliases, "a", axis=1)(x, x, g, b, **OPTIONS)


def dense_solve(x, g, b):
    matrix = torch.exp(-g[..., None] * ((x[..., :, None, :] - x[..., None, :, :]) ** 2).sum(-1))
    return torch.linalg.solve(matrix + 0.5 * torch.eye(x.shape[-2], dtype=x.dtype), b)


ONE = torch.ones(1, dtype=torch.float64)
BOTH = pytest.mark.parametrize("solve", (lazy_solve, formula_solve))


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


def all_close(got, want):
    got, want = (value if isinstance(value, tuple) else (value,) for value in (got, want))
    pairs = list(zip(got, want, strict=True))
    return all(a.shape == b.shape and torch.allclose(a, b, atol=1e-9) for a, b in pairs)


def scalar(solve):
    return lambda *tensors: solve(*tensors).square().sum()


@BOTH
def test_transforms(solve):
    tensors = draw((5, 2), (1,), (5, 3))
    for place in range(3):
        for transform in (jacrev, jacfwd):
            assert all_close(transform(solve, place)(*tensors), transform(dense_solve, place)(*tensors))
        for transform in (grad, hessian):
            want = transform(scalar(dense_solve), place)(*tensors)
            assert all_close(transform(scalar(solve), place)(*tensors), want)
        assert all_close(jacfwd(jacfwd(scalar(solve), place), place)(*tensors), want)
    got, want = (jvp(f, tuple(tensors), tuple(tensors)) for f in (solve, dense_solve))
    assert all_close(got, want)
    assert all_close(*(vjp(f, *tensors)[1](tensors[2]) for f in (solve, dense_solve)))
    # Of the right-hand side alone, in which a solution is linear.
    x, g, b = tensors
    assert all_close(jvp(lambda b: solve(x, g, b), (b,), (b.sin(),))[1], dense_solve(x, g, b.sin()))


@BOTH
@pytest.mark.parametrize("batch", (1, 3))
def test_mapped_solutions(solve, batch):
    shapes = (5, 2), (1,), (5, 3)
    single, batched = draw(*shapes), draw(*((batch, *shape) for shape in shapes))
    for in_dims in ((0, None, None), (None, 0, None), (None, None, 0), (0, 0, 0)):
        tensors = [b if axis == 0 else s for s, b, axis in zip(single, batched, in_dims)]
        assert all_close(vmap(solve, in_dims)(*tensors), vmap(dense_solve, in_dims)(*tensors))
        got, want = (vmap(grad(scalar(f), (0, 1, 2)), in_dims)(*tensors) for f in (solve, dense_solve))
        assert all_close(got, want)
    last = batched[2].movedim(0, -1)
    assert all_close(*(vmap(f, (None, None, -1))(*single[:2], last) for f in (solve, dense_solve)))


def compile_whole(function):
    torch._dynamo.reset()
    return torch.compile(function, backend="aot_eager", fullgraph=True)


@BOTH
def test_compiled_solutions(solve):
    compiled = compile_whole(lambda *tensors: solve(*tensors).sin())
    for rows in (5, 6, 9, 1, 0):
        tensors = [x.requires_grad_() for x in draw((rows, 2), (1,), (rows, 3))]
        found, expected = compiled(*tensors), dense_solve(*tensors).sin()
        assert all_close(found, expected)
        assert all_close(torch.autograd.grad(found.sum(), tensors), torch.autograd.grad(expected.sum(), tensors))


def test_the_operator_keeps_the_rules_of_operators():
    x, g, b = (v.requires_grad_() for v in draw((5, 2), (1,), (5, 3)))
    solver = KernelSolve("Exp(-SqDist(x,y)*g)*a", ["x=Vi(2)", "y=Vj(2)", "g=Pm(1)", "a=Vj(3)"], "a", axis=1)
    arguments = [x, x, g, b], solver._product._reduction.key, 3, "KernelSolve", [0.5, 1e-12, 0.0, 1000.0, 1.0], []
    torch.library.opcheck(torch.ops.keops.solve.default, arguments)


def test_what_compiled_programs_have_no_solutions_for():
    """Outside of ``fullgraph`` these are computed as ever."""
    x, b = draw((5, 2), (5, 3))
    for option in ({"info": True}, {"preconditioner": lambda r: 2 * r}):

        def solve(x, b):
            found = (-Vi(x).sqdist(Vj(x))).exp().solve(b, **OPTIONS, **option)
            return found.solution if "info" in option else found

        with pytest.raises(Exception, match="LazyTensor: solve: info and preconditioner: expected none of them while"):
            compile_whole(solve)(x, b)
        torch._dynamo.reset()
        assert all_close(torch.compile(solve, backend="eager")(x, b), dense_solve(x, ONE, b))


@pytest.mark.parametrize("kind", (torch.tensor, np.array))
def test_ranges_in_compiled_and_mapped_solutions(kind):
    blocks = (kind([[0, 3], [3, 7]]), kind([1, 2]), kind([[0, 3], [3, 7]])) * 2
    x, b = draw((7, 2), (7, 1))
    mask = torch.block_diag(torch.ones(3, 3), torch.ones(4, 4)).double()

    def solve(x, b):
        return (-Vi(x).sqdist(Vj(x))).exp().solve(b, ranges=blocks, **OPTIONS)

    def reference(x, b):
        matrix = torch.exp(-((x[:, None] - x) ** 2).sum(-1)) * mask + 0.5 * torch.eye(7).double()
        return torch.linalg.solve(matrix, b)

    def compile_parts(function):
        """Ranges are read by NumPy, outside of graphs."""
        torch._dynamo.reset()
        return torch.compile(function, backend="aot_eager")

    for transform in (compile_parts, lambda f: grad(scalar(f)), lambda f: lambda x, b: vmap(f)(x[None], b[None])):
        assert all_close(transform(solve)(x, b), transform(reference)(x, b))


def batched_solve(x, g, b):
    squares = LazyTensor(x[..., :, None, :]).sqdist(LazyTensor(x[..., None, :, :]))
    return (-squares * LazyTensor(g[..., None, None, :])).exp().solve(b, **OPTIONS)


BATCHES = (((3,), (3,), (3,)), ((2, 1), (), (3,)), ((), (2,), ()), ((3,), (), ()), ((0,), (), ()))


@pytest.mark.parametrize("solve", (batched_solve, formula_solve))
@pytest.mark.parametrize("batches", BATCHES)
def test_batches(solve, batches):
    shapes = ((*batch, *shape) for batch, shape in zip(batches, ((5, 2), (1,), (5, 3))))
    tensors = [v.requires_grad_() for v in draw(*shapes)]
    found, expected = solve(*tensors), dense_solve(*tensors)
    assert all_close(found, expected)
    gradients = [torch.autograd.grad(v.square().sum(), tensors) for v in (found, expected)]
    assert all_close(*gradients)
    assert all_close(compile_whole(solve)(*tensors), expected)
    if found.numel():
        assert torch.autograd.gradcheck(solve, tensors, check_forward_ad=True)


def test_gradients_where_the_unknown_is_inside():
    x, b = (v.requires_grad_() for v in draw((6, 2), (6, 2)))
    a = Vj(0, 2)
    found = ((-Vi(x).sqdist(Vj(x))).exp() * a).solve(Vi(b), var=a, **OPTIONS)
    expected = dense_solve(x, ONE, b)
    gradients = (torch.autograd.grad(solution.square().sum(), (x, b)) for solution in (found, expected))
    assert torch.allclose(found, expected) and all(map(torch.allclose, *gradients))


def test_results_on_request():
    x, b = draw((9, 2), (9, 3))
    kernel = (-Vi(x).sqdist(Vj(x))).exp()
    for right in (b, b.clone().requires_grad_()):
        found = kernel.solve(right, alpha=0.5, info=True)
        assert found.converged and found.iterations > 0 and found.residual <= 3e-6
        assert torch.allclose(found.solution, dense_solve(x, ONE, b), atol=1e-5)
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
    expected = dense_solve(x.double(), ONE, b.double())
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


@pytest.mark.parametrize("batches", (((2, 1), (3,)), ((), (1,)), ((0,), ())))
def test_entries_of_batches(batches):
    for m, n in ((7, 5), (1, 4), (0, 3), (13, 17)):
        x, y = (v.requires_grad_() for v in draw((*batches[0], m, 1, 3), (*batches[1], 1, n, 3)))
        lazy, dense = LazyTensor(x) - LazyTensor(y), x - y
        size = range(min(m, n))
        pairs = [(lazy.dense(), dense), (lazy.diagonal(), dense[..., size, size, :])]
        pairs += [(lazy.row(-1), dense[..., -1, :, :]), (lazy.column(0), dense[..., :, 0, :])] if m else []
        for found, expected in pairs:
            assert found.shape == expected.shape and torch.allclose(found, expected)
            if found.numel():
                gradients = (torch.autograd.grad(v.sin().sum(), (x, y), retain_graph=True) for v in (found, expected))
                assert all(map(torch.allclose, *gradients))


def test_several_reductions_at_once():
    x, y = (v.requires_grad_() for v in draw((7, 3), (5, 3)))
    difference, dense = Vi(x) - Vj(y), x[:, None] - y
    found = keops.reduce(difference.sqnorm2(), axis=1, sum=True, min_argmin=True, logsumexp=True)
    squares = dense.square().sum(-1, keepdim=True)
    assert torch.allclose(found["sum"], squares.sum(1)) and torch.allclose(found["logsumexp"], squares.logsumexp(1))
    assert torch.equal(found["min_argmin"][1], squares.argmin(1))
    columns, rows = difference.sum(axis=0, keepdim=True, call=False), difference.exp().sum(axis=1, call=False)
    kept, plain = keops.reduce(columns, rows)
    assert torch.allclose(kept, dense.sum(0, keepdim=True)) and torch.allclose(plain, dense.exp().sum(1))
    gradients = (
        torch.autograd.grad(a.sum() + b.sum(), (x, y)) for a, b in ((found["sum"], plain), (squares, dense.exp()))
    )
    assert all(map(torch.allclose, *gradients))


AXES = {
    "sum": (lambda d, a: d.sum(axis=a), lambda d, a: d.sum(a)),
    "prod": (lambda d, a: d.prod(a), lambda d, a: d.log().sum(a).exp()),
    "min": (lambda d, a: d.min(dim=a), lambda d, a: d.amin(a)),
    "max": (lambda d, a: d.max(dim=a), lambda d, a: d.amax(a)),
    "mean": (lambda d, a: d.mean(a), lambda d, a: d.mean(a)),
    "var": (lambda d, a: d.var(a), lambda d, a: d.var(a, correction=0)),
    "logsumexp": (lambda d, a: d.logsumexp(a), lambda d, a: d.logsumexp(a)),
    "logsumexp(weight)": (
        lambda d, a: d[0].logsumexp(a, weight=d),
        lambda d, a: (d[..., :1].exp() * d).sum(a).log(),
    ),
    "sumsoftmaxweight": (
        lambda d, a: d[0].sumsoftmaxweight(d, a),
        lambda d, a: (d[..., :1].exp() * d).sum(a) / d[..., :1].exp().sum(a),
    ),
}


@pytest.mark.parametrize("axes", ((0, 3), (1, 2), (2, 3), (-5, -4, -3, -2)), ids=str)
@pytest.mark.parametrize("name", AXES)
def test_reductions_over_several_axes(name, axes):
    x, y, more = draw((3, 7, 1, 2), (2, 1, 1, 5, 2), (2, 3, 7, 1, 2))
    reduce, expect = AXES[name]
    functions = lambda x, y: reduce(LazyTensor(x) + LazyTensor(y), axes), lambda x, y: expect(x + y, axes)  # noqa: E731
    tensors = [x.requires_grad_(), y.requires_grad_()]
    results = [function(*tensors) for function in functions]
    assert all_close(*results)
    first = [torch.autograd.grad(result.sin().sum(), tensors, create_graph=True) for result in results]
    assert all_close(*first)
    assert all_close(*(torch.autograd.grad(sum(g.cos().sum() for g in one), tensors) for one in first))
    assert all_close(*(jvp(function, (x, y), (x.sin(), y.cos()))[1] for function in functions))
    assert all_close(*(vmap(function, (0, None))(more, y) for function in functions))
    if name in ("max", "var"):
        compiled = compile_whole(functions[0])(*tensors)
        assert all_close(compiled, results[1])
        assert all_close(torch.autograd.grad(compiled.sin().sum(), tensors), first[1])


@pytest.mark.parametrize("name", AXES)
def test_several_axes_of_which_some_are_empty(name):
    for shapes in (((0, 3, 1, 2), (0, 1, 4, 2)), ((3, 4, 1, 2), (3, 1, 0, 2)), ((3, 0, 1, 2), (3, 1, 4, 2))):
        x, y = (v.requires_grad_() for v in draw(*shapes))
        result = AXES[name][0](LazyTensor(x) + LazyTensor(y), (0, 2))
        assert result.shape == (x.shape[1], 2)
        for gradient, tensor in zip(torch.autograd.grad(result.sum(), (x, y)), (x, y)):
            assert gradient.shape == tensor.shape and not gradient.any()


def test_the_doors_are_the_same():
    mine = {name for name in dir(LazyTensor) if not name.startswith("_")}
    assert {name for name in dir(keops.numpy.LazyTensor) if not name.startswith("_")} - mine == {"aslinearoperator"}
    assert set(keops.torch.__all__) == set(keops.numpy.__all__)
    # The order of arguments differs as it does in KeOps.
    orders = [list(inspect.signature(door.KernelSolve).parameters)[4:7] for door in (keops.torch, keops.numpy)]
    assert orders == [["dtype_acc", "use_double_acc", "sum_scheme"], ["dtype", "opt_arg", "dtype_acc"]]
