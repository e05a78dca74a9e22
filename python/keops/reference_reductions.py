"""What every reduction computes: ``REDUCTIONS[name](terms, *more, best=K, missing=index)`` with terms of shape
(rows, n, D), float64 tensors, and a list of results (rows, D). NaN is ignored by everything that looks for extrema,
the first of equal terms wins, and a range may be empty. ``reference`` builds the terms."""

import math

import torch


def _top(terms, best, missing, sign):
    """The ``best`` smallest terms and their indices; ``sign`` -1 asks for the largest. Where there are fewer, +inf and
    the index ``missing``."""
    rows, count, dim = terms.shape
    keys = (sign * terms).detach()
    keys = torch.where(keys.isnan(), torch.full_like(keys, math.inf), keys)
    order = keys.argsort(dim=1, stable=True)[:, :best]
    found = keys.gather(1, order) < math.inf
    values = torch.where(found, terms.gather(1, order), torch.full_like(terms[:, :1], sign * math.inf))
    indices = torch.where(found, order, torch.full_like(order, missing))
    padding = (rows, best - order.shape[1], dim)
    values = torch.cat((values, terms.new_full(padding, sign * math.inf)), 1)
    indices = torch.cat((indices, order.new_full(padding, missing)), 1)
    return values.flatten(1), indices.flatten(1)


def _shifted(terms):
    """exp(terms - m) and m, the largest term; an infinite or missing one counts as 0."""
    top = terms.detach().amax(1, keepdim=True) if terms.shape[1] else terms.new_full((terms.shape[0], 1, 1), -math.inf)
    top = torch.where(top.isfinite(), top, torch.zeros_like(top))
    return (terms - top).exp(), top[:, 0]


def _log_sum_exp(terms, weights):
    exponentials, top = _shifted(terms)
    return [top + (exponentials * weights).sum(1).log()]


def _softmax(terms, weights):
    exponentials, _ = _shifted(terms)
    return [(exponentials * weights).sum(1) / exponentials.sum(1)]


def _shift_exp(terms, weights):
    """The largest term, and sums whose derivative takes it for a constant."""
    top = _top(terms.detach(), 1, 0, -1)[0]
    return [torch.cat((top, (_shifted(terms)[0] * weights).sum(1)), -1)]


def _extremum(sign, *parts):
    return lambda terms, best, missing: [_top(terms, 1, missing, sign)[k] for k in parts]


def _best(sign, *parts):
    return lambda terms, best, missing: [_top(terms, best, missing, sign)[k] for k in parts]


def _mean(terms):
    return terms.sum(1) / terms.shape[1] if terms.shape[1] else terms.sum(1) * math.nan


def _variance(terms):
    return _mean((terms - _mean(terms)[:, None]) ** 2)


def _products(terms, count):
    """For each number of zero terms the product of the others, where there are exactly so many."""
    zeros, product = (terms == 0).sum(1), torch.where(terms == 0, 1.0, terms).prod(1)
    return torch.cat([torch.where(zeros == k, product, 0.0) for k in range(count)], -1)


REDUCTIONS = {
    "Sum": lambda terms, **_: [terms.sum(1)],
    "Prod_WithoutZeros": lambda terms, best, **_: [_products(terms, best)],
    "Prod": lambda terms, **_: [terms.prod(1)],
    "Mean": lambda terms, **_: [_mean(terms)],
    "Var": lambda terms, **_: [_variance(terms)],
    "Count": lambda terms, **_: [(terms != 0).sum(1)],
    "Any": lambda terms, **_: [(terms != 0).any(1).to(torch.float64)],
    "All": lambda terms, **_: [(terms != 0).all(1).to(torch.float64)],
    "Min": _extremum(1, 0),
    "Max": _extremum(-1, 0),
    "ArgMin": _extremum(1, 1),
    "ArgMax": _extremum(-1, 1),
    "Min_ArgMin": _extremum(1, 0, 1),
    "Max_ArgMax": _extremum(-1, 0, 1),
    "KMin": _best(1, 0),
    "ArgKMin": _best(1, 1),
    "KMin_ArgKMin": _best(1, 0, 1),
    "KMax": _best(-1, 0),
    "ArgKMax": _best(-1, 1),
    "KMax_ArgKMax": _best(-1, 0, 1),
    "LogSumExp": lambda terms, weights, **_: _log_sum_exp(terms, weights),
    "SumSoftMaxWeight": lambda terms, weights, **_: _softmax(terms, weights),
    "Max_SumShiftExp": lambda terms, weights, **_: _shift_exp(terms, weights),
}

# How many formulas a reduction reads where that is not one.
FORMULAS = {"LogSumExp": 2, "SumSoftMaxWeight": 2, "Max_SumShiftExp": 2}
