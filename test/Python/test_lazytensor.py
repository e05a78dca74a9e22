"""Every method of LazyTensor that gives a LazyTensor, against dense NumPy over sizes that include 0, 1, primes and more
than a tile. ``test_lazytensor_reductions`` has the reductions, ``test_lazytensor_rules`` the dimensions."""

import math

import numpy as np
import pytest
import scipy.special as special

from keops._lazy._operations import RECORDS
from keops.numpy import LazyTensor, Pm, Vi, Vj

SIZES = ((7, 5), (0, 4), (4, 0), (1, 1), (1, 3), (2, 1031), (300, 17))
DTYPES = ("float64", "float32")


def total(x):
    return x.sum(-1, keepdims=True)


def dot(x, y):
    return total(x * y)


def tensor(x, shape):
    return x.reshape(*x.shape[:-1], *shape)


def flat(x, axes):
    return x.reshape(*x.shape[: x.ndim - axes], math.prod(x.shape[x.ndim - axes :]))


def pairs(x):
    return x[..., 0::2] + 1j * x[..., 1::2]


def parts(z):
    return flat(np.stack([z.real, z.imag], -1), 2)


def pick(chosen, size):
    """One column ``chosen`` of integers as unit vectors; zeros where it lies outside."""
    return (np.arange(size) == chosen).astype(float)


def tensor_dot(x, y):
    return flat(np.einsum("...abc,...bd->...dac", tensor(x, (2, 3, 2)), tensor(y, (3, 2))), 3)


def matrix_norm(s, x):
    return np.einsum("...ab,...a,...b->...", tensor(s, (2, 2)), x, x)[..., None]


def concatenated(*arrays):
    sizes = np.broadcast_shapes(*(array.shape[:-1] for array in arrays))
    return np.concatenate([np.broadcast_to(array, (*sizes, array.shape[-1])) for array in arrays], -1)


def jacobian_of_product(x, y):
    return flat(y[..., None] * np.eye(2) + 0 * x[..., None], 2)


def shortcuts(x, y):
    return 0 + x - 0 + x * 1 + 1 * x + x / 1 + x * -1 + (0 - y) + 1 / y + x * 0


def kron(x, y):
    product = np.einsum("...ab,...cd->...acbd", tensor(x, (2, 3)), tensor(y, (2, 2)))
    return flat(product, 4)


def splines(knots, x, degree):
    t = [knots[..., k : k + 1] for k in range(knots.shape[-1])]
    basis = [((t[k] <= x) & (x < t[k + 1])).astype(float) for k in range(len(t) - 1)]
    for d in range(1, degree + 1):
        basis = [
            (x - t[k]) / (t[k + d] - t[k]) * basis[k]
            + (t[k + d + 1] - x) / (t[k + d + 1] - t[k + 1]) * basis[k + 1]
            for k in range(len(basis) - 1)
        ]
    return np.concatenate(np.broadcast_arrays(*basis), -1)


def soft_dtw(costs, rows, columns):
    """Written with exp and log alone, so that complex steps differentiate it."""
    r = {}
    for i in range(rows):
        for j in range(columns):
            before = [r[p] for p in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if p in r]
            least = -np.log(sum(np.exp(-b) for b in before)) if before else 0
            r[i, j] = costs[..., i * columns + j] + least
    return r[rows - 1, columns - 1][..., None]


def soft_dtw_plan(costs, rows, columns):
    step = 1e-30
    units = np.eye(costs.shape[-1]) * 1j * step
    return np.concatenate([soft_dtw(costs + unit, rows, columns).imag / step for unit in units], -1)


def soft_dtw_of_distances(x, y, gamma):
    costs = (x[..., :, None] - y[..., None, :]) ** 2 / gamma[..., None]
    return gamma * soft_dtw(flat(costs, 2), 3, 2)


