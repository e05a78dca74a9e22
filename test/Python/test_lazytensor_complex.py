"""ComplexLazyTensor against dense complex NumPy: every operation that it has, and a clear refusal of all others."""

import pickle
import re

import numpy as np
import pytest

from keops.numpy import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj

SIZES = ((7, 5), (0, 4), (4, 0), (1, 1), (2, 1031), (300, 17))
DTYPES = ("complex128", "complex64")


def make(rows, columns, dtype, seed=0):
    """z, w complex and x, y real, of three components and bounded away from 0."""
    rng = np.random.default_rng(seed)
    z, w = ((rng.random((n, 3)) + 0.2 + 1j * rng.standard_normal((n, 3))).astype(dtype) for n in (rows, columns))
    x, y = ((rng.random((n, 3)) + 0.2).astype(z.real.dtype) for n in (rows, columns))
    return z, w, x, y


VECTOR = [1.0 + 2j, 0.5, -1j]
# Of i and j: lazy and dense values answer to the same text.
SAME = {
    "add": lambda z, w, x, y: z + w,
    "add real": lambda z, w, x, y: z + y + x * w,
    "add numbers": lambda z, w, x, y: 1 + z + 2.5 + 1j + w + 0,
    "subtract": lambda z, w, x, y: z - w,
    "subtract from real": lambda z, w, x, y: (y - z) + (w - x),
    "subtract numbers": lambda z, w, x, y: (1 - z) * (2j - w) - 0.5,
    "multiply": lambda z, w, x, y: z * w,
    "multiply real": lambda z, w, x, y: z * y + x * w,
    "multiply numbers": lambda z, w, x, y: 2 * z * 0.5 + w * 3j + z * 1 + w * -1 + z * 0,
    "multiply real by complex": lambda z, w, x, y: -2j * np.pi * x * y,
    "divide": lambda z, w, x, y: z / w,
    "divide real": lambda z, w, x, y: z / y + x / w,
    "divide numbers": lambda z, w, x, y: 1 / z + 2j / w + z / 2 + w / 0.5 + z / 1j + 0 / w,
    "negate": lambda z, w, x, y: -z * w + +z,
    "powers": lambda z, w, x, y: z**0 * w**1 + z**2 + w**3 + z**-1 + w**-2 + z**5,
    "conj": lambda z, w, x, y: (z * w).conj(),
    "real": lambda z, w, x, y: (z * w).real,
    "imag": lambda z, w, x, y: (z * w).imag,
    "abs": lambda z, w, x, y: abs(z * w),
    "parts": lambda z, w, x, y: z.real * w + 1j * z.imag * w,
    "components": lambda z, w, x, y: z[:, :, :2] * w[:, :, 1:],
    "list": lambda z, w, x, y: z * VECTOR + w * VECTOR + x * VECTOR,
    "array": lambda z, w, x, y: np.array(VECTOR, z.dtype) * z + w * np.array([1, 2, 3], y.dtype),
}
OTHERS = {
    "angle": (lambda z, w, x, y: (z * w).angle(), lambda z, w, x, y: np.angle(z * w)),
    "exp": (lambda z, w, x, y: (z * w).exp(), lambda z, w, x, y: np.exp(z * w)),
    "exp1j": (lambda z, w, x, y: (x * y).exp1j(), lambda z, w, x, y: np.exp(1j * x * y)),
    "real2complex": (lambda z, w, x, y: x.real2complex() * w, lambda z, w, x, y: x * w),
    "imag2complex": (lambda z, w, x, y: x.imag2complex() * y, lambda z, w, x, y: 1j * x * y),
    "sum": (lambda z, w, x, y: (z * w).sum(), lambda z, w, x, y: (z * w).sum(-1, keepdims=True)),
    "elem": (lambda z, w, x, y: z[1] * w.elem(2), lambda z, w, x, y: z[..., 1:2] * w[..., 2:]),
    "extract": (lambda z, w, x, y: z.extract(1, 2) * w[0], lambda z, w, x, y: z[..., 1:] * w[..., :1]),
    "real scalar": (lambda z, w, x, y: z * y[0] / x[1] + w, lambda z, w, x, y: z * y[..., :1] / x[..., 1:2] + w),
    "real vector": (lambda z, w, x, y: z[0] * y + x / w[1], lambda z, w, x, y: z[..., :1] * y + x / w[..., 1:2]),
    "concat": (
        lambda z, w, x, y: (z * w).concat(x * y),
        lambda z, w, x, y: np.concatenate([z * w, x * y], -1),
    ),
    "names": (lambda z, w, x, y: z.add(w).mult(x).power(2), lambda z, w, x, y: ((z + w) * x) ** 2),
    "is_complex": (lambda z, w, x, y: LazyTensor(x._data[0], 0, is_complex=True) - w, lambda z, w, x, y: x - w),
}
CASES = {name: (function, function) for name, function in SAME.items()} | OTHERS


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_against_dense_numpy(name, dtype):
    lazy, dense = CASES[name]
    for rows, columns in SIZES:
        z, w, x, y = make(rows, columns, dtype)
        formula = lazy(Vi(z), Vj(w), Vi(x), Vj(y))
        expected = dense(*(v[:, None].astype(complex) for v in (z,)), w[None].astype(complex), x[:, None], y[None])
        expected = np.broadcast_to(expected, (rows, columns, expected.shape[-1]))
        is_real = name in ("real", "imag", "abs", "angle")
        assert isinstance(formula, ComplexLazyTensor) is not is_real and isinstance(formula, LazyTensor)
        for axis in (0, 1):
            # Formulas of i alone, or of j alone, are summed over one index only.
            result = formula.sum(axis=axis)
            assert result.dtype == (z.real.dtype if is_real else dtype)
            # Sums of up to 1031 terms, of a few operations each.
            scale = np.abs(expected).sum(axis).max(initial=1)
            assert result.shape == (columns if axis == 0 else rows, expected.shape[-1])
            assert np.abs(result - expected.sum(axis)).max(initial=0) <= 40 * np.finfo(dtype).eps * scale


