"""keops.numpy.cluster and keops.masks against the pairs that they are meant to keep."""

import re

import numpy as np
import pytest

from keops import masks
from keops.numpy import Genred, LazyTensor, Vi, Vj, cluster


def to_mask(ranges, m, n):
    """Which pairs the ranges keep, by the first three arrays; the others must say the same."""

    def half(rows, slices, parts, kept, reduced):
        mask = np.zeros((kept, reduced), bool)
        for k, (begin, end) in enumerate(rows):
            for low, high in parts[slices[k - 1] if k else 0 : slices[k]]:
                mask[begin:end, low:high] = True
        return mask

    mask = half(*ranges[:3], m, n)
    assert np.array_equal(half(*ranges[3:], n, m), mask.T)
    ones = Genred("x+y", ["x=Vi(1)", "y=Vj(1)"], axis=1)(np.ones((m, 1)), np.zeros((n, 1)), ranges=ranges)
    assert np.array_equal(ones[:, 0], mask.sum(1)), "the ranges are what reductions accept"
    return mask


# ---- Clusters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", (1, 2, 3, 5, 12))
@pytest.mark.parametrize("count", (0, 1, 2, 997))
def test_grid_cluster(dim, count):
    rng = np.random.default_rng(dim)
    x = rng.uniform(-1, 1, (count, dim)).astype(np.float32)
    sizes = rng.uniform(0.2, 0.9, dim)
    for size in (0.3, sizes):
        lab = cluster.grid_cluster(x, size)
        boxes = [tuple(box) for box in np.floor(x.astype(float) / size)]
        numbers = {box: k for k, box in enumerate(sorted(set(boxes)))}
        assert lab.dtype == np.int32 and lab.tolist() == [numbers[box] for box in boxes]


def test_far_boxes_do_not_collide():
    x = np.array([[0.0, 0.0, 0.0], [1500.0, 0, 0], [0, 1500, 0], [0, 0, 1e12], [0, 0, -1e12], [1500, 0, 0]])
    assert cluster.grid_cluster(x, 1).tolist() == [1, 4, 3, 2, 0, 4]


def test_sorted_clusters_and_their_ranges():
    rng = np.random.default_rng(0)
    x, w = rng.random((200, 3)), rng.random(200)
    lab = cluster.grid_cluster(x, 0.3)
    (xs, ws), labs = cluster.sort_clusters((x, w), lab)
    order = np.argsort(lab, kind="stable")
    assert np.array_equal(xs, x[order]) and np.array_equal(ws, w[order]) and np.array_equal(labs, lab[order])
    alone, _ = cluster.sort_clusters(x, lab)
    assert np.array_equal(alone, xs)
    ranges = cluster.cluster_ranges(lab)
    assert ranges.dtype == np.int64 and np.array_equal(ranges, cluster.cluster_ranges(labs, np.bincount(lab)))
    for k, (begin, end) in enumerate(ranges):
        assert (labs[begin:end] == k).all() and (labs == k).sum() == end - begin


def test_centroids():
    rng = np.random.default_rng(1)
    x, lab, w = rng.random((50, 2)), rng.integers(0, 4, 50), rng.random(50)
    means = np.stack([x[lab == k].mean(0) for k in range(4)])
    weighted = np.stack([np.average(x[lab == k], axis=0, weights=w[lab == k]) for k in range(4)])
    sums = np.array([w[lab == k].sum() for k in range(4)])
    assert np.allclose(cluster.cluster_centroids(x, lab), means)
    assert np.allclose(cluster.cluster_centroids(x, lab, np.bincount(lab)), means)
    assert np.allclose(cluster.cluster_centroids(x, lab, weights=w), weighted)
    assert np.allclose(cluster.cluster_centroids(x, lab, weights=w, weights_c=sums), weighted)
    assert cluster.cluster_centroids(x.astype("f4"), lab).dtype == np.float32
    ranges, centroids, sizes = cluster.cluster_ranges_centroids(x, lab)
    assert np.array_equal(ranges, cluster.cluster_ranges(lab)) and np.allclose(centroids, means)
    assert np.array_equal(sizes, np.bincount(lab))
    _, centroids, sizes = cluster.cluster_ranges_centroids(x, lab, weights=w)
    assert np.allclose(centroids, weighted) and np.allclose(sizes, sums)
    _, centroids, sizes = cluster.cluster_ranges_centroids(x, lab, weights=0 * w, min_weight=0.5)
    assert np.allclose(centroids, means) and np.allclose(sizes, 0.5 * np.bincount(lab))


