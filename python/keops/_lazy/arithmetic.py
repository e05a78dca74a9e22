"""The methods of LazyTensor that are more than the name of an operation: operators, defaults, other spellings,
indexing, concatenation, symbolic derivatives. Everything else is generated from the records (``_operations``)."""

from __future__ import annotations

import math
from numbers import Integral, Real

from .._options import read_text
from .._typing import Any, Self
from ._operations import Operations
from .dimensions import SYMBOLS
from .programs import read_integer


_OPERATORS = {symbol: form for form, symbol in SYMBOLS.items()}
_INDEXING = "LazyTensor: only the last axis can be indexed, by an integer k >= 0 or a slice k:l without step; got {}"


def _is_integer(value):
    return type(value) is int


def _is_float(value):
    return isinstance(value, Real) and not isinstance(value, (int, bool)) and not hasattr(value, "__index__")


class Arithmetic(Operations):
    """Operators and the like; an operand is a LazyTensor, a number, a list of numbers or an array.

    ``0`` and ``1`` of type int vanish where they have no effect, and ``x * 0`` is a zero of the dimension of ``x``."""

    __slots__ = ()

    # ---- Operators ---------------------------------------------------------------------------------------------------

    def __add__(self, other) -> Self:
        return self if type(other) is int and other == 0 else self._binary("Add", other)

    def __radd__(self, other) -> Self:
        return self if type(other) is int and other == 0 else self._lift(other)._binary("Add", self)

    def __sub__(self, other) -> Self:
        return self if type(other) is int and other == 0 else self._binary("Subtract", other)

    def __rsub__(self, other) -> Self:
        if type(other) is int and other == 0:
            return self._unary("Minus")
        return self._lift(other)._binary("Subtract", self)

    def __mul__(self, other) -> Self:
        if type(other) is int and -1 <= other <= 1:
            return self._scale(other)
        return self._binary("Mult", other)

    def __rmul__(self, other) -> Self:
        if type(other) is int and -1 <= other <= 1:
            return self._scale(other)
        return self._lift(other)._binary("Mult", self)

    def _scale(self, sign):
        return self if sign == 1 else self._unary("Minus" if sign else "Zero")

    def __truediv__(self, other) -> Self:
        return self if type(other) is int and other == 1 else self._binary("Divide", other)

    def __rtruediv__(self, other) -> Self:
        if type(other) is int and 0 <= other <= 1:
            return self._unary("Inv" if other else "Zero")
        return self._lift(other)._binary("Divide", self)

    def addop(self, other) -> Self:
        """``Add(self, other)``, without the shortcuts of ``+``."""
        return self._binary("Add", other)

    def subop(self, other) -> Self:
        """``Subtract(self, other)``, without the shortcuts of ``-``."""
        return self._binary("Subtract", other)

    def mulop(self, other) -> Self:
        """``Mult(self, other)``, without the shortcuts of ``*``."""
        return self._binary("Mult", other)

    def divop(self, other) -> Self:
        """``Divide(self, other)``, without the shortcuts of ``/``."""
        return self._binary("Divide", other)

    def __or__(self, other) -> Self:
        return self._dot(self, self._lift(other))

    def __ror__(self, other) -> Self:
        return self._dot(self._lift(other), self)

    @staticmethod
    def _dot(left, right):
        if left.ndim != right.ndim:
            raise ValueError(
                f"Operation | expects inputs of the same dimension. Received {left.ndim} and {right.ndim}."
            )
        return left._binary("Scalprod", right)

    def __neg__(self) -> Self:
        return self._unary("Minus")

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self._unary("Abs")

    def __pow__(self, other) -> Self:
        """Square for 2, Pow for another int, Sqrt for 0.5, Rsqrt for -0.5, Powf otherwise."""
        if type(other) is int:
            return self._unary("Square") if other == 2 else self._apply("Pow", (), (other,))
        if isinstance(other, Operations):
            return self._binary("Powf", other)
        if not _is_float(other):
            raise ValueError(f"LazyTensor: power: expected an int, a float or a LazyTensor, got {type(other).__name__}")
        special = {0.5: "Sqrt", -0.5: "Rsqrt"}.get(other)
        return self._unary(special) if special else self._binary("Powf", other)

    power = __pow__

    def __eq__(self, other) -> Self:
        return self._binary("Equal", other)

    def __ne__(self, other) -> Self:
        return self._binary("NotEqual", other)

    def __lt__(self, other) -> Self:
        return self._binary("LessThan", other)

    def __le__(self, other) -> Self:
        return self._binary("LessOrEqual", other)

    def __gt__(self, other) -> Self:
        return self._lift(other)._binary("LessThan", self)

    def __ge__(self, other) -> Self:
        return self._lift(other)._binary("LessOrEqual", self)

    # ---- Defaults and other spellings --------------------------------------------------------------------------------

    def sinc(self) -> Self:
        """sin(pi x) / (pi x), 1 at 0."""
        return (self * math.pi)._unary("SinXDivX")

    def clamp(self, low, high) -> Self:
        """``low`` where x < low, else ``high`` where x > high, else x. Two ints are constants of the formula."""
        if _is_integer(low) and _is_integer(high):
            return self._apply("ClampInt", (), (low, high))
        return self._apply("Clamp", (low, high))

    def mod(self, modulus, offset=0) -> Self:
        """``x - modulus * floor((x - offset) / modulus)``, which lies in [offset, offset + modulus)."""
        return self._apply("Mod", (modulus, offset))

    def round(self, d=0) -> Self:
        """x rounded to ``d`` decimal digits, half away from zero."""
        return self._apply("Round", (), (d,))

    def norm(self, dim) -> Self:
        """The Euclidean norm; ``dim`` is -1 or the number of the last axis."""
        if not self._is_last_axis(dim):
            raise ValueError(f"KeOps only supports norms over the last dimension. Received {dim!r}.")
        return self._unary("Norm2")

    def _is_last_axis(self, axis):
        return isinstance(axis, Integral) and int(axis) in (-1, len(self._shape) - 1)

    def weightedsqnorm(self, s) -> Self:
        """The squared norm of this vector with weights ``s``: of dimension 1, D (a diagonal) or D*D (a matrix)."""
        return self._lift(s)._binary("WeightedSqNorm", self)

    def weightedsqdist(self, g, s) -> Self:
        """``(self - g).weightedsqnorm(s)``."""
        return (self - g).weightedsqnorm(s)

    def bspline(self, x, k=0) -> Self:
        """All B-splines of degree ``k`` over the knots held by this LazyTensor, at ``x``."""
        return self._apply("BSpline", (x,), (k,))

    def one_hot(self, D) -> Self:
        """A vector of dimension ``D``: 1 at the position that this scalar rounds to, 0 elsewhere."""
        return self._apply("OneHot", (), (D,))

    def keops_tensordot(self, other, dimfa, dimfb, contfa, contfb, *perm) -> Self:
        """Contracts axes ``contfa`` of this vector, seen as a tensor of shape ``dimfa``, with ``contfb`` of other.

        Axis k of the result then moves to place ``perm[k]``."""
        permutation = perm[0] if len(perm) == 1 and isinstance(perm[0], (tuple, list)) else perm
        return self._apply("TensorDot", (other,), (dimfa, dimfb, contfa, contfb, permutation))

    def keops_kron(self, other, dimfself, dimfother) -> Self:
        """The Kronecker product of two tensors of shapes ``dimfself`` and ``dimfother``."""
        for name, value in (("dimfself", dimfself), ("dimfother", dimfother)):
            if not isinstance(value, (tuple, list)):
                raise ValueError(f"LazyTensor: keops_kron: {name}: expected a tuple, got {type(value).__name__}")
        return self._apply("Kron", (other,), (dimfself, dimfother))

    # ---- Complex numbers ---------------------------------------------------------------------------------------------

    def real2complex(self) -> Any:
        """x + 0i, a ComplexLazyTensor."""
        return self._unary("Real2Complex")._cast(self._complex_type)

    def imag2complex(self) -> Any:
        """0 + xi, a ComplexLazyTensor."""
        return self._unary("Imag2Complex")._cast(self._complex_type)

    def exp1j(self) -> Any:
        """cos(x) + i sin(x), a ComplexLazyTensor."""
        return self._unary("ComplexExp1j")._cast(self._complex_type)

    # ---- Components --------------------------------------------------------------------------------------------------

    def elem(self, i) -> Self:
        """Component ``i``: an integer, or a LazyTensor that computes it (0 where it lies outside)."""
        return self._binary("Gather", i) if isinstance(i, Operations) else self._apply("Elem", (), (i,))

    def extract(self, i, d) -> Self:
        """The ``d`` components from ``i`` on."""
        return self._apply("Extract", (), (i, d))

    def __getitem__(self, key) -> Self:
        """Component k or components k:l of the vectors; all axes may be named, as in ``x[:, :, k]``."""
        index = self._last_index(key)
        if isinstance(index, slice):
            bounds = (index.start, index.stop, index.step)
            if not all(bound is None or isinstance(bound, Integral) for bound in bounds) or index.step not in (None, 1):
                raise ValueError(_INDEXING.format(key))
            start = 0 if index.start is None else index.start
            stop = self.ndim if index.stop is None else index.stop
            return self.extract(start, stop - start)
        if not hasattr(index, "__index__") or isinstance(index, bool):
            raise ValueError(_INDEXING.format(key))
        return self.elem(index)

    def _last_index(self, key):
        if not isinstance(key, tuple):
            return key
        others = [k for k in key[:-1] if not (isinstance(k, slice) and k == slice(None))]
        if others or len(key) != len(self._shape):
            raise ValueError(_INDEXING.format(key))
        return key[-1]

    @staticmethod
    def concatenate(tuple_of_lt, axis=-1) -> Any:
        """The vectors of a tuple of LazyTensors one after the other; ``axis`` is the last one."""
        if not isinstance(tuple_of_lt, tuple) or not tuple_of_lt:
            raise ValueError("LazyTensor: concatenate: expected a tuple of at least one LazyTensor")
        first, *others = tuple_of_lt
        if not isinstance(first, Operations):
            raise ValueError(f"LazyTensor: concatenate: expected LazyTensors, got {type(first).__name__}")
        if not first._is_last_axis(axis):
            raise ValueError(f"LazyTensor: concatenate: only the last axis is supported, got {axis!r}")
        for other in others:
            first = first._binary("Concat", other)
        return first

    @staticmethod
    def cat(tuple_of_lt, dim) -> Any:
        """``concatenate``, as PyTorch calls it."""
        return Arithmetic.concatenate(tuple_of_lt, dim)

    # ---- Symbolic derivatives ----------------------------------------------------------------------------------------

    def grad(self, v, gradin) -> Self:
        """The adjoint of the derivative with respect to the variable ``v``, applied to ``gradin``; dimension of v."""
        return self._apply("Grad", (self._check_variable("grad", v), gradin))

    def diff(self, v, u) -> Self:
        """The derivative with respect to the variable ``v`` in the direction ``u``."""
        return self._apply("Diff", (self._check_variable("diff", v), u))

    def grad_matrix(self, v) -> Self:
        """The Jacobian with respect to the variable ``v``, row by row."""
        return self._apply("GradMatrix", (self._check_variable("grad_matrix", v),))

    def divergence(self, v) -> Self:
        """The trace of the Jacobian with respect to the variable ``v``."""
        return self._apply("Divergence", (self._check_variable("divergence", v),))

    def laplacian(self, v) -> Self:
        """The divergence of the gradient with respect to the variable ``v``."""
        return self._apply("Laplacian", (self._check_variable("laplacian", v),))

    def trace_operator(self, v) -> Self:
        """The trace of this expression as a linear map of the variable ``v``."""
        return self._apply("TraceOperator", (self._check_variable("trace_operator", v),))

    @staticmethod
    def _check_variable(method, v):
        if not isinstance(v, Operations) or v._node.form != "Var":
            raise ValueError(f"LazyTensor: {method}: v: expected a variable (Vi, Vj, Pm), got {type(v).__name__}")
        return v

    def factorize(self, g) -> Self:
        """The same; the compiler computes common parts once by itself."""
        return self._apply("Factorize", (g,))

    def auto_factorize(self) -> Self:
        """The same; the compiler computes common parts once by itself."""
        return self._unary("AutoFactorize")

    # ---- Operations by name ------------------------------------------------------------------------------------------

    def unary(self, operation, dimres=None, opt_arg=None, opt_arg2=None) -> Self:
        """The operation of this name, with up to two integers; ``dimres`` must be its dimension."""
        integers = tuple(value for value in (opt_arg, opt_arg2) if value is not None)
        return self._apply_named(operation, (), integers, dimres)

    def binary(
        self, other, operation, is_operator=False, dimres=None, dimcheck="sameor1", opt_arg=None, opt_pos="last"
    ) -> Self:
        """The operation of this name or sign; ``dimres`` must be its dimension, ``dimcheck`` may be "same"."""
        other = self._lift(other)
        if read_text("LazyTensor", "dimcheck", dimcheck) == "same" and self.ndim != other.ndim:
            raise ValueError(
                f"Operation {operation} expects inputs of the same dimension. Received {self.ndim} and {other.ndim}."
            )
        integers = () if opt_arg is None else (opt_arg,)
        return self._apply_named(operation, (other,), integers, dimres)

    def ternary(self, other1, other2, operation, dimres=None, dimcheck="sameor1", opt_arg=None) -> Self:
        """The operation of this name on three operands."""
        integers = () if opt_arg is None else (opt_arg,)
        return self._apply_named(operation, (other1, other2), integers, dimres)

    def _apply_named(self, operation, others, integers, dimres):
        read_text("LazyTensor", "operation", operation)
        result = self._apply(_OPERATORS.get(operation, operation), others, integers)
        if dimres is not None and read_integer("dimres", dimres) != result.ndim:
            raise ValueError(f"Operation {operation} gives dimension {result.ndim}. Received dimres={dimres}.")
        return result
