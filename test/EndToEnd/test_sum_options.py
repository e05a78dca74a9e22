"""sum_scheme, dtype_acc and use_double_acc: values, accuracy on every path, and what they refuse."""

import numpy as np
import pytest
from pairs import DTYPES, eps_of, grid, reduce_terms, run, wide

import keops
from keops import _keops
from keops.numpy import Genred

SCHEMES = ("auto", "direct_sum", "block_sum", "kahan_scheme")
SIZES = ((0, 5), (5, 0), (1, 1), (16, 17), (17, 16), (3, 1000), (1000, 2), (16, 4099))
SUMS = ("Sum", "Mean", "LogSumExp", "SumSoftMaxWeight", "Max_SumShiftExp")


def reference(name, terms):
    if name == "Sum":
        return terms.sum(1)
    if name == "Mean":
        with np.errstate(invalid="ignore"):
            return terms.sum(1) / terms.shape[1] if terms.shape[1] else np.full_like(terms.sum(1), np.nan)
    if name == "Max_SumShiftExp":
        top = terms.max(1, initial=-np.inf, keepdims=True)
        return np.concatenate((top[:, 0], np.exp(terms - np.where(np.isfinite(top), top, 0)).sum(1)), 1)
    return reduce_terms(name, terms, None, terms if name == "SumSoftMaxWeight" else np.ones(1))[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", SUMS)
def test_values(name, scheme, axis, dtype):
    options = {"formula2": "x*y"} if name == "SumSoftMaxWeight" else {}
    for accumulator, dim in (("auto", 1), ("float64", 1 if name == "Max_SumShiftExp" else 33)):
        aliases = [f"x=Vi({dim})", f"y=Vj({dim})"]
        for m, n in SIZES:
            rng = np.random.default_rng([m, n])
            x, y = grid(rng, (m, dim), dtype), grid(rng, (n, dim), dtype)
            (result,) = run(name, "x*y", aliases, (x, y), axis, sum_scheme=scheme, dtype_acc=accumulator, **options)
            terms = wide(x)[:, None] * wide(y)[None]
            want = reference(name, terms if axis == 1 else terms.swapaxes(0, 1))
            assert result.dtype == dtype and result.shape == want.shape
            assert np.allclose(result, want, rtol=60 * eps_of(dtype), atol=200 * eps_of(dtype), equal_nan=True)


def cancelling(count):
    """Large terms that cancel in pairs and small ones that a float32 partial sum forgets."""
    y = np.ones(count, np.float32)
    y[0::4], y[2::4] = 1e9, -1e9
    return y[: count // 4 * 4, None]


@pytest.mark.parametrize("name", ("Sum", "Mean", "SumSoftMaxWeight", "LogSumExp"))
@pytest.mark.parametrize("shape", ((1, 200_000), (3, 5000), (500, 3000)))
@pytest.mark.parametrize("axis", (0, 1))
def test_double_accumulators_keep_what_floats_forget(name, shape, axis):
    """One row split over j, few rows, many rows, on both axes, with any number of threads."""
    rows, y = shape[0], cancelling(shape[1])
    x = np.zeros((rows, 1), np.float32)
    arguments, aliases = (x, y) if axis == 1 else (y, x), ["x=Vi(1)", "y=Vj(1)"]
    terms = "y" if axis == 1 else "x"
    options = {"formula2": terms} if name in ("SumSoftMaxWeight", "LogSumExp") else {}
    formula = "0*x*y" if options else f"{terms}+{'xy'[axis == 0]}*0"
    want = {"Sum": len(y) / 2, "Mean": 0.5, "SumSoftMaxWeight": 0.5, "LogSumExp": np.log(len(y) / 2)}[name]
    before = keops.get_num_threads()
    try:
        for threads in (1, 3):
            keops.set_num_threads(threads)
            for accuracy in ({"use_double_acc": True}, {"dtype_acc": "float64", "sum_scheme": "direct_sum"}):
                (result,) = run(name, formula, aliases, arguments, axis, **options, **accuracy)
                assert result.shape == (rows, 1) and (result == np.float32(want)).all()
            (plain,) = run(name, formula, aliases, arguments, axis, **options)
            assert not (plain == np.float32(want)).all()
    finally:
        keops.set_num_threads(before)


@pytest.mark.parametrize("accumulator", ("auto", "float64"))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_million_equal_terms(scheme, accumulator):
    y = np.full((1_000_000, 1), 0.1, np.float32)
    (result,) = run("Sum", "y", ["y=Vj(1)"], (y,), sum_scheme=scheme, dtype_acc=accumulator)
    error = abs(float(result[0, 0]) - y.sum(dtype=np.float64)) / y.sum(dtype=np.float64)
    assert error <= (6.1e-8 if scheme == "kahan_scheme" or (accumulator == "float64" and scheme != "block_sum") else 3e-7)


def test_gradients_inherit_the_options():
    y, x = cancelling(8000), np.zeros((1, 1), np.float32)
    e = np.ones((1, 1), np.float32)
    names = ["x=Vi(1)", "y=Vj(1)", "e=Vi(1)"]
    gradient = _keops.Reduction("Grad(Sum_Reduction(x*y,0),x,e)", names, dtype_acc="float64")
    assert gradient.run(x, y, e)[0, 0] == len(y) / 2
    assert "#keops.sums<auto, f64>" in gradient.dump("expanded", "float32")


def test_fused_with_other_reductions():
    y = cancelling(8000)
    both = _keops.Reduction("Fused(Max_Reduction(y,0),Sum_Reduction(y,0))", ["y=Vj(1)"], dtype_acc="float64")
    largest, total = both.run(y)
    assert largest[0, 0] == np.float32(1e9) and total[0, 0] == len(y) / 2


@pytest.mark.parametrize("options", ({"dtype_acc": "float64"}, {"use_double_acc": True}, {"sum_scheme": "block_sum"}, {"sum_scheme": "kahan_scheme"}))
@pytest.mark.parametrize("name", ("Min", "ArgKMin", "Var", "Prod"))
def test_reductions_that_do_not_sum(name, options):
    reduction = Genred("y", ["y=Vj(1)"], reduction_op=name, axis=1, opt_arg=2 if "K" in name else None, **options)
    with pytest.raises(ValueError, match=f"Genred: .*sum_scheme and dtype_acc are for reductions that sum .*got {name}_Reduction"):
        reduction(np.ones((3, 1), np.float32))


def test_a_direct_sum_is_what_the_others_do():
    reduction = Genred("y", ["y=Vj(1)"], reduction_op="Max", axis=1, sum_scheme="direct_sum")
    assert reduction(np.ones((3, 1), np.float32))[0, 0] == 1


def test_accumulators_are_not_narrower_than_terms():
    reduction = Genred("y", ["y=Vj(1)"], axis=1, dtype_acc="float32")
    assert reduction(np.ones((3, 1), np.float32))[0, 0] == 3
    with pytest.raises(ValueError, match="Genred: dtype_acc: terms of type f64 need an accumulator of type f64, got f32"):
        reduction(np.ones((3, 1)))
