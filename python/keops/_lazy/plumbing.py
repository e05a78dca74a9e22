"""Methods that programs which extend KeOps call: pieces of what operations do. Nothing here uses them."""

from __future__ import annotations

from .._options import read_flag
from .._typing import Any, Self
from .nodes import constant
from .programs import split_options


_PROPERTIES = {"dtype": "_dtype", "_dtype": "_dtype", "ni": "ni", "nj": "nj", "backend": "backend", "ranges": "ranges"}


class Plumbing:
    """``unary``, ``binary`` and ``ternary`` stand in ``arithmetic``, ``reduction`` in ``reducing``."""

    __slots__ = ()

    def lt_constructor(self, x=None, axis=None, is_complex=False) -> Any:
        """A LazyTensor of ``x`` for arrays of the same library."""
        return self._real_type(x, axis, is_complex)

    def get_tools(self) -> Any:
        """The module that knows the arrays of this LazyTensor's library."""
        return self._arrays

    def init(self, is_complex=False) -> Any:
        """The integer 0 with the sizes, dtype, backend and ranges of this LazyTensor."""
        zero = self._real_type._build(constant(0), (), (), self._domain)
        return zero.real2complex() if read_flag("LazyTensor: init", "is_complex", is_complex) else zero

    def join(self, other) -> Self:
        """This formula with the variables and properties of ``other`` too; ValueError where these contradict."""
        return self._apply("Factorize", (other,))

    def promote(self, other, props) -> Self:
        """This LazyTensor with the properties of ``other`` in the place of those that it lacks.

        ``props`` are names among dtype, ni, nj, backend and ranges. ValueError where both have one and they differ."""
        if not isinstance(props, (tuple, list)):
            raise TypeError(f"LazyTensor: promote: props: expected a tuple of names, got {type(props).__name__}")
        self._check_not_reduced()
        merged = self._domain.merge(self._lift(other)._domain)
        changes = {}
        for prop in props:
            if not isinstance(prop, str) or prop not in _PROPERTIES:
                names = ", ".join(_PROPERTIES)
                raise ValueError(f"LazyTensor: promote: props: expected names among {names}; got {prop!r}")
            changes[_PROPERTIES[prop]] = getattr(merged, _PROPERTIES[prop])
        return self._build(self._node, self._keys, self._data, self._domain.replace(**changes))

    def fixvariables(self) -> Self:
        """The same: variables have their final numbers at all times."""
        return self

    def new_variable_index(self) -> int:
        """The smallest number that no symbolic variable of this expression has."""
        return 1 + max((number for number, _, _ in self.symbolic_variables), default=-1)

    @staticmethod
    def separate_kwargs(kwargs) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keywords of reductions as two dicts: those that choose the program, and those of calls."""
        if not isinstance(kwargs, dict):
            raise TypeError(f"LazyTensor: separate_kwargs: kwargs: expected a dict, got {type(kwargs).__name__}")
        _, called, _ = split_options("LazyTensor: separate_kwargs", kwargs)
        return {name: value for name, value in kwargs.items() if name not in called}, called

    def difference_matrix(self, other) -> Self:
        """All differences ``self[k] - other[l]`` of components, at position ``k * E + l`` of a vector of D * E."""
        other = self._lift(other)
        rows, columns = (self._real_type(1)._apply("SumT", (), (lazy.ndim,)) for lazy in (self, other))
        return self._binary("TensorProd", columns) - rows._binary("TensorProd", other)
