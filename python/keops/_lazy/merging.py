"""Reductions over several axes: a program reduces one index, the axes of its results are reduced here, as arrays.

Where a result says too little for that, the program is asked for another one or for more: a mean must know of how many
terms it is, a log-sum-exp with weights, which may be negative, the sums themselves. Sums are taken in float64."""

from math import inf

from .._options import write_reduction


class Merging:
    """A program whose results are reduced over ``axes``, counted from the end; these stay, with length 1, where the axis
    that the program reduces will."""

    def __init__(self, native, arrays, merge, axes, is_kept):
        self.native = native
        self.arrays = arrays
        self.merge = merge
        self.axes = axes
        self.is_kept = is_kept

    def compute(self, arguments, out=None, **keywords):
        if out is not None:
            raise ValueError("LazyTensor: out: expected None for a reduction over several axes")
        results = self.native.compute(arguments, **keywords)
        results = results if isinstance(results, tuple) else (results,)
        with self.arrays.be_quiet(), self.arrays.on_stream(results[0], keywords.get("stream")):
            merged = self.merge(self.arrays, self.axes, *map(self.arrays.widen, results))
            return self._drop_axes(self.arrays.narrow(merged, results[0]))

    def _drop_axes(self, result):
        if self.is_kept:
            return result
        count = len(result.shape)
        return result.reshape([size for place, size in enumerate(result.shape) if place - count not in self.axes])


def plan_merging(operation, axis, formula, weight):
    """The texts of the reductions whose results are merged, and how; ValueError for one that has no meaning over several
    axes, as that of an index."""
    plans = _PLANS if weight is None else _WEIGHTED
    if operation not in plans:
        raise ValueError(
            f"LazyTensor: {operation}: expected one axis; several are for {', '.join(_PLANS)}, and, with a weight, "
            f"{', '.join(_WEIGHTED)}"
        )
    names, merge = plans[operation]
    if merge is _merge_ratios:
        weight = f"Concat(IntCst(1),{weight})"
    formulas = ["IntCst(1)" if name == "Count" != operation else formula for name in names]
    return [write_reduction(text, name, axis, None, weight) for name, text in zip(names, formulas)], merge


# ---- How results are merged: of an adapter, axes and results in float64, with these axes as 1 ------------------------


def _merge_sums(arrays, axes, sums):
    return arrays.total(sums, axes)


def _merge_products(arrays, axes, products):
    return arrays.product(products, axes)


def _merge_largest(arrays, axes, values):
    return arrays.largest(values, axes, -inf)


def _merge_smallest(arrays, axes, values):
    return -arrays.largest(-values, axes, -inf)


def _merge_any(arrays, axes, values):
    return arrays.largest(values, axes, 0.0)


def _merge_all(arrays, axes, values):
    return -arrays.largest(-values, axes, -1.0)


def _merge_means(arrays, axes, means, counts):
    # The mean of no terms is not a number.
    sums = arrays.find_math(means).where(counts == 0, 0.0, means) * counts
    return arrays.total(sums, axes) / arrays.total(counts, axes)


def _merge_variances(arrays, axes, means, variances, counts):
    squares = variances + (means - _merge_means(arrays, axes, means, counts)) ** 2
    return _merge_means(arrays, axes, squares, counts)


def _add_exponentials(arrays, axes, exponents, factors):
    """A number and the sums of exp(exponents - number) * factors."""
    top, math = arrays.largest(exponents, axes, -inf), arrays.find_math(exponents)
    shift = math.where(math.isfinite(top), top, 0.0)
    return shift, arrays.total(math.exp(exponents - shift) * factors, axes)


def _merge_logarithms(arrays, axes, values):
    shift, total = _add_exponentials(arrays, axes, values, 1.0)
    return arrays.find_math(total).log(total) + shift


def _merge_weighted_logarithms(arrays, axes, values):
    shift, total = _add_exponentials(arrays, axes, values[..., :1], values[..., 1:])
    return arrays.find_math(total).log(total) + shift


def _merge_ratios(arrays, axes, values):
    _, total = _add_exponentials(arrays, axes, values[..., :1], values[..., 1:])
    return total[..., 1:] / total[..., :1]


# What the program computes, and the rule for it. Beside others, Count is that of all terms.
_PLANS = {
    "Sum": (("Sum",), _merge_sums),
    "Prod": (("Prod",), _merge_products),
    "Min": (("Min",), _merge_smallest),
    "Max": (("Max",), _merge_largest),
    "Any": (("Any",), _merge_any),
    "All": (("All",), _merge_all),
    "Count": (("Count",), _merge_sums),
    "Mean": (("Mean", "Count"), _merge_means),
    "Var": (("Mean", "Var", "Count"), _merge_variances),
    "LogSumExp": (("LogSumExp",), _merge_logarithms),
}
_WEIGHTED = dict.fromkeys(("LogSumExp", "LogSumExpWeight"), (("Max_SumShiftExp",), _merge_weighted_logarithms))
_WEIGHTED |= dict.fromkeys(("SumSoftMaxWeight", "SoftMax"), (("Max_SumShiftExp",), _merge_ratios))
