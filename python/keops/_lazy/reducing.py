"""The reductions of LazyTensor: over i or j, or, for those that are operations too, over the components."""

from __future__ import annotations

from functools import partial
from typing import Literal, overload

from .._options import read_flag, read_place, read_ranges, read_text, swap_ranges
from .._typing import Any, Options, Self, Unpack
from .axes import check_axis, name_axes, read_axis, skip_batch, split_axes
from .nodes import Node, make, unary
from .programs import check_call_options, find_program, read_count, split_options


class Reduced:
    """A reduction that is called later: its program and what calls have set.

    The options of the program are part of it; those of the call are kept here, and as what ``compute`` takes."""

    def __init__(self, program, call_options):
        self.program = program
        self.call_options = call_options
        self.keywords = {}

    @property
    def axis(self):
        return self.program.axis

    def transpose(self, node):
        call_options = dict(self.call_options)
        if "ranges" in call_options:
            call_options["ranges"] = swap_ranges(call_options["ranges"])
        return Reduced(self.program.transpose(node), call_options)

    def save(self):
        program = self.program
        return program.operation, program.axis, program.opt_arg, program.options, self.call_options

    def describe(self, formula2):
        """The last lines of the printed form."""
        axis = name_axes(self.program.axis, self.program.merged)
        lines = [f"    reduction: {self.program.operation} (axis={axis})"]
        if formula2 is not None:
            lines.append(f"        formula2: {formula2}")
        if self.program.opt_arg is not None:
            lines.append(f"        opt_arg: {self.program.opt_arg}")
        return lines


