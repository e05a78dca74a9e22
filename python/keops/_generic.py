"""Reductions whose axis follows from a description of the result: the short forms of ``Genred``.

Written once; ``make_generics`` gives them for the ``Genred`` of a library."""

from __future__ import annotations

import re
from inspect import signature
from typing import Protocol, TypeVar

from ._genred import Genred
from ._typing import Any

T = TypeVar("T", covariant=True)

_OUTPUT = re.compile(r"\s*(?:[A-Za-z_]\w*\s*=\s*)?(V[ijxy])\s*\(\s*(\d+)\s*\)\s*")

# What may be said to Genred besides what follows from the output.
_OPTIONS = [name for name in signature(Genred).parameters if name not in ("formula", "aliases", "reduction_op", "axis")]


def _read_output(function, output):
    """Axis and dimension of a description such as ``"a = Vi(1)"``."""
    if not isinstance(output, str):
        raise TypeError(f"{function}: output: expected a string, got {type(output).__name__}")
    found = _OUTPUT.fullmatch(output)
    if not found:
        examples = "'a = Vi(1)' or 'a = Vj(1)'"
        raise ValueError(f"{function}: output: expected a description such as {examples}, got {output!r}")
    return (1 if found[1] in ("Vi", "Vx") else 0), int(found[2])


def _check_options(function, options):
    for name in options:
        if name not in _OPTIONS:
            raise TypeError(f"{function}: unexpected keyword argument '{name}'; expected some of {', '.join(_OPTIONS)}")


class Generic(Protocol[T]):
    """The short forms for type checkers."""

    def __call__(self, formula: str, output: str, *aliases: str, **kwargs: Any) -> T:
        """``Genred`` of a formula; the axis follows from ``output``, such as ``"a = Vi(1)"``."""
        ...


def make_generics(genred: type[T]) -> tuple[Generic[T], Generic[T], Generic[T], Generic[T]]:
    """generic_sum, generic_logsumexp, generic_argmin, generic_argkmin."""

    def make(function, reduction_op, formula, output, aliases, options):
        axis, dim = _read_output(function, output)
        _check_options(function, options)
        if reduction_op == "ArgKMin":
            options = {"opt_arg": dim, **options}
        return genred(formula, list(aliases), reduction_op=reduction_op, axis=axis, **options)

    def generic_sum(formula, output, *aliases, **kwargs):
        """``Genred`` of a sum; ``output`` is ``"a = Vi(D)"`` for a sum over j, ``"a = Vj(D)"`` for one over i.

        Returns a function of arrays, one for each alias, with result (M, D) or (N, D). ValueError for another output.
        """
        return make("generic_sum", "Sum", formula, output, aliases, kwargs)

    def generic_logsumexp(formula, output, *aliases, **kwargs):
        """The same for log-sum-exp: result (M, D) or (N, D)."""
        return make("generic_logsumexp", "LogSumExp", formula, output, aliases, kwargs)

    def generic_argmin(formula, output, *aliases, **kwargs):
        """The same for the int64 indices of the smallest values: result (M, D) or (N, D)."""
        return make("generic_argmin", "ArgMin", formula, output, aliases, kwargs)

    def generic_argkmin(formula, output, *aliases, **kwargs):
        """The same for the int64 indices of the K smallest values; ``output`` is ``"a = Vi(K)"``, the result (M, K)."""
        return make("generic_argkmin", "ArgKMin", formula, output, aliases, kwargs)

    return adopt(genred.__module__, generic_sum, generic_logsumexp, generic_argmin, generic_argkmin)


def adopt(module, *functions):
    """The functions as if the module had defined them: so they are shown, and found again when they are unpickled."""
    for function in functions:
        function.__module__ = module
        function.__qualname__ = function.__name__
    return functions