ELEMENTWISE = {
    "minus": np.negative,
    "inv": lambda x: 1 / x,
    "square": np.square,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "exp": np.exp,
    "exp2": np.exp2,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "sigmoid": special.expit,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "xlogx": lambda x: x * np.log(x),
    "sinxdivx": lambda x: np.sin(x) / x,
    "sinc": np.sinc,
    "erf": special.erf,
    "erfc": special.erfc,
    "lgamma": special.gammaln,
    "abs": np.abs,
    "sign": np.sign,
    "step": lambda x: (x >= 0).astype(float),
    "relu": lambda x: np.maximum(x, 0),
    "floor": np.floor,
    "logical_not": lambda x: (x == 0).astype(float),
    "sqnorm2": lambda x: dot(x, x),
    "norm2": lambda x: np.sqrt(dot(x, x)),
    "normalize": lambda x: x / np.sqrt(dot(x, x)),
    "sum": total,
    "max": lambda x: x.max(-1, keepdims=True),
    "min": lambda x: x.min(-1, keepdims=True),
    "argmax": lambda x: x.argmax(-1)[..., None],
    "argmin": lambda x: x.argmin(-1)[..., None],
    "real2complex": lambda x: parts(x + 0j),
    "imag2complex": lambda x: parts(1j * x),
    "complexexp1j": lambda x: parts(np.exp(1j * x)),
    "auto_factorize": lambda x: x,
}
COMPLEX = {
    "complexreal": lambda x: x[..., 0::2],
    "compleximag": lambda x: x[..., 1::2],
    "conj": lambda x: parts(pairs(x).conj()),
    "complexsquareabs": lambda x: np.abs(pairs(x)) ** 2,
    "complexabs": lambda x: np.abs(pairs(x)),
    "complexangle": lambda x: np.angle(pairs(x)),
    "complexexp": lambda x: parts(np.exp(pairs(x))),
    "complexsum": lambda x: parts(total(pairs(x))),
}
BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "mult": np.multiply,
    "divide": np.divide,
    "addop": np.add,
    "subop": np.subtract,
    "mulop": np.multiply,
    "divop": np.divide,
    "powf": np.power,
    "power": np.power,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": lambda x, y: (x == y).astype(float),
    "notequal": lambda x, y: (x != y).astype(float),
    "lessthan": lambda x, y: (x < y).astype(float),
    "lessorequal": lambda x, y: (x <= y).astype(float),
    "logical_and": lambda x, y: ((x != 0) & (y != 0)).astype(float),
    "logical_or": lambda x, y: ((x != 0) | (y != 0)).astype(float),
    "sqdist": lambda x, y: total((x - y) ** 2),
    "scalprod": dot,
    "concat": lambda x, y: np.concatenate(np.broadcast_arrays(x, y), -1),
    "complex": lambda x, y: parts(x + 1j * y),
    "factorize": lambda x, y: x + 0 * y,
}
COMPLEX_BINARY = {
    "complexadd": np.add,
    "complexsubtract": np.subtract,
    "complexmult": np.multiply,
    "complexdivide": np.divide,
}


def by_name(method, *integers):
    return lambda x, *others: getattr(x, method)(*others, *integers)


def complex_binary(function):
    return lambda x, y: parts(function(pairs(x), pairs(y)))


