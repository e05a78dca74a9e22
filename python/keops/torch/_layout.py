"""What the arguments and results of a program look like, and how adjoints and gradients are brought into shape."""

from math import prod

import torch


class Layout:
    """``inputs``: (category, dimension) of arguments; ``outputs``: (category, dtype, shape of a row) of results.

    Categories are 0 for i, 1 for j, 2 for parameters; ``real_outputs`` are the places of results that are no indices.
    """

    def __init__(self, inputs, outputs):
        self.inputs = [(category, dim) for category, dim, _ in inputs]
        self.outputs = [(category, dtype, row) for category, dtype, row, _ in outputs]
        self.real_outputs = tuple(k for k, (_, dtype, _) in enumerate(self.outputs) if dtype != "int64")

    def name_input(self, place, number=None, category=None):
        """An argument like the one at ``place``, with its number and perhaps another number and category."""
        known, dim = self.inputs[place]
        return _name(place if number is None else number, dim, known if category is None else category)

    def name_adjoint(self, output, number):
        """An argument that holds the adjoint of a result."""
        category, _, row = self.outputs[output]
        return _name(number, prod(row), category)

    def flatten(self, output, adjoint):
        """(..., M, K, D) as (..., M, K D)."""
        row = self.outputs[output][2]
        return adjoint.reshape(*adjoint.shape[: adjoint.dim() - len(row)], prod(row))

    def fit(self, place, gradient, tensor):
        """A gradient in the shape of its argument: rows of a parameter's gradient are summed, and broadcast axes."""
        if self.inputs[place][0] == 2:
            gradient = gradient.sum(-2)
            # Its leading ones are no axes of the result.
            gradient = gradient.reshape((*(1,) * (tensor.dim() - gradient.dim()), *gradient.shape))
        return gradient.sum_to_size(tensor.shape) if gradient.shape != tensor.shape else gradient

    def count_batch_axes(self, place, tensor):
        """Axes in front of those that the argument must have."""
        return tensor.dim() - (1 if self.inputs[place][0] == 2 else 2)

    def output_shapes(self, tensors, keeps_ones=False):
        """The shapes of all results for these arguments. Leading ones of a parameter count where ``keeps_ones``."""
        rows, batches = [1, 1], []
        for place, tensor in reversed([*enumerate(tensors)]):
            category = self.inputs[place][0]
            batch = tensor.shape[: self.count_batch_axes(place, tensor)]
            if category < 2:
                rows[category] = tensor.shape[-2]
            if category < 2 or keeps_ones or any(length != 1 for length in batch):
                batches.append(batch)
        batch = torch.broadcast_shapes(*batches)
        return [(*batch, rows[category], *row) for category, _, row in self.outputs]


def _name(number, dim, category):
    return f"Var({number},{dim},{category})"
