"""Rounding errors at random, as any compiled form of a program may make them: for every operation of the evaluator,
the size that its errors are proportional to, and how many units it promises. ``comparison`` takes the uncertainty of
results from programs that are evaluated with these errors."""

import math

import numpy as np
import torch
from rules import RECORDS

from keops import reference_ops, reference_reductions

# Bits of mantissa: those of float32, and fewer than float64 has, whose own errors must be small beside them.
BITS = {"float32": 24, "float64": 44}
# What short numbers are computed in.
COMPUTED = {"float16": "float32", "bfloat16": "float32"}
# Numbers that are multiples of 1/GRID, and products of two of them up to EXACT, have no rounding errors in sums.
GRID, EXACT = 64, 2**11


def _is_number(text):
    return text.replace(".", "", 1).isdigit()


def _promise(record, precision):
    """Units in the last place; what is rounded correctly has none beyond its rounding."""
    text = record["maxUlpHigh" if precision == "high" else "maxUlp"]
    units = float(text) if _is_number(text) else 0.5
    return units if units > 0.5 else 0.0


PROMISES = {
    precision: {record["mnemonic"]: _promise(record, precision) for record in RECORDS["operations"]}
    for precision in ("fast", "default", "high")
}

# ---- sizes -------------------------------------------------------------------------------------------------------


def _of_magnitudes(name):
    """Sums of products of the operands: errors are proportional to the sum of the magnitudes of the terms."""
    def size(value, operands, attributes, unit):
        return reference_ops.OPERATIONS[name](*map(torch.abs, operands), **attributes)

    return size


def _moduli(z):
    return torch.sqrt(z[..., 0::2] ** 2 + z[..., 1::2] ** 2)


def _complex_product(combine):
    def size(value, operands, attributes, unit):
        return combine(*map(_moduli, operands)).repeat_interleave(2, -1)

    return size


def _weighted_distance(value, operands, attributes, unit):
    weights, x, y = operands
    return reference_ops.OPERATIONS["weightedsqnorm"](weights.abs(), (x - y).abs())


def _exponentials(terms):
    return reference_reductions._shifted(terms)[0]


def _sum(value, terms, options, unit):
    return terms[0].abs().sum(1)


def _mean(value, terms, options, unit):
    return terms[0].abs().sum(1) / terms[0].shape[1]


def _product(value, terms, options, unit):
    """Every factor may bring half a unit."""
    return value.abs() * (terms[0].shape[1] / 2 + 1)


def _variance(value, terms, options, unit):
    """Terms are centred about a mean that has an error itself."""
    mean = _mean(value, terms, options, unit)
    return value + 2 * value.sqrt() * mean + unit * mean**2


def _log_sum_exp(value, terms, options, unit):
    """The logarithm turns the relative error of the sum into an absolute one."""
    weighted = _exponentials(terms[0]) * terms[1]
    return value.abs() + weighted.abs().sum(1) / weighted.sum(1).abs() + _largest(terms[0])


def _softmax(value, terms, options, unit):
    weights = _exponentials(terms[0])
    return (weights * terms[1].abs()).sum(1) / weights.sum(1)


def _shifted_sums(value, terms, options, unit):
    """The maximum is exact."""
    sums = (_exponentials(terms[0]) * terms[1].abs()).sum(1)
    return torch.cat((torch.zeros_like(value[:, :1]), sums.expand(-1, value.shape[-1] - 1)), -1)


def _plan(value, operands, attributes, unit):
    """Differences of costs along the directions, over all paths."""
    count = operands[0].shape[-1] // value.shape[-1] - 1
    directions = operands[0][..., value.shape[-1] :].reshape(*value.shape[:-1], count, value.shape[-1])
    return directions.abs().sum(-1).prod(-1, keepdim=True).expand_as(value)


def _largest(terms):
    return terms.abs().amax(1) if terms.shape[1] else torch.zeros(terms.shape[0], terms.shape[2])


SIZES = {
    **{name: _of_magnitudes(name) for name in ("sum", "scalprod", "tensordot", "matvecmult", "vecmatmult")},
    **{name: _of_magnitudes(name) for name in ("sqnormdiag", "symsqnorm", "weightedsqnorm", "complexsum")},
    "weightedsqdist": _weighted_distance,
    "complexmult": _complex_product(torch.mul),
    "complexscal": _complex_product(torch.mul),
    "complexdivide": _complex_product(torch.div),
    "softdtwplan": _plan,
    "Sum": _sum,
    "Mean": _mean,
    "Prod": _product,
    "Prod_WithoutZeros": _product,
    "Var": _variance,
    "LogSumExp": _log_sum_exp,
    "SumSoftMaxWeight": _softmax,
    "Max_SumShiftExp": _shifted_sums,
}

def _larger(value, operands, attributes, unit):
    return torch.maximum(*map(torch.abs, operands)).expand_as(value)


# Sums, whose terms may cancel.
CANCELLING = {"add": _larger, "subtract": _larger}
CANCELLING |= {name: SIZES[name] for name in SIZES if name not in ("Prod", "Prod_WithoutZeros", "LogSumExp")}

