"""keops.torch against dense PyTorch in float64: values, derivatives of both modes and any order, transforms,
compilation, and everything else that PyTorch does to tensors before a function sees them."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.autograd import gradcheck, gradgradcheck  # noqa: E402
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap  # noqa: E402

import keops.torch._program as program_module  # noqa: E402
from keops.torch import Genred, LazyTensor, Pm, Var, Vi, Vj  # noqa: E402
from keops.torch import generic_argkmin, generic_logsumexp, generic_sum  # noqa: E402
from keops.torch.cluster import grid_cluster, sort_clusters  # noqa: E402
from gaussians import ALIASES, BOTH, EMPTY, SIZES, TOLERANCES  # noqa: E402
from gaussians import assert_close, compile_whole, dense, draw, gauss_formula, lazy_gauss, wanting  # noqa: E402

@pytest.fixture(scope="module")
def gauss():
    return gauss_formula()


@pytest.fixture
def function(how, gauss):
    return gauss if how == "genred" else lazy_gauss


# ---- Values ----------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("size", SIZES + EMPTY)
def test_values(function, size, dtype):
    tensors = draw(*size, dtype)
    result = function(*tensors)
    assert type(result) is torch.Tensor and result.dtype == dtype
    assert_close(result, dense(*(tensor.double() for tensor in tensors)), dtype)


REDUCTIONS = {
    "sum": lambda d, axis: d.sum(axis),
    "min": lambda d, axis: d.min(axis).values,
    "max": lambda d, axis: d.max(axis).values,
    "argmin": lambda d, axis: d.argmin(axis),
    "argmax": lambda d, axis: d.argmax(axis),
    "logsumexp": lambda d, axis: d.logsumexp(axis),
    "prod": lambda d, axis: d.prod(axis),
    "mean": lambda d, axis: d.mean(axis),
    "var": lambda d, axis: d.var(axis, unbiased=False),
    "any": lambda d, axis: (d != 0).any(axis).double(),
    "count": lambda d, axis: (d != 0).sum(axis),
}


@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name, axis):
    for size in SIZES[:4]:
        x, y, *_ = draw(*size)
        result = getattr(Vi(x) - Vj(y), name)(axis=axis)
        want = REDUCTIONS[name](x[:, None] - y[None], axis)
        assert (result.dtype == torch.int64) == (want.dtype == torch.int64)
        assert_close(result, want)


def test_the_best_few():
    x, y, *_ = draw(13, 17)
    squares = ((x[:, None] - y[None]) ** 2).sum(-1)
    want = squares.topk(3, largest=False, sorted=True)
    values, indices = Vi(x).sqdist(Vj(y)).Kmin_argKmin(3, axis=1)
    assert_close(values, want.values)
    assert torch.equal(indices, want.indices)


def test_short_forms():
    x, y, b, g = draw(7, 5)
    assert_close(generic_sum("Exp(-SqDist(x,y)*g)*b", "a=Vi(2)", *ALIASES)(x, y, b, g), dense(x, y, b, g))
    squares = ((x[:, None] - y[None]) ** 2).sum(-1)
    assert_close(generic_logsumexp("SqDist(x,y)", "a=Vi(1)", *ALIASES[:2])(x, y), squares.logsumexp(1, True))
    best = generic_argkmin("SqDist(x,y)", "a=Vi(2)", *ALIASES[:2])(x, y)
    assert torch.equal(best, squares.topk(2, largest=False).indices)


def test_numbers_lists_and_strides():
    x, y, b, g = draw(9, 6)
    squares = ((x[:, None] - y[None]) ** 2).sum(-1)
    assert_close((Vi(x).sqdist(Vj(y)) * 0.5 + [1.0]).sum(1), (squares * 0.5 + 1).sum(1, True))
    wide = torch.rand(6, 18, dtype=torch.float64)
    views = wide.T[::2, :3], wide[:, 1:16:5], wide[:, :2].flip(0), g.expand(5)[2]
    assert_close(lazy_gauss(*views), dense(*views[:3], views[3].reshape(1)))
    row = torch.rand(1, 3, dtype=torch.float64).expand(9, 3)
    assert_close(lazy_gauss(row, y, b, g), dense(row, y, b, g))


def test_results_written_to_tensors(gauss):
    x, y, b, g = draw(9, 6)
    out = torch.full((2, 9), 7.0, dtype=torch.float64).T
    assert gauss(x, y, b, g, out=out) is out
    assert_close(out, dense(x, y, b, g))
    with pytest.raises(ValueError, match="out: expected None where PyTorch watches"):
        gauss(*wanting(x), y, b, g, out=out)
    with pytest.raises(ValueError, match="output 1"):
        gauss(x, y, b, g, out=torch.zeros(9, 2, dtype=torch.float64, requires_grad=True))


WITHOUT_EXCHANGE = """
import torch
del torch.Tensor.__dlpack_c_exchange_api__
from keops.torch import Genred
gauss = Genred("Exp(-SqDist(x,y))", ["x=Vi(3)", "y=Vj(3)"], axis=1)
x, y = torch.rand(5, 3, dtype=torch.float64), torch.rand(4, 3, dtype=torch.float64)
dense = lambda x: torch.exp(-((x[:, None] - y) ** 2).sum(-1)).sum(1, keepdim=True)
negated = torch.complex(x, x).conj().imag
for tensor in (x, negated, torch.nn.Parameter(x)):
    torch.testing.assert_close(gauss(tensor, y), dense(tensor))
