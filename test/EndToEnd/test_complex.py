"""Complex arrays at the door: pairs of components inside, complex128 of NumPy as the reference."""

import re

import numpy as np
import pytest
from pairs import eps_of

from keops import _keops
from keops.numpy import Genred

PARTS = {np.complex64: np.float32, np.complex128: np.float64}
SIZES = ((0, 5), (5, 0), (1, 1), (16, 17), (131, 257))
each_type = pytest.mark.parametrize("dtype", PARTS, ids=["complex64", "complex128"])


def draw(rng, shape, dtype):
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)


def make(m, n, dim, dtype):
    rng = np.random.default_rng([m, n])
    return draw(rng, (m, dim), dtype), draw(rng, (n, dim), dtype), draw(rng, (1,), dtype)


def assert_close(result, expected, dtype):
    assert result.shape == expected.shape
    scale = 1 + np.abs(expected).max(initial=0)
    assert np.abs(result - expected).max(initial=0) <= 200 * eps_of(PARTS[dtype]) * scale


def wide(array):
    return array.astype(np.complex128)


# A formula, its value for z (M, 1, D), w (1, N, D) and p (1), and whether that is complex.
FORMULAS = {
    "ComplexMult(z,w)": lambda z, w, p: z * w,
    "ComplexScal(p,z)+0*w": lambda z, w, p: p * z + 0 * w,
    "ComplexAdd(z,w)": lambda z, w, p: z + w,
    "ComplexSubtract(Conj(z),w)": lambda z, w, p: z.conj() - w,
    "ComplexDivide(z,w)": lambda z, w, p: z / w,
    "ComplexExp(ComplexMult(z,w)/9)": lambda z, w, p: np.exp(z * w / 9),
    "ComplexExp1j(ComplexReal(z)*ComplexImag(w))": lambda z, w, p: np.exp(1j * z.real * w.imag),
    "ComplexSum(ComplexMult(z,w))": lambda z, w, p: (z * w).sum(2, keepdims=True),
    "ComplexAbs(ComplexSubtract(z,w))": lambda z, w, p: np.abs(z - w),
    "ComplexSquareAbs(z)*ComplexReal(w)": lambda z, w, p: np.abs(z) ** 2 * w.real,
    "ComplexAngle(z)+ComplexImag(w)": lambda z, w, p: np.angle(z) + w.imag,
}


@each_type
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("formula", FORMULAS)
def test_sums(formula, axis, dtype):
    for dim in (1, 3):
        aliases = [f"z=Vi({2 * dim})", f"w=Vj({2 * dim})", "p=Pm(2)"]
        value = FORMULAS[formula]
        is_complex = np.iscomplexobj(value(*(np.ones((1, 1, 1), complex),) * 3))
        reduction = Genred(formula, aliases, axis=axis, complex_result=is_complex)
        for m, n in SIZES:
            z, w, p = make(m, n, dim, dtype)
            result = reduction(z, w, p)
            assert result.dtype == (dtype if is_complex else PARTS[dtype])
            assert_close(result, value(wide(z)[:, None], wide(w)[None], wide(p)).sum(axis), dtype)


@each_type
def test_complex_and_real_arrays_give_the_same_bits(dtype):
    """The parts stand in memory as real arrays do, whatever door they come through."""
    part = PARTS[dtype]
    z, w, p = make(31, 17, 2, dtype)
    aliases = ["z=Vi(4)", "w=Vj(4)", "p=Pm(2)"]
    formula = "ComplexScal(p,ComplexMult(z,w))"
    real, complexes = Genred(formula, aliases, axis=1), Genred(formula, aliases, axis=1, complex_result=True)
    expected = real(z.view(part), w.view(part), p.view(part))
    assert expected.shape == (31, 4) and expected.dtype == part
    for arguments in ((z, w, p), (z.view(part), w, p), (z, w.view(part), p), (z, w, p.view(part))):
        assert np.array_equal(real(*arguments), expected)
        assert np.array_equal(complexes(*arguments), expected.view(dtype))
    for number in (p[0], complex(p[0]), p.reshape(()), p[None]):
        assert np.array_equal(complexes(z, w, number), expected.view(dtype))


@each_type
def test_real_weights_beside_complex_arrays(dtype):
    z, w, _ = make(13, 29, 2, dtype)
    weights = np.random.default_rng(3).random((29, 1)).astype(PARTS[dtype])
    reduction = Genred("ComplexRealScal(b,ComplexMult(z,w))", ["z=Vi(4)", "w=Vj(4)", "b=Vj(1)"], axis=1, complex_result=True)
    assert_close(reduction(z, w, weights), (wide(z)[:, None] * wide(w) * weights).sum(1), dtype)
    wrong = np.float64 if dtype == np.complex64 else np.float32
    with pytest.raises(ValueError, match="argument 3 .b.: expected dtype float.., got float.."):
        reduction(z, w, weights.astype(wrong))


