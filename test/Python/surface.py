"""The public surface of keops, found by looking: functions, constructors, methods, properties and operators of one
library of arrays, and for each a call that is right, found by trying. ``malformed`` spoils these calls."""

import importlib
import inspect
import itertools
import operator

import numpy as np
from guarded import copied

# What Python itself calls, with arguments that it made.
PROTOCOLS = {"__new__", "__init__", "__reduce__", "__getstate__", "__setstate__", "__torch_function__"}
BINARY = "add sub mul truediv floordiv mod pow matmul or_ and_ xor lshift rshift eq ne lt le gt ge getitem contains"
UNARY = [operator.neg, operator.pos, operator.abs, operator.invert, operator.index, int, float, complex, len, iter]
UNARY += [hash, bool, repr, str, next, reversed, round, format]
MISSING = object()


class Library:
    """The modules for one kind of arrays, and values that are right somewhere, by names of parameters."""

    def __init__(self, name):
        self.name = name
        self.module = importlib.import_module(f"keops.{name}")
        self.cluster = importlib.import_module(f"keops.{name}.cluster")
        rng = np.random.default_rng(0)
        sizes = {"X": (5, 3), "Y": (4, 3), "S": (5, 1), "V": (4, 1), "G": (1,), "W": (5, 6), "Z": (5, 5), "L": (5,)}
        self.arrays = {key: self.array(rng.uniform(0.5, 1, shape)) for key, shape in sizes.items()}
        self.values = self._list_values()

    def array(self, values):
        """An array of the library, between protected pages."""
        guarded = copied(np.asarray(values))
        return guarded if self.name == "numpy" else importlib.import_module("torch").from_numpy(guarded)

    def subjects(self):
        """LazyTensors of every kind, made anew: calls may change them."""
        Vi, Vj, a = self.module.Vi, self.module.Vj, self.arrays
        x, y = Vi(a["X"]), Vj(a["Y"])
        kernel = (-x.sqdist(y)).exp()
        square = (-x.sqdist(Vj(a["X"]))).exp()
        batch = self.module.LazyTensor(a["X"][None, :, None]) - self.module.LazyTensor(a["Y"][None, None])
        made = [x, kernel, square, Vi(a["S"]), Vi(a["W"]), kernel.sum(axis=1, call=False), Vi(0, 3) - Vj(1, 3)]
        made += [(Vi(0, 3) | Vj(1, 3)).sum(axis=1), self.module.Pm(2.0), self.module.Pm([1.0, 2.0])]
        made += [self.module.LazyTensor(2), batch * 1]
        return made

    def complex_subjects(self):
        x = self.module.Vi(self.arrays["X"])
        return [x * 1j, (x * 1j).sum(), (x * 1j).sum(axis=1, call=False)]

    def ranges(self):
        """Blocks of 2 and 3 rows with one interval of columns each, and the same of columns."""
        halves = [[[0, 2], [2, 5]], [1, 2], [[0, 4], [1, 3]], [[0, 1], [1, 4]], [1, 2], [[0, 5], [2, 3]]]
        return tuple(self.array(np.array(part, np.int64)) for part in halves)

    def _list_values(self):
        a, (x, _, _, s, w, reduced, *_) = self.arrays, self.subjects()
        lab = self.array(np.array([0, 0, 1, 1, 1], np.int32))
        y, v = self.module.Vj(a["Y"]), self.module.Vj(a["V"])
        lazy, pair = [y, v, s, x, w], self.module.Pm([1.0, 2.0])
        blocks = self.array(np.array([[0, 2], [2, 5]], np.int64))
        integers = [1, 2, 3]
        values = {name: lazy for name in "other y s v g low high a b im u gradin weight other1 other2 gamma".split()}
        values |= {
            name: integers for name in "i d j D k K exponent order rows columns position start count m n".split()
        }
        values |= {name: integers for name in "offset block below above radius modulus max_bytes".split()}
        values |= {name: [(3,), (1, 3), (3, 1), (0,)] for name in ("dimfa", "dimfb", "dimfself", "dimfother", "dimsx")}
        values |= {name: [(3,), (0,)] for name in ("contfa", "contfb", "dimsy", "contx", "conty")}
        values |= {name: [lab] for name in ("lab", "labels")} | {"ranges_i": [blocks], "ranges_j": [blocks]}
        values |= {
            "x": [a["X"], a["S"], *lazy],
            "x_or_ind": [a["X"], a["L"]],
            "axis": [MISSING, 1],
            "cat": [MISSING, 0],
        }
        values |= {"dim": [-1, 1, 2], "formula": ["SqDist(x,y)*b"], "output": ["a = Vi(1)"], "varinvalias": ["b"]}
        values |= {"aliases": [["x=Vi(3)", "y=Vj(3)", "b=Vj(1)"]], "reduction_op": ["Sum"], "keep": [np.eye(2) > 0]}
        values |= {
            "size": [0.1],
            "ranges": [self.ranges()],
            "operation": ["Exp", "Add", "Clamp"],
            "key": [0],
            "perm": [()],
        }
        values |= {"props": [("ni", "dtype")], "kwargs": [{"backend": "CPU"}], "tuple_of_lt": [(x, x)], "value": [None]}
        values |= {
            "args": [(), (a["X"], a["Y"]), (a["X"], a["Y"], a["V"]), (a["X"], a["X"], a["S"])],
            "expressions": [(reduced,)],
            "alpha": [0.5],
        }
        values |= {"v": [a["V"], *lazy], "y": [*lazy, a["X"], pair], "low": [*lazy, 1], "high": [*lazy, 2]}
        return values


