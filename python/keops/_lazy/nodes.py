"""Expressions: immutable nodes over numbered variables, where equal expressions are one object.

A node knows nothing of arrays; ``tensor`` binds arrays to its variables. What is built on a node is remembered on it
(``memo``), so that an expression made again is found by one look-up for each operation, without text and without
dimension rules. docs/rationale/python.md says why."""

from . import tracing
from ._operations import RECORDS
from .dimensions import RULES, SYMBOLS

# Nodes made before the tables of leaves are emptied, so that expressions nobody holds can go.
MOST_NODES = 100_000
LONGEST_TEXT = 65536


class Node:
    """``form`` is an operation's name, ``maps[k]`` the positions of child k's variables among those of this node.

    A variable is (category, dimension, number); the number is None until an array is bound to it."""

    __slots__ = ("form", "children", "maps", "integers", "variables", "dim", "memo", "programs")

    def __init__(self, form, children, maps, integers, variables, dim):
        self.form = form
        self.children = children
        self.maps = maps
        self.integers = integers
        self.variables = variables
        self.dim = dim
        self.memo = {}
        self.programs = {}
        if not tracing.is_tracing():
            _count_node()

    @property
    def is_symbolic(self):
        """Whether some variable waits for an argument."""
        return any(number is not None for _, _, number in self.variables)


# Leaves by what they were made of; ``tensor`` looks arrays up by shape, dtype and category.
leaves = {}
_counts = [0]


def _count_node():
    _counts[0] += 1
    if _counts[0] > MOST_NODES:
        _counts[0] = 0
        leaves.clear()


def remember(key, leaf):
    """Keeps what ``leaves`` has for a key."""
    _count_node()
    leaves[key] = leaf


def _find_leaf(key, make):
    """What ``leaves`` has for a key; made by ``make()`` at the first time."""
    if tracing.is_tracing():
        return make()
    found = leaves.get(key)
    if found is None:
        found = leaves[key] = make()
    return found


def variable(category, dim, number=None):
    """The leaf for a variable: 0 depends on i, 1 on j, 2 on neither."""
    key = (category, dim, number)
    return _find_leaf(key, lambda: Node("Var", (), (), (), (key,), dim))


def constant(number):
    """The leaf for an integer."""
    return _find_leaf(number, lambda: Node("IntCst", (), (), (number,), (), 1))


# ---- Operations that are not records ---------------------------------------------------------------------------------


def _same(name, dims, integers):
    if dims[0] != dims[-1]:
        raise ValueError(f"Operation {name} expects two inputs of one dimension. Received {dims[0]} and {dims[-1]}.")


def _gradient(name, dims, integers):
    _same(name, (dims[0], dims[2]), integers)
    return dims[1]


def _tangent(name, dims, integers):
    _same(name, (dims[1], dims[2]), integers)
    return dims[0]


def _trace(name, dims, integers):
    _same(name, dims, integers)
    return 1


def _linear_system(name, dims, integers):
    _same(name, dims, integers)
    return dims[1]


def _laplacian(name, dims, integers):
    if dims[0] != 1:
        raise ValueError(f"Operation {name} expects a formula of dimension 1. Received {dims[0]}.")
    return 1


# Zero keeps the variables of the expression that was multiplied by 0: sizes follow from them. A pair is what a
# reduction with a weight reads, Solve what a linear system is made of: the operator on the unknown, the right side.
# The reductions of what is interleaved are complex arrays; those of what is kept have an axis in the place of the one
# that was reduced; those of what is merged are reduced over more axes, which are its integers. Numbers of integers stand
# where there are some.
_OPERATORS = {
    "Grad": (3, _gradient),
    "Diff": (3, _tangent),
    "GradMatrix": (2, lambda name, dims, integers: dims[0] * dims[1]),
    "Divergence": (2, _trace),
    "Laplacian": (2, _laplacian),
    "TraceOperator": (2, _trace),
    "Factorize": (2, lambda name, dims, integers: dims[0]),
    "AutoFactorize": (1, lambda name, dims, integers: dims[0]),
    "Zero": (1, lambda name, dims, integers: dims[0]),
    "pair": (2, lambda name, dims, integers: dims[0]),
    "Solve": (2, _linear_system),
    "interleaved": (1, lambda name, dims, integers: dims[0]),
    "kept": (1, lambda name, dims, integers: dims[0]),
    "merged": (1, lambda name, dims, integers: dims[0], 1),
}
# What says how the result of a reduction is presented; it is no part of the text.
_PRESENTATIONS = ("interleaved", "kept", "merged")


def _describe(form):
    """How many operands and integers an operation takes, and its dimension rule."""
    if form in RECORDS:
        kinds, rule, _ = RECORDS[form]
        operands = kinds.count("v")
        return operands, len(kinds) - operands, RULES[rule]
    if form in _OPERATORS:
        operands, rule, *count = _OPERATORS[form]
        return operands, sum(count), rule
    raise ValueError(f"LazyTensor: '{form}' is not an operation of formulas")


def _infer(form, dims, integers):
    operands, count, rule = _describe(form)
    if (len(dims), len(integers)) != (operands, count):
        raise ValueError(
            f"LazyTensor: {form} takes {operands} formulas and {count} integers, got {len(dims)} and {len(integers)}"
        )
    return rule(form, dims, integers)


# ---- Construction ----------------------------------------------------------------------------------------------------


