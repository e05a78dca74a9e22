"""A reference evaluator of the keops dialect: slow, obvious, and written without looking at the compiler.

``evaluate`` computes a module, given in MLIR's generic form, in float64 and with the whole table of pairs in memory. It
takes modules of every stage before loops: formulas as imported, or after any pass. Gradients are PyTorch's automatic
ones, so that they share nothing with the compiler's. ``reference_ir`` reads the text; ``reference_ops`` and
``reference_reductions`` say what each operation means. By hand::

    python -m keops.reference "Sum_Reduction(Exp(-SqDist(x,y)),0)" --alias "x=Vi(3)" --alias "y=Vj(3)"
    python -m keops.reference module.mlir --input x=x.npy --input y=y.npy
"""

import re

import numpy as np

from . import reference_ir

try:
    import torch

    from . import reference_ops, reference_reductions
except ImportError as error:
    raise ImportError("keops.reference: needs PyTorch, which computes its gradients: pip install torch") from error


class EvaluationError(ValueError):
    """A module that cannot be evaluated, or arrays that do not fit it."""


def evaluate(module, *arrays, symbol=None, rounding=None):
    """The results of a function of ``module`` on ``arrays``: a tuple of float64 and int64 arrays.

    ``module`` is text in generic form, or what ``reference_ir.parse`` made of it. Arguments on i or j are (M, D) or (N,
    D), parameters (D,); so are the results, those of the K-best reductions being K * D wide. What the module stores in
    a short type is rounded to it. ``symbol`` names the function where there are several. ``rounding`` is applied to the
    result of every operation and reduction, constants among them: ``rounding(result, name, operands, attributes)``.
    """
    if isinstance(module, str):
        module = reference_ir.parse(module)
    return _Evaluator(_find_function(module, symbol), rounding).run(arrays)


def get_arguments(module, symbol=None):
    """Name and type of each argument of a function."""
    if isinstance(module, str):
        module = reference_ir.parse(module)
    function = _find_function(module, symbol)
    return list(zip(_argument_names(function), (a.type for a in function.regions[0][0].arguments), strict=True))


def _find_function(module, symbol):
    functions = [op for op in module.walk() if op.name == "func.func"]
    found = [f for f in functions if symbol in (None, f.attributes["sym_name"])]
    if len(found) != 1:
        names = ", ".join(f.attributes["sym_name"] for f in functions) or "none"
        raise EvaluationError(
            f"evaluate: symbol: expected the name of one function, got {symbol!r}; there are: {names}"
        )
    return found[0]


def _attributes(function, which, count):
    """The attributes of each argument (``arg_attrs``) or result (``res_attrs``)."""
    return function.attributes.get(which) or [{}] * count


def _argument_names(function):
    attributes = _attributes(function, "arg_attrs", len(function.regions[0][0].arguments))
    return [a.get("keops.name", f"argument {k + 1}") for k, a in enumerate(attributes)]


_SHORT = {"f16": torch.float16, "bf16": torch.bfloat16}


def _stored(tensor, attributes):
    """What is left of numbers after they were stored as ``keops.storage`` says; they are computed in float32."""
    storage = attributes.get("keops.storage")
    return tensor.to(torch.float32).to(_SHORT[storage]).to(tensor.dtype) if storage else tensor


def _slice(wanted):
    """The operations that the wanted values depend on, themselves included."""
    needed, pending = set(), [v.owner for v in wanted if v.owner]
    while pending:
        operation = pending.pop()
        if operation not in needed:
            needed.add(operation)
            pending += [v.owner for v in operation.operands if v.owner]
    return needed


