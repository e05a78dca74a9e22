"""Gradients of Min, Max and the K-best reductions against a gather by index in NumPy: sizes around lanes and tiles, both
axes, ties, NaN, infinities, lists longer than the range, rows where nothing is found. All numbers are exact."""

import numpy as np
import pytest
from pairs import DTYPES, grid, reduce_terms, wide

import keops
from keops import _keops

SIZES = (0, 1, 2, 15, 16, 17, 1000, 4099)
PAIRS = [(m, n) for m in SIZES for n in SIZES if m * n <= 1000 * 17 or (m, n) in ((16, 4099), (4099, 16))]
KINDS = {"Min": 1, "Max_ArgMax": 1, "KMin": 3, "KMax_ArgKMax": 20}
SCHEDULES = ("", "rows=1,block=1", "rows=3,lanes=4,split=7", "lanes=1,chunk=2", "rows=2,block=5,blocks=3")


def expected(kind, x, y, e, best, axis):
    """The gradients of the best x_i * y_j by x and by y, in the wide type."""
    x, y, e = wide(x), wide(y), wide(e)
    kept, reduced = (x, y) if axis == 1 else (y, x)
    rows, dim = kept.shape
    terms = kept[:, None] * reduced[None]
    name = ("KMin_ArgKMin" if "Min" in kind else "KMax_ArgKMax") if kind.startswith("K") else ("Min_ArgMin" if "Min" in kind else "Max_ArgMax")
    values, indices = (r.reshape(rows, best, dim) for r in reduce_terms(name, terms, best))
    found = values != (np.inf if "Min" in kind else -np.inf)
    by_kept, by_reduced = np.zeros_like(kept), np.zeros_like(reduced)
    for i, k, c in zip(*np.nonzero(found), strict=True):
        j = indices[i, k, c]
        by_kept[i, c] += e.reshape(rows, best, dim)[i, k, c] * reduced[j, c]
        by_reduced[j, c] += e.reshape(rows, best, dim)[i, k, c] * kept[i, c]
    return (by_kept, by_reduced) if axis == 1 else (by_reduced, by_kept)


def gradients(kind, dim, axis, schedule=""):
    """Both gradients, as one function of x, y and e."""
    best = KINDS[kind]
    number = f",{best}" if kind.startswith("K") else ""
    reduction = f"{kind}_Reduction(x*y{number},{1 - axis})"
    names = [f"x=Vi({dim})", f"y=Vj({dim})", f"e=V{'ji'[axis]}({best * dim})"]
    return _keops.Reduction(f"Fused(Grad({reduction},x,e),Grad({reduction},y,e))", names, "default", schedule)


def check(kind, reduction, x, y, axis, seed=0):
    best, rows = KINDS[kind], (x, y)[1 - axis].shape[0]
    e = grid(np.random.default_rng(seed), (rows, best * x.shape[1]), x.dtype.type)
    with np.errstate(invalid="ignore"):
        wanted = expected(kind, x, y, e, best, axis)
    for got, want in zip(reduction.run(x, y, e), wanted, strict=True):
        assert got.dtype == x.dtype and got.shape == want.shape
        assert np.array_equal(got, want, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("kind", KINDS)
def test_sizes(kind, axis, dtype):
    for dim in (1, 3, 17)[:: 1 if KINDS[kind] < 20 else 2]:
        reduction = gradients(kind, dim, axis)
        for m, n in PAIRS:
            if m * n * dim * KINDS[kind] <= 60_000:
                rng = np.random.default_rng([m, n, dim])
                check(kind, reduction, grid(rng, (m, dim), dtype), grid(rng, (n, dim), dtype), axis)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("kind", KINDS)
def test_schedules_and_threads(kind, axis, schedule):
    reduction = gradients(kind, 2, axis, schedule)
    rng = np.random.default_rng(5)
    before = keops.get_num_threads()
    try:
        for threads in (1, 3):
            keops.set_num_threads(threads)
            for m, n in ((5, 17), (2, 5003), (333, 40)):
                check(kind, reduction, grid(rng, (m, 2), np.float32), grid(rng, (n, 2), np.float32), axis)
    finally:
        keops.set_num_threads(before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("kind", KINDS)
def test_special_values(kind, axis, dtype):
    """NaN terms and terms that nothing beats receive nothing and spoil nothing."""
    reduction = gradients(kind, 1, axis)
    ties = np.array([1, 2, 1, 2, 1, -1, -1], dtype)[:, None]
    nan, inf = np.nan, np.inf
    for special in ([nan], [nan] * 30, [inf] * 25, [-inf] * 25, [1, nan, 2, nan], [inf, 1, -inf, nan, 1], [nan, inf]):
        values = np.array(special, dtype)[:, None]
        for x, y in ((ties, values), (values, ties), (values, values)):
            check(kind, reduction, x, y, axis)


def test_indices_are_compared_as_integers():
    """Beyond 2^24, a float32 cannot tell neighbours apart."""
    n = (1 << 24) + 3
    y = np.ones((n, 1), np.float32)
    y[n - 2] = 0
    x, e = np.ones((1, 1), np.float32), np.full((1, 1), 5, np.float32)
    result = _keops.Reduction("Grad(Min_Reduction(x*y,0),y,e)", ["x=Vi(1)", "y=Vj(1)", "e=Vi(1)"]).run(x, y, e)
    assert np.flatnonzero(result).tolist() == [n - 2] and result[n - 2] == 5
