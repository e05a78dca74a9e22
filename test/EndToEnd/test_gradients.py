"""Gradients of reductions against PyTorch's automatic differentiation in float64, first and second order, for variables
of every category."""

import itertools

import numpy as np
import pytest

from keops import _keops
from keops.numpy import Genred

torch = pytest.importorskip("torch")

M, N = 37, 61
DIMS = {"x": ("Vi", 3), "y": ("Vj", 3), "p": ("Pm", 3), "g": ("Pm", 1), "b": ("Vj", 2), "a": ("Vi", 1)}
KEPT = {"Vi": M, "Vj": N}
# How a formula over pairs reads in PyTorch: i along the first axis, j along the second, components along the last.
FORMULAS = {
    "Exp(-SqDist(x,y)*g)*b": lambda v: (-(((v.x - v.y) ** 2).sum(-1, True)) * v.g).exp() * v.b,
    "Sin(x-y)*a+p": lambda v: (v.x - v.y).sin() * v.a + v.p,
    "Inv(IntCst(1)+Norm2(x-y))*b": lambda v: 1 / (1 + ((v.x - v.y) ** 2).sum(-1, True).sqrt()) * v.b,
    "WeightedSqDist(p,x,y)": lambda v: (v.p * (v.x - v.y) ** 2).sum(-1, True),
    "Concat(x*p,Extract(y,1,2))*a": lambda v: torch.cat((v.x * v.p + 0 * v.y, v.y[..., 1:] + 0 * v.x[..., 1:]), -1) * v.a,
    "Powf(Abs(x-y)+a*a+1,g)": lambda v: ((v.x - v.y).abs() + v.a * v.a + 1) ** v.g,
    "(x|y)*Elem(p,1)+Log(2+SqNorm2(b))": lambda v: (v.x * v.y).sum(-1, True) * v.p[..., 1:2]
    + (2 + (v.b**2).sum(-1, True)).log(),
}
SCALARS = [f for f in FORMULAS if "*b" not in f and not f.startswith(("Sin", "Concat", "Powf"))]


