"""Prod, Any, All, Count, Mean, Var, the raw state (m, s) and log-sum-exp of vectors against NumPy in a wider type."""

import numpy as np
import pytest
from pairs import DTYPES, eps_of, gaussian, grid, run, wide

import keops
from keops import _keops

SIZES = (0, 1, 2, 15, 16, 17, 1000, 4099)
PAIRS = [(m, n) for m in SIZES for n in SIZES if m * n <= 1000 * 17 or (m, n) in ((16, 4099), (4099, 16))]
DIMS = (1, 3, 33)
EXACT = {
    "Any": lambda t: (t != 0).any(1),
    "All": lambda t: (t != 0).all(1),
    "Count": lambda t: (t != 0).sum(1),
    "Prod": lambda t: t.prod(1),
}


def aliases(dim):
    return [f"x=Vi({dim})", f"y=Vj({dim})"]


def terms_of(x, y, axis):
    terms = wide(x)[:, None] * wide(y)[None]
    return terms if axis == 1 else terms.swapaxes(0, 1)


def powers_of_two(rng, shape, dtype):
    """Products of thousands of them stay in range and are exact."""
    return (2.0 ** rng.integers(-1, 2, shape) * rng.choice([-1, 1], shape)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", EXACT)
def test_exact(name, axis, dtype):
    for dim in DIMS:
        for m, n in PAIRS:
            if m * n * dim > 120_000:
                continue
            rng = np.random.default_rng([m, n, dim])
            x, y = powers_of_two(rng, (m, dim), dtype), powers_of_two(rng, (n, dim), dtype)
            if name != "Prod" or n % 2:
                x[rng.random(x.shape) < 0.05] = 0
                y[rng.random(y.shape) < 0.05] = 0
            if name == "Prod":  # the sign of x to the power n, times a walk of y around 1
                x, y = np.sign(x), np.sign(y) if axis == 0 else y
                x = x if axis == 1 else powers_of_two(rng, (m, dim), dtype)
            (result,) = run(name, "x*y", aliases(dim), (x, y), axis)
            want = EXACT[name](terms_of(x, y, axis))
            assert result.dtype == (np.int64 if name == "Count" else dtype)
            assert result.shape == want.shape and (result == want).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_and_infinity(dtype):
    x = np.ones((3, 1), dtype)
    for special in (np.nan, np.inf, -np.inf):
        for n, place in ((1, 0), (40, 17), (300, 299)):
            y = np.zeros((n, 1), dtype)
            y[place] = special
            assert (run("Any", "x*y", aliases(1), (x, y))[0] == 1).all()
            assert (run("All", "x*y", aliases(1), (x, y))[0] == (n == 1)).all()
            assert (run("Count", "x*y", aliases(1), (x, y))[0] == 1).all()
            for name, function in (("Prod", np.prod), ("Mean", np.mean), ("Var", np.var)):
                with np.errstate(invalid="ignore"):
                    want = function(y)
                assert np.array_equal(run(name, "x*y", aliases(1), (x, y))[0], np.full((3, 1), want), equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("precision", ("default", "high"))
def test_mean_and_variance(precision, axis, dtype):
    """The mean within the bound of a sum; the variance within that of the terms' spread about the mean."""
    for dim in DIMS:
        for m, n in PAIRS:
            if m * n * dim > 120_000:
                continue
            rng = np.random.default_rng([m, n, dim])
            x, y = grid(rng, (m, dim), dtype), grid(rng, (n, dim), dtype)
            terms, eps = terms_of(x, y, axis), eps_of(dtype)
            (mean,) = run("Mean", "x*y", aliases(dim), (x, y), axis, precision=precision)
            (var,) = run("Var", "x*y", aliases(dim), (x, y), axis, precision=precision)
            if terms.shape[1] == 0:
                assert np.isnan(mean).all() and np.isnan(var).all()
                continue
            assert (np.abs(wide(mean) - terms.mean(1)) <= 4 * eps * np.abs(terms).mean(1)).all()
            assert (np.abs(wide(var) - terms.var(1)) <= 20 * eps * terms.var(1) + 1e-30).all()


@pytest.mark.parametrize("order", ("random", "sorted", "far", "equal"))
def test_variance_of_a_million_terms(order):
    """One pass, no cancellation: the spread is small beside the mean, or the mean drifts all the way."""
    y = np.random.default_rng(0).standard_normal(1_000_000).astype(np.float32)
    y = {"random": y, "sorted": np.sort(y), "far": y + np.float32(3000), "equal": np.full_like(y, 0.1)}[order][:, None]
    (var,) = run("Var", "y", ["y=Vj(1)"], (y,))
    want = y.astype(np.float64).var()
    assert abs(float(var[0, 0]) - want) <= 1e-6 * want + 1e-9 * (order == "equal")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("weight", ("", "1", "17"))
def test_maximum_and_shifted_sum(weight, axis, dtype):
    dim = int(weight or 1)
    for m, n in PAIRS:
        if m * n * dim > 120_000:
            continue
        rng = np.random.default_rng([m, n])
        x, y, g = (grid(rng, shape, dtype) for shape in ((m, 2), (n, 2), (n if axis else m, dim)))
        names = ["x=Vi(2)", "y=Vj(2)", f"g=V{'ij'[axis]}({dim})"]
        options = {"formula2": "g"} if weight else {}
        name = "Max_SumShiftExpWeight" if weight else "Max_SumShiftExp"
        (result,) = run(name, "(x|y)", names, (x, y, g), axis, **options)
        terms = (wide(x)[:, None] * wide(y)[None]).sum(2)
        terms = terms if axis else terms.T
        top = terms.max(1, initial=-np.inf, keepdims=True)
        weights = wide(g) if weight else np.ones((terms.shape[1], 1))
        exponentials = np.exp(terms - np.where(np.isfinite(top), top, 0))
        bound = (exponentials * (8 + 4 * np.abs(terms - top))) @ np.abs(weights) * eps_of(dtype)
        assert result.shape == (len(terms), 1 + dim) and result.dtype == dtype
        assert (result[:, :1] == top).all()
        assert (np.abs(wide(result[:, 1:]) - exponentials @ weights) <= bound).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_raw_states(dtype):
    def state(*terms):
        y = np.array(terms, dtype)[:, None]
        return run("Max_SumShiftExp", "x+y", aliases(1), (np.zeros((1, 1), dtype), y))[0][0]

    assert state(-np.inf, -np.inf).tolist() == [-np.inf, 0]
    assert state(-np.inf, 2, 2).tolist() == [2, 2]
    m, s = state(np.inf, 1)
    assert m + np.log(s) == np.inf
    assert np.isnan(state(np.nan, 1)[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", ("LogSumExp", "SumSoftMaxWeight"))
def test_exponentials_of_vectors(name, axis, dtype):
    """Component by component; the weight is one number or one for each component."""
    for dim, weights in ((3, 1), (3, 3), (33, 33), (33, 1), (17, 0)):
        if name == "SumSoftMaxWeight" and not weights:
            continue
        for m, n in PAIRS:
            if m * n * dim > 60_000 or 0 in (m, n):
                continue
            rng = np.random.default_rng([m, n, dim])
            x, y = grid(rng, (m, dim), dtype), grid(rng, (n, dim), dtype)
            g = np.abs(grid(rng, (n if axis else m, max(weights, 1)), dtype)) + dtype(0.125)
            names = [*aliases(dim), f"g=V{'ij'[axis]}({max(weights, 1)})"]
            options = {"formula2": "g"} if weights else {}
            (result,) = run(name, "x*y", names, (x, y, g), axis, **options)
            terms = terms_of(x, y, axis)
            top = terms.max(1, keepdims=True)
            sizes = np.exp(terms - top)
            weighted = (sizes * (wide(g)[None] if weights else 1)).sum(1)
            want = top[:, 0] + np.log(weighted) if name == "LogSumExp" else weighted / sizes.sum(1)
            assert np.allclose(result, want, rtol=50 * eps_of(dtype), atol=100 * eps_of(dtype))


FUSED = ("Var_Reduction(x*y,0)", "Max_SumShiftExp_Reduction((x|y),0,y)", "Prod_Reduction(x-y,0)", "Count_Reduction(y,0)",
         "LogSumExp_Reduction(x*y,0,y*y)", "All_Reduction(x,0)", "Mean_Reduction(SqDist(x,y),0)", "Max_ArgMax_Reduction(x*y,0)")  # fmt: skip


@pytest.mark.parametrize("dim", (1, 3, 33))
def test_fused(dim):
    """Side by side in one pass as alone, whatever the width of the others' chunks."""
    rng = np.random.default_rng(dim)
    for m, n in ((5, 1), (40, 333), (2, 9001)):
        x, y = gaussian(rng, (m, dim), np.float64), gaussian(rng, (n, dim), np.float64)
        together = _keops.Reduction(f"Fused({','.join(FUSED)})", aliases(dim)).run(x, y)
        alone = []
        for text in FUSED:
            result = _keops.Reduction(text, aliases(dim)).run(x, y)
            alone.extend(result if isinstance(result, tuple) else (result,))
        for got, want in zip(together, alone, strict=True):
            assert got.dtype == want.dtype and np.allclose(got, want, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", ("Var", "Mean", "Prod", "Count", "Max_SumShiftExp", "KMax"))
def test_threads_do_not_change_a_bit(name):
    rng = np.random.default_rng(3)
    options = {"opt_arg": 4} if name == "KMax" else {}
    before = keops.get_num_threads()
    try:
        for m, n in ((500, 700), (3, 100_000)):
            x, y = gaussian(rng, (m, 3), np.float32), gaussian(rng, (n, 3), np.float32)
            results = set()
            for threads in (1, 3):
                keops.set_num_threads(threads)
                results.add(run(name, "SqDist(x,y)", aliases(3), (x, y), **options)[0].tobytes())
            assert len(results) == 1
    finally:
        keops.set_num_threads(before)


def test_zero_reduction():
    x, y = np.ones((4, 3), np.float32), np.ones((6, 3), np.float32)
    for tag, rows in ((0, 4), (1, 6)):
        result = _keops.Reduction(f"Zero_Reduction(2,{tag})", aliases(3)).run(x, y)
        assert result.shape == (rows, 2) and result.dtype == np.float32 and not result.any()
