"""keops.torch where PyTorch traces: its operators, torch.compile, export, fake tensors, and autocast."""

import pytest

torch = pytest.importorskip("torch")
testing = pytest.importorskip("torch._dynamo.testing")

from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402

from keops.torch import Genred, Vi, Vj  # noqa: E402
from gaussians import ALIASES, BOTH, assert_close, compile_whole, dense  # noqa: E402
from gaussians import draw, gauss_formula, lazy_gauss, wanting  # noqa: E402

@pytest.fixture(scope="module")
def gauss():
    return gauss_formula()


@pytest.fixture
def function(how, gauss):
    return gauss if how == "genred" else lazy_gauss


# ---- What traces -----------------------------------------------------------------------------------------------------


def test_the_operator_keeps_the_rules_of_operators(gauss):
    x, y, b, g = draw(5, 4)
    for inputs in ([x, y, b, g], wanting(x, y, b, g), [x.float(), y.float(), b.float(), g.float()]):
        torch.library.opcheck(torch.ops.keops.reduce.default, (inputs, gauss._reduction.key, []))
    best = Genred("SqDist(x,y)", ALIASES[:2], reduction_op="KMin_ArgKMin", opt_arg=2, axis=1)
    torch.library.opcheck(torch.ops.keops.reduce.default, (wanting(x, y), best._reduction.key, []))


@BOTH
def test_compilation_without_a_break(function):
    compiled = compile_whole(lambda *t: function(*t).sin())
    for size in ((5, 4), (6, 4), (9, 7), (1, 1)):
        tensors = wanting(*draw(*size))
        result = compiled(*tensors)
        assert_close(result, dense(*tensors).sin())
        gradients = torch.autograd.grad(result.sum(), tensors)
        for got, want in zip(gradients, torch.autograd.grad(dense(*tensors).sin().sum(), tensors)):
            assert_close(got, want)


def test_compilation_of_operators_between_tensors_and_expressions():
    x, y, b, g = draw(5, 4)
    p, q = Vi(x), Vj(y)
    kernel, v = p.sqdist(q), b[:, 0]
    row = torch.rand(3, dtype=torch.float64) + 1
    operators = (
        lambda k, t: k + t, lambda k, t: t + k, lambda k, t: k - t, lambda k, t: t - k, lambda k, t: k * t,
        lambda k, t: t * k, lambda k, t: k / t, lambda k, t: t / (k + 9), lambda k, t: k | t, lambda k, t: t | k,
        lambda k, t: k < t, lambda k, t: t < k, lambda k, t: k <= t, lambda k, t: t >= k,
        lambda k, t: k == t, lambda k, t: t != k,
    )  # fmt: skip
    for operator in operators:
        want = operator(p - q, row).sum(1)
        assert_close(compile_whole(lambda x, y, t: operator(Vi(x) - Vj(y), t).sum(1), "eager")(x, y, row), want)
    products = (lambda k, v: k @ v, lambda k, v: k.matvec(v), lambda k, v: k.T.rmatvec(v), lambda k, v: v.__rmatmul__(k))
    for product in products:
        assert_close(product(kernel, v), kernel @ v)
        assert_close(compile_whole(lambda x, y, v: product(Vi(x).sqdist(Vj(y)), v))(x, y, v), kernel @ v)


def test_functions_of_pytorch_refuse_expressions():
    x, y, b, _ = draw(5, 4)
    for call in (lambda k: torch.exp(k), lambda k: x[:, 0] @ k, lambda k: torch.add(k, 1), lambda k: x**k):
        with pytest.raises(TypeError):
            call(Vi(x).sqdist(Vj(y)))