def test_ranges_from_a_matrix():
    ranges = np.array([[0, 2], [2, 5]])
    made = cluster.from_matrix(ranges, ranges, np.array([[True, False], [False, False]]))
    assert [a.tolist() for a in made[:3]] == [[[0, 2], [2, 5]], [1, 1], [[0, 2]]]
    assert all(a.dtype == np.int64 for a in made)
    assert cluster.swap_axes(made)[0] is made[3] and cluster.swap_axes(None) is None
    rng = np.random.default_rng(2)
    for rows, columns in ((1, 1), (7, 4), (3, 0), (0, 3)):
        ends_i, ends_j = (np.cumsum(rng.integers(0, 20, k)) for k in (rows, columns))
        ranges_i, ranges_j = (np.stack([np.r_[0, e[:-1]] if len(e) else e, e], 1) for e in (ends_i, ends_j))
        keep = rng.random((rows, columns)) < 0.5
        m, n = (int(e[-1]) if len(e) else 0 for e in (ends_i, ends_j))
        expected = np.repeat(np.repeat(keep, np.diff(ranges_i)[:, 0], 0), np.diff(ranges_j)[:, 0], 1)
        assert np.array_equal(to_mask(cluster.from_matrix(ranges_i, ranges_j, keep), m, n), expected)


def test_a_sparse_sum_is_near_the_full_one():
    """What clusters are for: far pairs of a Gaussian count for nothing."""
    rng = np.random.default_rng(3)
    x, y, b = rng.random((700, 2)), rng.random((900, 2)), rng.random((900, 1))
    (x, _), (y, b) = (cluster.sort_clusters(a, cluster.grid_cluster(a[0], 0.1))[0] for a in ((x, x), (y, b)))
    lab_x, lab_y = (np.sort(cluster.grid_cluster(a, 0.1)) for a in (x, y))
    ranges_i, centres_i, _ = cluster.cluster_ranges_centroids(x, lab_x)
    ranges_j, centres_j, _ = cluster.cluster_ranges_centroids(y, lab_y)
    keep = ((centres_i[:, None] - centres_j) ** 2).sum(-1) < 0.5**2
    assert keep.mean() < 0.7
    kernel = (-100 * ((Vi(x) - Vj(y)) ** 2).sum(-1)).exp()
    full = kernel @ b
    kernel.ranges = cluster.from_matrix(ranges_i, ranges_j, keep)
    assert np.allclose(kernel @ b, full, rtol=1e-4)
    assert np.allclose(kernel.t() @ (x[:, :1]), (-100 * ((Vi(y) - Vj(x)) ** 2).sum(-1)).exp() @ x[:, :1], rtol=1e-4)


