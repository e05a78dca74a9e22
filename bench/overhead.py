"""What a call costs besides its arithmetic: the tutorial's sum of four Gaussian kernels at M=50, N=30, CPU time.

Prints medians of single calls on NumPy arrays and on PyTorch tensors of: a prepared reduction, the reduction rebuilt
from LazyTensors and rebuilt from arrays, the dense formula, all this with a gradient for PyTorch, and the time to
import keops.numpy. `latency.py` has Genred and compilation, `gradients.py` what gradients of large clouds take."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Microseconds beyond the arithmetic and in all, milliseconds: ceilings that a change must not break.
PREPARED_US = {"numpy": 6, "torch": 8}
REBUILT_US = {"numpy": 25, "torch": 30}
GRADIENT_US = 80
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


def make_arrays():
    import numpy as np

    rng = np.random.default_rng(0)
    shapes = ((M, D), (N, D), (N, E))
    return [*(rng.random(shape, np.float32) for shape in shapes), np.array([0.5, 1.0, 2.0, 4.0], np.float32)]


def measure(keops, exp, arrays):
    """Microseconds of the calls that both libraries have in common; ``keops`` is keops.numpy or keops.torch."""
    LazyTensor, Vi, Vj = keops.LazyTensor, keops.Vi, keops.Vj
    x, y, b, sigmas = arrays
    xi, yj, bj = Vi(x), Vj(y), Vj(b)
    dxy2 = LazyTensor.sum((xi - yj) ** 2)

    def rebuilt():
        return (LazyTensor.exp(-dxy2 / sigmas**2).sum() * bj).sum_reduction(axis=1)

    def from_arrays():
        dxy2 = LazyTensor.sum((Vi(x) - Vj(y)) ** 2)
        return (LazyTensor.exp(-dxy2 / sigmas**2).sum() * Vj(b)).sum_reduction(axis=1)

    def dense():
        squares = ((x[:, None] - y[None]) ** 2).sum(-1)
        return exp(-squares[..., None] / sigmas**2).sum(-1) @ b

    calls = {call.__name__: median_us(call) for call in (rebuilt, from_arrays, dense)}
    prepared = (LazyTensor.exp(-dxy2 / sigmas**2).sum() * bj).sum_reduction(axis=1, call=False)
    tiny = make_prepared(keops, x[:1], y[:1], b[:1], sigmas)
    return calls | {"prepared": median_us(prepared), "tiny": median_us(tiny)}


def make_prepared(keops, x, y, b, sigmas):
    squares = ((keops.Vi(x) - keops.Vj(y)) ** 2).sum()
    return ((-squares / sigmas**2).exp().sum() * keops.Vj(b)).sum_reduction(axis=1, call=False)


def measure_gradient(keops, torch, arrays):
    """Microseconds of a prepared reduction of one row and one column with its gradient by x."""
    x, y, b, sigmas = arrays
    x = x[:1].clone().requires_grad_()
    # Slices that PyTorch remembers would add a derivative of their own.
    tiny, ones = make_prepared(keops, x, y[:1], b[:1], sigmas), torch.ones(1, E)
    return median_us(lambda: torch.autograd.grad(tiny(), x, ones))


def list_rows():
    """(unit, value, what, ceiling or None) of all figures."""
    import numpy as np

    import keops.numpy

    libraries = {"numpy": measure(keops.numpy, np.exp, make_arrays())}
    try:
        import torch

        import keops.torch
    except ImportError:
        print("PyTorch is not installed: its rows are left out")
    else:
        tensors = [torch.from_numpy(array) for array in make_arrays()]
        libraries["torch"] = measure(keops.torch, torch.exp, tensors)
        libraries["torch"]["gradient"] = measure_gradient(keops.torch, torch, tensors)
    for name, figures in libraries.items():
        yield "us", figures["tiny"], f"{name}: prepared, M=N=1: what is not arithmetic", PREPARED_US[name]
        yield "us", figures["prepared"], f"{name}: prepared, M={M}, N={N}", None
        yield "us", figures["rebuilt"], f"{name}: rebuilt from LazyTensors", REBUILT_US[name]
        yield "us", figures["from_arrays"], f"{name}: rebuilt from arrays", REBUILT_US[name]
        yield "us", figures["dense"], f"{name}: the dense formula", None
        if "gradient" in figures:
            yield "us", figures["gradient"], f"{name}: with a gradient, M=N=1: what is not arithmetic", GRADIENT_US


def report():
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KEOPS_CACHE_DIR"] = folder
        rows = [*list_rows()]
        rows.append(("ms", import_ms("keops.numpy", folder), "import keops.numpy", IMPORT_MS))
        rows.append(("ms", import_ms("numpy", folder), "of which import numpy", None))
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
