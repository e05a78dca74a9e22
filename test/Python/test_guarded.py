"""Right calls of the Python package on arrays that touch protected pages, against dense NumPy in float64.

The calls are made in a process for each library and side of the pages, so that a read beside an array is a failed test;
``test/EndToEnd/test_memory.py`` does the same for compiled programs by themselves."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from guarded import copied

# None, one, a few, primes, and more than any tile has.
SIZES = ((0, 3), (3, 0), (0, 0), (1, 1), (1, 13), (13, 1), (17, 7), (97, 131), (300, 257))


def to_dense(x, y):
    """Squared distances and their Gaussian."""
    squares = ((x[:, None].astype(np.float64) - y[None]) ** 2).sum(-1)
    return squares, np.exp(-squares)


class Calls:
    """One method for each kind of call: what keops gives, and what it should give."""

    def __init__(self, library, m, n, dtype, at_end):
        self.m, self.n, self.at_end, self.name = m, n, at_end, library.__name__
        self.keops = library
        rng = np.random.default_rng(m + 1000 * n)
        self.x, self.y, self.v, self.w = (
            rng.uniform(0, 1, shape).astype(dtype) for shape in ((m, 3), (n, 3), (n, 2), (m, 1))
        )
        self.squares, self.kernel = to_dense(self.x, self.y)

    def guard(self, array):
        made = copied(array, self.at_end)
        return made if self.name == "keops.numpy" else __import__("torch").from_numpy(made)

    def lazy(self):
        x, y = self.keops.Vi(self.guard(self.x)), self.keops.Vj(self.guard(self.y))
        return x.sqdist(y)

    def product(self):
        return (-self.lazy()).exp() @ self.guard(self.v), self.kernel @ self.v

    def product_of_a_vector(self):
        return (-self.lazy()).exp() @ self.guard(self.v[:, 0]), self.kernel @ self.v[:, 0]

    def transposed_product(self):
        return (-self.lazy()).exp().T @ self.guard(self.w), self.kernel.T @ self.w

    def sum_over_i(self):
        return self.lazy().sum(axis=0), self.squares.sum(0)[:, None]

    def smallest(self):
        return self.lazy().min(axis=1), self.squares.min(1, initial=np.inf)[:, None]

    def nearest(self):
        if min(self.m, self.n) < 3:
            return np.zeros(0), np.zeros(0)
        found, indices = self.lazy().Kmin_argKmin(3, axis=1)
        rows = np.arange(self.m)[:, None]
        return np.stack([found, self.squares[rows, indices]]), np.stack([np.sort(self.squares, 1)[:, :3]] * 2)

    def logsumexp(self):
        with np.errstate(divide="ignore"):
            expected = np.log((np.exp(self.squares) * self.v[:, 0] ** 2).sum(1))[:, None]
        return self.lazy().logsumexp(axis=1, weight=self.keops.Vj(self.guard(self.v[:, :1] ** 2))), expected

    def written_result(self):
        out = self.guard(np.full((self.m, 1), 7, self.x.dtype))
        self.lazy().sum(axis=1, out=out)
        return out, self.squares.sum(1)[:, None]

    def formula(self):
        genred = self.keops.Genred("Exp(-SqDist(x,y))*v*w", ["x=Vi(3)", "y=Vj(3)", "v=Vj(2)", "w=Vi(1)"], axis=1)
        return genred(*map(self.guard, (self.x, self.y, self.v, self.w))), self.kernel @ self.v * self.w

    def batch(self):
        x = np.stack([self.x, self.x + 1, self.x + 2])
        lazy = self.keops.LazyTensor(self.guard(x[:, :, None])) - self.keops.LazyTensor(self.guard(self.y[None, None]))
        # One row would be a parameter.
        if 1 in (self.m, self.n):
            return np.zeros(0), np.zeros(0)
        return lazy.sum(axis=2), (x[:, :, None] - self.y).sum(2, dtype=np.float64)

    def ranges(self):
        from keops.masks import band

        ranges = tuple(copied(part, self.at_end) for part in band(self.m, self.n, 3, 1))
        allowed = np.tri(self.m, self.n, 1) * (1 - np.tri(self.m, self.n, -4))
        return self.lazy().sum(axis=1, ranges=ranges), (self.squares * allowed).sum(1)[:, None]

    def complex_numbers(self):
        z = self.x * (1 + 2j)
        return (self.keops.Vi(self.guard(z)) * self.keops.Vj(self.guard(self.y))).sum(axis=1), z * self.y.sum(0)

    def entries(self):
        lazy = self.lazy()
        row = [lazy.row(-1)] if self.m else []
        column = [lazy.column(0)] if self.n else []
        parts = [lazy.dense(), lazy.diagonal(), *row, *column]
        expected = [self.squares, np.diagonal(self.squares), *self.squares[-1:], *self.squares.T[:1]]
        return tuple(np.concatenate([np.ravel(part) for part in several]) for several in (parts, expected))

    def solution(self):
        x = self.guard(self.x)
        lazy = (-self.keops.Vi(x).sqdist(self.keops.Vj(x))).exp()
        kernel = to_dense(self.x, self.x)[1]
        found = lazy.solve(self.keops.Vi(self.guard(self.w)), alpha=5.0, eps=1e-7)
        return kernel @ np.asarray(found) + 5 * np.asarray(found), self.w

    def clusters(self):
        cluster = __import__(f"{self.name}.cluster", fromlist=["x"])
        labels = cluster.grid_cluster(self.guard(self.x), 0.5)
        points, labels = cluster.sort_clusters(self.guard(self.x), labels)
        centroids = cluster.cluster_centroids(points, labels)
        expected = [
            self.x[(np.floor(self.x / 0.5) == box).all(1)].mean(0) for box in np.unique(np.floor(self.x / 0.5), axis=0)
        ]
        return centroids, np.reshape(expected, (-1, 3))


CALLS = [name for name in vars(Calls) if not name.startswith("_") and name not in ("guard", "lazy")]


def check(library, side):
    """All calls; what is being done is written first, for the case that the process dies of it."""
    module = __import__(f"keops.{library}", fromlist=["x"])
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-4)):
        for m, n in SIZES:
            calls = Calls(module, m, n, dtype, side == "end")
            for name in CALLS:
                print(name, m, n, dtype, flush=True)
                found, expected = getattr(calls, name)()
                tolerated = max(tolerance, 1e-5) if name == "solution" else tolerance
                np.testing.assert_allclose(np.asarray(found), expected, tolerated, tolerated, err_msg=f"{name} {m} {n}")


@pytest.mark.parametrize("side", ("begin", "end"))
@pytest.mark.parametrize("library", ("numpy", "torch"))
def test_nothing_is_read_beside_the_arrays(library, side):
    if library == "torch":
        pytest.importorskip("torch")
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    code = f"import test_guarded; test_guarded.check({library!r}, {side!r}); print('done')"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0 and done.stdout.endswith("done\n"), (done.returncode, done.stdout[-300:], done.stderr)