def test_products_with_vectors():
    z, w, x, y = make(7, 5, "complex128")
    for kernel, matrix in (((Vi(z) * Vj(w)).sum(), z @ w.T), ((Vi(x) * 1j * Vj(y)).sum(), 1j * x @ y.T)):
        for v in (w, w[:, 0], y, y[:, 0], w[:, :1], y[:, :1]):
            assert np.allclose(kernel @ v, matrix @ v) and (kernel @ v).dtype == "complex128"
        assert np.allclose(kernel.T @ z, matrix.T @ z)
        operator = kernel.aslinearoperator()
        assert operator.dtype == "complex128" and np.allclose(operator @ w, matrix @ w)
        assert np.allclose(operator.H @ z, matrix.conj().T @ z) and np.allclose(operator.T @ x, matrix.T @ x)
    assert np.allclose((Vi(x) | Vj(y)) @ w, x @ y.T @ w)


def test_reductions():
    z, w, _, _ = make(7, 5, "complex64")
    product, dense = Vi(z) * Vj(w), z[:, None] * w[None]
    assert np.allclose(product.mean(axis=0), dense.mean(0)) and product.mean(axis=0).dtype == "complex64"
    out = np.empty((7, 6), "complex64")[:, ::2]
    assert product.sum(axis=1, out=out) is out and np.allclose(out, dense.sum(1))
    later = product.sum(axis=1, call=False)
    for other in (later, pickle.loads(pickle.dumps(later))):
        assert np.allclose(other(), dense.sum(1))
    assert np.allclose(later.t()(), dense.sum(1))
    # The parts by themselves are another reduction of the same formula.
    parts = product._cast(LazyTensor).sum(axis=1)
    assert parts.dtype == "float32" and np.array_equal(parts.view("complex64"), later())


def test_attributes():
    z, w, x, _ = make(7, 5, "complex64")
    product = Vi(z) * Vj(w)
    assert (product.shape, product._shape, product.ndim, product.dim()) == ((7, 5, 3), (7, 5, 3), 3, 3)
    assert (product.dtype, product.sum().shape, product.T.shape) == ("complex64", (7, 5), (5, 7, 3))
    assert (LazyTensor(1j).dtype, LazyTensor(1j).shape, Pm([1j, 2]).ndim) == (None, (1, 1), 2)
    for number in (1j, np.complex64(1j), np.array(1j), np.array([1j])):
        assert isinstance(LazyTensor(number), ComplexLazyTensor) and LazyTensor(number).ndim == 1
    assert ComplexLazyTensor(x, axis=0).shape == (7, 1, 3)
    assert LazyTensor(z[:, None]).axis == 0 and LazyTensor(w[None]).axis == 1
    assert str(product.sum(axis=1, call=False)).splitlines()[1:] == [
        "    formula: ComplexMult(Var(0,6,0),Var(1,6,1))",
        "    shape: (7, 5, 3)",
        "    reduction: Sum (axis=1)",
    ]


