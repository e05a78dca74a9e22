"""KernelSolve: a linear system whose operator is given by a formula string. The product with the operator is a
``Genred``, the iteration is that of ``_conjugate_gradients``; each library adds its adapter, its ``Genred`` and its
order of arguments."""

from __future__ import annotations

import re

from . import _conjugate_gradients as conjugate_gradients
from ._options import read_place, read_ranges
from ._typing import Any


_ALIAS = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=)?\s*(?P<kind>\w+)\s*\(\s*(?P<numbers>[\d\s,]+)\)\s*")


def _read_alias(text):
    """Name or None, position or None, dimension of ``"x = Vi(3)"``, ``"Vj(0,3)"``, ``"Var(0,3,1)"``."""
    found = _ALIAS.fullmatch(text)
    if not found:
        return None
    numbers = [int(number) for number in found["numbers"].split(",") if number.strip()]
    if found["kind"] == "Var":
        numbers = numbers[:2]
    position, dim = (None, *numbers)[-2:] if numbers else (None, None)
    return found["name"], position, dim


def find_unknown(aliases, varinvalias):
    """Position and dimension of the alias that ``varinvalias`` names, by its name or as ``Var(k,D,cat)``."""
    if not isinstance(varinvalias, str):
        raise TypeError(f"KernelSolve: varinvalias: expected a string, got {type(varinvalias).__name__}")
    wanted = _read_alias(varinvalias) or (varinvalias.strip(), None, None)
    for place, alias in enumerate(aliases):
        found = _read_alias(alias)
        if not found:
            continue
        name, position, dim = found
        position = place if position is None else position
        is_wanted = wanted[1] == position if wanted[1] is not None else wanted[0] == name
        if is_wanted and dim is not None:
            return position, dim
    raise ValueError(f"KernelSolve: varinvalias: expected the name of an alias of {list(aliases)}, got {varinvalias!r}")


class KernelSolve:
    """The solution a of ``alpha a + sum(formula(a)) = b``, where ``formula`` is linear in one of its arguments.

    Parameters
    ----------
    formula : str
        For example ``"Exp(-SqDist(x,y)*g)*a"``.
    aliases : list of str
        One for each argument, as ``Genred`` has them.
    varinvalias : str
        The unknown: an alias, such as ``"a"``, or ``"Var(3,1,1)"``. Calls take the right-hand side b in its place.
    axis : int
        1 reduces over j, 0 (the default) over i.

    ``dtype_acc``, ``use_double_acc`` and ``sum_scheme`` are those of ``Genred``; the other arguments are accepted for
    the sake of existing programs. TypeError for other types, ValueError for an unknown alias or axis.
    """

    def _prepare(self, formula, aliases, varinvalias, axis, options):
        self._product = self._genred_type(formula, aliases, axis=axis, **options)
        self._place, self._dim = find_unknown(aliases, varinvalias)

    def __call__(
        self,
        *args,
        backend="auto",
        device_id=-1,
        alpha=1e-10,
        eps=1e-6,
        ranges=None,
        rtol=0.0,
        maxiter=1000,
        preconditioner=None,
        info=False,
        out=None,
        stream=None,
    ) -> Any:
        """The solution by conjugate gradients, an array of the shape of the right-hand side (..., M, D).

        Parameters
        ----------
        *args
            Arrays for the aliases, float32 or float64, as ``Genred`` takes them; axes in front are those of a batch,
            whose items are systems of their own.
        backend, device_id, ranges, stream
            Those of ``Genred``; blocks of ``ranges`` must be symmetric too.
        alpha : float
            Ridge, added to the diagonal.
        eps, rtol : float
            The system is solved when the norm of the residual is at most ``eps`` times the root of its size, or at
            most ``rtol`` times the norm of the right-hand side.
        maxiter : int
            Iterations before it gives up with a RuntimeWarning.
        preconditioner : callable, optional
            Maps a residual to an array of the same shape and dtype, like an approximate inverse of the operator.
        info : bool
            True gives a named tuple (solution, iterations, residual, converged).

        ValueError and TypeError for arrays and numbers that do not fit. The operator must be symmetric and positive
        definite; this is not checked.
        """
        settings = conjugate_gradients.read_settings(
            "KernelSolve", alpha, eps, rtol, maxiter, preconditioner, info, is_coupled=True
        )
        options = {}
        if backend != "auto" or ranges is not None or device_id != -1 or stream is not None:
            options = read_place("KernelSolve", self._arrays, backend, device_id, stream)
            ranges = read_ranges("KernelSolve", self._arrays, ranges)
        if self._place >= len(args):
            raise ValueError(f"KernelSolve: expected at least {self._place + 1} arguments, got {len(args)}")
        place, b = self._place, args[self._place]
        conjugate_gradients.check_right_side("KernelSolve", self._arrays, b, self._dim)
        product = conjugate_gradients.Product(self._product._reduction, place, ranges, **options)
        others = (*args[:place], *args[place + 1 :])
        return self._arrays.solve("KernelSolve", self._arrays, product, others, b, settings, out)

    @property
    def formula(self) -> str:
        """The reduction that is solved, as given to the compiler."""
        return self._product.formula

    def __repr__(self) -> str:
        return f"KernelSolve({self._product.formula!r}, argument {self._place})"
