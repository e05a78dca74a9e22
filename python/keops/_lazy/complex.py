"""LazyTensor over complex numbers: real and imaginary parts stand side by side in the formula, and in results they are
complex arrays.

All that LazyTensor inherits comes through ``_unary``, ``_binary``, ``_apply`` and ``_reduce``; here these translate
what has a complex form and refuse the rest, which would compute with the parts as if they were numbers of their own."""

from __future__ import annotations

from numbers import Complex, Real

from .._typing import Any
from .construct import Seen, read, read_integers
from .dimensions import RULES
from .domain import find_domain
from .nodes import rename_variables, variable


_COMPLEX = ("Conj", "ComplexExp", "ComplexSum", "Minus", "Zero", "AutoFactorize")
_UNARY = {form: form for form in _COMPLEX} | {"Exp": "ComplexExp", "Sum": "ComplexSum"}
_PARTS = {form: form for form in ("ComplexReal", "ComplexImag", "ComplexAbs", "ComplexAngle", "ComplexSquareAbs")}
_PARTS |= {"Abs": "ComplexAbs"}
_BINARY = {form: "Complex" + form for form in ("Add", "Subtract", "Mult", "Divide")}
_BINARY |= {form: form for form in ("Concat", *_BINARY.values())}
_DTYPES = {"float32": "complex64", "float64": "complex128"}


def holds_complex(arrays, x):
    """Whether ``x`` is an array of complex numbers, one of them, or a list with some."""
    if type(x) is float or type(x) is int:
        return False
    if arrays.is_array(x):
        return x.dtype in arrays.complex_dtypes
    return any(map(_is_number, x)) if isinstance(x, list) else _is_number(x)


def _is_number(x):
    return isinstance(x, Complex) and not isinstance(x, Real)


def _read(arrays, x, axis):
    """What ``construct.read`` gives, with two real components for each complex one."""
    if arrays.is_array(x) or isinstance(x, tuple):
        leaf, keys, data, domain = read(arrays, x, axis)
        node = rename_variables(leaf, lambda category, dim, number: (category, 2 * dim, number))
        keys = tuple((key[0], 2 * key[1], key[2]) if type(key) is tuple else key for key in keys)
        return node, keys, data, domain
    is_list = isinstance(x, list)
    # Checks the axis, and what a list has besides complex numbers.
    read(arrays, [0.0 if _is_number(number) else number for number in x] if is_list else 0.0, axis)
    parts = [float(part) for number in (x if is_list else [x]) for part in (number.real, number.imag)]
    return variable(2, len(parts)), (Seen(x, 2),), (parts,), find_domain(arrays.name)


class ComplexTensor:
    """A LazyTensor of complex numbers: an array (M, N, D) given by a formula of its entries, which is never stored.

    It is made of complex arrays, numbers and lists, as LazyTensor is of real ones, or by ``1j * x``, ``real2complex``,
    ``imag2complex`` and ``exp1j``; with a tuple (ind, dim, cat) it is a symbolic variable of ``dim`` complex numbers.
    It has + - * / with real and complex values, powers by integers, ``real``, ``imag``, ``conj``, ``angle``, ``abs``,
    ``exp``, ``sum``, ``mean``, components, concatenation and ``@``. Shapes count complex numbers; arrays are complex64
    or complex128. ValueError for every other operation, TypeError and ValueError as for LazyTensor otherwise.
    """

    __slots__ = ()
    _is_complex = True

    def __init__(self, x=None, axis=None, is_complex=True) -> None:
        if isinstance(x, tuple) or holds_complex(self._arrays, x):
            self._node, self._keys, self._data, self._domain = _read(self._arrays, x, axis)
            return
        made = self._real_type(x, axis).real2complex()
        self._node, self._keys, self._data, self._domain = made._node, made._keys, made._data, made._domain

    # ---- Entries of all operations -----------------------------------------------------------------------------------

    @classmethod
    def _from_variable(cls, x, dim, category):
        return cls._real_type._from_variable(x, dim, category)

    def _lift(self, other):
        return other if hasattr(other, "_is_complex") else self._real_type(other)

    def _unary(self, form):
        if form in _PARTS:
            return super()._unary(_PARTS[form])._cast(self._real_type)
        if form == "Square":
            return self._binary("Mult", self)
        if form == "Inv":
            return self._lift(1)._binary("Divide", self)
        return super()._unary(_translate(_UNARY, form))

    def _binary(self, form, other):
        other = self._lift(other)
        if not other._is_complex:
            # A real scalar scales both parts.
            if other._node.dim == 1 and form in ("Mult", "Divide"):
                return super()._binary(form, other)
            other = other.real2complex()
        return super()._binary(_translate(_BINARY, form), other)

    def _apply(self, form, others=(), integers=()):
        integers = read_integers(form, integers)
        if form == "Pow":
            return self._power(*integers)
        if form not in ("Elem", "Extract"):
            _translate({}, form)
        start, *size = integers
        RULES["infer" + form](form, (self.ndim,), integers)
        return super()._apply("Extract", (), (2 * start, 2 * size[0] if size else 2))

    def _power(self, exponent):
        """The product of ``exponent`` times this, by squares."""
        if exponent < 0:
            return self._power(-exponent)._unary("Inv")
        if exponent == 0:
            return self._unary("Zero") + 1
        half = self if exponent < 2 else self._power(exponent // 2)
        square = half if exponent < 2 else half._binary("Mult", half)
        return square._binary("Mult", self) if exponent % 2 and exponent > 1 else square

    def _reduce(self, operation, axis, dim, opt_arg, weight, keywords):
        if operation not in ("Sum", "Mean") or weight is not None:
            _translate({}, operation)
        parts = super()._unary("interleaved")
        return super(ComplexTensor, parts)._reduce(operation, axis, dim, opt_arg, None, keywords)

    def solve(self, *args, **kwargs) -> Any:
        """Refused: ValueError."""
        _translate({}, "Solve")

    # ---- Properties --------------------------------------------------------------------------------------------------

    @property
    def ndim(self) -> int:
        """The number D of complex components."""
        return self._node.dim // 2

    @property
    def dtype(self) -> str | None:
        """"complex64" or "complex128", None where there are no arrays."""
        return _DTYPES.get(self._domain._dtype)

    @property
    def _shape(self):
        return (*super()._shape[:-1], self.ndim)

    @property
    def real(self) -> Any:
        """The real parts, a LazyTensor of real numbers."""
        return self._unary("ComplexReal")

    @property
    def imag(self) -> Any:
        """The imaginary parts, a LazyTensor of real numbers."""
        return self._unary("ComplexImag")

    def angle(self) -> Any:
        """The angles in radians, in [-pi, pi]; a LazyTensor of real numbers."""
        return self._unary("ComplexAngle")


def _translate(forms, form):
    if form not in forms:
        raise ValueError(f"LazyTensor: {form} is not defined for complex numbers")
    return forms[form]
