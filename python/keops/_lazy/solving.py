"""Linear systems whose operator is a LazyTensor: ``solve``.

The unknown is a variable without data, whose place ``Solver`` fills in each step of ``_conjugate_gradients``; the
right-hand side is a second child of the node ``Solve``, as the weight is one of ``pair``."""

from __future__ import annotations

from .. import _conjugate_gradients as conjugate_gradients
from .._typing import Any, Options, Unpack
from .arithmetic import Arithmetic
from .construct import read_rows
from .nodes import rename_variables
from .programs import find_program, list_symbols

_CALLER = "LazyTensor: solve"


class Solver:
    """The solution of a system as a program: has what ``Program`` has."""

    operation = "Solve"
    merged = ()

    def __init__(self, arrays, node, axis, settings, options):
        self.arrays = arrays
        self.node = node
        self.axis = axis
        self.opt_arg = settings
        self.options = options
        self.symbols = list_symbols(node)
        product, right = node.children
        self.dim = right.dim
        unbound = rename_variables(product, lambda category, dim, number: (category, dim, None))
        self.product = find_program(arrays, unbound, "Sum", axis, None, options)
        self.native = self.product.native
        self.compiled = self

    def transpose(self, node):
        return Solver(self.arrays, node, 1 - self.axis, self.opt_arg, self.options)

    def order(self, symbols, data):
        """The values of all variables, of those given for the symbolic ones and of the data of the others."""
        given = {key: value for key, value in zip(self.symbols, symbols)}
        keys = ((number, dim, category) for category, dim, number in self.node.variables)
        return tuple(given.get(key, datum) for key, datum in zip(keys, data))

    def compute(self, values, out=None, ranges=None, **place):
        places, (right,) = self.node.maps
        arguments = [values[place] for place in places]
        (unknown,) = (k for k, value in enumerate(arguments) if value is None)
        b = values[right]
        conjugate_gradients.check_right_side(_CALLER, self.arrays, b, self.dim)
        product = conjugate_gradients.Product(self.native, unknown, ranges, **place)
        others = (*arguments[:unknown], *arguments[unknown + 1 :])
        return self.arrays.solve(_CALLER, self.arrays, product, others, b, self.opt_arg, out)


class Solving:
    """Solutions of linear systems."""

    __slots__ = ()

    def solve(
        self,
        other,
        var=None,
        call=True,
        alpha=1e-10,
        eps=1e-6,
        rtol=0.0,
        maxiter=1000,
        preconditioner=None,
        info=False,
        **kwargs: Unpack[Options],
    ) -> Any:
        """The array a with ``alpha a_i + sum_j self_ij a_j = other_i``, by conjugate gradients.

        ``self`` must be symmetric and positive definite, of as many rows as columns; this is not checked. Items of a
        batch are systems of their own; axes of ``self`` and ``other`` broadcast, and the result has them all.

        Parameters
        ----------
        other
            The right-hand side: Vi or Vj, or an array (..., M, E), which is read as Vi. Columns are systems of their
            own.
        var : optional
            A symbolic variable in which ``self`` is linear: solves ``alpha a + sum_j self(var=a) = other``. The
            variable ``other`` may have the same number. All columns are one system then.
        call : bool
            False gives an object to call later, as do symbolic variables besides ``var``.
        alpha : float
            Ridge, added to the diagonal.
        eps, rtol : float
            A column is solved when the norm of its residual is at most ``eps`` times the root of the number of rows,
            or at most ``rtol`` times the norm of the column of ``other``.
        maxiter : int
            Iterations before it gives up with a RuntimeWarning.
        preconditioner : callable, optional
            Maps a residual to an array of the same shape and dtype, like an approximate inverse of the operator that
            is symmetric and positive definite too.
        info : bool
            True gives a named tuple (solution, iterations, residual, converged); neither this nor a preconditioner
            can be part of a graph of ``torch.compile``.

        Other keywords are those of reductions. Arrays are float32 or float64; the result has the shape (..., M, E).

        Raises ValueError for numbers that are not finite and for shapes that do not fit, TypeError for other types.
        """
        self._check_not_reduced()
        settings = conjugate_gradients.read_settings(
            _CALLER, alpha, eps, rtol, maxiter, preconditioner, info, is_coupled=var is not None
        )
        self._check_square()
        right = self._read_right_side(other)
        axis = 1 - right.axis
        product = self._multiply_unknown(axis, right) if var is None else self._bind_unknown(var)
        system = product._binary("Solve", right)
        options, call_options, call = system._split_options("solve", {**kwargs, "call": call})
        return system._finish(Solver(self._arrays, system._node, axis, settings, options), call_options, call)

    def _read_right_side(self, other):
        if self._arrays.is_array(other) and len(other.shape) == 2:
            return self._from_variable(other, None, 0)
        if self._arrays.is_array(other) and len(other.shape) > 2:
            return self._build(*read_rows(self._arrays, other, 0))
        if not isinstance(other, Arithmetic) or other._node.form != "Var" or other.axis == 2:
            raise ValueError(
                f"{_CALLER}: other: expected a variable (Vi, Vj) or an array (..., M, E), got {type(other).__name__}"
            )
        return other

    def _multiply_unknown(self, axis, right):
        """``self * a`` of the unknown a."""
        node = rename_variables(right._node, lambda category, dim, number: (axis, dim, None))
        return self._binary("Mult", self._build(node, (_make_key(axis),), (None,), right._domain.transpose()))

    def _bind_unknown(self, var):
        """This expression with the unknown in the place of ``var``."""
        if not isinstance(var, Arithmetic) or not var.symbolic_variables or var.axis not in (0, 1):
            raise ValueError(f"{_CALLER}: var: expected a symbolic variable, such as Vj(0, 3), got {_name(var)}")
        (key,), (symbol,) = var._keys, var._node.variables
        if key not in self._keys:
            raise ValueError(f"{_CALLER}: var: Var{key} does not occur in the expression")
        node = rename_variables(
            self._node, lambda *variable: (*symbol[:2], None) if variable == symbol else variable
        )
        keys = tuple(_make_key(symbol[0]) if k == key else k for k in self._keys)
        return self._build(node, keys, self._data, self._domain)

    def _check_square(self):
        rows, columns = self._domain.ni, self._domain.nj
        if None not in (rows, columns) and rows != columns:
            raise ValueError(f"{_CALLER}: expected as many rows as columns, got shape {self.shape}")

    def _restore_program(self, operation, axis, opt_arg, options):
        if operation != "Solve":
            return super()._restore_program(operation, axis, opt_arg, options)
        return Solver(self._arrays, self._node, axis, opt_arg, options)


def _make_key(category):
    """The key of the unknown, the only variable whose datum is None without being symbolic."""
    return id(None) | category


def _name(value):
    return "an expression" if isinstance(value, Arithmetic) else type(value).__name__
