"""Results with more components than registers carry: all chunks of components are reduced within each block, from formulas
of pairs that are computed once for all of them. Every reduction against NumPy, where wide formulas share scalars."""

import numpy as np
import pytest
from pairs import DTYPES, as_tuple, eps_of, gaussian, grid, wide

import keops
from keops import _keops

# Around a block of terms, a step of blocks and a tile of rows.
SIZES = ((0, 3), (3, 0), (1, 1), (5, 17), (67, 16), (130, 131), (3, 2000))
SCHEDULES = ("", "rows=2,chunk=3,panel=3", "rows=1,chunk=5,block=3,blocks=2", "chunk=2,split=3,lanes=4")
EXACT = {
    # name: (of scalars s and vectors v: the reduction, its reference over (kept, reduced, D))
    "Sum": lambda t: t.sum(1),
    "Mean": lambda t: t.sum(1) / t.shape[1],
    "Min": lambda t: t.min(1, initial=np.inf),
    "Max": lambda t: t.max(1, initial=-np.inf),
    "ArgMin": lambda t: t.argmin(1) if t.shape[1] else np.zeros((t.shape[0], t.shape[2]), np.int64),
    "ArgMax": lambda t: t.argmax(1) if t.shape[1] else np.zeros((t.shape[0], t.shape[2]), np.int64),
}


def check_exact(name, dim, m, n, axis, dtype, schedule):
    """s_ij v_j + x_i with exact numbers, of which sums are exact, too."""
    rng = np.random.default_rng(m * 31 + n)
    x, y, v = (grid(rng, (rows, dim), dtype, 2) for rows in ((m, n, n) if axis == 1 else (n, m, m)))
    kept, reduced = "ij" if axis == 1 else "ji"
    formula = f"{name}_Reduction(Square(Elem(x,0)-Elem(y,1))*v+x,{1 - axis})"
    names = [f"x=V{kept}({dim})", f"y=V{reduced}({dim})", f"v=V{reduced}({dim})"]
    (got,) = as_tuple(_keops.Reduction(formula, names, "default", schedule).run(x, y, v))
    wx, wy, wv = wide(x), wide(y), wide(v)
    terms = (wx[:, None, :1] - wy[None, :, 1:2]) ** 2 * wv[None] + wx[:, None]
    with np.errstate(invalid="ignore"):
        want = EXACT[name](terms)
    if name == "Mean":
        assert np.allclose(got, want, rtol=eps_of(dtype), atol=0, equal_nan=True)
    else:
        assert np.array_equal(got, want)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", EXACT)
def test_exact(name, schedule):
    for number, (m, n) in enumerate(SIZES):
        for dim in (17, 35):
            check_exact(name, dim, m, n, number % 2, DTYPES[number // 2 % 2], schedule)


def soft_max_reference(name, scores, v):
    """The result of one of the reductions with weights, and the sizes of what it adds up."""
    top = scores.max(1, keepdims=True)
    weights = np.exp(scores - top)
    sums, sizes = weights @ v, weights @ np.abs(v)
    if name == "SumSoftMaxWeight":
        return sums / weights.sum(1, keepdims=True), sizes / weights.sum(1, keepdims=True)
    return np.concatenate([top, sums], 1), np.concatenate([np.abs(top), sizes], 1)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", ("SumSoftMaxWeight", "Max_SumShiftExpWeight"))
def test_weights(name, schedule):
    """Scores that grow along j, so that sums are rescaled again and again; and ones that stand still."""
    for m, n in ((1, 1), (5, 17), (130, 131), (3, 2000)):
        for dim, slope in ((17, 0.5), (64, 0.0)):
            rng = np.random.default_rng(n)
            x, y, v = (gaussian(rng, (rows, d), np.float32) for rows, d in ((m, 20), (n, 20), (n, dim)))
            growth = (slope * np.arange(n, dtype=np.float32))[:, None]
            formula = f"{name}_Reduction((x|y)+h,0,v)"
            names = ["x=Vi(20)", "y=Vj(20)", "h=Vj(1)", f"v=Vj({dim})"]
            (got,) = as_tuple(_keops.Reduction(formula, names, "default", schedule).run(x, y, growth, v))
            scores = wide(x) @ wide(y).T + wide(growth).T
            want, size = soft_max_reference(name, scores, wide(v))
            # A score is rounded, in a sum of 21 terms of at most its size; its exponential follows.
            reach = np.abs(wide(x)) @ np.abs(wide(y)).T + np.abs(wide(growth)).T
            bound = eps_of(np.float32) * (8 + 4 * reach.max(1, keepdims=True)) * size
            assert (np.abs(got - want) <= bound + 1e-30).all()


def test_first_score_is_lowest():
    """Minus infinity is no score at all, also where a whole block has no other."""
    n, dim = 40, 20
    scores = np.full((n, 1), -np.inf, np.float32)
    scores[33:] = 1
    v = gaussian(np.random.default_rng(0), (n, dim), np.float32)
    reduction = _keops.Reduction("SumSoftMaxWeight_Reduction(x*h,0,v)", ["x=Vi(1)", "h=Vj(1)", f"v=Vj({dim})"], "default", "chunk=7")
    (got,) = as_tuple(reduction.run(np.ones((3, 1), np.float32), scores, v))
    assert np.allclose(got, v[33:].mean(0), rtol=1e-6, atol=1e-6)


def test_fused_with_a_narrow_one():
    """A scalar reduction that runs beside a wide one is repeated for no component of it."""
    rng = np.random.default_rng(1)
    x, y, v = (grid(rng, (rows, d), np.float64, 3) for rows, d in ((40, 3), (50, 3), (50, 30)))
    reduction = _keops.Reduction(
        "Fused(Sum_Reduction(SqDist(x,y)*v,0),Sum_Reduction(SqDist(x,y),0))", ["x=Vi(3)", "y=Vj(3)", "v=Vj(30)"], "default", "chunk=4"
    )
    squares = ((x[:, None] - y[None]) ** 2).sum(2)
    wide_sum, narrow_sum = reduction.run(x, y, v)
    assert np.array_equal(wide_sum, squares @ v)
    assert np.array_equal(narrow_sum, squares.sum(1, keepdims=True))


@pytest.mark.parametrize("threads", (1, 2))
def test_pieces_and_threads_give_the_same_bits(threads):
    rng = np.random.default_rng(2)
    x, y, v = (gaussian(rng, (rows, d), np.float32) for rows, d in ((9, 20), (9000, 20), (9000, 40)))
    reduction = _keops.Reduction("SumSoftMaxWeight_Reduction((x|y),0,v)", ["x=Vi(20)", "y=Vj(20)", "v=Vj(40)"], "default")
    before = keops.get_num_threads()
    try:
        keops.set_num_threads(threads)
        again = reduction.run(x, y, v)
        keops.set_num_threads(1)
        assert np.array_equal(as_tuple(again)[0], as_tuple(reduction.run(x, y, v))[0])
    finally:
        keops.set_num_threads(before)
