"""Block-sparse ranges against tables of pairs that hold only what the ranges allow; and every way to get them wrong."""

import re

import numpy as np
import pytest
from pairs import EXTREMA, as_tuple, grid, reduce_terms

import keops
from keops import _keops
from keops.numpy import Genred

SIZES = [(0, 4), (4, 0), (1, 1), (5, 7), (61, 89), (131, 1009), (400, 150)]


@pytest.fixture
def threads():
    before = keops.get_num_threads()
    yield keops.set_num_threads
    keops.set_num_threads(before)


def cut(rng, size, most):
    """Intervals of [0, size) that do not overlap, in any order; some are empty."""
    ends = np.sort(rng.integers(0, size + 1, 2 * rng.integers(0, most + 1)))
    return rng.permutation(ends.reshape(-1, 2))


def draw_side(rng, kept, reduced):
    blocks = cut(rng, kept, 6)
    parts = [cut(rng, reduced, 4) for _ in blocks]
    slices = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return blocks, slices, np.concatenate([np.zeros((0, 2), np.int64), *parts])


def draw_ranges(rng, m, n):
    return (*draw_side(rng, m, n), *draw_side(rng, n, m))


def list_blocks(ranges, axis):
    """(begin, end, indices that the rows are reduced over) for each block."""
    blocks, slices, parts = ranges[:3] if axis == 1 else ranges[3:]
    for k, (begin, end) in enumerate(blocks):
        own = parts[slices[k - 1] if k else 0 : slices[k]]
        yield begin, end, np.unique(np.concatenate([np.zeros(0, np.int64), *(np.arange(*part) for part in own)]))


def allow(ranges, axis, kept, reduced):
    mask = np.zeros((kept, reduced), bool)
    for begin, end, indices in list_blocks(ranges, axis):
        mask[begin:end, indices] = True
    return mask


def reduce_sparse(name, terms, ranges, axis, best=None, weights=None):
    """reduce_terms of what the ranges allow, for terms (kept, reduced, D)."""
    none = np.zeros(0, np.int64)
    results = [
        r.copy() for r in reduce_terms(name, terms[:, none], best, None if weights is None else weights[none])
    ]
    for begin, end, indices in list_blocks(ranges, axis):
        own = reduce_terms(name, terms[begin:end, indices], best, None if weights is None else weights[indices])
        for result, part in zip(results, own, strict=True):
            if part.dtype == np.int64 and indices.size:
                values = own[0] if len(own) == 2 else None
                part = indices[part] if values is None else np.where(np.isfinite(values), indices[part], 0)
            result[begin:end] = part
    return results


def run_both(threads, reduction, arrays, ranges):
    results = []
    for count in (1, 4):
        threads(count)
        results.append(as_tuple(reduction(*arrays, ranges=ranges)))
    for one, many in zip(*results, strict=True):
        assert one.tobytes() == many.tobytes()
    return results[0]


@pytest.mark.parametrize("dtype", (np.float16, np.float32, np.float64))
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", [name for name in ("Sum", *EXTREMA) if not name.startswith("Arg")])
def test_exact_reductions(name, axis, dtype, threads):
    rng = np.random.default_rng(len(name) + axis)
    best = 3 if name.startswith("K") else None
    reduction = Genred("x*y", ["x=Vi(2)", "y=Vj(2)"], reduction_op=name, axis=axis, opt_arg=best)
    for m, n in SIZES:
        # Small enough for sums to be exact in float16 too.
        x, y = grid(rng, (m, 2), dtype, 3), grid(rng, (n, 2), dtype, 3)
        terms = x[:, None].astype(np.float64) * y[None]
        for _ in range(3):
            ranges = draw_ranges(rng, m, n)
            result = run_both(threads, reduction, (x, y), ranges)
            expected = reduce_sparse(name, terms if axis else terms.swapaxes(0, 1), ranges, axis, best)
            for got, want in zip(result, expected, strict=True):
                assert got.shape == want.shape and np.array_equal(got, want)


