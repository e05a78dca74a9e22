"""Soft dynamic time warping of short and long series: values, gradients, second derivatives and forward mode against the
recursion in float64, whose derivatives are PyTorch's."""

import numpy as np
import pytest

import keops
from keops import _keops

torch = pytest.importorskip("torch")

# The reference is thousands of operations on small tensors.
torch.set_num_threads(1)

M, N = 5, 3
SIZES = ((1, 1), (1, 7), (7, 1), (5, 3), (17, 16), (64, 50), (100, 100))
TYPES = ((np.float64, 1e-10), (np.float32, 3e-3))


def table(costs):
    """The last cell of the recursion over costs of shape (rows, columns, ...), in units of gamma."""
    rows, columns = costs.shape[:2]
    above = [None] * columns
    for i in range(rows):
        diagonal = left = None
        for j in range(columns):
            before = [v for v in (diagonal, above[j], left) if v is not None]
            cell = costs[i, j] - (torch.logsumexp(-torch.stack(before), 0) if before else 0)
            diagonal, above[j], left = above[j], cell, cell
    return left


def soft_dtw(x, y, gamma):
    """All pairs (M, N) of series x (M, n) and y (N, m)."""
    costs = (x.T[:, None, :, None] - y.T[None, :, None, :]) ** 2
    return gamma * table(costs / gamma)


class Series:
    def __init__(self, n, m, gamma=0.7):
        rng = np.random.default_rng(100 * n + m)
        self.arrays = [rng.uniform(-1, 1, (M, n)), rng.uniform(-1, 1, (N, m)), np.array([gamma])]
        self.leaves = [torch.tensor(a, requires_grad=True) for a in self.arrays]
        self.names = [f"x=Vi({n})", f"y=Vj({m})", "g=Pm(1)"]
        self.sums = soft_dtw(*self.leaves).sum(1, keepdim=True)
        self.e = rng.uniform(0.5, 1, (M, 1))
        self.scale = self.sums.detach().abs().max().item()

    def run(self, text, dtype, **more):
        names = [*self.names, *(f"{n}={'Pm' if a.ndim == 1 else 'Vi'}({a.shape[-1]})" for n, a in more.items())]
        return _keops.Reduction(text, names).run(*(a.astype(dtype) for a in (*self.arrays, *more.values())))

    def compare(self, text, want, **more):
        want = want.detach().numpy()
        for dtype, tolerance in TYPES:
            got = self.run(text, dtype, **more)
            got = got if got.shape == want.shape else got.sum(0)
            assert np.all(np.abs(got - want) <= tolerance * (self.scale + np.abs(want).max())), (text, dtype)


SUM = "Sum_Reduction(SoftDTW_SqDist(x,y,g),0)"


@pytest.mark.parametrize("n, m", SIZES)
def test_values_and_gradients(n, m):
    series = Series(n, m)
    series.compare(SUM, series.sums)
    gradients = torch.autograd.grad(series.sums, series.leaves, torch.tensor(series.e))
    for name, want in zip("xyg", gradients):
        series.compare(f"Grad({SUM},{name},e)", want, e=series.e)


@pytest.mark.parametrize("n, m", SIZES[:-2])
def test_second_derivatives_and_forward_mode(n, m):
    series = Series(n, m)
    rng = np.random.default_rng(n)
    u = rng.uniform(-1, 1, (M, n))
    (first,) = torch.autograd.grad(series.sums, series.leaves[0], torch.tensor(series.e), create_graph=True)
    moved = (first * torch.tensor(u)).sum(1, keepdim=True)
    for name, want in zip("xyg", torch.autograd.grad(moved.sum(), series.leaves, retain_graph=True)):
        series.compare(f"Grad(Grad({SUM},x,e),{name},u)", want, e=series.e, u=u)
    series.compare(f"Diff({SUM},x,u)", moved / torch.tensor(series.e), u=u)
    along = torch.autograd.grad(moved.sum(), series.leaves[0])[0]
    series.compare(f"Grad(Diff({SUM},x,u),x,e)", along, e=series.e, u=u)