# Method: dimensions of the operands (the first depends on i, the second on j, the third on neither), what is called on
# LazyTensors, and the same on dense arrays.
CASES = {
    **{name: ((3,), by_name(name), dense) for name, dense in ELEMENTWISE.items()},
    **{name: ((4,), by_name(name), dense) for name, dense in COMPLEX.items()},
    **{name: ((3, 3), by_name(name), dense) for name, dense in BINARY.items()},
    **{name: ((4, 4), by_name(name), complex_binary(dense)) for name, dense in COMPLEX_BINARY.items()},
    "complexscal": ((2, 4), by_name("complexscal"), lambda x, y: parts(pairs(x) * pairs(y))),
    "complexrealscal": ((1, 4), by_name("complexrealscal"), lambda x, y: x * y),
    "complexsumt": ((2,), by_name("complexsumt", 6), lambda x: np.concatenate([x, x, x], -1)),
    "pow": ((3,), by_name("pow", 3), lambda x: x**3),
    "round": ((3,), by_name("round", 1), lambda x: np.floor(x * 10 + 0.5) / 10),
    "sphericalbessel": ((3,), by_name("sphericalbessel", 1), lambda x: special.spherical_jn(1, x)),
    "polygamma": ((3,), by_name("polygamma", 1), lambda x: special.polygamma(1, x)),
    "clampint": ((3,), by_name("clampint", 1, 2), lambda x: np.clip(x, 1, 2)),
    "diffclampint": ((3,), by_name("diffclampint", 0, 2), lambda x: ((0 <= x) & (x <= 2)).astype(float)),
    "clamp": ((3, 3, 1), by_name("clamp"), lambda x, a, b: np.where(x < a, a, np.where(x > b, b, x))),
    "mod": ((3, 3, 1), by_name("mod"), lambda x, n, d: x - n * np.floor((x - d) / n)),
    "ifelse": ((1, 3, 3), lambda c, x, y: (c - 0.5).ifelse(x, y), lambda c, x, y: np.where(c - 0.5 >= 0, x, y)),
    "where": ((1, 3, 3), lambda c, x, y: (c < 0.5).where(x, y), lambda c, x, y: np.where(c < 0.5, x, y)),
    "sumt": ((1,), by_name("sumt", 4), lambda x: np.repeat(x, 4, -1)),
    "elem": ((3,), by_name("elem", 1), lambda x: x[..., 1:2]),
    "elemt": ((1,), by_name("elemt", 3, 1), lambda x: x * pick(1, 3)),
    "extract": ((5,), by_name("extract", 1, 3), lambda x: x[..., 1:4]),
    "extractt": ((2,), by_name("extractt", 1, 4), lambda x: np.pad(x, [(0, 0)] * 2 + [(1, 1)])),
    "gather": ((3, 1), lambda x, y: x.gather(y * 3), lambda x, y: dot(x, pick(np.floor(3 * y + 0.5), 3))),
    "onehot": ((1,), lambda x: (x * 3).onehot(3), lambda x: pick(np.floor(3 * x + 0.5), 3)),
    "one_hot": ((1,), lambda x: (x * 3).one_hot(3), lambda x: pick(np.floor(3 * x + 0.5), 3)),
    "norm": ((3,), by_name("norm", -1), lambda x: np.sqrt(dot(x, x))),
    "sqnormiso": ((1, 3), by_name("sqnormiso"), lambda s, x: s * dot(x, x)),
    "sqnormdiag": ((3, 3), by_name("sqnormdiag"), lambda s, x: dot(s, x * x)),
    "symsqnorm": ((4, 2), by_name("symsqnorm"), matrix_norm),
    "weightedsqnorm": ((3, 3), by_name("weightedsqnorm"), lambda x, s: dot(s, x * x)),
    "weightedsqdist": ((3, 3, 1), by_name("weightedsqdist"), lambda x, y, s: s * total((x - y) ** 2)),
    "bspline": ((6, 1), lambda k, x: spread(k).bspline(x, 2), lambda k, x: splines(k * 0.1 + np.arange(6) / 6, x, 2)),
    "softdtw_sqdist": ((3, 2, 1), by_name("softdtw_sqdist"), soft_dtw_of_distances),
    "softdtw": ((6,), by_name("softdtw", 3, 2), lambda x: soft_dtw(x, 3, 2)),
    "softdtwplan": ((6,), by_name("softdtwplan", 3, 2), lambda x: soft_dtw_plan(x, 3, 2)),
    "tensordot": ((12, 6), by_name("tensordot", (2, 3, 2), (3, 2), (1,), (0,), (1, 2, 0)), tensor_dot),
    "keops_tensordot": ((12, 6), by_name("keops_tensordot", (2, 3, 2), (3, 2), 1, 0, (1, 2, 0)), tensor_dot),
    "kron": ((6, 4), by_name("kron", (2, 3), (2, 2)), kron),
    "keops_kron": ((6, 4), by_name("keops_kron", (2, 3), (2, 2)), kron),
    "matvecmult": ((6, 2), by_name("matvecmult"), lambda a, b: np.einsum("...ab,...b->...a", tensor(a, (3, 2)), b)),
    "vecmatmult": ((2, 6), by_name("vecmatmult"), lambda b, a: np.einsum("...ab,...a->...b", tensor(a, (2, 3)), b)),
    "tensorprod": ((2, 3), by_name("tensorprod"), lambda a, b: flat(a[..., :, None] * b[..., None, :], 2)),
}
# Operators, and the forms that methods take for special operands.
CASES |= {
    "x+y": ((3, 1), lambda x, y: x + y, lambda x, y: x + y),
    "x-y": ((1, 3), lambda x, y: x - y, lambda x, y: x - y),
    "x*y": ((3, 3, 3), lambda x, y, p: x * y * p, lambda x, y, p: x * y * p),
    "x/y": ((3, 3, 3), lambda x, y, p: x / y / p, lambda x, y, p: x / y / p),
    "-x": ((3,), lambda x: -x, lambda x: -x),
    "abs(x)": ((3, 3), lambda x, y: abs(x - y), lambda x, y: abs(x - y)),
    "(x|y)": ((3, 3), lambda x, y: (x | y), dot),
    "([...]|y)": ((3,), lambda x: ([1.0, 2.0, 3.0] | x), lambda x: dot(x, np.array([1.0, 2, 3]))),
    "x==y": ((3, 3), lambda x, y: x == y, lambda x, y: (x == y) * 1.0),
    "x!=y": ((3, 3), lambda x, y: x != y, lambda x, y: (x != y) * 1.0),
    "x<y": ((3, 3), lambda x, y: x < y, lambda x, y: (x < y) * 1.0),
    "x<=y": ((3, 3), lambda x, y: x <= y, lambda x, y: (x <= y) * 1.0),
    "x>y": ((3, 3), lambda x, y: x > y, lambda x, y: (x > y) * 1.0),
    "x>=y": ((3, 3), lambda x, y: x >= y, lambda x, y: (x >= y) * 1.0),
    "x>number": ((3,), lambda x: x > 0.5, lambda x: (x > 0.5) * 1.0),
    "x**2": ((3,), lambda x: x**2, lambda x: x**2),
    "x**-3": ((3,), lambda x: x**-3, lambda x: x**-3.0),
    "x**0.5": ((3,), lambda x: x**0.5, np.sqrt),
    "x**-0.5": ((3,), lambda x: x**-0.5, lambda x: 1 / np.sqrt(x)),
    "x**1.5": ((3,), lambda x: x**1.5, lambda x: x**1.5),
    "x**y": ((3, 1), lambda x, y: x**y, lambda x, y: x**y),
    "ints": ((3,), lambda x: 2 + (3 - x * 2) / 4 + 5 / x, lambda x: 2 + (3 - x * 2) / 4 + 5 / x),
    "floats": ((3,), lambda x: 2.5 + (0.5 - x * 2.5) / 4.5 - 0.1 / x, lambda x: 2.5 + (0.5 - x * 2.5) / 4.5 - 0.1 / x),
    "shortcuts": ((3, 3), shortcuts, lambda x, y: 3 * x - y + 1 / y),
    "0/x": ((3, 3), lambda x, y: 0 / x + 0 * y, lambda x, y: 0 * x + 0 * y),
    "clamp(int,int)": ((3,), lambda x: (x * 4).clamp(1, 2), lambda x: np.clip(x * 4, 1, 2)),
    "mod(number)": ((3,), lambda x: x.mod(0.3), lambda x: np.mod(x, 0.3)),
    "round()": ((3,), lambda x: (x * 3).round(), lambda x: np.floor(x * 3 + 0.5)),
    "elem(y)": ((3, 1), lambda x, y: x.elem(y * 3), lambda x, y: dot(x, pick(np.floor(3 * y + 0.5), 3))),
    "x[1]": ((3,), lambda x: x[1], lambda x: x[..., 1:2]),
    "x[:2]": ((3,), lambda x: x[:2], lambda x: x[..., :2]),
    "x[1:]": ((3,), lambda x: x[:, :, 1:], lambda x: x[..., 1:]),
    "concatenate": ((3, 2, 1), lambda *a: LazyTensor.concatenate(a), concatenated),
    "cat": ((3,), lambda x: LazyTensor.cat((x, x), -1), lambda x: np.concatenate([x, x], -1)),
    "sum(2)": ((3,), lambda x: x.sum(2), total),
    "sum(dim=2)": ((3,), lambda x: x.sum(dim=2), total),
    "same variable twice": ((3, 3), lambda x, y: (x - y) * (y - x) + x * x, lambda x, y: (x - y) * (y - x) + x * x),
    "grad": ((3, 3), lambda x, y: x.sqdist(y).grad(x, y[0]), lambda x, y: 2 * (x - y) * y[..., :1]),
    "diff": ((3, 3), lambda x, y: x.sqdist(y).diff(x, y), lambda x, y: 2 * dot(x - y, y)),
    "grad_matrix": ((2, 2), lambda x, y: (x * y).grad_matrix(x), jacobian_of_product),
    "divergence": ((3, 3), lambda x, y: (x * x * y).divergence(x), lambda x, y: total(2 * x * y)),
    "laplacian": ((3, 3), lambda x, y: (x * x * x * y).sum().laplacian(x), lambda x, y: total(6 * x * y)),
    "trace_operator": ((3, 3), lambda x, y: (x * y).trace_operator(x), lambda x, y: total(0 * x + y)),
    "unary": ((3,), lambda x: x.unary("Acos"), np.arccos),
    "binary": ((3, 3), lambda x, y: x.binary(y, "-", is_operator=True), lambda x, y: x - y),
    "ternary": ((3, 3, 3), lambda x, y, p: x.ternary(y, p, "IfElse"), lambda x, y, p: y + 0 * x),
}


