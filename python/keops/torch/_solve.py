"""Solutions of linear systems that PyTorch watches: the derivative of a solution is a solution.

With A x = b and A symmetric, the gradient by b is v, where A v is the gradient by x; that by what A is made of is the
gradient of -v A x with x held. Both are differentiable in turn, so that derivatives of any order follow."""

import torch

from .. import _conjugate_gradients as conjugate_gradients


def solve(caller, arrays, multiply, arguments, b, settings, out=None):
    """``_conjugate_gradients.solve``, with gradients where some are wanted."""
    if b.is_meta or hasattr(b, "fake_mode"):
        raise ValueError(f"{caller}: the right-hand side: expected a tensor with numbers, not a meta or fake one")
    if not torch.is_grad_enabled() or not any(_is_watched(x) for x in (*arguments, b)):
        return conjugate_gradients.solve(caller, arrays, multiply, arguments, b, settings, out)
    if out is not None:
        raise ValueError(f"{caller}: out: a result that PyTorch watches cannot be written to it")
    system = _System(caller, arrays, multiply, arguments, settings)
    solution = _Solve.apply(system, b, *system.tensors)
    return system.found._replace(solution=solution) if settings.info else solution


def _is_watched(x):
    return isinstance(x, torch.Tensor) and x.requires_grad


class _System:
    """What an operator is made of: a function of arguments, of which some are tensors."""

    def __init__(self, caller, arrays, multiply, arguments, settings):
        self.caller = caller
        self.arrays = arrays
        self.multiply = multiply
        self.arguments = list(arguments)
        self.settings = settings
        self.places = [k for k, x in enumerate(arguments) if isinstance(x, torch.Tensor)]
        self.found = None

    @property
    def tensors(self):
        return [self.arguments[k] for k in self.places]

    def fill(self, tensors):
        """The arguments with other tensors."""
        filled = list(self.arguments)
        for k, x in zip(self.places, tensors):
            filled[k] = x
        return filled

    def compute(self, tensors, b):
        settings = self.settings._replace(info=True)
        self.found = conjugate_gradients.solve(
            self.caller, self.arrays, self.multiply, self.fill(tensors), b, settings
        )
        return self.found.solution

    def solve(self, tensors, b):
        """A tensor, differentiable."""
        settings = self.settings._replace(info=False)
        return solve(self.caller, self.arrays, self.multiply, self.fill(tensors), b, settings)


class _Solve(torch.autograd.Function):
    @staticmethod
    def forward(ctx, system, b, *tensors):
        solution = system.compute(tensors, b)
        ctx.system = system
        ctx.save_for_backward(solution, *tensors)
        return solution

    @staticmethod
    def backward(ctx, gradient):
        solution, *tensors = ctx.saved_tensors
        system, (_, wants_b, *wanted) = ctx.system, ctx.needs_input_grad
        v = system.solve(tensors, gradient)
        gradients = [None] * len(tensors)
        places = [k for k, is_wanted in enumerate(wanted) if is_wanted]
        if places:
            is_recorded = torch.is_grad_enabled()
            with torch.enable_grad():
                # Views, so that the way from the solution to the tensors is no part of this gradient.
                views = [x.view_as(x) for x in tensors]
                product = system.multiply(system.fill(views), solution)
                inputs = [views[k] for k in places]
                found = torch.autograd.grad(product, inputs, -v, create_graph=is_recorded, allow_unused=True)
            for k, x in zip(places, found):
                gradients[k] = x
        return None, v if wants_b else None, *gradients
