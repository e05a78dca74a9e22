"""The workloads of `./dev bench`: data from a seed, a float64 reference on some rows, and an error measure."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Workload:
    what: str
    dim: int = 3  # of the points
    columns: int = 1  # of the weights
    dtype: type = np.float32
    most: int = 10_000  # larger sizes take seconds a call, or the memory of a matrix

    def __str__(self):
        return f"{self.what}, D={self.dim}, {np.dtype(self.dtype).name}"


WORKLOADS = {
    "K1": Workload("Gaussian sum"),
    "K2": Workload("sum of four Gaussians, four columns", columns=4),
    "K3": Workload("Laplacian sum, exp(-|x-y|)"),
    "K4": Workload("log-sum-exp"),
    "K5a": Workload("arg-min of the distance"),
    "K5b": Workload("the 10 nearest of all"),
    "K5c": Workload("the 10 nearest of all", dim=64),
    "K6": Workload("gradient of the Gaussian sum"),
    "K7a": Workload("Gaussian sum", dim=64),
    "K7b": Workload("Gaussian sum", dim=784, most=2000),
    "K8": Workload("attention, soft-max of products times 64 columns", dim=64, columns=64),
    "K11": Workload("Gaussian sum", dtype=np.float64),
}
REFERENCE_ROWS = 100
NEAREST = 10


def data(name, size):
    """Two clouds of `size` points, in the unit cube but for K8, and what the formulas need beside them."""
    work = WORKLOADS[name]
    rng = np.random.default_rng(size)
    draw = rng.standard_normal if name == "K8" else rng.random
    cloud = lambda: draw((size, work.dim)).astype(work.dtype)
    signs = lambda columns: rng.standard_normal((size, columns)).astype(work.dtype)
    return dict(
        name=name,
        M=size,
        N=size,
        dim=work.dim,
        columns=work.columns,
        x=cloud(),
        y=cloud(),
        b=signs(work.columns),
        e=signs(1),
        # So wide that most points of a cube of so many dimensions see each other.
        s=float(np.sqrt(work.dim / 6)) if name in ("K7a", "K7b") else 0.5,
        sigmas=np.array([0.5, 1, 2, 4], work.dtype),
        eps=0.05,
        scale=float(1 / np.sqrt(work.dim)),
        dtype=work.dtype,
    )


def log_sum_exp(z):
    top = z.max(1, keepdims=True)
    return top + np.log(np.exp(z - top).sum(1, keepdims=True))


def soft_max(z):
    weights = np.exp(z - z.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def gradient(d, rows, x, y, distance, b):
    weights = np.exp(-distance / d["s"] ** 2) * b[:, 0] * (-2 / d["s"] ** 2) * d["e"][rows].astype(np.float64)
    return weights.sum(1, keepdims=True) * x - weights @ y


# What a workload computes of its rows of x, of y, their squared distances and the weights; neighbours: all distances.
EXACT = {
    "K2": lambda d, rows, x, y, distance, b: sum(np.exp(-distance / s**2) for s in d["sigmas"].astype(float)) @ b,
    "K3": lambda d, rows, x, y, distance, b: np.exp(-np.sqrt(distance)) @ b,
    "K4": lambda d, rows, x, y, distance, b: log_sum_exp(b[:, 0] - distance / d["eps"]),
    "K6": gradient,
    "K8": lambda d, rows, x, y, distance, b: soft_max(x @ y.T * d["scale"]) @ b,
    **dict.fromkeys(("K5a", "K5b", "K5c"), lambda d, rows, x, y, distance, b: distance),
    **dict.fromkeys(
        ("K1", "K7a", "K7b", "K11"), lambda d, rows, x, y, distance, b: np.exp(-distance / d["s"] ** 2) @ b
    ),
}


def squared_distances(x, y):
    return np.stack([((row - y) ** 2).sum(1) for row in x])


def reference(d):
    """The rows that are compared, and their exact values (for neighbours: all distances of these rows)."""
    rows = np.linspace(0, d["M"] - 1, min(REFERENCE_ROWS, d["M"])).astype(int)
    x, y, b = d["x"][rows].astype(np.float64), d["y"].astype(np.float64), d["b"].astype(np.float64)
    return rows, EXACT[d["name"]](d, rows, x, y, squared_distances(x, y), b)


def error(d, result):
    """Largest error over the largest value; for indices, the largest excess over the shortest distances."""
    rows, exact = reference(d)
    result = np.asarray(result).reshape(d["M"], -1)[rows]
    if d["name"].startswith("K5"):
        chosen = np.sort(np.take_along_axis(exact, result.astype(np.int64), 1), 1)
        return float((chosen - np.sort(exact, 1)[:, : result.shape[1]]).max())
    return float(np.abs(result - exact).max() / np.abs(exact).max())