WRONG = [
    (lambda: cluster.grid_cluster(np.ones(3), 1), "grid_cluster: x: expected shape (N, D) with D of at least 1, got (3,)"),
    (lambda: cluster.grid_cluster(np.ones((3, 2)), 0), "grid_cluster: size: expected a positive number or 2 of them, got 0"),
    (lambda: cluster.grid_cluster(np.ones((3, 2)), [1, 1, 1]), "grid_cluster: size: expected a positive number or 2 of them, got [1, 1, 1]"),
    (lambda: cluster.grid_cluster(np.full((3, 2), np.nan), 1), "grid_cluster: x: expected finite numbers"),
    (lambda: cluster.sort_clusters(np.ones((3, 2)), np.zeros(2, int)), "sort_clusters: x: expected 2 rows, as many as labels, got 3"),
    (lambda: cluster.cluster_ranges(np.ones(3)), "cluster_ranges: lab: expected integers (N,), got float64 (3,)"),
    (lambda: cluster.cluster_ranges(np.array([-1])), "cluster_ranges: lab: expected labels from 0 to 2147483647, got -1"),
    (lambda: cluster.cluster_centroids(np.ones((3, 2)), np.zeros(2, int)), "cluster_centroids: lab: expected 3 labels, one for each point, got 2"),
    (lambda: cluster.cluster_centroids(np.ones((2, 2)), np.array([0, 3]), np.ones(2)), "cluster_centroids: Nlab: expected a number for each label, got shape (2,)"),
    (lambda: cluster.cluster_centroids(np.ones((2, 2)), np.zeros(2, int), weights=np.ones(3)), "cluster_centroids: weights: expected shape (2,), got (3,)"),
    (lambda: cluster.from_matrix(np.ones((2, 2), int), np.ones((3, 2), int), np.ones((3, 2))), "from_matrix: keep: expected shape (2, 3), got (3, 2)"),
    (lambda: cluster.from_matrix(np.ones((2, 3), int), np.ones((3, 2), int), np.ones((3, 2))), "from_matrix: ranges_i: expected integers (C, 2), got int64 (2, 3)"),
    (lambda: masks.causal(-1), "triangular: m: expected at least 0, got -1"),
    (lambda: masks.causal(2**62), "triangular: m: expected at most 281474976710656 in size, got 4611686018427387904"),
    (lambda: masks.causal(3, offset=-(10**30)), "triangular: offset: expected at most 281474976710656 in size, got -1000"),
    (lambda: masks.band(3, block=10**30), "band: block: expected at most 281474976710656 in size, got 1000"),
    (lambda: masks.band(3, below=-1), "band: below: expected at least 0, got -1"),
    (lambda: masks.band(3, block=0), "band: block: expected at least 1, got 0"),
    (lambda: masks.neighbours(np.ones((3, 2)), [[0, 4]], np.ones((3, 2)), [[0, 3]], 1), "neighbours: ranges_i: expected numbers from 0 to 3"),
    (lambda: masks.neighbours(np.ones((3, 2)), [[0, 3]], np.ones((3, 1)), [[0, 3]], 1), "neighbours: expected points (M, D) and (N, D), got (3, 2) and (3, 1)"),
]


WRONG_TYPES = [
    (lambda: cluster.grid_cluster([[1], [2, 3]], 1), "grid_cluster: x: cannot be read as an array: "),
    (lambda: cluster.grid_cluster(np.ones((3, 2)), "a"), "grid_cluster: size: expected real numbers of at most 64 bits, got <U1"),
    (lambda: cluster.cluster_ranges(None), "cluster_ranges: lab: expected real numbers of at most 64 bits, got object"),
    (lambda: cluster.cluster_ranges([0, 1], "a"), "cluster_ranges: Nlab: expected real numbers of at most 64 bits, got <U1"),
    (lambda: cluster.sort_clusters(0, np.zeros(5, int)), "sort_clusters: x: expected an array with rows, got int"),
    (lambda: cluster.sort_clusters(np.ones(2), [0, 1]), "sort_clusters: lab: expected an array with rows, got list"),
    (lambda: cluster.from_matrix([[0, 1]], [[0, 1]], [["a"]]), "from_matrix: keep: expected real numbers of at most 64 bits, got <U1"),
    (lambda: cluster.swap_axes(0), "swap_axes: ranges: expected a tuple of six integer arrays"),
    (lambda: masks.causal(2.0), "triangular: m: expected an integer, got float"),
    (lambda: masks.triangular(2, upper=np.ones(2)), "triangular: upper: expected True or False, got ndarray"),
    (lambda: masks.neighbours("", [[0, 1]], np.ones((3, 1)), [[0, 3]], 1), "neighbours: x: expected real numbers, got <U1"),
    (lambda: masks.neighbours(np.ones((3, 1)), [[0.0, 1.0]], np.ones((3, 1)), [[0, 3]], 1), "neighbours: ranges_i: expected integers, got float64"),
]