@pytest.mark.parametrize("name", ("ArgMin", "ArgMax", "ArgKMin", "ArgKMax"))
def test_indices_alone(name, threads):
    rng = np.random.default_rng(1)
    pair = {"ArgMin": "Min_ArgMin", "ArgMax": "Max_ArgMax", "ArgKMin": "KMin_ArgKMin", "ArgKMax": "KMax_ArgKMax"}[name]
    options = {"axis": 1, "opt_arg": 3 if "K" in name else None}
    alone, both = (Genred("x*y", ["x=Vi(2)", "y=Vj(2)"], reduction_op=op, **options) for op in (name, pair))
    for m, n in SIZES:
        x, y, ranges = grid(rng, (m, 2), np.float32), grid(rng, (n, 2), np.float32), draw_ranges(rng, m, n)
        (indices,) = run_both(threads, alone, (x, y), ranges)
        assert np.array_equal(indices, both(x, y, ranges=ranges)[1])


def statistics(name, terms, mask):
    with np.errstate(all="ignore"):
        kept = np.where(mask[..., None], terms, 0)
        count = mask.sum(1)[:, None]
        mean = kept.sum(1) / count
        if name == "Mean":
            return mean
        if name == "Var":
            return (np.where(mask[..., None], terms - mean[:, None], 0) ** 2).sum(1) / count
        if name == "Prod":
            return np.where(mask[..., None], terms, 1).prod(1)
        nonzero = (kept != 0).sum(1)
        return {"Count": nonzero, "Any": nonzero > 0, "All": nonzero == count}[name]