# Operations that multiply their operands.
PRODUCTS = {"mult", "divide", "scalprod", "tensordot", "matvecmult", "vecmatmult", "complexmult", "complexscal"}

# Of these, what is more than a sum of products: no grid makes its results exact.
ROUNDED = {"softdtwplan", "complexdivide", "Mean", "Var", "LogSumExp", "SumSoftMaxWeight", "Max_SumShiftExp"}

# ---- errors ------------------------------------------------------------------------------------------------------


def _on_grid(operands):
    """Whether sums of the operands, and of products of two of them, are exact."""
    return all(bool((o * GRID == (o * GRID).round()).all()) and bool((o.abs() < GRID).all()) for o in operands)


def _resign_zeros(result, generator):
    """Zeros with signs at random: a simpler form of a program may have others. Gradients are left alone."""
    if not (result == 0).any():
        return result
    # All of one sign, too: an extremum of many shows nothing of single ones.
    share = generator.choice((0.0, 0.5, 1.0))
    negative = (result == 0) & torch.from_numpy(generator.random(result.shape) < share)
    # -0 + -0 is the one sum that gives -0.
    return torch.where(negative, -result.detach().abs() + -(result.detach() - result), result + 0.0)


class RandomRounding:
    """Changes every result as the type and the precision would, at random. Numbers that fit the type stay what they are
    where operations round correctly. Like the type, it overflows and underflows."""

    def __init__(self, dtype, precision, seed):
        dtype = COMPUTED.get(dtype, dtype)
        self.bits, self.limits, self.precision = BITS[dtype], np.finfo(dtype), precision
        self.promises, self.generator = PROMISES[precision], np.random.default_rng(seed)

    def move(self, array):
        """By up to one unit, as fast scales of both operands of a distance do."""
        return array * (1 + self.random(array.shape) * 2.0**-self.bits) if self.precision == "fast" else array

    def random(self, shape):
        return self.generator.uniform(-1, 1, shape)

    def __call__(self, result, name, operands, attributes):
        """Multiplies where it can, so that gradients are perturbed as well."""
        result = self.drop_products_with_zero(result, name, operands, attributes)
        value, operands = result.detach().numpy(), [o.detach() for o in operands]
        with np.errstate(all="ignore"):
            moved = self.round(value + self.error(result.detach(), name, operands, attributes))
            moved[self.vanishes(result.detach(), name, operands, attributes)] = 0
        plain = (value == 0) | ~np.isfinite(value)
        factor = np.where(plain, 1.0, np.divide(moved, value, where=~plain, out=np.ones_like(value)))
        result = _resign_zeros(result, self.generator) * torch.from_numpy(factor)
        added = np.where((value == 0) & np.isfinite(moved), moved, 0.0)
        return result + torch.from_numpy(added) if added.any() else result

    def error(self, value, name, operands, attributes):
        """What is lost before the result is rounded."""
        unit = 2.0 ** (1 - self.bits)
        if name in SIZES:
            size = SIZES[name](value, operands, attributes, unit)
            exact = name not in ROUNDED and _on_grid(operands) and bool((size < EXACT).all())
            return 0.0 if exact else unit * np.nan_to_num(size.numpy(), posinf=0.0) * self.random(value.shape)
        units = self.units(name, operands)
        return unit * abs(value.numpy()) * units * self.random(value.shape) if np.any(units) else 0.0

    def units(self, name, operands):
        """FoldScales multiplies arguments of exponentials by log2(e), and factors in another order, inverses among
        them; only at precision high it does not run."""
        units = self.promises.get(name, 0.0)
        if self.precision == "high":
            return units
        if name == "exp":
            return np.nan_to_num(np.maximum(units, 2 * operands[0].abs().numpy()), posinf=0.0)
        return max(units, 1.0) if name in ("mult", "divide") and not _on_grid(operands) else units

    def drop_products_with_zero(self, result, name, operands, attributes):
        """A simpler form of a program may compute 0 where a number that is not finite meets a zero."""
        if name not in PRODUCTS or result.isfinite().all() or not any((o == 0).any() for o in operands):
            return result
        if self.generator.random() < 0.5:
            return result
        finite = [torch.where(o.isfinite(), o, 0.0) for o in operands]
        return torch.where(result.isfinite(), result, reference_ops.OPERATIONS[name](*finite, **attributes))

    def vanishes(self, value, name, operands, attributes):
        """What is nothing but rounding errors of terms that cancel may be exactly zero, in every other sample."""
        size = CANCELLING.get(name)
        if size is None or self.generator.random() < 0.5 or _on_grid(operands):
            return np.zeros(value.shape, bool)
        unit = 2.0 ** (1 - self.bits)
        return (value.abs() < 4 * unit * size(value, operands, attributes, unit)).numpy()

    def round(self, value):
        """To a neighbour, the nearer the likelier."""
        unit = np.ldexp(1.0, np.frexp(value)[1] - self.bits)
        rounded = np.floor(value / unit + self.generator.random(value.shape)) * unit
        rounded = np.where(abs(value) < float(self.limits.tiny), 0.0, rounded)
        return np.where(abs(value) > float(self.limits.max), value * math.inf, rounded)
