"""Computing where the tensors are not: they are moved there and results back, by operations that PyTorch differentiates.

``read_device`` of ``.._options`` says what was asked for; programs and solvers come here where it is anything."""

import torch

from ._program import find_device


def compute(program, args, out, ranges, device):
    """The results of a program that is run on another device, where the tensors are, or in ``out``."""
    there = find_place(program.caller, device, args)
    if there is None:
        return program.compute(args, out, ranges)
    if out is not None:
        program.refuse_watched(args)
    home = find_device(args)
    results = program.compute(move(args, there), None, ranges)
    if out is not None:
        return _write(program.caller, results, out, home)
    return move(results, home) if isinstance(results, tuple) else results.to(home)


def _write(caller, results, out, home):
    """Copies results to the tensors of the caller's, which must be like them."""
    all_results, all_out = (x if isinstance(x, tuple) else (x,) for x in (results, out))
    if len(all_out) != len(all_results):
        raise ValueError(f"{caller}: out: expected {len(all_results)} tensor(s)")
    for k, (result, place) in enumerate(zip(all_results, all_out)):
        expected, given = _describe(result, home), _describe(place, getattr(place, "device", None))
        if given != expected:
            raise ValueError(f"{caller}: output {k + 1}: expected {expected}, got {given}")
        if place.requires_grad:
            raise ValueError(f"{caller}: output {k + 1}: expected a tensor that wants no gradient")
    for k, (result, place) in enumerate(zip(all_results, all_out)):
        try:
            place.copy_(result)
        except RuntimeError as problem:
            raise ValueError(f"{caller}: output {k + 1}: cannot be written: {problem}") from None
    return out


def _describe(x, device):
    return f"{x.dtype} {tuple(x.shape)} on {device}" if isinstance(x, torch.Tensor) else type(x).__name__


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