out = torch.empty(5, 1, dtype=torch.float64)
torch.testing.assert_close(gauss(negated, y, out=out), dense(negated))
assert torch.autograd.gradcheck(lambda x: gauss(x, y), x.requires_grad_())
"""


@pytest.mark.skipif(not hasattr(torch.Tensor, "__dlpack_c_exchange_api__"), reason="this PyTorch has no C exchange")
def test_a_pytorch_without_the_exchange():
    subprocess.run([sys.executable, "-c", WITHOUT_EXCHANGE], check=True)


@BOTH
@pytest.mark.parametrize("dtype", program_module.SHORT_DTYPES)
def test_short_types_before_and_after_autocast(function, dtype):
    """What is remembered of tensors outside must not decide what autocast wants."""
    tensors = draw(5, 4, dtype)
    assert function(*tensors).dtype == dtype
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert function(*tensors).dtype == torch.float32
    assert function(*tensors).dtype == dtype


def test_what_pytorch_negates_and_conjugates_later(gauss):
    x, y, b, g = draw(9, 6)
    negated = torch.complex(x, -x).conj().imag
    assert negated.is_neg()
    assert_close(gauss(negated, y, b, g), dense(x, y, b, g))
    pairs = Genred("ComplexMult(x,y)", ["x=Vi(4)", "y=Vj(4)"], axis=1, complex_result=True)
    u, v = torch.randn(5, 2, dtype=torch.complex128), torch.randn(4, 2, dtype=torch.complex128)
    assert torch.allclose(pairs(u.conj(), v), (u.conj()[:, None] * v).sum(1))
    assert gradcheck(pairs, wanting(u, v.conj()))


# ---- Derivatives -----------------------------------------------------------------------------------------------------


@BOTH
def test_gradients_of_everything(function):
    for size in ((5, 4), (1, 3), (4, 1)):
        tensors = wanting(*draw(*size))
        assert gradcheck(function, tensors, check_forward_ad=True)
        assert gradgradcheck(function, tensors)


@pytest.mark.parametrize("name", ("min", "max", "logsumexp", "prod", "mean", "var", "Kmin", "Kmax"))
def test_gradients_of_reductions(name):
    count = (2,) if name.startswith("K") else ()
    tensors = wanting(*draw(4, 5)[:2])
    for axis in (0, 1):
        reduced = lambda x, y: getattr(Vi(x).sqdist(Vj(y)), name)(*count, axis=axis)  # noqa: E731
        assert gradcheck(reduced, tensors, check_forward_ad=True)
        assert gradgradcheck(reduced, tensors)


def test_gradients_with_weights():
    x, y, b, _ = wanting(*draw(4, 5))
    for name in ("logsumexp", "sumsoftmaxweight"):
        reduced = lambda x, y, b: getattr(-Vi(x).sqdist(Vj(y)), name)(axis=1, weight=Vj(b))  # noqa: E731
        assert gradcheck(reduced, (x, y, b), check_forward_ad=True)
        assert gradgradcheck(reduced, (x, y, b))


def test_values_have_gradients_and_indices_none():
    x, y, *_ = wanting(*draw(6, 5))
    values, indices = Vi(x).sqdist(Vj(y)).min_argmin(axis=1)
    assert values.requires_grad and not indices.requires_grad
    assert gradcheck(lambda x, y: Vi(x).sqdist(Vj(y)).min_argmin(axis=1)[0], (x, y), check_forward_ad=True)


def test_a_third_derivative(gauss):
    tensors = draw(4, 3)

    def third(function):
        first = grad(lambda *t: function(*t).sin().sum())
        second = grad(lambda *t: first(*t).square().sum(), 1)
        return grad(lambda *t: second(*t).square().sum(), 3)(*tensors)

    assert_close(third(gauss), third(dense))


@BOTH
@pytest.mark.parametrize("size", EMPTY)
def test_gradients_without_rows(function, size):
    tensors = wanting(*draw(*size))
    function(*tensors).sum().backward()
    assert all(tensor.grad.shape == tensor.shape and not tensor.grad.any() for tensor in tensors)


def test_one_program_for_all_gradients(gauss, monkeypatch):
    """What the gradients share is computed once, since one request holds them all."""
    runs = []
    compute = program_module.TensorProgram.compute_detached
    watch = lambda self, *arguments: runs.append(self) or compute(self, *arguments)  # noqa: E731
    monkeypatch.setattr(program_module.TensorProgram, "compute_detached", watch)
    tensors = wanting(*draw(5, 4))
    gauss(*tensors).sum().backward()
    assert [len(run.parts) for run in runs] == [1, 4]
    assert runs[1].dump("scheduled", "float64").count("keops.exp") <= 2  # one for each index that is reduced


def test_gradients_of_some():
    x, y, b, g = draw(5, 4)
    for chosen in range(4):
        tensors = [x, y, b, g]
        tensors[chosen] = tensors[chosen].clone().requires_grad_()
        got, want = (torch.autograd.grad(f(*tensors).sum(), tensors[chosen])[0] for f in (lazy_gauss, dense))
        assert_close(got, want)


def test_one_tensor_in_two_places():
    (x,) = wanting(draw(5, 4)[0])
    assert gradcheck(lambda x: (-Vi(x).sqdist(Vj(x))).exp().sum(1), (x,), check_forward_ad=True)
    assert gradgradcheck(lambda x: (Vi(x) | Vj(x)).square().sum(1), (x,))


def test_parameters_of_modules():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.width = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

        def forward(self, x, y, b):
            return lazy_gauss(x, y, b, self.width)

    model, (x, y, b, _) = Model(), draw(6, 5)
    model(x, y, b).sum().backward()
    want = grad(lambda width: dense(x, y, b, width.reshape(1)).sum())(model.width.detach())
    assert_close(model.width.grad, want)
    other = {"width": torch.tensor(2.0, dtype=torch.float64)}
    assert_close(functional_call(model, other, (x, y, b)), dense(x, y, b, torch.tensor([2.0])))
    with torch.no_grad():
        assert not model(x, y, b).requires_grad
    with torch.inference_mode():
        assert_close(model(x, y, b), dense(x, y, b, model.width.reshape(1)))


# ---- Transforms ------------------------------------------------------------------------------------------------------


@BOTH
def test_transforms(function):
    tensors = draw(5, 4)
    scalar = lambda f: lambda *t: f(*t).square().sum()  # noqa: E731
    for place in range(4):
        for transform in (jacrev, jacfwd):
            assert_close(transform(function, place)(*tensors), transform(dense, place)(*tensors))
        for transform in (grad, hessian):
            assert_close(transform(scalar(function), place)(*tensors), transform(scalar(dense), place)(*tensors))
        forward = jacfwd(jacfwd(scalar(function), place), place)(*tensors)
        assert_close(forward, hessian(scalar(dense), place)(*tensors))
    got, want = (jvp(f, tuple(tensors), tuple(tensors)) for f in (function, dense))
    assert_close(got[1], want[1])
    adjoint = torch.rand(5, 2, dtype=torch.float64)
    for a, c in zip(vjp(function, *tensors)[1](adjoint), vjp(dense, *tensors)[1](adjoint)):
        assert_close(a, c)


@BOTH
@pytest.mark.parametrize("batch", (1, 3, 17))
def test_vmap(function, batch):
    single = draw(5, 4)
    batched = [torch.rand(batch, *tensor.shape, dtype=torch.float64) for tensor in single]
    cases = [(0, None, None, None), (None, 0, 0, None), (None, None, None, 0), (0, 0, 0, 0)]
    for in_dims in cases:
        tensors = [b if axis == 0 else s for s, b, axis in zip(single, batched, in_dims)]
        assert_close(vmap(function, in_dims)(*tensors), vmap(dense, in_dims)(*tensors))
        gradient = lambda f: grad(lambda *t: f(*t).square().sum(), argnums=(0, 1, 2, 3))  # noqa: E731
        for got, want in zip(vmap(gradient(function), in_dims)(*tensors), vmap(gradient(dense), in_dims)(*tensors)):
            assert_close(got, want)
    last = batched[0].movedim(0, -1)
    want = vmap(dense, (0, None, None, None))(batched[0], *single[1:])
    assert_close(vmap(function, (-1, None, None, None))(last, *single[1:]), want)


def test_vmap_in_vmap(gauss):
    x, y, b, g = draw(5, 4)
    many_x, many_y = torch.rand(3, 5, 3, dtype=torch.float64), torch.rand(2, 4, 3, dtype=torch.float64)
    got, want = (
        vmap(lambda x: vmap(lambda y: f(x, y, b, g))(many_y))(many_x) for f in (gauss, dense)
    )
    assert_close(got, want)


# ---- Batches and ranges ----------------------------------------------------------------------------------------------


def test_gradients_of_batches(gauss):
    x = torch.rand(2, 1, 5, 3, dtype=torch.float64)
    y = torch.rand(3, 4, 3, dtype=torch.float64)
    b = torch.rand(4, 2, dtype=torch.float64)
    g = torch.rand(3, 1, dtype=torch.float64)
    tensors = wanting(x, y, b, g)
    assert_close(gauss(*tensors), dense(*tensors))
    assert gradcheck(gauss, tensors, check_forward_ad=True)
    assert gradgradcheck(gauss, tensors)


def test_gradients_of_ranges(gauss):
    """Blocks of a mask: rows 0 to 2 see columns 0 and 1, rows 3 and 4 see column 3."""
    x, y, b, g = wanting(*draw(6, 4))
    mask = torch.zeros(6, 4, dtype=torch.float64)
    mask[:3, :2] = mask[3:5, 3] = 1
    one = lambda *rows: torch.tensor(rows)  # noqa: E731
    ranges = (one([0, 3], [3, 5]), one(1, 2), one([0, 2], [3, 4]), one([0, 2], [3, 4]), one(1, 2), one([0, 3], [3, 5]))
    masked = lambda x, y, b, g: (torch.exp(-((x[:, None] - y[None]) ** 2).sum(-1) * g) * mask) @ b  # noqa: E731
    sparse = lambda *t: gauss(*t, ranges=ranges)  # noqa: E731
    assert_close(sparse(x, y, b, g), masked(x, y, b, g))
    assert gradcheck(sparse, (x, y, b, g), check_forward_ad=True)
    assert gradgradcheck(sparse, (x, y, b, g))


# ---- Copies, mistakes ------------------------------------------------------------------------------------------------


def test_copies(gauss):
    x, y, b, g = draw(5, 4)
    for made in (copy.deepcopy(gauss), pickle.loads(pickle.dumps(gauss))):
        assert type(made) is Genred
        assert_close(made(x, y, b, g), dense(x, y, b, g))
    prepared = (Vi(x) - Vj(y)).sum(axis=1, call=False)
    assert_close(pickle.loads(pickle.dumps(prepared))(), (x[:, None] - y[None]).sum(1))
    assert pickle.loads(pickle.dumps(Vi)) is Vi and LazyTensor.__module__ == "keops.torch"


def test_symbols():
    x, y, b, g = wanting(*draw(5, 4))
    later = ((-Vi(0, 3).sqdist(Vj(1, 3)) * Pm(2, 1)).exp() * Vj(b)).sum(axis=1)
    assert_close(later(x, y, g), dense(x, y, b, g))
    assert gradcheck(later, (x, y, g))
    assert_close(Var(x, cat=0).sum_reduction(axis=1), x)


def test_both_libraries_in_one_process():
    import keops.numpy

    x, y, *_ = draw(5, 4)
    for _ in range(2):
        here, there = (Vi(x) - Vj(y)).sum(1), (keops.numpy.Vi(x.numpy()) - keops.numpy.Vj(y.numpy())).sum(1)
        assert type(here) is torch.Tensor and type(there) is np.ndarray
        assert np.array_equal(here.numpy(), there)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x, y: Vi(x) - Vj(y.float()), ValueError, "_dtype: float64 and float32"),
        (lambda x, y: Vi(x.long()), TypeError, "expected a tensor of dtype .* got torch.int64"),
        (lambda x, y: Vi(x.numpy()), TypeError, "torch array"),
        (lambda x, y: Vi(x) - Vi(x[:2]), ValueError, "ni: 5 and 2"),
        (lambda x, y: (Vi(x) - Vj(y)).sum(1, backend="TPU"), ValueError, "backend: expected one of"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(x, y.float()), ValueError, r"argument 2 \(y\)"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(x[:, :2], y), ValueError, r"argument 1 \(x\): expected shape"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(*wanting(x[:, :2], y)), ValueError, r"1 \(x\): expected shape"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(x, *wanting(y.float())), ValueError, r"argument 2 \(y\)"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(x), ValueError, "expected 2 arguments, got 1"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(*wanting(x)), ValueError, "expected 2 arguments, got 1"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(x.to("meta"), y), ValueError, r"argument 1 \(x\)"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(x.to_sparse(), y), ValueError, r"argument 1 \(x\)"),
        (lambda x, y: Genred("x-y", ALIASES[:2])(x.long(), y.long()), ValueError, r"argument 1 \(x\): .*int64"),
        (lambda x, y: Genred("x-y", ALIASES[:2], precision="best"), ValueError, "precision"),
        (lambda x, y: Vi(torch.nested.nested_tensor([x, y])), TypeError, "x: expected a tensor with a shape"),
        (lambda x, y: (Vi(x) | Vj(x)) @ torch.nested.nested_tensor([x, y]), TypeError, "expected an array v"),
        (lambda x, y: (Vi(x) | Vj(x)).solve(x[:, :1].to("meta")), ValueError, r"right-hand side: .*not a meta or fake"),
        (lambda x, y: (Vi(x) | Vj(x)).solve(x[:, :1].to_sparse()), ValueError, "right-hand side: .* torch.sparse_coo"),
        (lambda x, y: Vi(x.float().to_mkldnn()).row(0), ValueError, "row: expected .* torch.strided, got torch._mkldnn"),
        (lambda x, y: (Vi(x) - Vj(FakeTensorMode().from_tensor(y))).sum(1), ValueError, "real tensors or fake ones"),
        (lambda x, y: grid_cluster(x.to_sparse(), 1), TypeError, "grid_cluster: x: cannot be read as an array"),
        (lambda x, y: sort_clusters(x.to_sparse(), torch.zeros(5).int()), ValueError, "sort_clusters: x: .*sparse_coo"),
    ],
)
def test_mistakes(call, error, text):
    x, y, *_ = draw(5, 4)
    with pytest.raises(error, match=text):
        call(x, y)


# ---- Batches and clusters of LazyTensors -----------------------------------------------------------------------------


def test_batches_of_expressions():
    x, y, b = (torch.rand(shape, dtype=torch.float64) for shape in ((2, 1, 5, 1, 3), (3, 1, 4, 3), (3, 4, 2)))
    g = torch.rand(3, 1, 1, 1, dtype=torch.float64)

    def lazy(x, y, b, g):
        return ((-((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1) * LazyTensor(g)).exp() * LazyTensor(b[:, None])).sum(3)

    def reference(x, y, b, g):
        return dense(x[..., 0, :], y[:, 0], b, g[:, 0, 0])

    tensors = wanting(x, y, b, g)
    assert_close(lazy(*tensors), reference(*tensors))
    assert gradcheck(lazy, tensors, check_forward_ad=True)
    assert_close(compile_whole(lazy)(*tensors), reference(*tensors))


def test_ranges_from_clusters():
    from keops.torch.cluster import cluster_ranges_centroids, from_matrix, grid_cluster, sort_clusters

    x = torch.rand(211, 2, dtype=torch.float64)
    labels = grid_cluster(x, 0.3)
    ranges, centroids, weights = cluster_ranges_centroids(x, labels)
    assert ranges.dtype == torch.int64 and weights.sum() == 211
    x, labels = sort_clusters(x, labels)
    for k, (begin, end) in enumerate(ranges):
        assert_close(centroids[k], x[begin:end].mean(0))
    keep = (centroids[:, None] - centroids[None]).norm(dim=-1) < 0.4
    kernel = (-Vi(x).sqdist(Vj(x))).exp()
    kernel.ranges = from_matrix(ranges, ranges, keep)
    want = torch.exp(-((x[:, None] - x[None]) ** 2).sum(-1)) * keep[labels.long()][:, labels.long()]
    assert_close(kernel.sum(1), want.sum(1, True))
    assert_close(kernel.t().sum(1), want.sum(0)[:, None])
