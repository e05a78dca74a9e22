"""Computing where the tensors are not: they are moved there and results back, by operations that PyTorch differentiates.

``read_device`` of ``.._options`` says what was asked for; programs and solvers come here where it is anything."""

import torch

from ._program import find_device


def compute(program, args, out, ranges, device):
    """The results of a program that is run on another device, where the tensors are."""
    there = find_place(program.caller, device, args)
    if there is None:
        return program.compute(args, out, ranges)
    refuse_out(program.caller, out)
    home = find_device(args)
    results = program.compute(move(args, there), None, ranges)
    return move(results, home) if isinstance(results, tuple) else results.to(home)


def find_place(caller, device, args):
    """The device that tensors must be moved to; None where they are on it."""
    home = find_device(args) or torch.device("cpu")
    kind, _, number = device.partition(":")
    if home.type != kind:
        return torch.device("cpu") if kind == "cpu" else _find_gpu(caller, int(number or 0))
    if number and home.index != int(number):
        raise ValueError(f"{caller}: device_id: expected {home.index}, where the tensors are, got {number}")
    return None


def _find_gpu(caller, number):
    if not torch.cuda.is_available():
        reason = "it finds none" if torch.backends.cuda.is_built() else "it was built without CUDA"
        raise RuntimeError(f"{caller}: PyTorch has no GPU to compute on: {reason}")
    count = torch.cuda.device_count()
    if number >= count:
        raise ValueError(f"{caller}: device_id: expected 0 to {count - 1}, got {number}")
    return torch.device("cuda", number)


def move(args, device):
    """The arguments, tensors on another device than before. Those that are not together there stay apart."""
    home = find_device(args)
    return tuple(x.to(device) if isinstance(x, torch.Tensor) and x.device == home else x for x in args)


def refuse_out(caller, out):
    """Raises ValueError for an array that results would have to be copied to."""
    if out is not None:
        raise ValueError(f"{caller}: out: expected None where tensors are moved to another device, and results back")
