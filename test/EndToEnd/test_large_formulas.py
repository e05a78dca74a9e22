"""Formulas of thousands of operations: the form that is chosen for them, their values and their gradients."""

import numpy as np

from keops import _keops
from keops.numpy import Genred

M, N = 19, 23
RNG = np.random.default_rng(3)
X, Y = RNG.uniform(-1, 1, (M, 1)), RNG.uniform(-1, 1, (N, 1))
PAIR = ["x=Vi(1)", "y=Vj(1)"]


def nested(name, count, inner):
    return f"{name}(" * count + inner + ")" * count


def check(text, want, want_gradient, tolerance):
    """Sums over j, and their gradient by x along e, in both types."""
    e = RNG.uniform(0.5, 1, (M, 1))
    for dtype in (np.float64, np.float32):
        x, y, adjoint = (a.astype(dtype) for a in (X, Y, e))
        values = Genred(text, PAIR, axis=1)(x, y)
        gradient = _keops.Reduction(f"Grad(Sum_Reduction({text},0),x,e)", [*PAIR, "e=Vi(1)"]).run(x, y, adjoint)
        for got, terms, factor in ((values, want, 1), (gradient, want_gradient, e)):
            sums, sizes = terms.sum(1, keepdims=True) * factor, abs(terms).sum(1, keepdims=True)
            assert np.all(abs(got - sums) <= tolerance * np.finfo(dtype).eps * sizes), dtype


def test_nested_sines():
    text = nested("Sin", 150, "(x+y)")
    assert "calls = true" in Genred(text, PAIR).ir("scheduled")
    value, slope = X + Y.T, 1.0
    for _ in range(150):
        value, slope = np.sin(value), slope * np.cos(value)
    check(text, value, slope, 400)


def test_many_different_gaussians():
    scales = range(1, 301)
    text = "+".join(f"Exp(-SqDist(x,y)*{k})" for k in scales)
    assert "calls = true" in Genred(text, PAIR).ir("scheduled")
    gap = X - Y.T
    terms = [np.exp(-gap * gap * k) for k in scales]
    check(text, sum(terms), sum(-2 * k * gap * t for k, t in zip(scales, terms)), 2000)


def test_a_long_chain_of_cheap_operations():
    """Nothing is worth a call here, nor a column of its own for each product, but a tile has one row."""
    text = "x*y" + "".join(f"+y*{k}*Abs(x-{k})" for k in range(1, 801))
    scheduled = Genred(text, PAIR, axis=1).ir("scheduled")
    assert "rows = 1," in scheduled and "keops.map over" not in scheduled
    x, y = X, Y.T
    value, slope = x * y, y + 0 * x
    for k in range(1, 801):
        value, slope = value + y * k * abs(x - k), slope + y * k * np.sign(x - k)
    check(text, value, slope, 4000)


def test_work_on_one_index_is_large_as_well():
    text = nested("Sin", 150, "x") + "*" + nested("Cos", 150, "p") + "*y"
    names = ["x=Vi(1)", "y=Vj(1)", "p=Pm(1)"]
    assert "{calls}" in Genred(text, names).ir("scheduled")
    p = np.array([0.3])
    left, right = X, p
    for _ in range(150):
        left, right = np.sin(left), np.cos(right)
    got = Genred(text, names, axis=1)(X, Y, p)
    assert np.allclose(got, left * right * Y.sum(), rtol=1e-12, atol=1e-14)