@pytest.mark.parametrize("call, message", WRONG, ids=[message[:50] for _, message in WRONG])
def test_mistakes(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize("call, message", WRONG_TYPES, ids=[message[:50] for _, message in WRONG_TYPES])
def test_wrong_types(call, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        call()


# ---- Masks -----------------------------------------------------------------------------------------------------------


def in_squares(allowed, block):
    """All pairs of those squares of the grid that have an allowed one."""
    m, n = allowed.shape
    squares = allowed.reshape(m // block, block, n // block, block).any((1, 3))
    return np.repeat(np.repeat(squares, block, 0), block, 1)


@pytest.mark.parametrize("block", (1, 2, 7, 64))
@pytest.mark.parametrize("m, n", ((0, 0), (1, 1), (13, 13), (5, 30), (30, 5), (0, 4), (100, 129)))
def test_rules_of_rows_and_columns(m, n, block):
    whole = [-(-size // block) * block for size in (m, n)]
    i, j = np.arange(whole[0])[:, None], np.arange(whole[1])
    cases = [
        (masks.causal(m, n, block=block), j <= i),
        (masks.causal(m, n, offset=-3, block=block), j <= i - 3),
        (masks.triangular(m, n, offset=n - m, block=block), j <= i + n - m),
        (masks.triangular(m, n, upper=True, offset=2, block=block), j >= i + 2),
        (masks.band(m, n, below=2, above=5, block=block), (j >= i - 2) & (j <= i + 5)),
        (masks.band(m, n, block=block), i == j),
    ]
    for ranges, allowed in cases:
        expected = in_squares(np.broadcast_to(allowed, whole), block)[:m, :n]
        assert np.array_equal(to_mask(ranges, m, n), expected)


def test_square_masks_need_one_size():
    assert np.array_equal(to_mask(masks.causal(9), 9, 9), np.tri(9, dtype=bool))


def test_a_causal_softmax():
    rng = np.random.default_rng(4)
    q, k, v = rng.standard_normal((3, 2, 40, 8))
    scores = (LazyTensor(q[:, :, None]) | LazyTensor(k[:, None])) / 8**0.5
    scores.ranges = masks.causal(40)
    dense = np.where(np.tri(40, dtype=bool), q @ k.swapaxes(1, 2) / 8**0.5, -np.inf)
    weights = np.exp(dense - dense.max(2, keepdims=True))
    expected = weights / weights.sum(2, keepdims=True) @ v
    assert np.allclose(scores.sumsoftmaxweight(LazyTensor(v[:, None]), axis=2), expected)


def test_neighbours_hold_all_near_pairs():
    rng = np.random.default_rng(5)
    x, y = rng.random((300, 3)), rng.random((200, 3))
    x, lab_x = cluster.sort_clusters(x, cluster.grid_cluster(x, 0.25))
    y, lab_y = cluster.sort_clusters(y, cluster.grid_cluster(y, 0.25))
    ranges = masks.neighbours(x, cluster.cluster_ranges(lab_x), y, cluster.cluster_ranges(lab_y), 0.2)
    mask = to_mask(ranges, 300, 200)
    distances = np.sqrt(((x[:, None] - y) ** 2).sum(-1))
    assert mask[distances <= 0.2].all() and mask.mean() < 0.6



def test_clusters_without_points_have_no_neighbours():
    x = np.zeros((3, 2))
    ranges = masks.neighbours(x, [[0, 3], [3, 3]], x, [[0, 0], [0, 3]], 1)
    assert [a.tolist() for a in ranges[:3]] == [[[0, 3], [3, 3]], [1, 1], [[0, 3]]]
