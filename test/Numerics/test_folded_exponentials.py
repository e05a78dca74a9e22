"""Exponentials of values that are computed in the kernel, where constant factors are folded into packed operands: the
relative error is that of the exponential plus the argument's own rounding, plus 2 eps |argument| for folding, which
precision `high` never does."""

import numpy as np
import pytest

from keops.numpy import Genred

DIM = 3
ALIASES = [f"x=Vi({DIM})", f"y=Vj({DIM})", "g=Pm(1)", "b=Vj(1)"]
# Formula, argument of the exponential and factor in front of it, from wide copies of the arrays.
FORMULAS = {
    "Exp(-SqDist(x,y))": (lambda x, y, g: -((x - y) ** 2).sum(), lambda b: 1),
    "Exp(-SqDist(x,y)*g)": (lambda x, y, g: -((x - y) ** 2).sum() * g, lambda b: 1),
    "Exp(-g*SqDist(x,y))*b": (lambda x, y, g: -((x - y) ** 2).sum() * g, lambda b: b),
    "Exp(-SqDist(x,y)/2)": (lambda x, y, g: -((x - y) ** 2).sum() / 2, lambda b: 1),
    "Exp(-SqDist(x,y)/g)*b*2": (lambda x, y, g: -((x - y) ** 2).sum() / g, lambda b: 2 * b),
    "Exp(-Norm2(x-y)*g)": (lambda x, y, g: -np.sqrt(((x - y) ** 2).sum()) * g, lambda b: 1),
    "Exp(-WeightedSqDist(g,x,y))": (lambda x, y, g: -(g * (x - y) ** 2).sum(), lambda b: 1),
    "Exp2(-3*SqDist(x,y))": (lambda x, y, g: -3 * ((x - y) ** 2).sum() * np.log(x.dtype.type(2)), lambda b: 1),
    "Square(Exp(-SqDist(x,y)))": (lambda x, y, g: -2 * ((x - y) ** 2).sum(), lambda b: 1),
}
# Roundings of the argument: one per term and in the sum, factors, and the square that doubles them.
ARGUMENT = DIM + 5


@pytest.mark.parametrize("precision", ("fast", "default", "high"))
@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("formula", FORMULAS)
def test_relative_error(formula, dtype, precision, record_property):
    rng = np.random.default_rng(1)
    reach = 4 if dtype == np.float32 else 10
    x, y = rng.uniform(-reach, reach, (200, DIM)).astype(dtype), rng.uniform(-1, 1, (1, DIM)).astype(dtype)
    g, b = np.array([0.7], dtype), np.array([[-1.3]], dtype)
    result = Genred(formula, ALIASES, axis=1, precision=precision)(x, y, g, b)
    argument_of, factor_of = FORMULAS[formula]
    wide = [a.astype(np.longdouble) for a in (x, y, g, b)]
    arguments = np.array([argument_of(row, wide[1][0], wide[2][0]) for row in wide[0]])
    want = np.exp(arguments) * factor_of(wide[3][0, 0])
    eps = np.finfo(dtype).eps
    folding = 0 if precision == "high" else 2
    # The exponential itself (5 ULP at `fast`), and two factors and a square behind it.
    own = {"fast": 5, "default": 2.5, "high": 1}[precision] * 2 + 2
    bound = eps * (own + (ARGUMENT / 2 + folding) * np.abs(arguments))
    seen = np.abs(want) > 4 * np.finfo(dtype).tiny
    error = np.abs(result[:, 0] - want)[seen] / np.abs(want[seen])
    assert seen.sum() > 50
    record_property("worst share of the bound", float((error / bound[seen]).max()))
    assert (error <= bound[seen]).all(), (error / bound[seen]).max()
