"""The evaluator's reductions against NumPy, with NaN, ties, infinities and empty ranges."""

import math

import numpy as np
import pytest
from modules import reduce

inf, nan = math.inf, math.nan
RNG = np.random.default_rng(1)
T, G = RNG.standard_normal((7, 3)), RNG.standard_normal((7, 2))
ROWS = [
    ("Sum", T.sum(0)),
    ("Prod", T.prod(0)),
    ("Mean", T.mean(0)),
    ("Var", T.var(0)),
    ("Min", T.min(0)),
    ("Max", T.max(0)),
    ("ArgMin", T.argmin(0)),
    ("ArgMax", T.argmax(0)),
    ("Count", (T != 0).sum(0)),
    ("Any", [1, 1, 1]),
    ("All", [1, 1, 1]),
]


@pytest.mark.parametrize("name, expected", ROWS, ids=[row[0] for row in ROWS])
def test_values(name, expected):
    np.testing.assert_allclose(reduce(name, T)[0], expected, rtol=1e-14)


def test_log_sum_exp_and_softmax():
    f = T[:, :1]
    np.testing.assert_allclose(reduce("LogSumExp", f, np.abs(G))[0], np.log((np.exp(f) * np.abs(G)).sum(0)), rtol=1e-14)
    np.testing.assert_allclose(
        reduce("SumSoftMaxWeight", f, G)[0], (np.exp(f) * G).sum(0) / np.exp(f).sum(), rtol=1e-14
    )
    assert reduce("LogSumExp", [[800.0], [-inf]], np.ones((2, 1)))[0] == 800
    assert reduce("LogSumExp", [[-inf], [-inf]], np.ones((2, 1)))[0] == -inf
    assert reduce("LogSumExp", [[inf], [0]], np.ones((2, 1)))[0] == inf


@pytest.mark.parametrize("name, sign", [("KMin_ArgKMin", 1), ("KMax_ArgKMax", -1)])
def test_best_terms_are_stable_and_padded(name, sign):
    terms = sign * np.array([[3.0], [nan], [1], [3], [1]])
    values, indices = reduce(name, terms, best=6, results=2, index=[1])
    assert np.array_equal(values, sign * np.array([1, 1, 3, 3, inf, inf]))
    assert np.array_equal(indices, [2, 4, 0, 3, 0, 0])


def test_best_terms_of_vectors_are_ordered_by_rank_then_component():
    values, indices = reduce("KMin_ArgKMin", T, best=2, results=2, index=[1])
    assert np.array_equal(values.reshape(2, 3), np.sort(T, 0)[:2])
    assert np.array_equal(indices.reshape(2, 3), np.argsort(T, 0)[:2])


def test_extrema_ignore_nan_and_take_the_first_of_ties():
    terms = [[nan], [2], [1], [1], [2]]
    assert reduce("Min", terms)[0] == 1 and reduce("ArgMin", terms)[0] == 2
    assert reduce("Max", terms)[0] == 2 and reduce("ArgMax", terms)[0] == 1
    assert reduce("Min", [[nan], [nan]])[0] == inf and reduce("ArgMax", [[nan], [nan]])[0] == 0


EMPTY = {"Sum": 0, "Prod": 1, "Min": inf, "Max": -inf, "ArgMin": 0, "ArgMax": 0, "Count": 0, "Any": 0, "All": 1}


@pytest.mark.parametrize("name", EMPTY)
def test_empty_ranges(name):
    assert reduce(name, np.zeros((0, 2)), dim=2)[0].tolist() == [EMPTY[name]] * 2


def test_empty_ranges_of_the_others():
    values, indices = reduce("KMin_ArgKMin", np.zeros((0, 1)), best=2, results=2, index=[1], dim=2)
    assert values.tolist() == [inf, inf] and indices.tolist() == [0, 0]
    empty = np.zeros((0, 1))
    assert reduce("LogSumExp", empty, empty, dim=1)[0] == -inf
    assert np.isnan(reduce("SumSoftMaxWeight", empty, empty, dim=1)[0])


def test_shifted_exponentials():
    (result,) = reduce("Max_SumShiftExp", T[:, :1], G, dim=3)
    weights = np.exp(T[:, :1] - T[:, :1].max())
    np.testing.assert_allclose(result, [T[:, 0].max(), *(weights * G).sum(0)], rtol=1e-14)
    assert reduce("Max_SumShiftExp", np.zeros((0, 1)), np.zeros((0, 1)), dim=2)[0].tolist() == [-inf, 0]


def test_products_without_zeros():
    terms = [[2.0, 1], [0, 5], [3, 0], [0, 2]]
    (result,) = reduce("Prod_WithoutZeros", terms, best=3)
    assert result.tolist() == [0, 0, 0, 10, 6, 0]


def test_terms_that_do_not_exist_have_the_index_that_is_asked_for():
    assert reduce("ArgMin", [[nan]], attribute="ArgMin missing = -1", index=[0])[0] == -1
    indices = reduce("ArgKMin", [[1.0]], best=3, attribute="ArgKMin, 3 missing = -1", index=[0])[0]
    assert indices.tolist() == [0, -1, -1]
