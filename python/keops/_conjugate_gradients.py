"""Conjugate gradients for several right-hand sides, on the arrays of any library.

``LazyTensor.solve`` and ``KernelSolve`` bring the product with the operator and an adapter for their arrays (``dot``,
``divide``, ``zeros_like``, ``broadcast_to``, ``on_stream``), whose ``solve`` they call: this one, or one that adds derivatives. Both
read their options here.

The iteration is that of Hestenes and Stiefel (Methods of conjugate gradients for solving linear systems, 1952) with a
preconditioner. Where each column is a system of its own, each has its step length, and those that have converged stand
still; where the operator mixes columns, as formulas may, they are one system."""

import math
import sys
import warnings
from numbers import Real
from operator import index
from typing import Any, Callable, NamedTuple, Optional

_LARGEST = sys.float_info.max


class Settings(NamedTuple):
    """The options of a solver, checked."""

    alpha: float
    eps: float
    rtol: float
    maxiter: int
    preconditioner: Optional[Callable]
    info: bool
    is_coupled: bool

    def __str__(self):
        return f"alpha={self.alpha:g}, eps={self.eps:g}, rtol={self.rtol:g}, maxiter={self.maxiter}"


class Solution(NamedTuple):
    """What a solver returns with ``info=True``: the solution, an array like the right-hand side; the number of
    iterations; the largest norm of a column of the residual, or of all where they are one system, as the iteration
    updates it; whether all columns have converged."""

    solution: Any
    iterations: int
    residual: float
    converged: bool


def read_settings(caller, alpha, eps, rtol, maxiter, preconditioner, info, is_coupled):
    """Settings of what a user gave; TypeError and ValueError name ``caller`` and the option."""
    numbers = {"alpha": alpha, "eps": eps, "rtol": rtol}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{caller}: {name}: expected a number, got {type(value).__name__}")
        # NaN compares with nothing; an int may be larger than any float.
        if not abs(value) <= _LARGEST or (value < 0 and name != "alpha"):
            what = "a finite number" if name == "alpha" else "a finite number >= 0"
            raise ValueError(f"{caller}: {name}: expected {what}, got {value!r}")
    if preconditioner is not None and not callable(preconditioner):
        raise TypeError(
            f"{caller}: preconditioner: expected a function of a residual, got {type(preconditioner).__name__}"
        )
    if not isinstance(info, int):
        raise TypeError(f"{caller}: info: expected True or False, got {type(info).__name__}")
    count = _read_count(caller, maxiter)
    return Settings(*map(float, numbers.values()), count, preconditioner, bool(info), is_coupled)


def _read_count(caller, maxiter):
    try:
        count = index(maxiter)
    except TypeError:
        raise TypeError(f"{caller}: maxiter: expected an integer, got {type(maxiter).__name__}") from None
    if count < 1 or isinstance(maxiter, bool):
        raise ValueError(f"{caller}: maxiter: expected a positive integer, got {maxiter!r}")
    return count


def check_right_side(caller, arrays, b, dim):
    """Raises unless ``b`` is an array of ``dim`` columns of float32 or float64."""
    if not arrays.is_array(b):
        raise TypeError(f"{caller}: the right-hand side: expected a {arrays.name} array, got {type(b).__name__}")
    arrays.check_memory(f"{caller}: the right-hand side", b)
    if arrays.dtypes.get(b.dtype) not in ("float32", "float64"):
        raise TypeError(f"{caller}: the right-hand side: expected dtype float32 or float64, got {b.dtype}")
    if len(b.shape) < 2 or b.shape[-1] != dim:
        raise ValueError(f"{caller}: the right-hand side: expected shape (M, {dim}), got {tuple(b.shape)}")


class Product:
    """The product with the operator: a program whose argument at ``place`` is the unknown."""

    def __init__(self, program, place, ranges=None, device=None, stream=None):
        self.program = program
        self.place = place
        self.ranges = ranges
        self.device = device
        self.stream = stream

    def fill(self, arguments, x):
        """All arguments of the program, with ``x`` in the place of the unknown."""
        return (*arguments[: self.place], x, *arguments[self.place :])

    def multiply(self, arguments, x):
        # Programs on tensors know no stream.
        options = {} if self.stream is None else {"stream": self.stream}
        return self.program.compute(self.fill(arguments, x), None, self.ranges, device=self.device, **options)

    def spread(self, arrays, arguments, b):
        """``b`` with the batch axes of the product, which are those of all arguments together."""
        batch = self.program.find_batch(self.fill(arguments, b), device=self.device)
        return b if batch == tuple(b.shape[:-2]) else arrays.broadcast_to(b, (*batch, *b.shape[-2:]))