class Reducing:
    """Reductions. ``axis`` and ``dim`` are two names: 0 reduces over i and gives (N, D), 1 over j and gives (M, D);
    behind B batch axes it is B and B + 1, and the result has them too.

    Axes may count from the end of (M, N, D): -3 is i, -2 is j. A tuple of axes has i, j or both, and any of the batch:
    ``K.sum(axis=(0, 2))`` of shape (B, M, N, D) gives (M, D). Reductions that give indices take one axis.

    Keyword arguments of all: ``keepdim=True`` leaves an axis of length 1 in the place of the one that was reduced,
    (M, 1, D) or (1, N, D); ``call=False`` gives an object to call later; ``out`` is an array for the result;
    ``sum_scheme``, ``dtype_acc``, ``use_double_acc``, ``precision``, ``backend``, ``device_id`` and ``stream`` are
    those of ``Genred``; ``enable_chunks`` and ``use_fast_math`` are accepted and have no effect. Where variables are symbolic,
    the result is always an object to call. TypeError for other keywords, ValueError for wrong values."""

    __slots__ = ()

    def _reduce(self, operation, axis, dim, opt_arg, weight, keywords):
        if dim is not None:
            axis = dim
        if weight is not None:
            self = self._binary("pair", weight)
        if type(axis) is not int:
            self, axis = self._split_axes(axis) if isinstance(axis, (tuple, list)) else (self, read_axis(axis))
        if self._domain.nbatchdims:
            axis = skip_batch(axis, self._domain.nbatchdims)
        if not keywords:
            compiled = self._node.programs.get((self._arrays, operation, axis, opt_arg))
            if compiled is not None and self._domain.is_plain:
                return compiled.compute(self._data)
        return self._reduce_with(operation, check_axis(axis), opt_arg, keywords)

    def _split_axes(self, axes):
        """This expression, of which reductions are merged, and the axis of the program."""
        count = self._domain.nbatchdims
        axis, merged = split_axes(axes, count)
        if not merged:
            return self, axis + count
        self._check_not_reduced()
        node = make("merged", (self._node,), (tuple(range(len(self._keys))),), (merged,))
        return self._build(node, self._keys, self._data, self._domain), axis + count

    def _reduce_with(self, operation, axis, opt_arg, keywords):
        if "keepdim" in keywords:
            keywords = dict(keywords)
            if read_flag(f"LazyTensor: {operation}", "keepdim", keywords.pop("keepdim")):
                self = self._build(unary("kept", self._node), self._keys, self._data, self._domain)
        options, call_options, call = self._split_options(operation, keywords)
        self._check_not_reduced()
        program = find_program(self._arrays, self._node, operation, axis, opt_arg, options)
        return self._finish(program, call_options, call)

    def _split_options(self, operation, keywords):
        options, call_options, call = split_options(f"LazyTensor: {operation}", keywords)
        for name in ("backend", "ranges"):
            if getattr(self._domain, name) is not None:
                call_options.setdefault(name, getattr(self._domain, name))
        return options, call_options, call

    def _finish(self, program, call_options, call):
        """The result of a program on this node, or an object that computes it later."""
        prepared = self._build(self._node, self._keys, self._data, self._domain)
        prepared._with_program(Reduced(program, call_options))
        is_ready = self._domain._dtype is not None and not self._node.is_symbolic
        return prepared() if call and is_ready else prepared

    def _choose(self, **options):
        """Sets what the user chose, for this object and what is made of it."""
        self._domain = self._domain.replace(**options)
        if self._node.form == "reduced":
            self._remember_options(options)

    def _remember_options(self, options):
        reduced = self._reduced
        kept = {name: value for name, value in {**reduced.call_options, **options}.items() if value is not None}
        self._reduced = Reduced(reduced.program, kept)
        self._prepare()

    def _check_not_reduced(self):
        if self._node.form == "reduced":
            raise ValueError("One of the inputs is a 'reduced' LazyTensor, no operation can be applied to it.")

    def _with_program(self, reduced):
        """Turns this new object into a reduced one."""
        node = self._node
        places = tuple(range(len(node.variables)))
        self._node = Node("reduced", (node,), (places,), (), node.variables, node.dim)
        self._reduced = reduced
        self._prepare()
        return self

    def _restore_reduced(self, operation, axis, opt_arg, options, call_options):
        return self._with_program(Reduced(self._restore_program(operation, axis, opt_arg, options), call_options))

    def _restore_program(self, operation, axis, opt_arg, options):
        return find_program(self._arrays, self._node, operation, axis, opt_arg, options)

    def _prepare(self):
        """Checks the options of the call, and makes what a call without arguments runs."""
        reduced = self._reduced
        options = reduced.call_options
        reduced.keywords = {name: options[name] for name in ("out", "ranges") if name in options}
        if "ranges" in reduced.keywords:
            reduced.keywords["ranges"] = read_ranges("LazyTensor", self._arrays, reduced.keywords["ranges"])
        place = (options.get("backend", "auto"), options.get("device_id"), options.get("stream"))
        reduced.keywords |= read_place("LazyTensor", self._arrays, *place)
        self._run = None
        if not reduced.program.symbols:
            self._run = partial(reduced.program.compiled.compute, self._data, **reduced.keywords)

    def _call_with(self, args, kwargs):
        reduced = self._reduced
        if kwargs:
            self._remember_options(check_call_options("LazyTensor", kwargs))
        symbols = reduced.program.symbols
        if len(args) != len(symbols):
            raise ValueError(
                f"Invalid number of arguments in call to Genred (should be {len(symbols)} and got {len(args)})."
            )
        if not symbols:
            return self._run()
        arguments = reduced.program.order(args, self._data)
        return self._reduced.program.compiled.compute(arguments, **self._reduced.keywords)

    def reduction(self, reduction_op, other=None, opt_arg=None, axis=None, dim=None, call=True, **kwargs) -> Any:
        """Any reduction by name; ``other`` is the weight, ``opt_arg`` the number K."""
        read_text("LazyTensor", "reduction_op", reduction_op)
        keywords = kwargs if call is True else {**kwargs, "call": call}
        if opt_arg is not None:
            opt_arg = read_count("opt_arg", opt_arg)
        return self._reduce(reduction_op, axis, dim, opt_arg, other, keywords)

    # ---- Over components or over an index ----------------------------------------------------------------------------

    def _component_or_reduce(self, operation, axis, dim, keywords):
        axis = axis if dim is None else dim
        if not isinstance(axis, (tuple, list)) and read_axis(axis) in (-1, self._domain.nbatchdims + 2):
            if keywords:
                raise TypeError(f"LazyTensor: {operation} over components takes no '{next(iter(keywords))}'")
            return self._unary(operation)
        return self._reduce(operation, axis, None, None, None, keywords)

    @overload
    def sum(self, axis: Literal[-1] = -1, dim: None = None) -> Self: ...
    @overload
    def sum(self, axis: Any = -1, dim: Any = None, **kwargs: Unpack[Options]) -> Any: ...
    def sum(self, axis=-1, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The sum of the components (axis -1 or 2, a LazyTensor), over i (0) or over j (1)."""
        if type(axis) is int and axis == -1 and dim is None and not kwargs:
            return self._unary("Sum")
        return self._component_or_reduce("Sum", axis, dim, kwargs)

    @overload
    def min(self, axis: Literal[-1] = -1, dim: None = None) -> Self: ...
    @overload
    def min(self, axis: Any = -1, dim: Any = None, **kwargs: Unpack[Options]) -> Any: ...
    def min(self, axis=-1, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The smallest component (axis -1 or 2, a LazyTensor), or the smallest value over i (0) or j (1)."""
        return self._component_or_reduce("Min", axis, dim, kwargs)

    @overload
    def max(self, axis: Literal[-1] = -1, dim: None = None) -> Self: ...
    @overload
    def max(self, axis: Any = -1, dim: Any = None, **kwargs: Unpack[Options]) -> Any: ...
    def max(self, axis=-1, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The largest component (axis -1 or 2, a LazyTensor), or the largest value over i (0) or j (1)."""
        return self._component_or_reduce("Max", axis, dim, kwargs)

    @overload
    def argmin(self, axis: Literal[-1] = -1, dim: None = None) -> Self: ...
    @overload
    def argmin(self, axis: Any = -1, dim: Any = None, **kwargs: Unpack[Options]) -> Any: ...
    def argmin(self, axis=-1, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The position of the smallest component, or the int64 index of the smallest value over i (0) or j (1)."""
        return self._component_or_reduce("ArgMin", axis, dim, kwargs)

    @overload
    def argmax(self, axis: Literal[-1] = -1, dim: None = None) -> Self: ...
    @overload
    def argmax(self, axis: Any = -1, dim: Any = None, **kwargs: Unpack[Options]) -> Any: ...
    def argmax(self, axis=-1, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The position of the largest component, or the int64 index of the largest value over i (0) or j (1)."""
        return self._component_or_reduce("ArgMax", axis, dim, kwargs)

    def __min__(self, **kwargs: Unpack[Options]) -> Any:
        return self.min(**kwargs)

    def __max__(self, **kwargs: Unpack[Options]) -> Any:
        return self.max(**kwargs)

    # ---- Over an index -----------------------------------------------------------------------------------------------

    def sum_reduction(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The sum: (M, D) or (N, D)."""
        return self._reduce("Sum", axis, dim, None, None, kwargs)

    def min_reduction(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The smallest values, NaN ignored: (M, D) or (N, D)."""
        return self._reduce("Min", axis, dim, None, None, kwargs)

    def max_reduction(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The largest values, NaN ignored: (M, D) or (N, D)."""
        return self._reduce("Max", axis, dim, None, None, kwargs)

    def argmin_reduction(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The int64 indices of the smallest values, the first of equal ones: (M, D) or (N, D)."""
        return self._reduce("ArgMin", axis, dim, None, None, kwargs)

    def argmax_reduction(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The int64 indices of the largest values, the first of equal ones: (M, D) or (N, D)."""
        return self._reduce("ArgMax", axis, dim, None, None, kwargs)

    def min_argmin(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The smallest values and their indices, a tuple."""
        return self._reduce("Min_ArgMin", axis, dim, None, None, kwargs)

    def max_argmax(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The largest values and their indices, a tuple."""
        return self._reduce("Max_ArgMax", axis, dim, None, None, kwargs)

    min_argmin_reduction = min_argmin
    max_argmax_reduction = max_argmax

    def Kmin(self, K, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The ``K`` smallest values in increasing order: (M, K), or (M, K, D) where D is not 1."""
        return self._reduce("KMin", axis, dim, read_count("K", K), None, kwargs)

    def argKmin(self, K, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The int64 indices of the ``K`` smallest values: (M, K), or (M, K, D) where D is not 1."""
        return self._reduce("ArgKMin", axis, dim, read_count("K", K), None, kwargs)

    def Kmin_argKmin(self, K, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The ``K`` smallest values and their indices, a tuple."""
        return self._reduce("KMin_ArgKMin", axis, dim, read_count("K", K), None, kwargs)

    Kmin_reduction = Kmin
    argKmin_reduction = argKmin
    Kmin_argKmin_reduction = Kmin_argKmin

    def Kmax(self, K, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The ``K`` largest values in decreasing order: (M, K), or (M, K, D) where D is not 1."""
        return self._reduce("KMax", axis, dim, read_count("K", K), None, kwargs)

    def argKmax(self, K, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The int64 indices of the ``K`` largest values: (M, K), or (M, K, D) where D is not 1."""
        return self._reduce("ArgKMax", axis, dim, read_count("K", K), None, kwargs)

    def Kmax_argKmax(self, K, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The ``K`` largest values and their indices, a tuple."""
        return self._reduce("KMax_ArgKMax", axis, dim, read_count("K", K), None, kwargs)

    def logsumexp(self, axis=None, dim=None, weight=None, *, other=None, **kwargs: Unpack[Options]) -> Any:
        """log of the sum of exp(F) * weight, without overflow; ``other`` is another name of ``weight``."""
        return self._reduce("LogSumExp", axis, dim, None, other if weight is None else weight, kwargs)

    logsumexp_reduction = logsumexp

    def sumsoftmaxweight(self, weight, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The sum of exp(F) * weight over the sum of exp(F)."""
        return self._reduce("SumSoftMaxWeight", axis, dim, None, weight, kwargs)

    sumsoftmaxweight_reduction = sumsoftmaxweight

    def prod(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The product of all values."""
        return self._reduce("Prod", axis, dim, None, None, kwargs)

    def mean(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The mean."""
        return self._reduce("Mean", axis, dim, None, None, kwargs)

    def var(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The variance about the mean, divided by the number of values."""
        return self._reduce("Var", axis, dim, None, None, kwargs)

    def any(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """1 where any value is not zero, else 0."""
        return self._reduce("Any", axis, dim, None, None, kwargs)

    def all(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """1 where no value is zero, else 0."""
        return self._reduce("All", axis, dim, None, None, kwargs)

    def count(self, axis=None, dim=None, **kwargs: Unpack[Options]) -> Any:
        """The int64 number of values that are not zero."""
        return self._reduce("Count", axis, dim, None, None, kwargs)
