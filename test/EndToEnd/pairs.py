"""What the end-to-end tests share: arrays on a coarse grid or drawn at random, and independent float64 references of
every reduction, which do store the whole table of pairs."""

import numpy as np

from keops.numpy import Genred

DTYPES = (np.float32, np.float64)
EXTREMA = "Min Max ArgMin ArgMax Min_ArgMin Max_ArgMax KMin ArgKMin KMin_ArgKMin KMax ArgKMax KMax_ArgKMax".split()
REDUCTIONS = ("Sum", *EXTREMA, "LogSumExp", "SumSoftMaxWeight")


def eps_of(dtype):
    return float(np.finfo(dtype).eps)


def grid(rng, shape, dtype, reach=24):
    """Multiples of 1/8. Their products are exact in every type, so that ties and indices have one right answer."""
    return (rng.integers(-reach, reach + 1, shape) / 8).astype(dtype)


def gaussian(rng, shape, dtype):
    return rng.standard_normal(shape).astype(dtype)


def wide(array):
    """The array in the type of references, which is wider than the type under test."""
    return np.asarray(array, np.float64 if array.dtype == np.float32 else np.longdouble)


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


def _argmin(terms):
    """The index of the first smallest term along axis 1; NaN is ignored, 0 where nothing is left."""
    filled = np.where(np.isnan(terms), np.inf, terms)
    return filled.argmin(1) if terms.shape[1] else np.zeros((terms.shape[0], terms.shape[2]), np.int64)


def _min(terms):
    return np.where(np.isnan(terms), np.inf, terms).min(1, initial=np.inf)


def _kbest(terms, best):
    """The K smallest terms and their indices, (M, K) or (M, K, D); +inf and 0 where there are fewer."""
    rows, count, dim = terms.shape
    values = np.full((rows, best, dim), np.inf, terms.dtype)
    indices = np.zeros((rows, best, dim), np.int64)
    filled = np.where(np.isnan(terms), np.inf, terms)
    order = np.argsort(filled, axis=1, kind="stable")[:, :best]
    values[:, : order.shape[1]] = np.take_along_axis(filled, order, 1)
    indices[:, : order.shape[1]] = np.where(values[:, : order.shape[1]] < np.inf, order, 0)
    return (values[:, :, 0], indices[:, :, 0]) if dim == 1 else (values, indices)


def _exponentials(terms):
    """exp(F - m) and m, where an empty or infinite maximum counts as zero."""
    top = terms.max(1, initial=-np.inf, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0)
    return np.exp(terms - safe), safe


def _log_sum_exp(terms, weights):
    exponentials, top = _exponentials(terms)
    return top[:, 0] + np.log((exponentials * weights).sum(1))


def _softmax(terms, weights):
    exponentials, _ = _exponentials(terms)
    return (exponentials * weights).sum(1) / exponentials.sum(1)


def reduce_terms(name, terms, best=None, weights=None):
    """The outputs of a reduction of `terms` (kept, reduced, D) along axis 1, as a tuple."""
    with np.errstate(all="ignore"):
        if name == "Sum":
            return (terms.sum(1),)
        if name == "LogSumExp":
            return (_log_sum_exp(terms, np.ones(1) if weights is None else weights),)
        if name == "SumSoftMaxWeight":
            return (_softmax(terms, weights),)
        if "KMin" in name:
            values, indices = _kbest(terms, best)
        elif "KMax" in name:
            values, indices = _kbest(-terms, best)
            values = -values
        elif "Min" in name:
            values, indices = _min(terms), _argmin(terms)
        else:
            values, indices = -_min(-terms), _argmin(-terms)
    return {"A": (indices,), "K": (values,), "M": (values,)}[name[0]] if "_" not in name else (values, indices)


def run(name, formula, aliases, arguments, axis=1, **options):
    """The outputs of a Genred as a tuple."""
    return as_tuple(Genred(formula, aliases, reduction_op=name, axis=axis, **options)(*arguments))
