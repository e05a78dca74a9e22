"""Formulas as LaTeX, for notebooks."""

from .nodes import number_variables, strip, write

# Where each # is an operand.
_FORMS = {
    "Add": r"(# + #)",
    "Subtract": r"(# - #)",
    "Mult": r"# \cdot #",
    "Divide": r"\frac{#}{#}",
    "Minus": r"(-#)",
    "Inv": r"\frac{1}{#}",
    "Square": r"{#}^{2}",
    "Pow": r"{#}^{#}",
    "Powf": r"{#}^{#}",
    "Sqrt": r"\sqrt{#}",
    "Exp": r"\exp(#)",
    "Log": r"\log(#)",
    "Sin": r"\sin(#)",
    "Cos": r"\cos(#)",
    "Abs": r"|#|",
    "Norm2": r"\|#\|",
    "SqNorm2": r"\|#\|^{2}",
    "SqDist": r"\|# - #\|^{2}",
    "Scalprod": r"\langle #, # \rangle",
    "IntCst": "#",
    "pair": r"(#, #)",
    "Solve": r"# = #",
}
_POWERS = ("Square", "Pow", "Powf")
# What needs parentheses below a power.
_LOOSE = ("Mult", "Divide", "Inv", *_POWERS)
_REDUCTIONS = {"Sum": r"\sum_{#}", "Solve": r"\sum_{#}", "Min": r"\min_{#}", "Max": r"\max_{#}", "Prod": r"\prod_{#}"}
_REDUCTIONS |= {"LogSumExp": r"\log \sum_{#} \exp"}
_VARIABLES = ("x^{(#)}_i", "x^{(#)}_j", "p^{(#)}")


def write_latex(node, operation=None, axis=None):
    """The formula of a node, perhaps reduced by an operation over an axis, between dollar signs."""
    bare, forms = strip(node)
    variables = zip(bare.variables, number_variables(bare))
    names = tuple(_VARIABLES[category].replace("#", str(number)) for (category, _, _), number in variables)
    text = write(bare, names, _lay_out)
    if operation is not None:
        sign = _REDUCTIONS.get(operation) or rf"\operatorname*{{{_escape(operation)}}}_{{#}}"
        text = f"{sign.replace('#', _name_indices(axis, *forms.get('merged', ((),))))} {text}"
    return f"${text}$"


def _lay_out(node, names):
    """Pieces of the text, as ``nodes.write`` reads them."""
    if node.form == "Var":
        return names
    arguments = [(child, tuple(names[place] for place in places)) for child, places in zip(node.children, node.maps)]
    arguments += map(str, node.integers)
    form = _FORMS.get(node.form) or _name(node.form, len(arguments))
    if node.form in _POWERS and node.children[0].form in _LOOSE:
        form = "(#)" + form[3:]
    first, *others = form.split("#")
    return [first, *(piece for pair in zip(arguments, others) for piece in pair)]


def _name_indices(axis, merged):
    """What a reduction runs over: j, or i, both, and batch axes, which are counted from the last one."""
    return ", ".join(["ij"[axis - 1] if place == -2 else f"b_{{{-2 - place}}}" for place in merged] + ["ij"[axis]])


def _name(form, count):
    return rf"\operatorname{{{_escape(form)}}}({', '.join('#' * count)})"


def _escape(form):
    return form.replace("_", r"\_")