def solve(caller, arrays, product, arguments, b, settings, out=None):
    """x with ``alpha x + A x = b``, where A, whose ``product`` has these ``arguments``, is symmetric, positive definite.

    ``b`` is (M, E), leading axes are further systems. A column is solved when the norm of its residual is at most
    sqrt(M) eps, or rtol times that of the column of b; columns that are coupled count as one. Returns an array or, with
    ``settings.info``, a ``Solution``; warns (RuntimeWarning) where some column has not converged after
    ``settings.maxiter`` steps."""
    b = product.spread(arrays, arguments, b)
    with arrays.on_stream(b, product.stream):
        system = _System(caller, arrays, lambda x: product.multiply(arguments, x), b, settings)
        reason = system.iterate()
        if reason:
            warnings.warn(f"{caller}: conjugate gradients did not converge: {reason}", RuntimeWarning, stacklevel=3)
        solution = system.x if out is None else write_out(caller, arrays, system.x, out)
        if not settings.info:
            return solution
        return Solution(solution, system.iterations, system.find_residual(), not reason)


def _describe(arrays, x):
    return f"{x.dtype} {tuple(x.shape)}" if arrays.is_array(x) else type(x).__name__


def write_out(caller, arrays, solution, out):
    """Copies a solution to the array of the caller's, which must be like it; ValueError where it is not."""
    expected, given = _describe(arrays, solution), _describe(arrays, out)
    if given != expected:
        raise ValueError(f"{caller}: out: expected {expected}, got {given}")
    try:
        out[...] = solution
    except (TypeError, ValueError, RuntimeError) as problem:
        raise ValueError(f"{caller}: out: cannot be written: {problem}") from None
    return out


class _System:
    """The state of the iteration: x, the residual r of ``b - A x``, its squared norms, the direction p."""

    def __init__(self, caller, arrays, multiply, b, settings):
        self.caller = caller
        self.arrays = arrays
        self.multiply = multiply
        self.settings = settings
        self.iterations = 0
        self.x = arrays.zeros_like(b)
        self.r = b
        self.squares = self.dot(b, b)
        # Squares of bounds.
        self.absolute = b.shape[-2] * (b.shape[-1] if settings.is_coupled else 1) * settings.eps * settings.eps
        self.relative = self.squares * settings.rtol * settings.rtol
        self.p = z = self.precondition()
        self.rz = self.squares if z is self.r else self.dot(self.r, z)

    def iterate(self):
        """Why the iteration ended early, None where it did not."""
        while True:
            is_active = ~((self.squares <= self.absolute) | (self.squares <= self.relative))
            if not bool(is_active.any()):
                return None
            if self.iterations == self.settings.maxiter:
                return f"after maxiter={self.iterations} iterations the residual is {self.find_residual():.3g}"
            if not self.step(is_active):
                return (
                    f"after {self.iterations} iterations the operator turned out not to be positive definite, "
                    "or values are not finite"
                )

    def step(self, is_active):
        """One iteration; False, and nothing done, where the operator is not positive in the direction p."""
        arrays = self.arrays
        q = self.apply(self.p)
        curvature = self.dot(self.p, q)
        if bool((is_active & ~(curvature > 0)).any()):
            return False
        length = arrays.divide(self.rz * is_active, curvature, self.x)
        self.x += self.p * length
        self.r = self.r - q * length  # not in place: p and z may be the same array
        self.squares = self.dot(self.r, self.r)
        z = self.precondition()
        rz = self.squares if z is self.r else self.dot(self.r, z)
        self.p = z + self.p * arrays.divide(rz, self.rz, self.x)
        self.rz = rz
        self.iterations += 1
        return True

    def dot(self, x, y):
        """The inner products of columns, or of all columns together."""
        products = self.arrays.dot(x, y)
        return products.sum(-1)[..., None] if self.settings.is_coupled else products

    def apply(self, p):
        q = self.multiply(p)
        if q.shape != p.shape:
            raise ValueError(
                f"{self.caller}: expected an operator from shape {tuple(p.shape)} to the same, got one to "
                f"{tuple(q.shape)}"
            )
        return q + p * self.settings.alpha if self.settings.alpha else q

    def precondition(self):
        function = self.settings.preconditioner
        if function is None:
            return self.r
        z = function(self.r)
        if not self.arrays.is_array(z) or z.shape != self.r.shape or z.dtype != self.r.dtype:
            raise ValueError(
                f"{self.caller}: preconditioner: expected a result {_describe(self.arrays, self.r)}, "
                f"got {_describe(self.arrays, z)}"
            )
        return z

    def find_residual(self):
        return math.sqrt(self.squares.max()) if 0 not in self.squares.shape else 0.0
