"""What a call costs besides its arithmetic: the tutorial's sum of four Gaussian kernels at M=50, N=30, CPU time.

Prints medians of single calls of: the native kernel, a prepared reduction, the reduction rebuilt from LazyTensors and
rebuilt from arrays, dense NumPy, and the time to import keops.numpy. `latency.py` has Genred and compilation."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Microseconds beyond the arithmetic, microseconds in all, milliseconds: ceilings that a change must not break.
PREPARED_US = 6
REBUILT_US = 25
IMPORT_MS = 150
M, N, D, E = 50, 30, 3, 4
ROUNDS, CALLS = 41, 200
IMPORT = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"


def median_us(call):
    """Microseconds of CPU time of one call: the median over rounds of the mean within a round."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            call()
        times.append((time.process_time() - start) / CALLS)
    return statistics.median(times) * 1e6


def import_ms(module, folder):
    """Milliseconds of CPU time of an import whose bytecode is ready, as it is in an installation."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", IMPORT.format(module)]
    times = [float(subprocess.check_output(command, env=environment)) for _ in range(6)]
    return statistics.median(times[1:]) * 1e3


def measure():
    import numpy as np

    from keops.numpy import LazyTensor, Vi, Vj

    rng = np.random.default_rng(0)
    x, y, b = (rng.random(shape, np.float32) for shape in ((M, D), (N, D), (N, E)))
    sigmas = np.array([0.5, 1.0, 2.0, 4.0], np.float32)
    xi, yj, bj = Vi(x), Vj(y), Vj(b)
    dxy2 = LazyTensor.sum((xi - yj) ** 2)

    def rebuilt():
        return (LazyTensor.exp(-dxy2 / sigmas**2).sum() * bj).sum_reduction(axis=1)

    def from_arrays():
        dxy2 = LazyTensor.sum((Vi(x) - Vj(y)) ** 2)
        return (LazyTensor.exp(-dxy2 / sigmas**2).sum() * Vj(b)).sum_reduction(axis=1)

    def dense():
        squares = ((x[:, None] - y[None]) ** 2).sum(-1)
        return np.exp(-squares[..., None] / sigmas**2).sum(-1) @ b

    prepared = (LazyTensor.exp(-dxy2 / sigmas**2).sum() * bj).sum_reduction(axis=1, call=False)
    # One row and one column: all but the arithmetic.
    tiny = (LazyTensor.exp(-((Vi(x[:1]) - Vj(y[:1])) ** 2).sum() / sigmas**2).sum() * Vj(b[:1])).sum_reduction(
        axis=1, call=False
    )
    return {call.__name__: median_us(call) for call in (rebuilt, from_arrays, dense)} | {
        "prepared": median_us(prepared),
        "tiny": median_us(tiny),
    }


def report():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KEOPS_CACHE_DIR"] = folder
        figures = measure()
        imported = {module: import_ms(module, folder) for module in ("numpy", "keops.numpy")}
    rows = [
        ("us", figures["tiny"], "prepared, M=N=1: what is not arithmetic", PREPARED_US),
        ("us", figures["prepared"], f"prepared, M={M}, N={N}", None),
        ("us", figures["rebuilt"], "rebuilt from LazyTensors", REBUILT_US),
        ("us", figures["from_arrays"], "rebuilt from arrays", REBUILT_US),
        ("us", figures["dense"], "dense NumPy", None),
        ("ms", imported["keops.numpy"], "import keops.numpy", IMPORT_MS),
        ("ms", imported["numpy"], "of which import numpy", None),
    ]
    good = True
    for unit, value, what, ceiling in rows:
        verdict = "" if ceiling is None else f"  (ceiling {ceiling}: {'met' if value <= ceiling else 'MISSED'})"
        good &= ceiling is None or value <= ceiling
        print(f"{value:9.2f} {unit} {what}{verdict}")
    return good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when a ceiling is missed")
    arguments = parser.parse_args()
    sys.exit(not report() and arguments.check)