def test_symbolic_variables():
    z, w, _, _ = make(7, 5, "complex128")
    later = (LazyTensor((0, 3, 0), is_complex=True) * LazyTensor((1, 3, 1), is_complex=True)).sum(axis=1)
    assert np.allclose(later(z, w), (z[:, None] * w).sum(1))


def test_the_same_array_is_one_variable():
    z = make(7, 5, "complex128")[0]
    assert len((Vi(z) * Vi(z) + Vi(z).conj()).variables) == 1
    assert np.allclose((Vi(z) * Vj(z)).sum(axis=1), z * z.sum(0))


def test_a_subclass_gives_complex_tensors_too():
    class Mine(LazyTensor):
        __slots__ = ()

    z, w, x, _ = make(3, 2, "complex128")
    assert type(Mine(x, axis=0)) is Mine
    assert np.allclose((Mine(z, axis=0) * Mine(w, axis=1)).sum(axis=1), z * w.sum(0))


Z, W, X, Y = (f(v) for f, v in zip((Vi, Vj, Vi, Vj), make(5, 4, "complex128")))
REFUSED = {
    "Sqrt": lambda: Z.sqrt(),
    "Powf": lambda: Z**1.5,
    "Sqrt ": lambda: Z**0.5,
    "Log": lambda: Z.log(),
    "Scalprod": lambda: Z | W,
    "Equal": lambda: Z == W,
    "LessThan": lambda: Z < 1,
    "Min": lambda: Z.min(),
    "Min ": lambda: Z.min(axis=1),
    "ArgKMin": lambda: Z.argKmin(2, axis=1),
    "LogSumExp": lambda: Z.logsumexp(axis=1),
    "pair": lambda: X.sumsoftmaxweight(W, axis=1),
    "Var": lambda: Z.var(axis=1),
    "Prod": lambda: Z.prod(axis=1),
    "Norm2": lambda: Z.norm2(),
    "SqDist": lambda: Z.sqdist(W),
    "SqDist ": lambda: X.sqdist(W),
    "Clamp": lambda: X.clamp(Z, Z),
    "Real2Complex": lambda: Z.real2complex(),
    "Imag2Complex": lambda: Z.imag2complex(),
    "ComplexExp1j": lambda: Z.exp1j(),
    "TensorDot": lambda: Z.keops_tensordot(W, (3,), (3,), (0,), (0,)),
    "Kron": lambda: X.keops_kron(W, (3,), (3,)),
    "Grad": lambda: Z.grad(Z, Z),
    "Solve": lambda: Z[0].solve(Vi(np.ones((5, 1)))),
    "ClampInt": lambda: Z.clamp(1, 2),
    "Gather": lambda: Z.elem(X),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_complex_numbers_do_not_have(name):
    with pytest.raises(ValueError, match=f"LazyTensor: {name.strip()} is not defined for complex numbers"):
        REFUSED[name]()


WRONG = [
    (lambda: Z + W[:2], ValueError, "Operation ComplexAdd expects"),
    (lambda: Z[np.ones(2)], TypeError, "Operation Elem expects an integer. Received array([1., 1.])."),
    (lambda: Z.pow(0.5), TypeError, "Operation Pow expects an integer. Received 0.5."),
    (lambda: Z[3], ValueError, "Operation Elem expects components within dimension 3. Received 1 from 3 on."),
    (lambda: Z[2:5], ValueError, "Operation Extract expects components within dimension 3. Received 3 from 2 on."),
    (lambda: LazyTensor([1j, "x"]), TypeError, "expected a list of numbers, got a list with str"),
    (lambda: LazyTensor([1j, True]), TypeError, "expected a list of numbers, got a list with bool"),
    (lambda: LazyTensor(1j, axis=1), ValueError, "a number or a vector of parameters has axis 2 or None, got 1"),
    (lambda: LazyTensor(np.ones((2, 2), complex)), ValueError, "expects an explicit 'axis' value in {0,1}."),
    (lambda: ComplexLazyTensor(None), TypeError, "LazyTensor: x: expected a number"),
    (lambda: Z * Vj(W._data[0].astype("complex64")), ValueError, "attribute _dtype: float64 and float32."),
    (lambda: (Z * W) @ W._data[0], ValueError, "whose trailing dimension is equal to 1; this one has dimension 3."),
    (lambda: Z.sum(axis=1, call=False) + 1, ValueError, "One of the inputs is a 'reduced' LazyTensor"),
    (lambda: Z ** "2", ValueError, "LazyTensor: power: expected an int, a float or a LazyTensor, got str"),
]


@pytest.mark.parametrize("case", range(len(WRONG)), ids=[message[:60] for _, _, message in WRONG])
def test_wrong(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=re.escape(message)):
        call()
