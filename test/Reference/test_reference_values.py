"""The evaluator's operations against NumPy, and at the special points for which the language fixes a value or a
derivative."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from modules import apply, gradient

import keops
from keops import reference_ops, reference_reductions

inf, nan, pi = math.inf, math.nan, math.pi
RNG = np.random.default_rng(0)
X, Y, P = RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4)), RNG.uniform(0.2, 0.9, (6, 4))
Z, W = X.view(complex), Y.view(complex)


def interleaved(z):
    return np.ascontiguousarray(z).view(float)


ELEMENTWISE = {
    "add": (X, Y, X + Y),
    "subtract": (X, Y, X - Y),
    "minus": (X, -X),
    "mult": (X, Y, X * Y),
    "divide": (X, Y, X / Y),
    "inv": (X, 1 / X),
    "square": (X, X**2),
    "powf": (P, Y, P**Y),
    "sqrt": (P, np.sqrt(P)),
    "rsqrt": (P, 1 / np.sqrt(P)),
    "exp": (X, np.exp(X)),
    "exp2": (X, np.exp2(X)),
    "expm1": (X, np.expm1(X)),
    "log": (P, np.log(P)),
    "log1p": (P, np.log1p(P)),
    "xlogx": (P, P * np.log(P)),
    "sin": (X, np.sin(X)),
    "cos": (X, np.cos(X)),
    "sinxdivx": (X, np.sin(X) / X),
    "sinh": (X, np.sinh(X)),
    "cosh": (X, np.cosh(X)),
    "tanh": (X, np.tanh(X)),
    "asin": (P, np.arcsin(P)),
    "acos": (P, np.arccos(P)),
    "atan": (X, np.arctan(X)),
    "atan2": (X, Y, np.arctan2(X, Y)),
    "hypot": (X, Y, np.hypot(X, Y)),
    "sigmoid": (X, 1 / (1 + np.exp(-X))),
    "softplus": (X, np.log(1 + np.exp(X))),
    "erf": (X, scipy.special.erf(X)),
    "erfc": (X, scipy.special.erfc(X)),
    "lgamma": (P, scipy.special.gammaln(P)),
    "abs": (X, np.abs(X)),
    "sign": (X, np.sign(X)),
    "step": (X, (X >= 0) * 1.0),
    "relu": (X, np.maximum(X, 0)),
    "floor": (5 * X, np.floor(5 * X)),
    "mod": (5 * X, P, Y, 5 * X - P * np.floor((5 * X - Y) / P)),
    "clamp": (X, -P, P, np.clip(X, -P, P)),
    "maximum": (X, Y, np.maximum(X, Y)),
    "minimum": (X, Y, np.minimum(X, Y)),
    "ifelse": (X, Y, P, np.where(X >= 0, Y, P)),
    "where": (np.round(X), Y, P, np.where(np.round(X) != 0, Y, P)),
    "equal": (np.round(X), np.round(Y), np.round(X) == np.round(Y)),
    "notequal": (np.round(X), np.round(Y), np.round(X) != np.round(Y)),
    "lessthan": (X, Y, X < Y),
    "lessorequal": (np.round(X), np.round(Y), np.round(X) <= np.round(Y)),
    "and": (np.round(X), np.round(Y), (np.round(X) != 0) & (np.round(Y) != 0)),
    "or": (np.round(X), np.round(Y), (np.round(X) != 0) | (np.round(Y) != 0)),
    "not": (np.round(X), np.round(X) == 0),
}
WITH_NUMBERS = [
    ("pow", "exponent = -3 : i64", X, X**-3.0),
    ("pow", "exponent = 0 : i64", 0 * X, X**0),
    ("round", "digits = 1 : i64", X, np.round(X, 1)),
    ("round", "digits = -1 : i64", [15, 25, 14, -15], [20, 30, 10, -20]),
    ("clampint", "high = 1 : i64, low = 0 : i64", X, np.clip(X, 0, 1)),
    ("diffclampint", "high = 1 : i64, low = 0 : i64", X, (X >= 0) & (X <= 1)),
    ("sphericalbessel", "order = 0 : i64", X, np.sin(X) / X),
    ("sphericalbessel", "order = 3 : i64", 5 * P, scipy.special.spherical_jn(3, 5 * P)),
    ("sphericalbessel", "order = 2 : i64", -7 + X, scipy.special.spherical_jn(2, -7 + X)),
    ("polygamma", "order = 0 : i64", P, scipy.special.digamma(P)),
    ("polygamma", "order = 1 : i64", P, scipy.special.polygamma(1, P)),
    ("polygamma", "order = 2 : i64", P, scipy.special.polygamma(2, P)),
]
VECTORS = [
    ("sum", "", X, X.sum(1)),
    ("sumt", "dim = 4 : i64", X[:, :1], np.repeat(X[:, :1], 4, 1)),
    ("scalprod", "", X, Y, (X * Y).sum(1)),
    ("scalprod", "", X[:, :1], Y, X[:, 0] * Y.sum(1)),
    ("sqnorm2", "", X, (X**2).sum(1)),
    ("norm2", "", X, np.linalg.norm(X, axis=1)),
    ("normalize", "", X, X / np.linalg.norm(X, axis=1, keepdims=True)),
    ("sqdist", "", X, Y, ((X - Y) ** 2).sum(1)),
    ("sqdist", "", X, Y[:, :1], ((X - Y[:, :1]) ** 2).sum(1)),
    ("sqnormiso", "", P[:, :1], X, P[:, 0] * (X**2).sum(1)),
    ("sqnormdiag", "", P, X, (P * X**2).sum(1)),
    ("symsqnorm", "", P, X[:, :2], np.einsum("mi,mij,mj->m", X[:, :2], P.reshape(6, 2, 2), X[:, :2])),
    ("weightedsqnorm", "", P, X[:, :2], np.einsum("mi,mij,mj->m", X[:, :2], P.reshape(6, 2, 2), X[:, :2])),
    ("weightedsqnorm", "", P[:, :1], X, P[:, 0] * (X**2).sum(1)),
    ("weightedsqdist", "", P, X, Y, (P * (X - Y) ** 2).sum(1)),
    ("elem", "position = 2 : i64", X, X[:, 2]),
    ("elemt", "dim = 3 : i64, position = 1 : i64", X[:, :1], np.pad(X[:, :1], ((0, 0), (1, 1)))),
    ("extract", "dim = 2 : i64, start = 1 : i64", X, X[:, 1:3]),
    ("extractt", "dim = 7 : i64, start = 1 : i64", X, np.pad(X, ((0, 0), (1, 2)))),
    ("concat", "", X, Y[:, :2], np.hstack((X, Y[:, :2]))),
    ("max", "", X, X.max(1)),
    ("min", "", X, X.min(1)),
    ("argmax", "", X, X.argmax(1)),
    ("argmin", "", X, X.argmin(1)),
    ("gather", "", X, np.full((6, 1), 2.0), X[:, 2]),
    ("matvecmult", "", [range(1, 7)], [[10, 1]], [[12, 34, 56]]),
    ("vecmatmult", "", [[10, 1]], [range(1, 7)], [[14, 25, 36]]),
    ("tensorprod", "", [[1, 2]], [[10, 20, 30]], [[10, 20, 30, 20, 40, 60]]),
    ("softdtw_sqdist", "", [[1.0, 2.0]], [[3.0]], [[0.5]], [[5.0]]),
]
COMPLEX = [
    ("real2complex", "", X, interleaved(X + 0j)),
    ("imag2complex", "", X, interleaved(1j * X)),
    ("complexreal", "", X, Z.real),
    ("compleximag", "", X, Z.imag),
    ("conj", "", X, interleaved(Z.conj())),
    ("complexabs", "", X, abs(Z)),
    ("complexsquareabs", "", X, abs(Z) ** 2),
    ("complexangle", "", X, np.angle(Z)),
    ("complexexp", "", X, interleaved(np.exp(Z))),
    ("complexexp1j", "", X, interleaved(np.exp(1j * X))),
    ("complexadd", "", X, Y[:, :2], interleaved(Z + W[:, :1])),
    ("complexsubtract", "", X[:, :2], Y, interleaved(Z[:, :1] - W)),
    ("complexmult", "", X, Y[:, :2], interleaved(Z * W[:, :1])),
    ("complexscal", "", X, Y[:, :2], interleaved(Z * W[:, :1])),
    ("complex", "", X, Y, interleaved(X + 1j * Y)),
    ("complexdivide", "", X, Y, interleaved(Z / W)),
    ("complexrealscal", "", P[:, :1], X, interleaved(P[:, :1] * Z)),
    ("complexsum", "", X, interleaved(Z.sum(1))),
    ("complexsumt", "dim = 6 : i64", X[:, :2], np.tile(X[:, :2], 3)),
]


def assert_value(mnemonic, attributes, operands, expected):
    expected = np.asarray(expected, float)
    expected = expected.reshape(len(np.atleast_2d(operands[0])), -1)
    result = apply(mnemonic, *operands, dim=expected.shape[1], attributes=attributes)
    np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("mnemonic", ELEMENTWISE)
def test_elementwise(mnemonic):
    *operands, expected = ELEMENTWISE[mnemonic]
    assert_value(mnemonic, "", operands, expected)


@pytest.mark.parametrize("row", [*WITH_NUMBERS, *VECTORS, *COMPLEX], ids=lambda row: row[0])
def test_other_operations(row):
    mnemonic, attributes, *operands, expected = row
    assert_value(mnemonic, attributes, operands, expected)


def test_every_operation_has_a_row():
    tested = {*ELEMENTWISE, *(row[0] for row in (*WITH_NUMBERS, *VECTORS, *COMPLEX))}
    separate = {"onehot", "bspline", "tensordot", "kron", "softdtw", "softdtwplan"}
    assert set(reference_ops.OPERATIONS) == tested | separate


def test_every_operation_of_the_dialect_is_known():
    path = Path(keops._keops.__file__).absolute().parents[2] / "include/keops/IR/KeopsRecords.json"
    records = json.loads(path.read_text())
    # A new elementwise operation is one record; until the evaluator knows it, only the numeric tests do.
    required = {record["mnemonic"] for record in records["operations"] if record["kind"] != "elementwise"}
    assert required <= set(reference_ops.OPERATIONS)
    assert {record["name"] for record in records["reductions"]} <= set(reference_reductions.REDUCTIONS)


# ---- operations with tests of their own ------------------------------------------------------------------------


def test_one_hot_rounds_half_up_and_is_zero_outside():
    indices = np.array([[0.5, 1.5, 2.5, -0.4, 5, -2, nan]]).T
    expected = np.zeros((7, 4))
    for row, position in enumerate((1, 2, 3, 0)):
        expected[row, position] = 1
    assert np.array_equal(apply("onehot", indices, dim=4, attributes="dim = 4 : i64"), expected)


def test_gather_is_zero_outside():
    assert np.array_equal(apply("gather", X[:3], [[4], [-2], [nan]], dim=1), np.zeros((3, 1)))


@pytest.mark.parametrize("order", [0, 1, 3])
def test_bspline(order):
    knots, x = np.array([0, 0, 0.3, 0.5, 0.5, 0.8, 1, 1.2]), np.linspace(-0.1, 1.3, 29)
    result = apply("bspline", np.tile(knots, (29, 1)), x[:, None], dim=7 - order, attributes=f"order = {order} : i64")
    for k in range(7 - order):
        if knots[k] == knots[k + order + 1]:
            continue
        element = scipy.interpolate.BSpline.basis_element(knots[k : k + order + 2], extrapolate=False)
        inside = (x >= knots[k]) & (x < knots[k + order + 1])
        np.testing.assert_allclose(result[:, k], np.where(inside, np.nan_to_num(element(x)), 0), atol=1e-14)


def test_soft_dtw_against_all_paths():
    """The soft minimum over all monotone paths of the sum of their costs."""
    x, y, gamma = X[0, :3], Y[0], 0.7
    costs = (x[:, None] - y) ** 2

    def paths(i, j):
        if (i, j) == (0, 0):
            return [costs[0, 0]]
        before = [p for p in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if min(p) >= 0]
        return [costs[i, j] + c for p in before for c in paths(*p)]

    expected = -gamma * np.log(np.exp(-np.array(paths(2, 3)) / gamma).sum())
    np.testing.assert_allclose(apply("softdtw_sqdist", [x], [y], [[gamma]], dim=1), [[expected]], rtol=1e-13)
    sizes = "rows = 3 : i64, columns = 4 : i64"
    scaled = [(costs / gamma).reshape(-1)]
    np.testing.assert_allclose(apply("softdtw", scaled, dim=1, attributes=sizes), [[expected / gamma]], rtol=1e-13)


def test_the_plan_is_the_mean_of_visits_and_its_derivative_a_covariance():
    costs, direction, sizes = [1.0, 2, 0.5, 3], [0.3, -1, 2, 0.7], "rows = 2 : i64, columns = 2 : i64"
    visits = np.array([[1, 0, 0, 1], [1, 1, 0, 1], [1, 0, 1, 1]])
    weights = np.exp(-visits @ costs)
    weights /= weights.sum()
    mean, moved = weights @ visits, visits @ direction
    np.testing.assert_allclose(apply("softdtwplan", [costs], dim=4, attributes=sizes), [mean], rtol=1e-13)
    covariance = weights @ ((visits - mean) * (moved - weights @ moved)[:, None])
    result = apply("softdtwplan", [costs + direction], dim=4, attributes=sizes)
    np.testing.assert_allclose(result, [-covariance], rtol=1e-12, atol=1e-14)


def test_tensordot_contracts_and_moves_axes():
    f, g = RNG.standard_normal((3, 24)), RNG.standard_normal((3, 20))
    expected = [
        np.moveaxis(np.tensordot(a.reshape(2, 3, 4), b.reshape(4, 5), ([2], [0])), (0, 1, 2), (2, 0, 1))
        for a, b in zip(f, g)
    ]
    torch = pytest.importorskip("torch")
    tensors = (torch.tensor(v)[:, None] for v in (f, g))
    result = reference_ops.tensordot(*tensors, (2, 3, 4), (4, 5), (2,), (0,), (2, 0, 1))
    np.testing.assert_allclose(result[:, 0], np.reshape(expected, (3, 30)), rtol=1e-13)


def test_kron():
    torch = pytest.importorskip("torch")
    f, g = RNG.standard_normal((1, 6)), RNG.standard_normal((1, 4))
    result = reference_ops.OPERATIONS["kron"](torch.tensor(f)[None], torch.tensor(g)[None], (2, 3), (2, 2))
    np.testing.assert_allclose(result.reshape(4, 6), np.kron(f.reshape(2, 3), g.reshape(2, 2)), rtol=1e-15)


# ---- special points --------------------------------------------------------------------------------------------

SPECIAL_VALUES = [
    ("rsqrt", "", [0, -0.0, 4, -1, inf], [0, 0, 0.5, nan, 0]),
    ("sqrt", "", [0, 4, -1, inf], [0, 2, nan, inf]),
    ("log", "", [0, -1, inf], [-inf, nan, inf]),
    ("xlogx", "", [0, -0.0, 1, -1], [0, 0, 0, nan]),
    ("sinxdivx", "", [0, 1e-9, inf], [1, 1, nan]),
    ("asin", "", [1, -1, 1.5], [pi / 2, -pi / 2, nan]),
    ("inv", "", [0.0, -0.0], [inf, -inf]),
    ("sign", "", [0, -0.0, nan, -inf], [0, 0, 0, -1]),
    ("step", "", [0, -0.0, nan, inf, -1], [1, 1, 1, 1, 0]),
    ("relu", "", [0, -3, nan, inf], [0, 0, nan, inf]),
    ("round", "digits = 0 : i64", [2.5, -2.5, -0.5, 1e30, -inf, 0.49999999999999994], [3, -3, -1, 1e30, -inf, 0]),
    ("clampint", "high = 1 : i64, low = 0 : i64", [nan, inf, -inf], [nan, 1, 0]),
    ("diffclampint", "high = 1 : i64, low = 0 : i64", [nan, 0, 1, 2], [1, 1, 1, 0]),
    ("not", "", [0, -0.0, nan], [1, 1, 0]),
    ("pow", "exponent = 0 : i64", [0, nan, inf], [1, 1, 1]),
    ("norm2", "", [[0, 0], [3, 4]], [[0], [5]]),
    ("normalize", "", [[0, 0], [3, 4]], [[0, 0], [0.6, 0.8]]),
    ("max", "", [[nan, 1], [1, nan], [2, 3]], [[nan], [1], [3]]),
    ("argmin", "", [[1, 1], [nan, 0], [2, 1]], [[0], [0], [1]]),
]
SPECIAL_PAIRS = [
    ("powf", [-1, -8, 0, 0], [2, 1 / 3, 0, 0.5], [1, nan, 1, 0]),
    ("atan2", [0, -0.0], [-1, -1], [pi, -pi]),
    ("hypot", [inf, 3], [nan, 4], [inf, 5]),
    ("equal", [nan, 0], [nan, -0.0], [0, 1]),
    ("notequal", [nan], [nan], [1]),
    ("lessorequal", [nan, 1], [1, 1], [0, 1]),
    ("maximum", [nan, 1], [1, nan], [nan, nan]),
]
SPECIAL_TRIPLES = [
    ("ifelse", [0, -0.0, nan, -1], [1] * 4, [2] * 4, [1, 1, 2, 2]),
    ("where", [0, nan, -1], [1] * 3, [2] * 3, [2, 1, 1]),
    ("clamp", [0, -3, 3, nan], [1] * 4, [-1] * 4, [1, 1, -1, nan]),
    ("mod", [-0.5, 5.5, 1, 3.7], [1, -3, 0, 2], [0, 0, 0, -1], [0.5, -0.5, nan, -0.3]),
]


@pytest.mark.parametrize("mnemonic, attributes, x, expected", SPECIAL_VALUES, ids=[row[0] for row in SPECIAL_VALUES])
def test_special_values(mnemonic, attributes, x, expected):
    assert_value(mnemonic, attributes, [np.atleast_2d(x)], np.atleast_2d(expected))


@pytest.mark.parametrize("row", [*SPECIAL_PAIRS, *SPECIAL_TRIPLES], ids=lambda row: row[0])
def test_special_values_of_several_operands(row):
    mnemonic, *operands, expected = row
    assert_value(mnemonic, "", [np.atleast_2d(v) for v in operands], np.atleast_2d(expected))


SPECIAL_GRADIENTS = [
    ("sqrt", "", [0, 4], [0, 0.25]),
    ("rsqrt", "", [0, 4], [0, -1 / 16]),
    ("relu", "", [0, -1], [1, 0]),
    ("abs", "", [0, -2], [0, -1]),
    ("sinxdivx", "", [0], [0]),
    ("xlogx", "", [0], [-inf]),
    ("asin", "", [1, -1], [0, 0]),
    ("acos", "", [1, -1], [0, 0]),
    ("clampint", "high = 1 : i64, low = 0 : i64", [0, 1, 2, -1], [1, 1, 0, 0]),
    ("floor", "", [0.5], [0]),
    ("sign", "", [0.5], [0]),
]


@pytest.mark.parametrize(
    "mnemonic, attributes, x, expected", SPECIAL_GRADIENTS, ids=[row[0] for row in SPECIAL_GRADIENTS]
)
def test_special_gradients(mnemonic, attributes, x, expected):
    result = gradient(mnemonic, 0, x, e=np.ones_like(x, float), attributes=attributes)
    np.testing.assert_array_equal(result[0], expected)


def test_gradients_of_vectors_at_zero_and_at_ties():
    assert np.array_equal(gradient("norm2", 0, [[0, 0]], e=[[3]]), [[0, 0]])
    assert np.array_equal(gradient("max", 0, [[2, 5, 5]], e=[[3]]), [[0, 3, 0]])
    assert np.array_equal(gradient("maximum", 0, [[2]], [[2]], e=[[3]]), [[3]])
    assert np.array_equal(gradient("maximum", 1, [[2]], [[2]], e=[[3]]), [[0]])
    assert np.array_equal(gradient("hypot", 0, [[0]], [[0]], e=[[3]]), [[0]])


# ---- derivatives against differences ---------------------------------------------------------------------------

FLAT = "sign step floor equal notequal lessthan lessorequal and or not".split()
STEP = 1e-6


@pytest.mark.parametrize("mnemonic", [m for m in ELEMENTWISE if m not in FLAT])
def test_gradients_against_differences(mnemonic):
    *operands, _ = ELEMENTWISE[mnemonic]
    for k, operand in enumerate(operands):
        if (mnemonic, k) in (("mod", 2), ("ifelse", 0), ("where", 0)):
            continue

        def moved(step):
            return [v + step if j == k else v for j, v in enumerate(operands)]

        difference = (apply(mnemonic, *moved(STEP)) - apply(mnemonic, *moved(-STEP))) / (2 * STEP)
        np.testing.assert_allclose(gradient(mnemonic, k, *operands, e=Y), difference * Y, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(
            gradient(mnemonic, k, *operands, e=Y, mode="diff"), difference * Y, rtol=1e-6, atol=1e-6
        )
        above, below = (gradient(mnemonic, k, *moved(s), e=Y) for s in (STEP, -STEP))
        second = gradient(mnemonic, k, *operands, e=Y, tangent=P)
        np.testing.assert_allclose(second, (above - below) / (2 * STEP) * P, rtol=1e-5, atol=1e-5)
