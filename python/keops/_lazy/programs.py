"""From a reduction of a node to a program: the text, the options, the order of the arguments."""

import operator

from .._options import choose_accumulator, read_flag, read_text, write_reduction
from .merging import Merging, plan_merging
from .nodes import name_variables, number_variables, strip, write

# Options that make another program, with their defaults; then those of a call.
_COMPILED = {"sum_scheme": "auto", "dtype_acc": "auto", "precision": "default"}
_FLAGS = {"call": True, "use_double_acc": False}
_CALLED = ("backend", "device_id", "ranges", "out", "stream")
# The compiler makes these choices itself.
_IGNORED = ("enable_chunks", "use_fast_math")
_PLAIN = tuple(_COMPILED.values())


class Program:
    """A reduction of one node, ready for arrays.

    ``symbols`` are the symbolic variables in the order of their numbers, ``bound`` the places of the others among the
    node's variables."""

    def __init__(self, arrays, node, operation, axis, opt_arg, options):
        self.arrays = arrays
        self.node = node
        self.operation = operation
        self.axis = axis
        self.opt_arg = opt_arg
        self.options = options
        self.symbols = list_symbols(node)
        self.bound = [place for place, (_, _, number) in enumerate(node.variables) if number is None]
        _, forms = strip(node)
        # Axes of the result that are reduced, too.
        (self.merged,) = forms.get("merged", ((),))
        # Lists of vectors have two axes behind the rows.
        self.row_axes = 2 if operation.removeprefix("Arg").startswith("K") and node.dim > 1 else 1
        self.native, self.compiled = self._make(forms)

    def _make(self, forms):
        """The native program, and the one whose results are presented as ``forms`` say."""
        formula, formula2 = write_formulas(self.node)
        if self.merged:
            parts, merge = plan_merging(self.operation, self.axis, formula, formula2)
        else:
            parts = [write_reduction(formula, self.operation, self.axis, self.opt_arg, formula2)]
        sum_scheme, dtype_acc, precision = self.options
        aliases = [name for _, name in sorted(zip(number_variables(self.node), name_variables(self.node)))]
        options = (precision, "", "LazyTensor", sum_scheme, dtype_acc, "interleaved" in forms)
        native = compiled = self.arrays.make_program(self.arrays.fuse(parts), aliases, *options)
        if self.merged:
            compiled = Merging(native, self.arrays, merge, self.merged, "kept" in forms)
        return native, Keeping(compiled, self.axis, self.row_axes) if "kept" in forms else compiled

    def order(self, symbols, data):
        """The arguments of a run, of values for the symbolic variables and of the data of all variables."""
        return (*symbols, *(data[place] for place in self.bound))

    def transpose(self, node):
        """The program of the node in which i and j have changed places."""
        return find_program(self.arrays, node, self.operation, 1 - self.axis, self.opt_arg, self.options)


class Keeping:
    """A program whose results keep the axis that was reduced."""

    def __init__(self, native, axis, row_axes):
        self.native = native
        self.axis = axis
        self.row_axes = row_axes

    def compute(self, arguments, **keywords):
        return keep_axis(self.native.compute(arguments, **keywords), self.axis, self.row_axes)


def keep_axis(results, axis, row_axes):
    """An array or several, with an axis of length 1 in the place of the one that was reduced.

    Behind the batch and the rows that were kept, results have ``row_axes`` axes."""
    if isinstance(results, tuple):
        return tuple(keep_axis(result, axis, row_axes) for result in results)
    place = len(results.shape) - row_axes - (0 if axis else 1)
    return results.reshape((*results.shape[:place], 1, *results.shape[place:]))


def list_symbols(node):
    """(number, dimension, category) of the symbolic variables; ValueError unless they are 0, 1, 2 and so on."""
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


def write_formulas(node, names=None):
    """The text of the formula and of its weight or right-hand side, which may be missing; variables may have names."""
    node, _ = strip(node)
    names = names or name_variables(node)
    if node.form not in ("pair", "Solve"):
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


def read_integer(name, value):
    """An integer; messages call it ``name``."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"LazyTensor: {name}: expected an integer, got {type(value).__name__}") from None


def read_count(name, value):
    """A positive integer; messages call it ``name``."""
    count = read_integer(name, value)
    if count < 1 or isinstance(value, bool):
        raise ValueError(f"LazyTensor: {name}: expected a positive integer, got {value!r}")
    return count


def split_options(operation, keywords):
    """The options of the program, those of the call, and whether to call at once."""
    rest = dict(keywords)
    call, use_double_acc = (read_flag(operation, name, rest.pop(name, default)) for name, default in _FLAGS.items())
    texts = {name: read_text(operation, name, rest.pop(name, default)) for name, default in _COMPILED.items()}
    texts["dtype_acc"] = choose_accumulator(operation, texts["dtype_acc"], use_double_acc)
    for name in _IGNORED:
        rest.pop(name, None)
    return tuple(texts.values()), check_call_options(operation, rest), call


def check_call_options(operation, keywords):
    """The options of a call, where None counts as not given."""
    for name in keywords:
        if name not in _CALLED:
            raise TypeError(f"{operation}: unexpected keyword argument '{name}'")
    return {name: value for name, value in keywords.items() if value is not None}
