"""Every form that a schedule can give a program computes the same: tiles of any height and width, blocks and steps of any
length, components in chunks, reduced rows in pieces and in panels, in one stage or two, rows too long to be brought near."""

import numpy as np
import pytest

from keops import _keops

SCHEDULES = (
    "rows=1,lanes=32,block=1,blocks=1,chunk=1,split=1,stages=2",
    "rows=2,lanes=64,block=5,blocks=3,chunk=3,split=7,panel=2,stages=2",
    "rows=3,lanes=1,block=16,blocks=8,chunk=16,split=64,panel=16,stages=1",
    "rows=4,lanes=32,block=7,blocks=1,chunk=2,split=4096,panel=3,stages=1",
    "rows=8,lanes=16,block=16,blocks=8,chunk=16,split=64,stages=2",
)
SIZES = ((1, 1), (0, 5), (5, 0), (129, 70), (700, 41), (3, 9001))
REDUCTIONS = ("Sum", "Mean", "LogSumExp", "Max", "ArgMin", "ArgKMin", "KMin")
K = 3


def make_program(schedule, dim):
    d = f"SqDist(x,y)*RatCst(1,{dim})"
    parts = [
        f"Sum_Reduction(Exp(-{d})*b,0)",
        f"Mean_Reduction({d}*b,0)",
        f"LogSumExp_Reduction(-{d},0)",
        f"Max_Reduction({d}*b,0)",
        f"ArgMin_Reduction({d},0)",
        f"ArgKMin_Reduction({d},{K},0)",
        f"KMin_Reduction({d},{K},0)",
    ]
    aliases = [f"x=Vi({dim})", f"y=Vj({dim})", "b=Vj(5)"]
    return _keops.Reduction(f"Fused({','.join(parts)})", aliases, "default", schedule, "test")


def fill(values, width, missing):
    """A list of the K best, which is filled up where there are fewer terms."""
    gap = np.full((len(values), max(width - values.shape[1], 0)), missing)
    return np.concatenate((values[:, :width], gap), axis=1)


def compute(x, y, b):
    x, y, b = (array.astype(np.float64) for array in (x, y, b))
    d = ((x[:, None] - y[None]) ** 2).sum(-1) / x.shape[1]
    terms = d[..., None] * b
    order = np.argsort(d, axis=1, kind="stable")
    few = len(y) == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "Sum": np.exp(-d) @ b,
            "Mean": terms.sum(1) / np.float64(len(y)),
            "LogSumExp": np.log(np.exp(-d).sum(1))[:, None],
            "Max": np.full((len(x), 5), -np.inf) if few else terms.max(1),
            "ArgMin": np.zeros((len(x), 1)) if few else d.argmin(1)[:, None],
            "ArgKMin": fill(order, K, 0),
            "KMin": fill(np.sort(d, axis=1), K, np.inf),
        }


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("dim, dtype", ((3, np.float32), (2, np.float64), (150, np.float32)))
def test_forms(schedule, dim, dtype):
    program = make_program(schedule, dim)
    for m, n in SIZES:
        rng = np.random.default_rng(m + n + dim)
        # Numbers with few digits, whose distances are exact: indices have one right answer.
        x, y = (rng.integers(-8, 8, (rows, dim)).astype(dtype) for rows in (m, n))
        b = rng.standard_normal((n, 5)).astype(dtype)
        expected = compute(x, y, b)
        for name, result in zip(REDUCTIONS, program.compute((x, y, b)), strict=True):
            want = expected[name].reshape(result.shape)
            if result.dtype == np.int64:
                assert np.array_equal(result, want), (name, m, n)
            else:
                # Sums have errors in proportion to their terms, which have no sign in common.
                terms = np.abs(b).astype(float).sum() * (1 if name == "Sum" else 64 / max(n, 1)) + 1
                bound = 8 * np.finfo(dtype).eps * (terms + np.where(np.isfinite(want), np.abs(want), 0))
                assert np.isclose(result, want, rtol=0, atol=bound, equal_nan=True).all(), (name, m, n)