def spread(knots):
    """Knots in increasing order out of random numbers."""
    return knots * 0.1 + [k / 6 for k in range(6)]


def draw(m, n, dims, dtype):
    rng = np.random.default_rng(m + n)
    shapes = [(rows, dim) if rows is not None else (dim,) for rows, dim in zip((m, n, None), dims)]
    return [rng.uniform(0.1, 0.9, shape).astype(dtype) for shape in shapes]


def make_dense(arrays):
    places = ((slice(None), None), (None,), (None, None))
    return [array.astype(np.float64)[place] for array, place in zip(arrays, places)]


def assert_close(result, terms, dtype):
    """Against the sum of float64 terms (M, N, D) over j."""
    expected = terms.sum(1)
    assert result.dtype == dtype and result.shape == expected.shape
    bound = 200 * np.finfo(dtype).eps * (1 + np.abs(terms).sum(1))
    assert (np.abs(result - expected) <= bound).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_values(name, dtype):
    dims, lazy, dense = CASES[name]
    for m, n in SIZES:
        arrays = draw(m, n, dims, dtype)
        if len(dims) == 1:
            n = 1
        variables = [make(array) for make, array in zip((Vi, Vj, Pm), arrays)]
        expression = lazy(*variables)._cast(LazyTensor)  # complex numbers by their parts
        terms = dense(*make_dense(arrays))
        terms = np.broadcast_to(terms, (m, n, terms.shape[-1]))
        assert expression._shape == terms.shape and expression.dtype == dtype
        assert_close(expression.sum_reduction(axis=1), terms, dtype)


