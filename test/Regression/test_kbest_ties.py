"""Equal distances came back out of the order of their indices when an insertion moved them down the list of the K
smallest. Points on a coarse grid have many ties, and exact distances."""

import numpy as np
import pytest
from keops.numpy import Genred


@pytest.mark.parametrize("best", [1, 2, 5, 16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ties_keep_the_order_of_indices(best, dtype):
    rng = np.random.default_rng(best)
    x, y = (rng.integers(0, 4, (rows, 3)).astype(dtype) for rows in (100, 300))
    distances = ((x[:, None, :] - y[None, :, :]) ** 2).sum(2)
    nearest = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], reduction_op="ArgKMin", axis=1, opt_arg=best)
    expected = np.argsort(distances, axis=1, kind="stable")[:, :best]
    assert np.array_equal(nearest(x, y).reshape(100, best), expected)
