"""A result that no pair contributes to (zeros, or the sum of two gradients) comes from a map over rows; the conversion to
loops refused it as an internal fault."""

import numpy as np
import pytest

from keops import _keops

X, Y, E = np.full((4, 3), 2.0), np.ones((5, 3)), np.ones((4, 3))
TEXTS = {
    "Sum_Reduction(Zero(3),0)": np.zeros((4, 3)),
    "Sum_Reduction(0*x*y,1)": np.zeros((5, 3)),
    "Fused(Sum_Reduction(Zero(2),0),Sum_Reduction(Zero(2),0))": np.zeros((4, 2)),
    "Grad(Sum_Reduction(Sin(x),0),y,e)": np.zeros((5, 3)),
    "Sum_Reduction(Grad(Pow(x,0),x,e),0)": np.zeros((4, 3)),
    # x enters the second sum directly and through the first one.
    "Grad(Grad(Sum_Reduction(Pow(x,3)*y,0),x,x),x,e)": 9 * X**2 * 5,
}


@pytest.mark.parametrize("text", TEXTS)
def test_results_made_by_maps(text):
    result = _keops.Reduction(text, ["x=Vi(3)", "y=Vj(3)", "e=Vi(3)"]).run(X, Y, E)
    for one in result if isinstance(result, tuple) else (result,):
        assert np.allclose(one, TEXTS[text], rtol=1e-14)


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 1031])
def test_rows_are_shared_among_tasks(rows):
    """Maps over rows are cut into tasks of 256; every row is computed once, whatever the number of rows."""
    x = np.linspace(-1, 1, 3 * rows).reshape(rows, 3)
    text = "Grad(Grad(Sum_Reduction(Pow(x,3)*y,0),x,x),x,e)"
    result = _keops.Reduction(text, ["x=Vi(3)", "y=Vj(3)", "e=Vi(3)"]).run(x, Y, np.ones_like(x))
    assert np.allclose(result, 9 * x**2 * 5, rtol=1e-13, atol=1e-15)
