"""The forms of kernels, one program each: what compute-sanitizer watches, and what is run with grids of several sizes
(``check_sanitizer.py`` starts it). Compares with float64, prints a digest of each form's bits."""

import hashlib

import arrays
import numpy as np

arrays.install()

from keops import _keops  # noqa: E402

POINTS = ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"]
GAUSS = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)"


def draw(m, n, dim=3, dtype=np.float32, batch=()):
    rng = np.random.default_rng(m + n + dim)
    shapes = ((*batch, m, dim), (*batch, n, dim), (*batch, n, 2))
    return [(rng.random(shape) / np.sqrt(dim)).astype(dtype) for shape in shapes]


def squares(x, y):
    return ((x[..., :, None, :].astype(float) - y[..., None, :, :]) ** 2).sum(-1)


def gauss(x, y, b):
    return np.exp(-squares(x, y)) @ b.astype(float)


def compute(formula, aliases, arguments, ranges=None, schedule=""):
    return _keops.Reduction(formula, aliases, "default", schedule, "forms").compute(tuple(arguments), None, ranges)


def sum_of(m, n, dim=3, schedule="", **drawn):
    x, y, b = draw(m, n, dim, **drawn)
    return compute(GAUSS, [f"x=Vi({dim})", f"y=Vj({dim})", "b=Vj(2)"], (x, y, b), schedule=schedule), gauss(x, y, b)


def blocks_of_pairs():
    x, y, b = draw(300, 200)
    rows, intervals = np.array([[0, 130], [130, 300]]), np.array([[0, 50], [50, 200]])
    ends = np.array([1, 2])
    result = compute(GAUSS, POINTS, (x, y, b), (rows, ends, intervals, intervals, ends, rows))
    kept = np.zeros((300, 200))
    for (first, last), (begin, end) in zip(rows, intervals):
        kept[first:last, begin:end] = 1
    return result, (np.exp(-squares(x, y)) * kept) @ b.astype(float)


def nearest():
    x, y, _ = draw(400, 700)
    return compute("ArgKMin_Reduction(SqDist(x,y),5,0)", POINTS[:2], (x, y)), squares(x, y).argsort(1)[:, :5]


def log_sum_exp():
    x, y, _ = draw(300, 500)
    result = compute("LogSumExp_Reduction(-SqDist(x,y),0)", POINTS[:2], (x, y))
    return result, np.log(np.exp(-squares(x, y)).sum(1))[:, None]


def gradient():
    x, y, b = draw(300, 500)
    e = draw(300, 300)[2]
    result = compute("Grad(" + GAUSS + ",x,e)", [*POINTS, "e=Vi(2)"], (x, y, b, e))
    weights = np.exp(-squares(x, y)) * (e.astype(float) @ b.T.astype(float))
    return result, -2 * (weights.sum(1)[:, None] * x - weights @ y)


FORMS = {
    "square": lambda: sum_of(700, 900),
    "few rows, split over j": lambda: sum_of(3, 20_000),
    "one row a thread": lambda: sum_of(500, 300, schedule="rows=1,lanes=128,block=8,blocks=1,chunk=1,split=16"),
    "eight rows a thread": lambda: sum_of(3000, 300, schedule="rows=8,lanes=128,block=8,blocks=2,chunk=1,split=64"),
    "long rows, in chunks": lambda: sum_of(200, 300, dim=150),
    "double": lambda: sum_of(200, 300, dtype=np.float64),
    "half": lambda: sum_of(200, 300, dtype=np.float16),
    "batch": lambda: sum_of(60, 70, batch=(4,)),
    "blocks of pairs": blocks_of_pairs,
    "indices": nearest,
    "log-sum-exp": log_sum_exp,
    "gradient": gradient,
}


def main():
    for name, form in FORMS.items():
        result, expected = form()
        if not arrays.IS_RECORDING:
            error = np.abs(result.astype(float) - expected).max() / np.abs(expected).max()
            if error > 8 * float(np.finfo(result.dtype).eps if result.dtype.kind == "f" else 0):
                raise SystemExit(f"{name}: an error of {error:.1e}")
        print(f"{name}: {hashlib.sha256(result.tobytes()).hexdigest()[:16]}", flush=True)


if __name__ == "__main__":
    main()