@pytest.mark.parametrize("name", RECORDS)
def test_every_operation_has_a_method(name):
    """Those of components need no other line here: a new one is its record alone, whose values test/Numerics tests."""
    kinds, rule, method = RECORDS[name]
    assert getattr(LazyTensor, method).__doc__
    if method in CASES or rule != "inferElementwise":
        assert method in CASES
        return
    first, *others = (Vi(np.ones((5, 2))) for kind in kinds if kind == "v")
    expression = getattr(first, method)(*others, *(1 for kind in kinds if kind == "n"))
    arguments = [f"Var({k},2,0)" for k in range(1 + len(others))] + ["1"] * kinds.count("n")
    assert expression.formula == f"{name}({','.join(arguments)})"


# What programs written for KeOps call, besides operators.
EXPECTED = """abs exp log cos sin sqrt rsqrt sign step relu square xlogx sinxdivx asin acos atan sinc atan2 power clamp ifelse
mod round sqnorm2 norm2 norm normalize sqdist weightedsqnorm weightedsqdist softdtw_sqdist elem extract one_hot bspline
concat concatenate cat matvecmult vecmatmult tensorprod keops_tensordot keops_kron grad diff grad_matrix divergence
laplacian trace_operator factorize auto_factorize unary binary ternary reduction sum min max argmin argmax sum_reduction
min_reduction max_reduction argmin_reduction argmax_reduction min_argmin max_argmax min_argmin_reduction
max_argmax_reduction Kmin argKmin Kmin_argKmin Kmin_reduction argKmin_reduction Kmin_argKmin_reduction logsumexp
logsumexp_reduction sumsoftmaxweight sumsoftmaxweight_reduction t T matvec rmatvec shape dim ndim ni nj batchdims
nbatchdims axis dtype formula formula2 variables symbolic_variables ranges backend addop subop mulop divop solve exp1j
real2complex imag2complex init join promote fixvariables lt_constructor get_tools new_variable_index separate_kwargs
difference_matrix dense diagonal row column""".split()