@each_type
def test_any_strides(dtype):
    z, w, _ = make(13, 29, 3, dtype)
    reduction = Genred("ComplexMult(z,w)", ["z=Vi(6)", "w=Vj(6)"], axis=1, complex_result=True)
    expected = reduction(z, w)
    assert np.array_equal(reduction(np.asfortranarray(z), w), expected)
    assert np.array_equal(reduction(z[::-1], w), expected[::-1])
    assert np.array_equal(reduction(z[:, ::-1], w[:, ::-1]), expected[:, ::-1])
    spread = np.zeros((13, 6), dtype)
    reduction(z, w, out=spread[:, ::2])
    assert np.array_equal(spread[:, ::2], expected) and not spread[:, 1::2].any()
    row = np.broadcast_to(z[:1], z.shape)
    assert np.array_equal(reduction(row, w), np.broadcast_to(expected[:1], z.shape))
    for offset in (1, np.dtype(dtype).itemsize // 2):
        odd = np.zeros(z.nbytes + offset, np.uint8)[offset:].view(dtype).reshape(z.shape)
        odd[...] = z
        assert np.array_equal(reduction(odd, w), expected)


@each_type
def test_outputs_of_either_kind(dtype):
    z, w, _ = make(5, 7, 2, dtype)
    for asked in (False, True):
        reduction = Genred("ComplexMult(z,w)", ["z=Vi(4)", "w=Vj(4)"], axis=1, complex_result=asked)
        pairs, numbers = np.zeros((5, 4), PARTS[dtype]), np.zeros((5, 2), dtype)
        assert reduction(z, w, out=pairs) is pairs
        assert reduction(z, w, out=numbers) is numbers
        assert np.array_equal(pairs.view(dtype), numbers) and numbers.any()


def test_indices_stay_indices():
    z, w, _ = make(5, 7, 2, np.complex64)
    reduction = _keops.Reduction("Min_ArgMin_Reduction(ComplexSubtract(z,w),0)", ["z=Vi(4)", "w=Vj(4)"], complex_result=True)
    values, indices = reduction.run(z, w)
    assert values.dtype == np.complex64 and values.shape == (5, 2)
    assert indices.dtype == np.int64 and indices.shape == (5, 4)
    parts = (z[:, None] - w).view(np.float32).reshape(5, 7, 4)
    assert np.array_equal(values.view(np.float32), parts.min(1)) and np.array_equal(indices, parts.argmin(1))


def test_gradients_of_real_functions_of_complex_variables():
    z, w, _ = make(13, 29, 2, np.complex128)
    e = np.random.default_rng(5).random((13, 2))
    gradient = _keops.Reduction(
        "Grad(Sum_Reduction(ComplexSquareAbs(ComplexSubtract(z,w)),0),z,e)",
        ["z=Vi(4)", "w=Vj(4)", "e=Vi(2)"],
        complex_result=True,
    )
    assert_close(gradient.run(z, w, e), e * 2 * (z[:, None] - w).sum(1), np.complex128)


def even(part, whole):
    return f"expected dtype {part} or, where the dimension is even, {whole}, got "


@pytest.mark.parametrize(
    "aliases, arguments, message",
    [
        (("z=Vi(3)", "w=Vj(3)"), (np.ones((2, 3), "c8"), np.ones((2, 3), "f4")), "argument 1 (z): " + even("float32", "complex64") + "complex64 for dimension 3"),
        (("z=Vi(2)", "w=Vj(2)"), (np.ones((2, 1), "c8"), np.ones((2, 1), "c16")), "argument 2 (w): " + even("float32", "complex64") + "complex128 for dimension 2"),
        (("z=Vi(2)", "w=Vj(2)"), (np.ones((2, 2), "f8"), np.ones((2, 1), "c8")), "argument 2 (w): " + even("float64", "complex128") + "complex64 for dimension 2"),
        (("z=Vi(2)", "w=Vj(2)"), (np.ones((2, 2), "c8"), np.ones((2, 2), "f4")), "argument 1 (z): expected shape (M, 1), got (2, 2)"),
        (("z=Vi(2)", "w=Vj(2)"), (np.ones((2, 1), ">c8"), np.ones((2, 2), "f4")), "argument 1 (z): expected dtype float32, got >c8"),
        (("z=Vi(2)", "p=Pm(1)"), (np.ones((2, 2), "f4"), 1j), "argument 2 (p): " + even("float32", "complex64") + "complex64 for dimension 1"),
        (("z=Vi(2)", "p=Pm(2)"), (np.ones((2, 2), "f2"), 1j), "argument 2 (p): expected dtype float16, got complex128"),
        (("z=Vi(2)", "p=Pm(2)"), (np.ones((2, 2), "f4"), np.ones(2, "c8")), "argument 2 (p): expected shape (1,), got (2,)"),
    ],
)
def test_wrong_arrays(aliases, arguments, message):
    reduction = Genred("+".join(alias[0] for alias in aliases), list(aliases), axis=1)
    with pytest.raises(ValueError, match=re.escape("Genred: " + message)):
        reduction(*arguments)


def test_wrong_results():
    three = Genred("x", ["x=Vi(3)"], axis=1, complex_result=True)
    with pytest.raises(ValueError, match="Genred: complex_result: output 1: expected an even dimension, got 3"):
        three(np.ones((2, 3), np.float32))
    two = Genred("x", ["x=Vi(2)"], axis=1, complex_result=True)
    with pytest.raises(ValueError, match="Genred: complex_result: output 1: expected dtype float32 or float64, got float16"):
        two(np.ones((2, 2), np.float16))
    with pytest.raises(ValueError, match=re.escape("output 1 (sum): expected shape (2, 1), got (2, 2)")):
        two(np.ones((2, 2), np.float32), out=np.zeros((2, 2), np.complex64))
    with pytest.raises(ValueError, match=re.escape("output 1 (sum): " + even("float32", "complex64") + "complex128 for dimension 2")):
        two(np.ones((2, 2), np.float32), out=np.zeros((2, 1), np.complex128))
