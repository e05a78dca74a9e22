"""Several reductions by one program: ``keops.reduce``.

Variables of all are merged as those of operands are; the compiler makes one loop of the reductions over one index, in
which common parts are computed once. The program is kept on the first node."""

from numbers import Integral

from .._options import write_reduction
from .arithmetic import Arithmetic
from .nodes import strip
from .programs import Program, keep_axis, write_formulas
from .tensor import merge_variables

# The reductions that can be asked for by name, and what else than True says something to them.
_VALUES = dict.fromkeys("sum min max argmin argmax min_argmin max_argmax prod mean var any all count".split())
_VALUES |= dict.fromkeys("Kmin argKmin Kmin_argKmin Kmax argKmax Kmax_argKmax".split(), "K")
_VALUES |= {"logsumexp": "weight", "sumsoftmaxweight": "weight"}


def reduce(expressions, axis, reductions):
    """What ``keops.reduce`` is for its users."""
    if not reductions:
        return _run([_check_reduced(expression) for expression in expressions])
    if len(expressions) != 1 or not isinstance(expressions[0], Arithmetic):
        raise TypeError("keops.reduce: expected one LazyTensor beside the names of reductions")
    later = {name: _prepare(expressions[0], axis, name, value) for name, value in reductions.items()}
    return dict(zip(later, _run(list(later.values()))))


def _prepare(expression, axis, name, value):
    if name not in _VALUES:
        raise TypeError(f"keops.reduce: '{name}' is no reduction; expected some of {', '.join(_VALUES)}")
    if value is True:
        values = {}
    elif _VALUES[name] is not None:
        values = {_VALUES[name]: value}
    else:
        raise TypeError(f"keops.reduce: {name}: expected True, got {type(value).__name__}")
    count = expression.nbatchdims
    if not isinstance(axis, Integral) or axis not in (count, count + 1, -2, -3):
        raise ValueError(f"keops.reduce: axis: expected {count} or {count + 1}, got {axis!r}")
    return _check_reduced(getattr(expression, name)(axis=axis, call=False, **values))


def _check_reduced(lazy):
    is_reduced = isinstance(lazy, Arithmetic) and lazy._node.form == "reduced"
    if not is_reduced or not isinstance(lazy._reduced.program, Program):
        raise TypeError("keops.reduce: expected reductions made with call=False, or one LazyTensor and names")
    if lazy._reduced.program.merged:
        raise ValueError("keops.reduce: expected reductions over one axis each")
    if lazy._node.is_symbolic or lazy._domain._dtype is None:
        raise ValueError(f"keops.reduce: expected arrays for all variables of {lazy.formula}")
    if lazy._reduced.call_options.get("out") is not None:
        raise ValueError("keops.reduce: out is not supported")
    return lazy


def _run(all_reduced):
    if not all_reduced:
        raise TypeError("keops.reduce: expected at least one reduction")
    first, *others = all_reduced
    domain, keys, data, maps = first._domain, first._keys, first._data, [tuple(range(len(first._keys)))]
    for other in others:
        domain = domain.merge(other._domain)
        keys, data, places = merge_variables(keys, data, other._keys, other._data)
        maps.append(places)
    programs = tuple(lazy._reduced.program for lazy in all_reduced)
    ranges = first._reduced.call_options.get("ranges")
    if any(lazy._reduced.call_options.get("ranges") is not ranges for lazy in others):
        raise ValueError("keops.reduce: expected reductions of the same ranges")
    if any(_find_place(lazy) != _find_place(first) for lazy in others):
        raise ValueError("keops.reduce: expected reductions of the same backend, device_id and stream")
    return _find_program(first._arrays, programs, tuple(maps)).compute(data, **first._reduced.keywords)


def _find_place(lazy):
    keywords = lazy._reduced.keywords
    return keywords.get("device"), keywords.get("stream")


def _find_program(arrays, programs, maps):
    table, key = programs[0].node.programs, ("fused", programs, maps)
    found = table.get(key)
    if found is None:
        found = table[key] = _Fused(arrays, programs, maps)
    return found


class _Fused:
    """One native program for several, whose variables stand at ``maps`` among those of all."""

    def __init__(self, arrays, programs, maps):
        self.programs = programs
        names, parts = {}, []
        for program, places in zip(programs, maps):
            for place, (category, dim, _) in zip(places, program.node.variables):
                names[place] = f"Var({place},{dim},{category})"
            formula, formula2 = write_formulas(program.node, tuple(names[place] for place in places))
            parts.append(write_reduction(formula, program.operation, program.axis, program.opt_arg, formula2))
        sum_scheme, dtype_acc, precision = _find_common("options", {program.options for program in programs})
        is_complex = _find_common("kinds of numbers", {"interleaved" in strip(p.node)[1] for p in programs})
        aliases = [names[place] for place in sorted(names)]
        options = (precision, "", "keops.reduce", sum_scheme, dtype_acc, is_complex)
        self.native = arrays.make_program(arrays.fuse(parts), aliases, *options)

    def compute(self, data, **keywords):
        """A tuple of results; values with indices are a tuple of their own."""
        results = self.native.compute(data, **keywords)
        rest = iter(results if isinstance(results, tuple) else (results,))
        return tuple(self._take(program, rest) for program in self.programs)

    @staticmethod
    def _take(program, rest):
        found = (next(rest), next(rest)) if "_Arg" in program.operation else next(rest)
        return keep_axis(found, program.axis, program.row_axes) if "kept" in strip(program.node)[1] else found


def _find_common(what, values):
    if len(values) > 1:
        raise ValueError(f"keops.reduce: expected reductions of the same {what}, got {', '.join(map(str, values))}")
    return values.pop()
