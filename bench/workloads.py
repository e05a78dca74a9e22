"""The workloads of `./dev bench`: data from a seed, a float64 reference on some rows, and an error measure."""

import numpy as np

WORKLOADS = {
    "K1": "Gaussian sum, D=3, f32",
    "K4": "log-sum-exp, D=3, f32",
    "K5a": "arg-min of the distance, D=3, f32",
    "K6": "gradient of the Gaussian sum, D=3, f32",
    "K11": "Gaussian sum, D=3, f64",
}
REFERENCE_ROWS = 100


def data(name, size):
    """Two clouds of `size` points in the unit cube and what the formulas need beside them."""
    dtype = np.float64 if name == "K11" else np.float32
    rng = np.random.default_rng(size)
    cloud = lambda columns: rng.random((size, columns)).astype(dtype)
    signs = lambda: rng.standard_normal((size, 1)).astype(dtype)
    return dict(
        name=name, M=size, N=size, x=cloud(3), y=cloud(3), b=signs(), e=signs(), s=0.5, eps=0.05, dtype=dtype
    )


def reference(d):
    """The rows that are compared, and their exact values (for K5a: all distances of these rows)."""
    rows = np.linspace(0, d["M"] - 1, min(REFERENCE_ROWS, d["M"])).astype(int)
    x, y, b, e = (d[k].astype(np.float64) for k in ("x", "y", "b", "e"))
    difference = x[rows, None, :] - y[None, :, :]
    distance = (difference**2).sum(2)
    gaussian = np.exp(-distance / d["s"] ** 2)
    if d["name"] in ("K1", "K11"):
        return rows, gaussian @ b
    if d["name"] == "K4":
        z = b[:, 0] - distance / d["eps"]
        top = z.max(1, keepdims=True)
        return rows, top + np.log(np.exp(z - top).sum(1, keepdims=True))
    if d["name"] == "K5a":
        return rows, distance
    weights = gaussian * b[:, 0] * (-2 / d["s"] ** 2) * e[rows]
    return rows, (weights[:, :, None] * difference).sum(1)


def error(d, result):
    """Largest error over the largest value; for indices, the largest excess over the shortest distance."""
    rows, exact = reference(d)
    if d["name"] == "K5a":
        chosen = exact[np.arange(len(rows)), np.asarray(result).reshape(-1)[rows]]
        return float((chosen - exact.min(1)).max())
    result = np.asarray(result, dtype=np.float64).reshape(d["M"], -1)[rows]
    return float(np.abs(result - exact).max() / np.abs(exact).max())
