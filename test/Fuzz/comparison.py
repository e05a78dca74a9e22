"""One random program many ways: compiled, compiled without an optional pass, evaluated by the reference, and evaluated
after every pass. What counts as equal follows from the program itself: it is evaluated again with rounding errors at
random (``rounding``), and what those change is the uncertainty that any way of computing has."""

import ctypes
import math
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ml_dtypes import finfo
from rounding import COMPUTED, RandomRounding

from keops import _keops, reference, reference_ir
from keops.reference_tools import Tools

TOOLS = Tools()
EXPANSION = ("--keops-expand-composites", "--keops-differentiate")
# The pipelines as the compiler runs them, down to loops.
STAGES = ("--keops-formula-stage", "--keops-schedule-stage")
LOOPS = "--keops-loops-stage=threads=none"
# Without these passes a program computes the same, at another speed or accuracy.
OPTIONAL = (
    "keops-simplify",
    "cse",
    "keops-fuse-reductions",
    "keops-fold-scales",
    "keops-place-values",
    "keops-contract-multiply-add",
)
SHORT = {"float32": "f32", "float64": "f64", "float16": "f16", "bfloat16": "bf16", "auto": "auto"}
# How many evaluations find the uncertainty. Where few do not explain a difference, more are made; the last ones spell
# derivatives and composites out, so that errors inside these count as well.
SAMPLES, MORE_SAMPLES = 3, (6, 30, 30)
# Units of the uncertainty: the samples are random, errors may add up.
FACTOR = 8
LOOSE = 0.05


class Mismatch(AssertionError):
    """Two ways of computing one program disagree."""


class Refused(Exception):
    """The compiler refuses the formula with a message."""


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

    def __init__(self, text, case):
        self.text, self.module, self.case = text, reference_ir.parse(text), case
        self.arrays = list(case.arrays())
        # Whether NaN or infinity is met on the way: then it may also come through, or vanish, in another form.
        self.undefined = False
        self.results = reference.evaluate(self.module, *self.arrays, rounding=self.watch)
        self.spreads = [np.zeros(r.shape) for r in self.results]
        self.seed, self.more = 0, list(MORE_SAMPLES)
        self.sample(SAMPLES)

    def evaluate(self, module):
        return reference.evaluate(module, *self.arrays)

    def watch(self, result, *_):
        self.undefined |= not bool(result.detach().isfinite().all())
        return result

    # ---- uncertainty --------------------------------------------------------------------------------------------

    def sample(self, count):
        with np.errstate(all="ignore"):
            for self.seed in range(self.seed + 1, self.seed + 1 + count):
                rounding = RandomRounding(self.case.dtype, self.case.precision, self.seed)
                arrays = [rounding.move(array) for array in self.arrays]
                moved = reference.evaluate(self.module, *arrays, rounding=rounding)
                for result, other, spread in zip(self.results, moved, self.spreads):
                    np.maximum(spread, np.where(result == other, 0, abs(result - other)), out=spread)

    def sample_more(self):
        """False where enough was done."""
        if not self.more:
            return False
        if len(self.more) == 1:
            self.module = reference_ir.parse(TOOLS.run_passes(self.text, *EXPANSION)[-1][1])
        self.sample(self.more.pop(0))
        return True

    def tolerance(self, k):
        """NaN where nothing can be said: the value or its uncertainty is not a number, or an index is in doubt."""
        result, spread = self.results[k], self.spreads[k]
        if result.dtype == np.int64:
            return np.where(spread > 0, math.nan, 0.5)
        limits = finfo(self.case.dtype)
        known = np.isfinite(spread) & (abs(result) < float(limits.max))
        # The result is rounded once more where it is stored.
        tiny, eps = float(np.finfo(COMPUTED.get(self.case.dtype, self.case.dtype)).tiny), float(limits.eps)
        smallest = max(tiny, float(limits.smallest_subnormal))
        tolerance = FACTOR * spread + eps * abs(result) + smallest
        largest = abs(result[known]).max(initial=0)
        return np.where(known & (tolerance <= LOOSE * (abs(result) + largest) + 2 * smallest), tolerance, math.nan)

    # ---- comparison ---------------------------------------------------------------------------------------------

    def check(self, what, results, outcome=None):
        for k, got in enumerate(results):
            while not ((error := self.error(k, got)) <= 1).all():
                if not self.sample_more():
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


# ---- the ways ----------------------------------------------------------------------------------------------------


def compile_and_run(case):
    options = {"sum_scheme": case.sum_scheme, "dtype_acc": case.dtype_acc}
    try:
        reduction = _keops.Reduction(case.formula, case.aliases, case.precision, case.schedule, **options)
        results = reduction.run(*case.arrays())
    except ValueError as error:
        raise Refused(str(error)) from error
    return results if isinstance(results, tuple) else (results,)


def import_case(case):
    """The module that the compiler starts from."""
    options = {"dtype": SHORT[case.dtype], "precision": case.precision}
    options |= {"sum-scheme": case.sum_scheme, "dtype-acc": SHORT[case.dtype_acc]}
    return TOOLS.import_formula(case.formula, case.aliases, *(f"--{name}={value}" for name, value in options.items()))


def import_meanings(cases):
    """What several formulas compute, which the options of a request do not change, by one call of the tool."""
    split = "// -----"
    texts = ["".join(f"# {alias}\n" for alias in case.aliases) + case.formula for case in cases]
    options = ("--import-formula", "--mlir-print-op-generic", "--dtype=f64")
    options += (f"--split-input-file={split}", f"--output-split-marker={split}")
    return TOOLS.run("keops-translate", *options, text=f"\n{split}\n".join(texts)).stdout.split(f"{split}\n")


def check(case, module=None):
    """Compiled against evaluated. Raises Mismatch, or Refused where the formula is not accepted."""
    outcome = Outcome()
    results = compile_and_run(case)
    Expectation(module or import_case(case), case).check("compiled", results, outcome)
    return outcome


def check_passes(case):
    """Evaluated after every pass."""
    before = import_case(case)
    expectation = Expectation(before, case)
    for name, after in TOOLS.run_passes(before, *STAGES):
        if after.strip() != before.strip():
            expectation.check(f"after {name}", expectation.evaluate(after))
        before = after


def check_without(case, *left_out):
    """Compiled by the tools without some of the optional passes."""
    module = import_case(case)
    names = [name for name, _ in TOOLS.run_passes(module, *STAGES, LOOPS)]
    options = {"convert-keops-map-reduce-to-cpu": "=threads=none", "keops-choose-schedule": f"=force={case.schedule}"}
    kept = [f"--{name}{options.get(name, '')}" for name in names if name not in left_out]
    loops = TOOLS.run("keops-opt", *kept, text=module).stdout
    Expectation(module, case).check(f"compiled without {', '.join(left_out)}", run_object(loops, module, case))


def run_object(loops, module, case):
    """The results of the function on plain pointers that an object file exports."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "m.mlir").write_text(loops)
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