class Values:
    """Random arguments as NumPy arrays, and as tensors shaped for broadcasting over pairs."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.arrays, self.leaves = {}, {}
        for name, (category, dim) in DIMS.items():
            shape = (dim,) if category == "Pm" else (KEPT[category], dim)
            values = rng.uniform(0.4, 1.6, shape)
            self.arrays[name] = values
            leaf = torch.tensor(values, dtype=torch.float64, requires_grad=True)
            self.leaves[name] = leaf
            setattr(self, name, leaf[:, None] if category == "Vi" else leaf[None] if category == "Vj" else leaf)

    def adjoint(self, name, rows, dim, seed=1):
        values = np.random.default_rng(seed).uniform(-1, 1, (rows, dim))
        self.arrays[name] = values
        self.leaves[name] = torch.tensor(values, requires_grad=True)
        return self.leaves[name]


def aliases(values, placement="Vi"):
    """All variables, and the adjoints on the index where they stand."""
    more = [f"{name}={placement}({a.shape[1]})" for name, a in values.arrays.items() if name not in DIMS]
    return [f"{name}={category}({dim})" for name, (category, dim) in DIMS.items()] + more


def compute(text, names, values, dtype=np.float64):
    arrays = [np.ascontiguousarray(a.astype(dtype)) for a in values.arrays.values()]
    return _keops.Reduction(text, names, caller="test").run(*arrays)


def expected_rows(values, name, gradient):
    """The gradient of a parameter comes with one row for each row of the reduction; their sum is the gradient."""
    return gradient.sum(0) if DIMS[name][0] == "Pm" else gradient


def assert_close(result, want, scale=1.0, rtol=1e-11):
    want = want.detach().numpy() if isinstance(want, torch.Tensor) else want
    assert result.shape == want.shape
    assert np.abs(result - want).max(initial=0) <= rtol * (scale + np.abs(want).max(initial=0))


BEST = 3


def reduced(formula, values, axis, kind):
    terms = FORMULAS[formula](values) + 0 * (values.x * values.y).sum(-1, True)
    if kind == "Sum":
        return terms.sum(axis)
    if kind == "Mean":
        return terms.mean(axis)
    if kind == "Var":
        return terms.var(axis, unbiased=False)
    if kind == "Prod":
        return terms.prod(axis)
    if kind in ("Min", "Min_ArgMin"):
        return terms.min(axis).values
    if kind in ("Max", "Max_ArgMax"):
        return terms.max(axis).values
    if kind in ("KMin", "KMin_ArgKMin", "KMax", "KMax_ArgKMax"):
        best = terms.topk(BEST, axis, largest="Max" in kind).values
        return (best if axis == 1 else best.swapaxes(0, 1)).reshape(terms.shape[1 - axis], -1)
    if kind == "LogSumExp":
        return (torch.logsumexp(terms + values.b.log(), axis)) if axis == 1 else torch.logsumexp(terms, axis)
    weights = torch.softmax(terms, axis)
    return (weights * (values.y if axis == 1 else values.x)).sum(axis)


def text_of(formula, axis, kind):
    weights = {"LogSumExp": ",b" if axis == 1 else "", "SumSoftMaxWeight": ",y" if axis == 1 else ",x"}
    weight = weights.get(kind, "")
    best = f",{BEST}" if kind.startswith("K") else ""
    return f"{kind}_Reduction({formula}{best},{1 - axis}{weight})"


def used(formula, names="xypgba"):
    """The variables of a formula: single letters that belong to no longer word."""
    padded = f" {formula} "
    return [n for n in names if any(c == n and not padded[k - 1].isalnum() and not padded[k + 1].isalnum() for k, c in enumerate(padded))]


@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("formula", FORMULAS)
def test_gradient_of_a_sum(formula, axis):
    values = Values()
    output = reduced(formula, values, axis, "Sum")
    e = values.adjoint("e", *output.shape)
    for name in used(formula):
        (want,) = torch.autograd.grad(output, values.leaves[name], e, retain_graph=True)
        result = compute(f"Grad({text_of(formula, axis, 'Sum')},{name},e)", aliases(values, ("Vj", "Vi")[axis]), values)
        assert_close(expected_rows(values, name, result), want)


NEW = "Mean Var Prod Min Max_ArgMax KMin KMin_ArgKMin KMax_ArgKMax SumSoftMaxWeight".split()


@pytest.mark.parametrize("kind, formula", [(k, f) for k in ("LogSumExp", "SumSoftMaxWeight") for f in SCALARS] + [(k, list(FORMULAS)[1]) for k in NEW])
@pytest.mark.parametrize("axis", (0, 1))
def test_gradient_of_other_reductions(formula, axis, kind):
    values = Values(2)
    output = reduced(formula, values, axis, kind)
    e = values.adjoint("e", *output.shape)
    text = text_of(formula, axis, kind)
    for name in used(text.replace("_Reduction", "")):
        (want,) = torch.autograd.grad(output, values.leaves[name], e, retain_graph=True)
        result = compute(f"Grad({text},{name},e)", aliases(values, ("Vj", "Vi")[axis]), values)
        assert_close(expected_rows(values, name, result), want)


TWICE = ("Sum", "LogSumExp", "SumSoftMaxWeight", "Mean", "Var", "Min", "Max_ArgMax", "KMin", "KMax_ArgKMax")


@pytest.mark.parametrize("kind", TWICE)
@pytest.mark.parametrize("formula", SCALARS[:2])
def test_second_gradients_on_the_same_index(formula, kind):
    """Grad(Grad(R,x,e),x,u): everything stands on i."""
    values = Values(3)
    output = reduced(formula, values, 1, kind)
    e = values.adjoint("e", *output.shape)
    u = values.adjoint("u", M, 3, seed=5)
    (first,) = torch.autograd.grad(output, values.leaves["x"], e, create_graph=True)
    text = f"Grad(Grad({text_of(formula, 1, kind)},x,e),x,u)"
    (want,) = torch.autograd.grad(first, values.leaves["x"], u, allow_unused=True)
    assert_close(compute(text, aliases(values), values), np.zeros((M, 3)) if want is None else want)


@pytest.mark.parametrize("kind", TWICE)
@pytest.mark.parametrize("second", ("x", "y", "e"))
def test_second_gradients_across_indices(second, kind):
    """The first gradient is taken by y and stands on j; the second runs over i, j and the adjoint."""
    formula = SCALARS[0]
    values = Values(4)
    output = reduced(formula, values, 1, kind)
    e = values.adjoint("e", *output.shape)
    names = aliases(values) + ["u=Vj(3)"]
    u = values.adjoint("u", N, 3, seed=6)
    (first,) = torch.autograd.grad(output, values.leaves["y"], e, create_graph=True)
    (want,) = torch.autograd.grad(first, values.leaves[second], u)
    result = compute(f"Grad(Grad({text_of(formula, 1, kind)},y,e),{second},u)", names, values)
    assert_close(result, want)


def test_gradient_inside_a_reduction():
    """Through Genred: the gradient is part of the formula."""
    values = Values(7)
    e = values.adjoint("e", M, 2)
    output = reduced("Exp(-SqDist(x,y)*g)*b", values, 1, "Sum")
    (want,) = torch.autograd.grad(output, values.leaves["x"], e)
    for dtype, rtol in ((np.float64, 1e-12), (np.float32, 1e-5)):
        gradient = Genred("Grad(Exp(-SqDist(x,y)*g)*b,x,e)", aliases(values), axis=1)
        result = gradient(*(a.astype(dtype) for a in values.arrays.values()))
        assert result.dtype == dtype
        assert_close(result, want, rtol=rtol)


def test_the_adjoint_may_be_left_out():
    """A new argument is appended, on the index of the result."""
    values = Values(8)
    output = reduced("(x|y)*Elem(p,1)+Log(2+SqNorm2(b))", values, 1, "Sum")
    names = aliases(values)
    e = values.adjoint("e", *output.shape)
    (want,) = torch.autograd.grad(output, values.leaves["y"], e)
    assert_close(compute("Grad(Sum_Reduction((x|y)*Elem(p,1)+Log(2+SqNorm2(b)),0),y)", names, values), want)


@pytest.mark.parametrize(
    "formula, wide, narrow",
    [("a*x", "x", "a"), ("x/a", "x", "a"), ("Powf(x,a)", "x", "a"), ("x-a", "x", "a"), ("Scalprod(a,x)", "x", "a"), ("SqDist(x,a)", "x", "a")],
)
def test_gradients_sum_over_repeated_components(formula, wide, narrow):
    """An operand of dimension 1 is repeated, so its gradient is a sum over components."""
    python = {
        "a*x": lambda x, a: a * x,
        "x/a": lambda x, a: x / a,
        "Powf(x,a)": lambda x, a: x**a,
        "x-a": lambda x, a: x - a,
        "Scalprod(a,x)": lambda x, a: (a * x).sum(-1, True),
        "SqDist(x,a)": lambda x, a: ((x - a) ** 2).sum(-1, True),
    }[formula]
    for dim in (3, 17):
        rng = np.random.default_rng(dim)
        x, a = rng.uniform(0.5, 2, (11, dim)), rng.uniform(0.5, 2, (11, 1))
        tx, ta = torch.tensor(x, requires_grad=True), torch.tensor(a, requires_grad=True)
        out = python(tx, ta)
        e = rng.uniform(-1, 1, out.shape)
        want = torch.autograd.grad(out, (tx, ta), torch.tensor(e))
        for name, expected in ((wide, want[0]), (narrow, want[1])):
            names = [f"x=Vi({dim})", "a=Vi(1)", f"e=Vi({e.shape[1]})"]
            assert_close(Genred(f"Grad({formula},{name},e)", names, axis=1)(x, a, e), expected)


@pytest.mark.parametrize(
    "formula, point, want",
    [
        ("Sqrt(x)", 0.0, 0.0),
        ("Rsqrt(x)", 0.0, 0.0),
        ("Abs(x)", 0.0, 0.0),
        ("ReLU(x)", 0.0, 1.0),
        ("ReLU(x)", -0.0, 1.0),
        ("Sign(x)", 0.0, 0.0),
        ("Step(x)", 0.0, 0.0),
        ("Norm2(x)", 0.0, 0.0),
        ("Square(x)", 0.0, 0.0),
        ("Pow(x,3)", 0.0, 0.0),
        ("Pow(x,1)", 0.0, 1.0),
        ("Pow(x,0)", 0.0, 0.0),
    ],
)
def test_derivatives_at_corners(formula, point, want):
    """What the records say about points where no derivative exists."""
    for dtype in (np.float32, np.float64):
        x, e = np.full((2, 3), point, dtype), np.ones((2, 3), dtype)
        dim = 1 if formula == "Norm2(x)" else 3
        gradient = Genred(f"Grad({formula},x,e)", ["x=Vi(3)", f"e=Vi({dim})"], axis=1)
        assert (gradient(x, e[:, :dim].copy()) == want).all()


def test_gradients_by_an_unused_variable_are_zero():
    x, y, e = np.ones((4, 3)), np.ones((5, 2)), np.ones((4, 3))
    names = ["x=Vi(3)", "y=Vj(2)", "e=Vi(3)"]
    result = _keops.Reduction("Grad(Sum_Reduction(Sin(x),0),y,e)", names).run(x, y, e)
    assert result.shape == (5, 2) and (result == 0).all()
    assert (Genred("Grad(Sin(x),y,x)", names, axis=0)(x, y, e) == np.zeros((5, 2))).all()


@pytest.mark.parametrize("kind", ("ArgMin", "ArgMax", "ArgKMin", "ArgKMax", "Any", "All", "Count"))
def test_steps_have_zero_gradients(kind):
    best = f",{BEST}" if "K" in kind else ""
    e = "Concat(a,Concat(a,a))" if "K" in kind else "a"
    for name, rows in (("x", M), ("y", N), ("p", M)):
        result = compute(f"Grad({kind}_Reduction((x|y)*Elem(p,0){best},0),{name},{e})", aliases(Values()), Values())
        assert result.shape == (rows, 3) and not result.any()
        tangent = f"Diff({kind}_Reduction((x|y)*Elem(p,0){best},0),{name},{name})"
        result = compute(tangent, aliases(Values()), Values())
        assert result.shape[0] == M and result.dtype == np.float64 and not result.any()


@pytest.mark.parametrize("kind", ("Sum", "Mean", "Var", "Min", "LogSumExp"))
def test_several_gradients_in_one_program(kind):
    """The value, and the gradients by everything, as one program and one by one."""
    values = Values(11)
    names = aliases(values) + ["e=Vi(1)"]
    values.adjoint("e", M, 1)
    reduction = f"{kind}_Reduction(Exp(-SqDist(x,y)*g)*a,0)"
    texts = [reduction, *(f"Grad({reduction},{name},e)" for name in "xyga")]
    together = compute(f"Fused({','.join(texts)})", names, values)
    for text, result in zip(texts, together, strict=True):
        assert_close(result, compute(text, names, values), rtol=1e-13)


def test_a_log_sum_exp_of_vectors():
    values = Values(9)
    formula = "Sin(x-y)*a+p"
    output = torch.logsumexp(FORMULAS[formula](values) + (values.y * values.y).log(), 1)
    e = values.adjoint("e", *output.shape)
    for name in "xyp":
        (want,) = torch.autograd.grad(output, values.leaves[name], e, retain_graph=True)
        result = compute(f"Grad(LogSumExp_Reduction({formula},0,y*y),{name},e)", aliases(values), values)
        assert_close(expected_rows(values, name, result), want)


def test_the_raw_state_gives_the_gradient_of_what_is_made_from_it():
    """m + log(s) by its own adjoint of (m, s): what goes to m cancels and is left out."""
    values = Values(10)
    terms = -((values.x - values.y) ** 2).sum(-1, True)
    output = torch.logsumexp(terms + values.b.log(), 1)
    eta = values.adjoint("e", *output.shape)
    state = compute("Max_SumShiftExp_Reduction(-SqDist(x,y),0,b)", aliases(values), values)
    values.arrays["s"] = np.concatenate((np.full((M, 1), 7.0), values.arrays["e"] / state[:, 1:]), 1)
    for name in "xyb":
        (want,) = torch.autograd.grad(output, values.leaves[name], eta, retain_graph=True)
        result = compute(f"Grad(Max_SumShiftExp_Reduction(-SqDist(x,y),0,b),{name},s)", aliases(values), values)
        assert_close(result, want)


def test_zeros_and_a_product():
    """The product of the others: one zero leaves one partner, two leave none."""
    for zeros in range(4):
        terms = np.array([1.5, -2, 3, 0.5, 4, -1, 2])[:, None]
        terms[[1, 3, 6][:zeros]] = 0
        x = np.ones((2, 1))
        others = np.array([np.prod(np.delete(terms, k)) for k in range(len(terms))])
        names = ["x=Vi(1)", "y=Vj(1)", "e=Vi(1)"]
        gradient = _keops.Reduction("Grad(Prod_Reduction(x*y,0),y,e)", names)
        for dtype in (np.float32, np.float64):
            e = np.array([[1], [-3]], dtype)
            assert np.array_equal(gradient.run(x.astype(dtype), terms.astype(dtype), e)[:, 0], -2 * others)


def derivatives_of_a_product(terms, directions):
    """The gradient of the derivative of the product along all directions: a sum over which terms are left out."""
    gradient = np.zeros(len(terms))
    for left_out in itertools.permutations(range(len(terms)), len(directions) + 1):
        *moved, last = left_out
        gradient[last] += np.prod(np.delete(terms, left_out)) * np.prod([u[k] for u, k in zip(directions, moved)])
    return gradient


@pytest.mark.parametrize("zeros", range(5))
@pytest.mark.parametrize("order", (2, 3))
def test_higher_derivatives_of_a_product(zeros, order):
    terms = np.array([1.5, -2, 3, 0.5, 4, -1, 2, 0.25])[:, None]
    terms[[1, 3, 6, 7][:zeros]] = 0
    rng = np.random.default_rng(zeros)
    directions = rng.uniform(0.5, 1.5, (order - 1, len(terms), 1))
    x, e = np.array([[1.0], [1.0]]), np.array([[1.0], [-3.0]])
    want = -2 * derivatives_of_a_product(terms[:, 0], directions[:, :, 0])[:, None]
    names = ["x=Vi(1)", "y=Vj(1)", "e=Vi(1)", *(f"u{k}=Vj(1)" for k in range(order - 1))]
    reverse = forward = "Prod_Reduction(x*y,0)"
    reverse = f"Grad({reverse},y,e)"
    for k in range(order - 1):
        reverse, forward = f"Grad({reverse},y,u{k})", f"Diff({forward},y,u{k})"
    for text in (reverse, f"Grad({forward},y,e)"):
        program = _keops.Reduction(text, names)
        for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 2e-5)):
            got = program.run(*(a.astype(dtype) for a in (x, terms, e, *directions)))
            assert np.allclose(got, want, rtol=tolerance, atol=tolerance * abs(want).max()), (text, dtype)


def test_products_of_vectors_and_of_formulas_that_share_variables():
    """Each component for itself, over either index, through maps in front and behind; against PyTorch."""
    values = Values(11)
    terms = (values.x * values.y + values.p).sin()
    output = torch.prod(terms[:, :9], 1)
    e = values.adjoint("e", *output.shape)
    values.arrays["y"] = values.arrays["y"][:9]
    (first,) = torch.autograd.grad(output, values.leaves["x"], e, create_graph=True)
    weights = values.adjoint("w", *first.shape, seed=5)
    names = [n if n != "y=Vj(3)" else "y=Vj(3)" for n in aliases(values)]
    reduction = "Prod_Reduction(Sin(x*y+p),0)"
    for name in ("x", "p"):
        (want,) = torch.autograd.grad(first, values.leaves[name], weights, retain_graph=True)
        chosen = [n for n in names if n[0] in "xypew"]
        arrays = [values.arrays[n[0]] for n in chosen]
        got = _keops.Reduction(f"Grad(Grad({reduction},x,e),{name},w)", chosen).run(*arrays)
        assert_close(got if name == "x" else got.sum(0), want)
