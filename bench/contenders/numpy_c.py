"""NumPy as its users write it: the M x N matrix in memory, distances through one matrix product, work in place."""

import numpy as np
from workloads import NEAREST

NAME = "numpy"


def setup(threads):
    """The number of threads comes from the environment, which is read when NumPy loads."""


def distances(x, y):
    d = x @ y.T
    d *= -2
    d += (x * x).sum(1)[:, None]
    d += (y * y).sum(1)
    return np.maximum(d, 0, out=d)


def gaussian(d):
    k = distances(d["x"], d["y"])
    k *= -1 / d["s"] ** 2
    return np.exp(k, out=k)


def K1(d):
    return lambda: gaussian(d) @ d["b"]


K7a = K7b = K11 = K1


def K2(d):
    def run():
        squares = distances(d["x"], d["y"])
        return sum(np.exp(squares * (-1 / s**2)) for s in d["sigmas"]) @ d["b"]

    return run


def K3(d):
    def run():
        lengths = distances(d["x"], d["y"])
        np.negative(np.sqrt(lengths, out=lengths), out=lengths)
        return np.exp(lengths, out=lengths) @ d["b"]

    return run


def K4(d):
    def run():
        z = distances(d["x"], d["y"])
        z *= -1 / d["eps"]
        z += d["b"][:, 0]
        top = z.max(1, keepdims=True)
        z -= top
        return top + np.log(np.exp(z, out=z).sum(1, keepdims=True))

    return run


def K5a(d):
    return lambda: distances(d["x"], d["y"]).argmin(1)


def K5b(d):
    def run():
        squares = distances(d["x"], d["y"])
        nearest = np.argpartition(squares, NEAREST, axis=1)[:, :NEAREST]
        order = np.take_along_axis(squares, nearest, 1).argsort(1)
        return np.take_along_axis(nearest, order, 1)

    return run


K5c = K5b


def K6(d):
    def run():
        k = gaussian(d)
        k *= d["b"][:, 0]
        return -2 / d["s"] ** 2 * d["e"] * (k.sum(1, keepdims=True) * d["x"] - k @ d["y"])

    return run


def K8(d):
    def run():
        weights = d["x"] @ d["y"].T
        weights *= d["scale"]
        weights -= weights.max(1, keepdims=True)
        np.exp(weights, out=weights)
        return weights @ d["b"] / weights.sum(1, keepdims=True)

    return run
