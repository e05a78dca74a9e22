"""From a reduction of a node to a program: the text, the options, the order of the arguments."""

import operator
from numbers import Integral

from .._options import choose_accumulator, write_reduction
from .nodes import name_variables, number_variables, write

# Options that make another program, with their defaults; then those of a call.
_COMPILED = {"sum_scheme": "auto", "dtype_acc": "auto", "precision": "default"}
_FLAGS = {"call": True, "use_double_acc": False}
_CALLED = ("backend", "device_id", "ranges", "out")
# The compiler makes these choices itself.
_IGNORED = ("enable_chunks", "use_fast_math")
_PLAIN = tuple(_COMPILED.values())


class Program:
    """A reduction of one node, ready for arrays.

    ``symbols`` are the symbolic variables in the order of their numbers, ``bound`` the places of the others among the
    node's variables."""

    def __init__(self, arrays, node, operation, axis, opt_arg, options):
        self.node = node
        self.operation = operation
        self.axis = axis
        self.opt_arg = opt_arg
        self.options = options
        self.symbols = _list_symbols(node)
        self.bound = [place for place, (_, _, number) in enumerate(node.variables) if number is None]
        formula, formula2 = write_formulas(node)
        sum_scheme, dtype_acc, precision = options
        self.text = write_reduction(formula, operation, axis, opt_arg, formula2)
        aliases = [name for _, name in sorted(zip(number_variables(node), name_variables(node)))]
        self.compiled = arrays.make_program(self.text, aliases, precision, "", "LazyTensor", sum_scheme, dtype_acc)

    def order(self, symbols, data):
        """The arguments of a run, of values for the symbolic variables and of the data of all variables."""
        return (*symbols, *(data[place] for place in self.bound))


def _list_symbols(node):
    symbols = sorted((number, dim, category) for category, dim, number in node.variables if number is not None)
    for expected, symbol in enumerate(symbols):
        if symbol[0] < expected:
            known = symbols[expected - 1]
            raise ValueError(f"LazyTensor: symbolic variable {symbol[0]} is used as {known} and {symbol}")
        if symbol[0] > expected:
            raise ValueError(
                f"LazyTensor: symbolic variables must be numbered 0, 1, 2, ... without holes: {expected} is missing"
            )
    return tuple(symbols)


def write_formulas(node):
    """The text of the formula and of its weight, which may be missing."""
    names = name_variables(node)
    if node.form != "pair":
        return write(node, names), None
    texts = [
        write(child, tuple(names[place] for place in places)) for child, places in zip(node.children, node.maps)
    ]
    return tuple(texts)


def find_program(arrays, node, operation, axis, opt_arg, options):
    """The program for arrays of the adapter's library, made at its first use."""
    key = (arrays, operation, axis, opt_arg, options)
    found = node.programs.get(key)
    if found is None:
        found = node.programs[key] = Program(arrays, node, operation, axis, opt_arg, options)
        if options == _PLAIN and not found.symbols:
            node.programs[arrays, operation, axis, opt_arg] = found.compiled
    return found


def read_axis(axis):
    """The number of an axis as an int; TypeError for what is no integer."""
    if isinstance(axis, bool) or not isinstance(axis, Integral):
        raise TypeError(f"LazyTensor: a reduction needs axis (or dim) 0 or 1, got {axis!r}")
    return int(axis)


def check_axis(axis):
    """An axis that is 0 or 1; ValueError for others."""
    if axis not in (0, 1):
        raise ValueError(
            "Reductions must be called with 'axis' (or 'dim') equal to the number of batch dimensions + 0 or 1."
        )
    return axis


def read_count(name, value):
    """A positive integer; messages call it ``name``."""
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"LazyTensor: {name}: expected an integer, got {type(value).__name__}") from None
    if count < 1 or isinstance(value, bool):
        raise ValueError(f"LazyTensor: {name}: expected a positive integer, got {value!r}")
    return count


def split_options(operation, keywords):
    """The options of the program, those of the call, and whether to call at once."""
    rest = dict(keywords)
    call, use_double_acc = (_read_flag(operation, name, rest.pop(name, default)) for name, default in _FLAGS.items())
    texts = {name: _read_text(operation, name, rest.pop(name, default)) for name, default in _COMPILED.items()}
    texts["dtype_acc"] = choose_accumulator(operation, texts["dtype_acc"], use_double_acc)
    for name in _IGNORED:
        rest.pop(name, None)
    return tuple(texts.values()), check_call_options(operation, rest), call


def _read_flag(operation, name, value):
    if not isinstance(value, int):
        raise TypeError(f"{operation}: {name}: expected True or False, got {type(value).__name__}")
    return bool(value)


def _read_text(operation, name, value):
    if not isinstance(value, str):
        raise TypeError(f"{operation}: {name}: expected a string, got {type(value).__name__}")
    return value


def check_call_options(operation, keywords):
    """The options of a call, where None counts as not given."""
    for name in keywords:
        if name not in _CALLED:
            raise TypeError(f"{operation}: unexpected keyword argument '{name}'")
    return {name: value for name, value in keywords.items() if value is not None}