class _Evaluator:
    """One evaluation of one function. Tensors have shape (M or 1, N or 1, D)."""

    def __init__(self, function, rounding):
        self.function, self.body = function, function.regions[0][0]
        self.round = rounding or (lambda result, *_: result)
        self.sizes = {"i": 1, "j": 1}

    # ---- arrays in and out --------------------------------------------------------------------------------------

    def run(self, arrays):
        arguments = self.body.arguments
        if len(arrays) != len(arguments):
            raise EvaluationError(f"evaluate: expected {len(arguments)} arrays, got {len(arrays)}")
        arrays = [np.asarray(a, np.float64) for a in arrays]
        for argument, array in reversed(list(zip(arguments, arrays))):
            if argument.type.placement in self.sizes and array.ndim == 2:
                self.sizes[argument.type.placement] = array.shape[0]
        names, stored = _argument_names(self.function), _attributes(self.function, "arg_attrs", len(arguments))
        tensors = [self.read(name, a.type, array) for name, a, array in zip(names, arguments, arrays)]
        bound = dict(zip(arguments, map(_stored, tensors, stored)))
        returned = self.body.operations[-1].operands
        stored = _attributes(self.function, "res_attrs", len(returned))
        results = map(_stored, self.formulas(self.body, bound, returned), stored)
        return tuple(self.write(tensor, v.type) for tensor, v in zip(results, returned))

    def shape(self, placement):
        return (self.sizes["i"] if "i" in placement else 1, self.sizes["j"] if "j" in placement else 1)

    def read(self, name, type, array):
        rows = (self.sizes[type.placement],) if type.placement in self.sizes else ()
        if array.shape != (*rows, type.dim):
            raise EvaluationError(f"evaluate: {name}: expected shape {(*rows, type.dim)}, got {array.shape}")
        return torch.from_numpy(array.copy()).reshape(*self.shape(type.placement), type.dim)

    def write(self, tensor, type):
        shape = (*self.shape(type.placement), type.dim)
        rows = (self.sizes[type.placement],) if type.placement in self.sizes else ()
        return tensor.detach().expand(shape).reshape(*rows, type.dim).numpy().copy()

    # ---- operations ---------------------------------------------------------------------------------------------

    def formulas(self, block, arguments, wanted):
        """The wanted values of a block, with its arguments bound to tensors."""
        known, needed = dict(arguments), _slice(wanted)
        for operation in block.operations:
            if operation in needed:
                known.update(zip(operation.results, self.results(operation, known, arguments), strict=True))
        return [known[v] for v in wanted]

    def results(self, operation, known, arguments):
        name = operation.name.removeprefix("keops.")
        if name in _OUTER:
            return getattr(self, _OUTER[name])(operation, [known[v] for v in operation.operands])
        if name in _DERIVATIVES:
            value = _DERIVATIVES[name](_Derivative(self, operation, known, arguments))
            return [self.round(value, name, (), operation.attributes)]
        if name not in reference_ops.OPERATIONS:
            raise EvaluationError(f"evaluate: unknown operation {operation.name}")
        operands = [known[v] for v in operation.operands]
        try:
            value = reference_ops.OPERATIONS[name](*operands, **operation.attributes)
        except (TypeError, RuntimeError) as error:
            raise EvaluationError(f"evaluate: {operation.name}: {error}") from error
        if value.shape[-1] != operation.results[0].type.dim:
            expected = operation.results[0].type.dim
            raise EvaluationError(f"evaluate: {operation.name}: dimension {value.shape[-1]}, the type says {expected}")
        return [self.round(value, name, operands, operation.attributes)]

    def constant(self, operation, _):
        value = operation.attributes["value"]
        if isinstance(value, reference_ir.Attribute):
            numerator, denominator = (int(p.replace(" ", "")) for p in value.parameters)
            value = numerator / denominator
        result = torch.full((1, 1, 1), float(value), dtype=torch.float64)
        return [self.round(result, "constant", (), operation.attributes)]

    def zero(self, operation, _):
        return [torch.zeros(1, 1, operation.results[0].type.dim, dtype=torch.float64)]

    def size(self, operation, _):
        return [torch.full((1, 1, 1), float(self.sizes[_placement(operation)]), dtype=torch.float64)]

    def select(self, operation, operands):
        """Indices that stand on i are rows of j, and the other way round."""
        other = "j" if operation.operands[0].type.placement == "i" else "i"
        row = torch.arange(self.sizes[other]).reshape(*self.shape(other), 1)
        name = operation.name.removeprefix("keops.")
        value = reference_ops.SELECTIONS[name](row, *operands, **operation.attributes)
        return [self.round(value, name, operands, operation.attributes)]

    def inside(self, operation, operands):
        """The formulas that the region of a map or map_reduce yields."""
        block = operation.regions[0][0]
        return self.formulas(block, dict(zip(block.arguments, operands, strict=True)), block.operations[-1].operands)

    def map(self, operation, operands):
        rows = self.shape(_placement(operation))
        return [v.expand(*torch.broadcast_shapes(v.shape[:2], rows), -1) for v in self.inside(operation, operands)]

    def map_reduce(self, operation, operands):
        formulas, results = self.inside(operation, operands), []
        axis = 1 if _placement(operation) == "j" else 0
        for reduction in operation.attributes["reductions"]:
            name, options = _read_reduction(reduction)
            if name not in reference_reductions.REDUCTIONS:
                raise EvaluationError(f"evaluate: unknown reduction {name}")
            count = reference_reductions.FORMULAS.get(name, 1)
            terms = [f.expand(*self.shape("ij"), -1).movedim(axis, 1) for f in formulas[:count]]
            formulas = formulas[count:]
            for result in reference_reductions.REDUCTIONS[name](*terms, **options):
                rounded = self.round(result, name, terms, options) if result.is_floating_point() else result
                results.append(rounded.unsqueeze(axis))
        return results


