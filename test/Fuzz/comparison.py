"""One random program three ways: compiled, evaluated by the reference, and evaluated after every pass. What counts
as equal follows from the program itself: it is evaluated again with every result rounded at random, and what that
changes is the uncertainty that any way of computing has."""

import ctypes
import math
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from keops import _keops, reference, reference_ir
from keops.reference_tools import Tools

TOOLS = Tools()
STAGES = ("--keops-formula-stage", "--keops-schedule-stage")
# Without these passes a program computes the same, at another speed or accuracy.
OPTIONAL = ("keops-simplify", "cse", "keops-fuse-reductions", "keops-fold-scales", "keops-place-values")
# Bits of mantissa in the random roundings: those of float32, and fewer than float64 has, whose own errors must be small
# beside them.
BITS = {"float32": 24, "float64": 44}
SAMPLES, MORE_SAMPLES = 4, 40
# Units of the uncertainty: functions have errors of several roundings, and a few samples do not find the worst.
FACTOR = 32
LOOSE = 0.05


class Mismatch(AssertionError):
    """Two ways of computing one program disagree."""


class Refused(Exception):
    """The compiler refuses the formula with a message."""


class RandomRounding:
    """Rounds to a mantissa of some bits, up or down at random; numbers that fit stay as they are. Like float32, it
    overflows and underflows."""

    def __init__(self, dtype, seed):
        self.bits, self.limits = BITS[dtype], np.finfo(dtype)
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, tensor):
        """Multiplies, so that gradients are perturbed as well."""
        value = tensor.detach()
        unit = torch.exp2(torch.frexp(value)[1].double() - self.bits)
        below = (value / unit).floor()
        up = torch.rand(value.shape, generator=self.generator, dtype=torch.float64) < 0.5
        rounded = torch.where(up & (below * unit != value), below + 1, below) * unit
        rounded = torch.where(value.abs() < float(self.limits.tiny), torch.zeros_like(value), rounded)
        rounded = torch.where(value.abs() > float(self.limits.max), value * math.inf, rounded)
        plain = (value == 0) | ~value.isfinite()
        return tensor * torch.where(plain, torch.ones_like(value), rounded / value)


@dataclass
class Outcome:
    """How one program went: the largest error in units of the tolerance, and how much of it could be compared."""

    worst: float = 0.0
    compared: int = 0
    total: int = 0

    @property
    def skipped(self):
        return self.compared * 2 < self.total


class Expectation:
    """The reference results of a program and, element by element, how far they may be missed."""

    def __init__(self, module, case):
        self.module, self.case = reference_ir.parse(module), case
        self.arrays = list(case.arrays())
        # Whether NaN or infinity is met on the way: then it may also come through, or vanish, in another form.
        self.undefined = False
        self.results = self.evaluate(self.module, self.watch)
        self.spreads = [np.zeros(r.shape) for r in self.results]
        self.seed = 0
        self.sample(SAMPLES)

    def evaluate(self, module, rounding=None):
        return reference.evaluate(module, *self.arrays, rounding=rounding)

    def watch(self, tensor):
        self.undefined |= not bool(tensor.detach().isfinite().all())
        return tensor

    def sample(self, count):
        with np.errstate(all="ignore"):
            for self.seed in range(self.seed + 1, self.seed + 1 + count):
                moved = self.evaluate(self.module, RandomRounding(self.case.dtype, self.seed))
                for result, other, spread in zip(self.results, moved, self.spreads):
                    np.maximum(spread, np.where(result == other, 0, abs(result - other)), out=spread)

    def tolerance(self, k):
        """NaN where nothing can be said: the value or its uncertainty is not a number, or an index is in doubt."""
        result, spread = self.results[k], self.spreads[k]
        if result.dtype == np.int64:
            return np.where(spread > 0, math.nan, 0.5)
        known = np.isfinite(result) & np.isfinite(spread)
        eps = 2.0 ** -BITS[self.case.dtype]
        largest = abs(result[known]).max(initial=0)
        typical = spread[known].mean() if known.any() else 0
        tolerance = FACTOR * (spread + eps * abs(result)) + 4 * (typical + eps * largest)
        return np.where(known & (tolerance <= LOOSE * (abs(result) + largest) + 1e-30), tolerance, math.nan)

    def check(self, what, results, outcome=None):
        for k, got in enumerate(results):
            error = self.error(k, got)
            if not (error <= 1).all():
                self.sample(MORE_SAMPLES)
                error = self.error(k, got)
            if not (error <= 1).all():
                self.fail(what, k, got, error)
            if outcome:
                outcome.worst = max(outcome.worst, error.max(initial=0))
                outcome.compared += int(np.isfinite(self.tolerance(k)).sum())
                outcome.total += error.size

    def error(self, k, got):
        """In units of the tolerance."""
        want, tolerance = self.results[k], self.tolerance(k)
        with np.errstate(all="ignore"):
            difference = abs(got.reshape(want.shape).astype(float) - want)
            error = np.where(difference == 0, 0, difference / tolerance)
        error = np.where(np.isnan(error), 0 if self.undefined else math.inf, error)
        return np.where(np.isfinite(tolerance), error, 0)

    def fail(self, what, k, got, error):
        at = np.unravel_index(error.argmax(), error.shape)
        raise Mismatch(
            f"{what}: result {k + 1} at {tuple(map(int, at))}: expected {self.results[k][at]}, got "
            f"{got.reshape(self.results[k].shape)[at]}; tolerance {self.tolerance(k)[at]}\n{self.case}"
        )


