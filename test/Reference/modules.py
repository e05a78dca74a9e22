"""Modules in generic form for the tests of the evaluator: one operation in a map over i, or one reduction over j."""

import numpy as np

from keops import reference


def value_type(dim, placement, element="f64"):
    return f"!keops.value<{dim}x{element}, {placement}>"


def call(mnemonic, operands, types, result, attributes=""):
    properties = f" <{{{attributes}}}>" if attributes else ""
    return f'"keops.{mnemonic}"({", ".join(operands)}){properties} : ({", ".join(types)}) -> {result}'


def function(types, body, results):
    arguments = ", ".join(f"%a{k}: {t}" for k, t in enumerate(types))
    names = ", ".join(f"%r{k}" for k in range(len(results)))
    signature = f"({', '.join(types)}) -> ({', '.join(results)})"
    return (
        f'"builtin.module"() ({{ "func.func"() <{{function_type = {signature}, sym_name = "f"}}> ({{\n'
        f"^bb0({arguments}):\n"
        f'{body}\n"func.return"({names}) : ({", ".join(results)}) -> ()\n}}) : () -> () }}) : () -> ()'
    )


def mapped(types, body, result, dim):
    """A map over i whose region computes ``%result`` with ``body`` from ``%b0``, ``%b1``, ..."""
    arguments = ", ".join(f"%b{k}: {t}" for k, t in enumerate(types))
    operands = ", ".join(f"%a{k}" for k in range(len(types)))
    kind = value_type(dim, "i")
    return function(
        types,
        f'%r0 = "keops.map"({operands}) <{{over = #keops<placement i>}}> ({{\n^bb0({arguments}):\n{body}\n'
        f'"keops.yield"({result}) : ({kind}) -> () }}) : ({", ".join(types)}) -> {kind}',
        [kind],
    )


def apply(mnemonic, *arrays, dim=None, attributes=""):
    """The operation on rows: arrays (M, D) stand on i."""
    arrays = [np.atleast_2d(np.asarray(a, float)) for a in arrays]
    dim = dim or max(a.shape[1] for a in arrays)
    types = [value_type(a.shape[1], "i") for a in arrays]
    operation = call(mnemonic, [f"%b{k}" for k in range(len(types))], types, value_type(dim, "i"), attributes)
    return reference.evaluate(mapped(types, f"%v = {operation}", "%v", dim), *arrays)[0]


def gradient(mnemonic, operand, *arrays, e, attributes="", tangent=None, mode="grad"):
    """The gradient of the operation with respect to one operand in direction e; the second one along a tangent."""
    arrays = [np.atleast_2d(np.asarray(a, float)) for a in (*arrays, e, *([] if tangent is None else [tangent]))]
    types = [value_type(a.shape[1], "i") for a in arrays]
    count = len(types) - (1 if tangent is None else 2)
    names = [f"%b{k}" for k in range(len(types))]
    variable = types[operand]
    lines = [f"%v = {call(mnemonic, names[:count], types[:count], types[count], attributes)}"]
    result = variable if mode == "grad" else types[count]
    lines.append(
        f"%g = {call(mode, ['%v', names[operand], names[count]], [types[count], variable, types[count]], result)}"
    )
    if tangent is not None:
        operands = ["%g", names[operand], names[count + 1]]
        lines.append(f"%h = {call('grad', operands, [variable, variable, types[count + 1]], variable)}")
    dim = arrays[operand].shape[1] if mode == "grad" else arrays[count].shape[1]
    module = mapped(types, "\n".join(lines), "%g" if tangent is None else "%h", dim)
    return reference.evaluate(module, *arrays)[0]


def reduce(name, *terms, best=None, results=1, dim=None, index=(), attribute=None):
    """A reduction over j of terms (N, D) that stand on j; the one row of each result."""
    terms = [np.asarray(t, float).reshape(len(t), np.shape(t)[1]) for t in terms]
    types = [value_type(t.shape[1], "j") for t in terms]
    parameter = attribute or (f"{name}, {best}" if best else name)
    dim = dim or terms[-1].shape[1] * (best or 1)
    kinds = [value_type(dim, "i", "i64" if k in index else "f64") for k in range(results)]
    names = [f"%b{k}" for k in range(len(types))]
    arguments = ", ".join(f"{n}: {t}" for n, t in zip(names, types))
    operands = ", ".join(f"%a{k}" for k in range(len(types)))
    body = (
        f'%r:{results} = "keops.map_reduce"({operands}) <{{over = #keops<placement j>, '
        f"precision = #keops<precision default>, reductions = [#keops.reduce<{parameter}>]}}> ({{\n^bb0({arguments}):\n"
        f'"keops.yield"({", ".join(names)}) : ({", ".join(types)}) -> () }}) : '
        f"({', '.join(types)}) -> ({', '.join(kinds)})"
    )
    module = function(types, body, kinds)
    for k in range(results):
        module = module.replace(f"%r{k}", f"%r#{k}")
    return [result[0] for result in reference.evaluate(module, *terms)]