class Entry:
    """One thing that can be called: ``call(subject, *args, **keywords)``; functions have no subject."""

    def __init__(self, name, call, parameters, make_subjects=None, must_work=True):
        self.name = name
        self.call = call if make_subjects else lambda _, *args, **keywords: call(*args, **keywords)
        self.parameters = parameters
        self.make_subjects = make_subjects or (lambda: [None])
        self.must_work = must_work

    def find_valid(self, values):
        """A place among the subjects, arguments and keywords of a call that succeeds, None where there is none."""
        choices = [self._choose(parameter, values) for parameter in self.parameters]
        for place in range(len(self.make_subjects())):
            for choice in itertools.product(*choices):
                args = [value for values, _ in choice for value in values]
                keywords = {name: value for _, keywords in choice for name, value in keywords.items()}
                try:
                    self.call(self.make_subjects()[place], *args, **keywords)
                except Exception:
                    continue
                return place, args, keywords
        return None

    @staticmethod
    def _choose(parameter, values):
        """Positional arguments and keywords that may stand for a parameter."""
        if parameter.kind == parameter.VAR_POSITIONAL:
            return [(value, {}) for value in values[parameter.name]]
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.KEYWORD_ONLY):
            return [((), {})]
        if parameter.default is parameter.empty:
            return [((value,), {}) for value in values[parameter.name]]
        # Without these, hardly anything can be computed.
        needed = values[parameter.name] if parameter.name in ("axis", "cat", "x") else [MISSING]
        return [((), {} if value is MISSING else {parameter.name: value}) for value in needed]


def _list_parameters(function, skip=0):
    return list(inspect.signature(function).parameters.values())[skip:]


def list_functions(module):
    """Functions and constructors of ``__all__``."""
    for name in module.__all__:
        yield Entry(f"{module.__name__}.{name}", getattr(module, name), _list_parameters(getattr(module, name)))


def list_members(cls, make_subjects, must_work=True):
    """Methods and properties that keops defines."""
    names = {}
    for owner in reversed(cls.__mro__):
        if owner.__module__.startswith("keops"):
            names |= vars(owner)
    for name, member in names.items():
        if (name.startswith("_") and not name.startswith("__")) or name in PROTOCOLS:
            continue
        full = f"{cls.__name__}.{name}"
        if isinstance(member, property):
            yield Entry(full, operator.attrgetter(name), [], make_subjects, must_work)
            if member.fset:
                value = inspect.Parameter("ranges" if name == "ranges" else "value", 1)
                yield Entry(
                    f"{full}=", lambda lazy, x, *, name=name: setattr(lazy, name, x), [value], make_subjects, must_work
                )
        elif isinstance(member, staticmethod) or callable(member):
            function = member.__func__ if isinstance(member, staticmethod) else member
            call = lambda lazy, *args, name=name, **keywords: getattr(lazy, name)(*args, **keywords)  # noqa: E731
            parameters = _list_parameters(function, 0 if isinstance(member, staticmethod) else 1)
            yield Entry(full, call, parameters, make_subjects, must_work)


def list_operators(make_subjects):
    """Every operator of Python, with the LazyTensor on either side; many have no meaning."""
    other = inspect.Parameter("other", 1)
    for name in BINARY.split():
        function = getattr(operator, name)
        yield Entry(f"{name}(lazy, other)", function, [other], make_subjects, False)
        # Who holds and finds items is asked alone.
        if name not in ("getitem", "contains"):
            yield Entry(f"{name}(other, lazy)", lambda a, b, *, f=function: f(b, a), [other], make_subjects, False)
    for function in UNARY:
        yield Entry(f"{function.__name__}(lazy)", function, [], make_subjects, False)


def list_entries(library, group):
    """The entries of a group; together the groups are everything."""
    module = library.module
    if group == "process":
        return [*list_functions(importlib.import_module("keops"))]
    if group == "functions":
        masks = importlib.import_module("keops.masks")
        made = [*list_functions(module), *list_functions(library.cluster), *list_functions(masks)]
        aliases = ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)"]
        made += list_members(module.Genred, lambda: [module.Genred("SqDist(x,y)*b", aliases, axis=1)])
        solve = module.KernelSolve("Exp(-SqDist(x,y))*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)"], "b", axis=1)
        return [*made, *list_members(module.KernelSolve, lambda: [solve])]
    if group == "methods":
        return [*list_members(module.LazyTensor, library.subjects)]
    if group == "operators":
        return [*list_operators(library.subjects), *list_operators(library.complex_subjects)]
    return [*list_members(module.ComplexLazyTensor, library.complex_subjects, must_work=False)]


GROUPS = ("functions", "methods", "operators", "complex")