def compile_and_run(case):
    try:
        results = _keops.Reduction(case.formula, case.aliases, case.precision, case.schedule).run(*case.arrays())
    except ValueError as error:
        raise Refused(str(error)) from error
    return results if isinstance(results, tuple) else (results,)


def import_case(case):
    dtype = {"float32": "f32", "float64": "f64"}[case.dtype]
    return TOOLS.import_formula(case.formula, case.aliases, f"--dtype={dtype}", f"--precision={case.precision}")


def check(case):
    """Raises Mismatch, or Refused where the formula is not accepted."""
    outcome = Outcome()
    results = compile_and_run(case)
    module = import_case(case)
    expectation = Expectation(module, case)
    expectation.check("compiled", results, outcome)
    before = module
    for name, after in TOOLS.run_passes(module, *STAGES):
        if after.strip() != before.strip():
            expectation.check(f"after {name}", expectation.evaluate(after))
        before = after
    return outcome


# ---- passes left out -------------------------------------------------------------------------------------------


def check_without(case, *left_out):
    """The program compiled by the tools without some of the optional passes."""
    module = import_case(case)
    names = [name for name, _ in TOOLS.run_passes(module, *STAGES)]
    kept = [f"--{name}" for name in names if name not in left_out]
    scheduled = TOOLS.run("keops-opt", *kept, text=module).stdout
    Expectation(module, case).check(f"compiled without {', '.join(left_out)}", run_object(scheduled, module, case))


def run_object(scheduled, module, case):
    """The results of the function on plain pointers that an object file exports."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "m.mlir").write_text(scheduled)
        options = ("--to-object", "--threads=none", str(path / "m.mlir"), "-o", str(path / "m.o"))
        subprocess.run([TOOLS.find("keops-translate"), *options], check=True)
        subprocess.run(["cc", "-shared", str(path / "m.o"), "-lm", "-o", str(path / "m.so")], check=True)
        program = ctypes.CDLL(str(path / "m.so")).keops_program_call
        inputs = [np.ascontiguousarray(a) for a in case.arrays()]
        evaluated = reference.evaluate(module, *inputs)
        outputs = [np.empty(r.shape, r.dtype if r.dtype == np.int64 else case.dtype) for r in evaluated]
        sizes = {"i": 1, "j": 1}
        for alias, array in zip(case.aliases, inputs):
            if array.ndim == 2:
                sizes[alias.split("=V")[1][0]] = len(array)
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*inputs, *outputs)]
        if program(ctypes.c_int64(sizes["i"]), ctypes.c_int64(sizes["j"]), *pointers, ctypes.c_int32(1)):
            raise Mismatch(f"the program returned an error\n{case}")
    return outputs