def test_plumbing():
    x, y = draw(7, 5, (3, 2), "float64")
    lazy = Vi(x) - 1
    assert lazy.fixvariables() is lazy and lazy.get_tools().name == "numpy"
    assert lazy.lt_constructor(x, axis=0).formula == "Var(0,3,0)" and lazy.lt_constructor(1j).dtype is None
    empty = lazy.init()
    assert (empty.variables, empty.ni, empty.nj, empty.dtype, empty.ndim) == ((), 7, None, "float64", 1)
    assert lazy.init(is_complex=True).dtype == "complex128"
    joined = lazy.join(Vj(y))
    assert len(joined.variables) == 2 and joined.shape == (7, 5, 3)
    assert np.allclose(joined.sum(axis=1), 5 * (x - 1))
    promoted = Pm(2.0).promote(Vj(y), ("nj", "dtype"))
    assert (promoted.nj, promoted.ni, promoted.dtype, promoted.ndim) == (5, None, "float64", 1)
    assert (lazy.new_variable_index(), (lazy * Vj(2, 3)).new_variable_index()) == (0, 3)
    chosen, called = LazyTensor.separate_kwargs({"backend": "CPU", "sum_scheme": "auto", "call": False})
    assert (chosen, called) == ({"sum_scheme": "auto", "call": False}, {"backend": "CPU"})
    with pytest.raises(ValueError, match="Incompatible values for attribute ni: 7 and 3"):
        lazy.join(Vi(x[:3]))
    with pytest.raises(ValueError, match="promote: props: expected names among dtype, .* got 'nk'"):
        lazy.promote(lazy, ["nk"])
    with pytest.raises(TypeError, match=r"separate_kwargs: kwargs: expected a dict, got tuple"):
        LazyTensor.separate_kwargs(())
    with pytest.raises(TypeError, match="separate_kwargs: unexpected keyword argument 'foo'"):
        LazyTensor.separate_kwargs({"foo": 1})


@pytest.mark.parametrize("m, n", SIZES)
def test_difference_matrix(m, n):
    x, y = draw(m, n, (3, 2), "float64")
    result = Vi(x).difference_matrix(Vj(y)).sum(axis=1)
    expected = (x[:, None, :, None] - y[None, :, None, :]).sum(1).reshape(m, 6)
    assert np.allclose(result, expected, atol=1e-10)


@pytest.mark.parametrize("name", EXPECTED)
def test_names(name):
    assert getattr(LazyTensor, name).__doc__