def test_a_product_from_the_left_is_refused_by_compiled_programs_too():
    """K is square, so that K @ v in its place would have the right shape."""
    x, v = torch.rand(5, 3, dtype=torch.float64), torch.rand(5, dtype=torch.float64)

    def caught(x, v):
        kernel = Vi(x).sqdist(Vj(x + 1))
        before = kernel @ v
        try:
            return before, v @ kernel
        except TypeError:
            return before, kernel.T @ v

    for got, want in zip(compile_whole(caught, "eager")(x, v), caught(x, v), strict=True):
        assert_close(got, want)
    for wrong in (lambda x, v: v @ Vi(x).sqdist(Vj(x)), lambda x, v: v.matmul(Vi(x).sqdist(Vj(x)))):
        with pytest.raises(Exception, match="LazyTensor: v @ K is not defined"):
            compile_whole(wrong, "eager")(x, v)
        torch._dynamo.reset()
        with pytest.raises(TypeError):
            torch.compile(wrong, backend="eager")(x, v)


def test_what_hides_the_order_of_operands_is_refused(monkeypatch):
    """As another version of PyTorch could; products by their name are not concerned."""
    monkeypatch.setattr("keops.torch._operators._EXCHANGER", "unknown")
    x, v = torch.rand(5, 3, dtype=torch.float64), torch.rand(5, dtype=torch.float64)
    with pytest.raises(Exception, match=r"expected K.matvec\(v\)"):
        compile_whole(lambda x, v: Vi(x).sqdist(Vj(x)) @ v, "eager")(x, v)
    want = Vi(x).sqdist(Vj(x)) @ v
    assert_close(compile_whole(lambda x, v: Vi(x).sqdist(Vj(x)).matvec(v), "eager")(x, v), want)


@BOTH
def test_new_tensors_and_sizes_are_not_compiled_for(function):
    """The second size makes sizes symbolic; after that nothing is compiled again."""
    counter = testing.CompileCounterWithBackend("aot_eager")
    compiled = compile_whole(function, counter)
    for size in ((5, 4), (6, 7)):
        compiled(*draw(*size))
    before = counter.frame_count
    for size in ((8, 9), (11, 4), (23, 31)):
        for seed in (0, 1):
            tensors = draw(*size, seed=seed)
            assert_close(compiled(*tensors), dense(*tensors))
    assert counter.frame_count == before


def test_compilation_of_other_things():
    x, y, b, _ = draw(5, 4)

    def several(x, y, b):
        distances = Vi(x).sqdist(Vj(y))
        values, indices = distances.min_argmin(axis=1)
        return (distances * 0.5).exp() @ b, values * b[indices[:, 0]], distances.t().logsumexp(1)

    for got, want in zip(compile_whole(several)(x, y, b), several(x, y, b), strict=True):
        assert_close(got, want)


def test_compilation_by_inductor():
    pytest.importorskip("torch._inductor")
    tensors = wanting(*draw(33, 29, torch.float32))
    compiled = compile_whole(lambda x, y, b, g: lazy_gauss(x + 1, y + 1, b * 2, g).tanh().sum(), "inductor")
    gradients = torch.autograd.grad(compiled(*tensors), tensors)
    doubles = wanting(*(tensor.detach().double() for tensor in tensors))
    wanted = torch.autograd.grad(dense(*doubles[:2], doubles[2] * 2, doubles[3]).tanh().sum(), doubles)
    for got, want in zip(gradients, wanted):
        assert_close(got, want, torch.float32)


def test_fake_tensors(gauss):

    with FakeTensorMode() as mode:
        fake = gauss(*(mode.from_tensor(tensor) for tensor in draw(5, 4)))
    assert fake.shape == (5, 2) and fake.dtype == torch.float64


def test_export(gauss):
    class Model(torch.nn.Module):
        def forward(self, x, y, b, g):
            return gauss(x, y, b, g)

    tensors = draw(5, 4)
    exported = torch.export.export(Model(), tuple(tensors))
    assert_close(exported.module()(*tensors), dense(*tensors))


@BOTH
def test_autocast(function):
    """Short numbers that autocast makes meet float32 ones; what is summed is float32, as PyTorch's own sums are."""
    x, y, b, g = draw(5, 4, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        short = x @ torch.eye(3)
        assert short.dtype == torch.bfloat16
        result = function(short, y, b, g)
    assert result.dtype == torch.float32
    assert_close(result, dense(short.double(), y.double(), b.double(), g.double()), torch.float32)