def unary(form, child):
    """The node of an operation with one operand; called where ``child.memo[form]`` has nothing."""
    return make(form, (child,), (_identity(child),))


def binary(form, left, right):
    """The same for two operands without a common variable, found as ``left.memo[form, right]``."""
    start = len(left.variables)
    return make(form, (left, right), (_identity(left), tuple(range(start, start + len(right.variables)))))


def _identity(node):
    return tuple(range(len(node.variables)))


def _find_key(form, children, maps, integers):
    """What names a node in the memo of its first child; the two frequent shapes have keys that cost little."""
    if integers or len(children) > 2:
        return (form, children[1:], maps[1:], integers)
    if len(children) == 1:
        return form
    start = len(maps[0])
    if maps[1] == tuple(range(start, start + len(maps[1]))):
        return (form, children[1])
    return (form, children[1:], maps[1:])


def make(form, children, maps, integers=()):
    """The node of any operation; variables are numbered in the order of their first use."""
    memo = children[0].memo
    key = _find_key(form, children, maps, integers)
    found = memo.get(key)
    if found is None:
        found = memo[key] = _create(form, children, maps, integers)
    return found


def _create(form, children, maps, integers):
    for child in children:
        if child.form == "reduced":
            raise ValueError(
                "One of the inputs is a 'reduced' LazyTensor, no operation can be applied to it."
            )
    dim = _infer(form, tuple(child.dim for child in children), integers)
    variables = {}
    for child, places in zip(children, maps):
        variables.update(zip(places, child.variables))
    ordered = tuple(variables[place] for place in range(len(variables)))
    return Node(form, children, maps, integers, ordered, dim)


# ---- Walks, without recursion because sums of a thousand terms are deep ----------------------------------------------


def list_nodes(root):
    """All nodes below, children before parents."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in node.children)
    return order


def _rebuild(root, make_leaf):
    made = {}
    for node in list_nodes(root):
        if node.children:
            children = tuple(made[child] for child in node.children)
            made[node] = make(node.form, children, node.maps, node.integers)
        else:
            made[node] = make_leaf(node)
    return made[root]


def rename_variables(root, rename):
    """The expression whose variables (category, dimension, number) are ``rename`` of them, at the same places."""
    return _rebuild(root, lambda leaf: variable(*rename(*leaf.variables[0])) if leaf.variables else leaf)


def move_variables(root, categories):
    """The expression whose variables of category c have become ``categories[c]``: (1, 0, 2) exchanges i and j."""
    found = root.memo.get(("moved", categories))
    if found is None:
        found = root.memo["moved", categories] = rename_variables(
            root, lambda category, dim, number: (categories[category], dim, number)
        )
    return found


def save(root):
    """Plain tuples that ``load`` turns into the node again, in any process."""
    order = list_nodes(root)
    places = {node: place for place, node in enumerate(order)}
    return tuple(
        (node.form, tuple(places[child] for child in node.children), node.maps, node.integers, node.variables)
        for node in order
    )


def load(rows):
    """The node of what ``save`` gave."""
    made = []
    for form, places, maps, integers, variables in rows:
        if places:
            made.append(make(form, tuple(made[place] for place in places), maps, integers))
        else:
            made.append(variable(*variables[0]) if variables else constant(*integers))
    return made[-1]


# ---- Text ------------------------------------------------------------------------------------------------------------


def number_variables(node):
    """The number of each variable: symbolic ones keep theirs, the others follow in the order of their first use."""
    taken = [number for _, _, number in node.variables if number is not None]
    following = iter(range(max(taken, default=-1) + 1, 1 << 62))
    return [next(following) if number is None else number for _, _, number in node.variables]


def name_variables(node):
    """``Var(number,dimension,category)`` for each variable."""
    numbers = number_variables(node)
    return tuple(f"Var({k},{dim},{category})" for k, (category, dim, _) in zip(numbers, node.variables))


def write(node, names, lay_out=None):
    """The formula as text, given the names of the variables; ``lay_out`` may give the pieces of another language."""
    lay_out = lay_out or _lay_out
    parts, length, stack = [], 0, [(node, names)]
    while stack:
        item = stack.pop()
        if type(item) is str:
            parts.append(item)
            length += len(item)
            if length > LONGEST_TEXT:
                raise ValueError(f"LazyTensor: the formula has more than {LONGEST_TEXT} characters")
            continue
        node, names = item
        stack.extend(reversed(lay_out(node, names)))
    return "".join(parts)


def strip(node):
    """The expression below what says how its reductions are presented, with the same variables; and that, with its
    integers."""
    forms = {}
    while node.form in _PRESENTATIONS:
        forms[node.form] = node.integers
        (node,) = node.children
    return node, forms


def _lay_out(node, names):
    """Pieces of the text of one node: strings, and children with the names of their variables."""
    if node.form == "Var":
        return names
    if node.form == "Zero":
        return (f"Zero({node.dim})",)
    children = [(child, tuple(names[place] for place in places)) for child, places in zip(node.children, node.maps)]
    if node.form in SYMBOLS:
        return ("(", children[0], f" {SYMBOLS[node.form]} ", children[1], ")")
    pieces = [f"{node.form}("]
    for argument in [*children, *map(_write_integers, node.integers)]:
        pieces += [argument, ","]
    return [*pieces[:-1], ")"]


def _write_integers(value):
    return str(value) if isinstance(value, int) else f"[{','.join(map(str, value))}]"