@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", ("Mean", "Var", "Prod", "Count", "Any", "All"))
def test_statistics(name, axis, threads):
    rng = np.random.default_rng(2)
    reduction = Genred("x*y", ["x=Vi(2)", "y=Vj(2)"], reduction_op=name, axis=axis)
    for m, n in SIZES:
        x, y, ranges = grid(rng, (m, 2), np.float64, 9), grid(rng, (n, 2), np.float64, 9), draw_ranges(rng, m, n)
        terms = x[:, None] * y[None]
        terms = terms if axis else terms.swapaxes(0, 1)
        (result,) = run_both(threads, reduction, (x, y), ranges)
        expected = statistics(name, terms, allow(ranges, axis, *terms.shape[:2]))
        assert result.shape == expected.shape
        assert np.allclose(result, expected, rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", ("LogSumExp", "SumSoftMaxWeight"))
def test_exponentials(name, axis, threads):
    rng = np.random.default_rng(3)
    reduction = Genred("(x|y)", ["x=Vi(2)", "y=Vj(2)", f"w=V{'ij'[axis]}(3)"], reduction_op=name, axis=axis, formula2="w")
    for m, n in SIZES:
        x, y = rng.standard_normal((m, 2)) * 20, rng.standard_normal((n, 2))
        w, ranges = rng.random(((m, n)[axis], 3)), draw_ranges(rng, m, n)
        terms = (x @ y.T)[..., None]
        (result,) = run_both(threads, reduction, (x, y, w), ranges)
        (expected,) = reduce_sparse(name, terms if axis else terms.swapaxes(0, 1), ranges, axis, weights=w)
        assert np.allclose(result, expected, rtol=1e-11, atol=1e-11, equal_nan=True)


def test_several_reductions_of_both_indices(threads):
    """The gradient of a log-sum-exp reduces over j, then over i."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    for name in ("Sum", "LogSumExp", "Mean", "Var", "Min"):
        m, n = 71, 113
        x, y, e = rng.standard_normal((m, 2)), rng.standard_normal((n, 2)), rng.standard_normal((m, 1))
        one = draw_side(rng, m, n)
        mask = allow((*one, None, None, None), 1, m, n)
        other = transpose_mask(mask)
        expected = differentiate(torch, name, x, y, e, mask)
        for variable, want in zip("xy", expected):
            text = f"Grad({name}_Reduction((x|y)*SqNorm2(y),0),{variable},e)"
            reduction = _keops.Reduction(text, ["x=Vi(2)", "y=Vj(2)", "e=Vi(1)"])
            (result,) = run_both(threads, reduction.run, (x, y, e), (*one, *other))
            covered = np.isfinite(result)
            assert np.allclose(result[covered], want[covered], rtol=1e-10, atol=1e-10)
            assert covered.all()


def transpose_mask(mask):
    """Ranges of the other index that allow the same pairs: one block for each of its rows."""
    parts = [np.flatnonzero(row) for row in mask.T]
    rows = np.arange(mask.shape[1])
    flat = np.concatenate(parts)
    return np.stack([rows, rows + 1], 1), np.cumsum([len(p) for p in parts]), np.stack([flat, flat + 1], 1)


def differentiate(torch, name, x, y, e, mask):
    """Gradients by PyTorch, of a table that holds the pairs of `mask`; rows without any do not count."""
    x, y = (torch.tensor(a, requires_grad=True) for a in (x, y))
    rows = mask.any(1)
    mask, e = torch.tensor(mask[rows]), torch.tensor(e[rows, 0])
    terms = ((x @ y.T) * (y**2).sum(1))[torch.tensor(rows)]
    count = mask.sum(1)
    mean = torch.where(mask, terms, 0).sum(1) / count
    results = {
        "Sum": lambda: mean * count,
        "Mean": lambda: mean,
        "Var": lambda: torch.where(mask, (terms - mean[:, None]) ** 2, 0).sum(1) / count,
        "LogSumExp": lambda: torch.where(mask, terms, -torch.inf).logsumexp(1),
        "Min": lambda: torch.where(mask, terms, torch.inf).amin(1),
    }
    return [g.numpy() for g in torch.autograd.grad((results[name]() * e).sum(), (x, y))]


# ---- What ranges do not change ---------------------------------------------------------------------------------------


def full(m, n):
    return ([[0, m]], [1], [[0, n]], [[0, n]], [1], [[0, m]])


@pytest.mark.parametrize("name", ("Sum", "LogSumExp", "KMin_ArgKMin", "Min_ArgMin"))
def test_one_block_of_all_pairs_has_the_bits_of_a_dense_reduction(name):
    rng = np.random.default_rng(5)
    reduction = Genred("(x|y)", ["x=Vi(3)", "y=Vj(3)"], reduction_op=name, axis=1, opt_arg=4 if "K" in name else None)
    for m, n in [*SIZES, (1, 5000)]:
        x, y = (rng.standard_normal((k, 3)).astype(np.float32) for k in (m, n))
        for dense, sparse in zip(as_tuple(reduction(x, y)), as_tuple(reduction(x, y, ranges=full(m, n))), strict=True):
            assert dense.tobytes() == sparse.tobytes()


def test_order_and_cuts_do_not_matter():
    rng = np.random.default_rng(6)
    x, y = (rng.standard_normal((k, 3)).astype(np.float32) for k in (100, 90))
    other = ([], [], [])
    plain = ([[0, 40], [50, 90]], [2, 3], [[5, 33], [60, 90], [0, 80]], *other)
    parts = [[40, 80], [7, 7], [0, 40]], [[60, 61], [5, 9], [61, 90], [9, 33]], [[0, 80]]
    cut_up = ([[50, 70], [0, 40], [45, 45], [70, 90]], [3, 7, 7, 8], [part for block in parts for part in block], *other)
    for name in ("Sum", "ArgMin", "LogSumExp"):
        reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], reduction_op=name, axis=1)
        assert reduction(x, y, ranges=plain).tobytes() == reduction(x, y, ranges=cut_up).tobytes()


def test_any_integer_arrays_will_do():
    rng = np.random.default_rng(7)
    x, y, ranges = rng.random((30, 3)), rng.random((40, 3)), draw_ranges(rng, 30, 40)
    reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], axis=1)
    expected = reduction(x, y, ranges=ranges)
    conversions = [
        lambda a: a.astype(np.int32),
        lambda a: a.astype(np.uint8),
        lambda a: a[::-1].copy()[::-1],
        np.asfortranarray,
        np.ndarray.tolist,
    ]
    for convert in conversions:
        assert np.array_equal(reduction(x, y, ranges=[convert(r) for r in ranges]), expected)


def test_items_of_a_batch_have_the_same_ranges():
    rng = np.random.default_rng(8)
    reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], reduction_op="Min_ArgMin", axis=1)
    x, y, ranges = rng.random((3, 1, 130, 3)), rng.random((2, 90, 3)), draw_ranges(rng, 130, 90)
    results = reduction(x, y, ranges=ranges)
    for i in range(3):
        for j in range(2):
            for whole, alone in zip(results, reduction(x[i, 0], y[j], ranges=ranges), strict=True):
                assert whole[i, j].tobytes() == alone.tobytes()


# ---- Mistakes --------------------------------------------------------------------------------------------------------

M, N = 10, 20
RIGHT = ([[0, 5], [5, 10]], [1, 3], [[0, 20], [0, 3], [4, 9]], [[0, 20]], [1], [[0, 10]])
WRONG = [
    (0, [[0, 5], [5, 11]], "ranges[0] (ranges_i): entry 1: expected 0 <= begin <= end <= 10, got [5, 11)"),
    (0, [[-1, 5], [5, 9]], "ranges[0] (ranges_i): entry 0: expected 0 <= begin <= end <= 10, got [-1, 5)"),
    (0, [[0, 5], [7, 6]], "ranges[0] (ranges_i): entry 1: expected 0 <= begin <= end <= 10, got [7, 6)"),
    (0, [[4, 9], [0, 5]], "ranges[0] (ranges_i): expected entries that do not overlap, got entry 1 = [0, 5) and entry 0 = [4, 9)"),
    (0, [[0, 5]], "ranges[1] (slices_i): expected shape (1,), one entry for each of ranges_i, got (2,)"),
    (0, [[0, 5, 6]], "ranges[0] (ranges_i): expected shape (n, 2), got (1, 3)"),
    (0, [0, 5], "ranges[0] (ranges_i): expected shape (n, 2), got (2,)"),
    (1, [[1, 3]], "ranges[1] (slices_i): expected shape (n,), got (1, 2)"),
    (1, [2, 1], "ranges[1] (slices_i): entry 1: expected a number from 2, the entry before it, to 3, the length of redranges_j; got 1"),
    (1, [-1, 3], "ranges[1] (slices_i): entry 0: expected a number from 0, the entry before it, to 3, the length of redranges_j; got -1"),
    (1, [1, 4], "ranges[1] (slices_i): entry 1: expected a number from 1, the entry before it, to 3, the length of redranges_j; got 4"),
    (1, [1, 2], "ranges[1] (slices_i): expected the last entry to be 3, the length of redranges_j, got 2"),
    (2, [[0, 20], [0, 5], [4, 9]], "ranges[2] (redranges_j): expected entries of block 1 that do not overlap, got entry 1 = [0, 5) and entry 2 = [4, 9)"),
    (2, [[0, 21], [0, 3], [4, 9]], "ranges[2] (redranges_j): entry 0: expected 0 <= begin <= end <= 20, got [0, 21)"),
    (3, [[0, 21]], "ranges[3] (ranges_j): entry 0: expected 0 <= begin <= end <= 20, got [0, 21)"),
    (4, [], "ranges[4] (slices_j): expected shape (1,), one entry for each of ranges_j, got (0,)"),
    (5, [[0, 11]], "ranges[5] (redranges_i): entry 0: expected 0 <= begin <= end <= 10, got [0, 11)"),
]
WRONG_TYPES = [
    ((), "ranges: expected a tuple of six integer arrays (ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i), got 0 entries"),
    (RIGHT[:3], "ranges: expected a tuple of six integer arrays (ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i), got 3 entries"),
    (3, "ranges: expected a tuple of six integer arrays (ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i), got int"),
    ((*RIGHT[:5], [[0.0, 10.0]]), "ranges[5] (redranges_i): expected integers, got float64"),
    ((*RIGHT[:5], "all"), "ranges[5] (redranges_i): expected integers, got <U3"),
    ((*RIGHT[:5], [[0], [1, 2]]), "ranges[5] (redranges_i): cannot be read as an array: "),
]


@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("place, entry, message", WRONG, ids=[message[:60] for _, _, message in WRONG])
def test_mistakes(place, entry, message, axis):
    """All six arrays are checked, whichever index is reduced."""
    ranges = tuple(entry if k == place else right for k, right in enumerate(RIGHT))
    reduction = Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], axis=axis)
    reduction(np.ones((M, 1)), np.ones((N, 1)), ranges=RIGHT)
    with pytest.raises(ValueError, match=re.escape("Genred: " + message)):
        reduction(np.ones((M, 1)), np.ones((N, 1)), ranges=ranges)


@pytest.mark.parametrize("ranges, message", WRONG_TYPES)
def test_mistakes_of_type(ranges, message):
    with pytest.raises(TypeError, match=re.escape("Genred: " + message)):
        Genred("x*y", ["x=Vi(1)", "y=Vj(1)"])(np.ones((M, 1)), np.ones((N, 1)), ranges=ranges)