_OUTER = {name: name for name in ("constant", "zero", "size", "map", "map_reduce")}
_OUTER |= dict.fromkeys(reference_ops.SELECTIONS, "select")
_REDUCTION = re.compile(r"(\w+)(?: (\d+))?(?: missing = (-?\d+))?")


def _read_reduction(reduction):
    """``#keops.reduce<ArgKMin, 3 missing = -1>``: the name, K, and the index of terms that do not exist."""
    name, best, missing = _REDUCTION.fullmatch(" ".join(reduction.parameters)).groups(default="0")
    return name, {"best": int(best), "missing": int(missing)}


def _placement(operation):
    """j in ``#keops<placement j>``."""
    return operation.attributes["over"].parameters[0].split()[-1]


class _Derivative:
    """A formula computed once more from a variable that PyTorch watches.

    Inside a region every pair has its own derivative, so the variable is repeated for all pairs that the formula, the
    variable and the direction know. Outside, a variable on i or j has one row for all, and a parameter one row for each
    row of the result, which are summed by nobody.
    """

    def __init__(self, evaluator, operation, known, arguments):
        formula, variable, direction = operation.operands
        self.direction, self.type = known[direction], operation.results[0].type
        self.outside = operation.block is evaluator.body
        shape = known[variable].shape[:2]
        if not self.outside:
            shape = torch.broadcast_shapes(shape, *(known[v].shape[:2] for v in operation.operands))
        elif variable.type.placement == "p" and operation.name == "keops.grad":
            shape = torch.broadcast_shapes(shape, evaluator.shape(self.type.placement))
        self.variable = known[variable].expand(*shape, -1).clone()
        if not self.variable.requires_grad:
            self.variable.requires_grad_()
        bound = {**arguments, variable: self.variable}
        (self.formula,) = evaluator.formulas(operation.block, bound, [formula])
        if not self.outside:
            self.formula = self.formula.expand(*shape, -1)

    def adjoint(self, direction):
        """(d formula / d variable)^T direction, for each row of the variable."""
        if not self.formula.requires_grad:
            return torch.zeros_like(self.variable)
        direction = direction.expand(self.formula.shape)
        (gradient,) = torch.autograd.grad(self.formula, self.variable, direction, create_graph=True, allow_unused=True)
        return torch.zeros_like(self.variable) if gradient is None else gradient

    def grad(self):
        gradient = self.adjoint(self.direction)
        if self.outside:
            axes = [k for k, index in enumerate("ij") if index not in self.type.placement]
            gradient = gradient.sum(axes, keepdim=True) if axes else gradient
        return gradient

    def diff(self):
        """The adjoint is linear in its direction; the adjoint of that is the derivative along a tangent."""
        zeros = torch.zeros_like(self.formula).requires_grad_()
        gradient = self.adjoint(zeros)
        if not gradient.requires_grad:
            return torch.zeros_like(self.formula)
        tangent = self.direction.expand(self.variable.shape)
        (result,) = torch.autograd.grad(gradient, zeros, tangent, create_graph=True, allow_unused=True)
        return torch.zeros_like(self.formula) if result is None else result


_DERIVATIVES = {"grad": _Derivative.grad, "diff": _Derivative.diff}


if __name__ == "__main__":
    from .reference_tools import main

    main()