def test_derivatives_to_the_sixth():
    """Along one direction, forwards: the function of one variable that this is, differentiated in 50 digits."""
    mpmath = pytest.importorskip("mpmath")
    series = Series(3, 2)
    x, y, u = series.arrays[0][0], series.arrays[1][0], np.linspace(0.5, 1, 3)
    rows = [np.tile(a, (1, 1)) for a in (x, y)]

    def recursion(t):
        cells = {}
        for i in range(3):
            for j in range(2):
                before = [cells[c] for c in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if c in cells]
                soft = -mpmath.log(sum(mpmath.exp(-v) for v in before)) if before else 0
                cells[i, j] = (mpmath.mpf(x[i]) + t * mpmath.mpf(u[i]) - mpmath.mpf(y[j])) ** 2 + soft
        return cells[2, 1]

    text = "SoftDTW_SqDist(x,y,1)"
    for order in range(1, 7):
        text = f"Diff({text},x,u)"
        run = _keops.Reduction(f"Sum_Reduction({text},0)", ["x=Vi(3)", "y=Vj(2)", "u=Pm(3)"]).run
        with mpmath.workdps(50):
            want = float(mpmath.diff(recursion, 0, order))
        assert abs(run(rows[0], rows[1], u)[0, 0] - want) <= 1e-9 * max(1, abs(want)), order
    with pytest.raises(ValueError, match="SoftDTW has derivatives up to order 6, not beyond"):
        _keops.Reduction(f"Sum_Reduction(Diff({text},x,u),0)", ["x=Vi(3)", "y=Vj(2)", "u=Pm(3)"]).run(*rows, u)


@pytest.mark.parametrize("gamma", (1e-3, 1.0, 1e4, -0.5))
def test_soft_minima_stay_in_range(gamma):
    series = Series(6, 4, gamma)
    series.arrays[0] *= 30
    leaves = [torch.tensor(a) for a in series.arrays]
    series.compare(SUM, soft_dtw(*leaves).sum(1, keepdim=True))


def test_infinite_costs_are_no_way():
    """A wall with one gap: only paths through the gap count; without a gap there is none."""
    costs = np.array([[1.0, 2, 3], [np.inf, np.inf, 1], [2, 1, 0.5]]).reshape(1, 9)
    through = [(1, 2, 3, 1, 0.5), (1, 2, 1, 0.5)]
    plan = _keops.Reduction("Sum_Reduction(SoftDTWPlan(c,3,3)*y,0)", ["c=Vi(9)", "y=Vj(1)"])
    value = _keops.Reduction("Sum_Reduction(SoftDTW(c,3,3)*y,0)", ["c=Vi(9)", "y=Vj(1)"])
    weights = np.exp([-sum(path) for path in through])
    for dtype in (np.float32, np.float64):
        c, one = costs.astype(dtype), np.ones((1, 1), dtype)
        assert np.allclose(value.run(c, one), -np.log(weights.sum()), rtol=1e-6)
        share = weights[0] / weights.sum()
        assert np.allclose(plan.run(c, one), [[1, 1, share, 0, 0, 1, 0, 0, 1]], rtol=1e-5, atol=1e-7)
        c[0, 5] = np.inf
        assert value.run(c, one)[0, 0] == np.inf


def test_many_rows_and_threads_keep_their_tables_apart():
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-1, 1, (300, 9)), rng.uniform(-1, 1, (200, 8))
    gamma = np.array([0.5])
    names = ["x=Vi(9)", "y=Vj(8)", "g=Pm(1)", "e=Vi(1)"]
    gradient = _keops.Reduction(f"Grad({SUM},x,e)", names)
    e = np.ones((300, 1))
    results = []
    for threads in (1, 2, 7):
        keops.set_num_threads(threads)
        results.append(gradient.run(x, y, gamma, e))
    keops.set_num_threads(0)
    assert all(np.array_equal(result, results[0]) for result in results)
    leaf = torch.tensor(x[:40], requires_grad=True)
    soft_dtw(leaf, torch.tensor(y), torch.tensor(gamma)).sum().backward()
    assert np.allclose(results[0][:40], leaf.grad.numpy(), rtol=1e-11)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="product of both dimensions must lie between 1 and 65536, got 66049"):
        _keops.Reduction(SUM, ["x=Vi(257)", "y=Vj(257)", "g=Pm(1)"]).run(np.zeros((1, 257)), np.zeros((1, 257)), np.ones(1))
    with pytest.raises(ValueError, match="SoftDTW: expected 6 costs for 2 rows and 3 columns, got dimension 5"):
        _keops.Reduction("Sum_Reduction(SoftDTW(x,2,3),0)", ["x=Vi(5)"]).run(np.zeros((1, 5)))
    with pytest.raises(ValueError, match="SoftDTWPlan: expected matrices of 6 components, got dimension 13"):
        _keops.Reduction("Sum_Reduction(SoftDTWPlan(x,2,3),0)", ["x=Vi(13)"]).run(np.zeros((1, 13)))
