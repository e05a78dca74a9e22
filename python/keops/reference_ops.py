"""What every formula operation computes, one line each: ``OPERATIONS[mnemonic](*operands, **attributes)``.

An operand is a float64 tensor of shape (M or 1, N or 1, D); its gradient is PyTorch's. Where the language asks for
another derivative than PyTorch has (at 0, at ties, at bounds), the partial derivatives stand beside the value.
``reference`` walks the operations, ``reference_reductions`` does the same for reductions."""

import math

import torch


class _Differentiable(torch.autograd.Function):
    """A value with partial derivatives of our own, which are differentiable in turn."""

    @staticmethod
    def forward(ctx, value, partials, *operands):
        ctx.partials = partials
        ctx.save_for_backward(*operands)
        return value(*operands)

    @staticmethod
    def backward(ctx, adjoint):
        operands = ctx.saved_tensors
        gradients = [(adjoint * p(*operands)).sum_to_size(x.shape) for p, x in zip(ctx.partials, operands)]
        return (None, None, *gradients)


def _with_partials(value, *partials):
    return lambda *operands: _Differentiable.apply(value, partials, *operands)


# ---- one component ---------------------------------------------------------------------------------------------


def _where(condition, x, y):
    """x where the condition holds, else y; the numbers among them become tensors."""
    x, y = (v if isinstance(v, torch.Tensor) else torch.tensor(float(v), dtype=torch.float64) for v in (x, y))
    return torch.where(condition, x, y)


def _truth(condition):
    return condition.to(torch.float64)


def _rsqrt(x):
    return _with_partials(
        lambda x: torch.where(x == 0, 0 * x, x.rsqrt()),
        lambda x: -0.5 * _rsqrt(x) ** 3,
    )(x)


def _sigmoid(x):
    return _with_partials(torch.sigmoid, lambda x: _sigmoid(x) * _sigmoid(-x))(x)


def _tanh(x):
    return _with_partials(torch.tanh, lambda x: x.cosh() ** -2)(x)


def _powf(x, y):
    return _with_partials(
        torch.pow,
        lambda x, y: y * _powf(x, y - 1),
        lambda x, y: x.log() * _powf(x, y),
    )(x, y)


def _polygamma(x, order):
    """From the zeta function: PyTorch's own trigamma, which it also differentiates digamma by, has nine digits.

    Even orders change sign at their poles, and are NaN there."""

    def value(x):
        zeta = torch.special.zeta(torch.tensor(order + 1.0, dtype=torch.float64), x)
        result = torch.digamma(x) if order == 0 else (-1) ** (order + 1) * math.factorial(order) * zeta
        is_pole = (x <= 0) & (x == x.round())
        return result.masked_fill(is_pole, math.nan) if order % 2 == 0 else result

    return _with_partials(value, lambda x: _polygamma(x, order + 1))(x)


def _hypot(x, y):
    def divisor(x, y):
        h = _hypot(x, y)
        return torch.where(h != 0, h, torch.ones_like(h))

    return _with_partials(torch.hypot, lambda x, y: x / divisor(x, y), lambda x, y: y / divisor(x, y))(x, y)


def _round(x, digits):
    """Half away from zero."""
    scale = 10.0**digits
    size = (x * scale).abs()
    below = size.floor()
    rounded = torch.where(size - below >= 0.5, below + 1, below)
    return torch.where(size < math.inf, rounded.copysign(x) / scale, x).detach()


def sign(x):
    return _where(x > 0, 1, _where(x < 0, -1, 0))


def _clamp(x, low, high):
    return _where(x < low, low, _where(x > high, high, x))


def _sin_x_over_x(x):
    return spherical_bessel(x, 0)


def spherical_bessel(x, order):
    """The power series near 0, the recurrence over the order elsewhere."""
    near = x.abs() < order + 1
    small, large = _where(near, x, 0), _where(near, 1, x)
    square, term = -small * small / 2, torch.ones_like(small)
    series = term
    for k in range(1, 30 + 2 * order):
        term = term * square / (k * (2 * order + 2 * k + 1))
        series = series + term
    odd = math.prod(range(1, 2 * order + 2, 2))
    before, here = large.cos() / large, large.sin() / large
    for k in range(order):
        before, here = here, (2 * k + 1) / large * here - before
    return _where(near, small**order * series / odd, here)


ELEMENTWISE = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "minus": lambda x: -x,
    "mult": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "inv": lambda x: 1 / x,
    "square": lambda x: x * x,
    "pow": lambda x, exponent: x**exponent,
    "powf": _powf,
    "sqrt": _with_partials(torch.sqrt, lambda x: 0.5 * _rsqrt(x)),
    "rsqrt": _rsqrt,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "xlogx": _with_partials(lambda x: _where(x == 0, 0, x * x.log()), lambda x: x.log() + 1),
    "sin": torch.sin,
    "cos": torch.cos,
    "sinxdivx": _sin_x_over_x,
    "sphericalbessel": spherical_bessel,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": _tanh,
    "asin": _with_partials(torch.asin, lambda x: _rsqrt(1 - x * x)),
    "acos": _with_partials(torch.acos, lambda x: -_rsqrt(1 - x * x)),
    "atan": _with_partials(torch.atan, lambda x: 1 / (1 + x * x)),
    "atan2": _with_partials(torch.atan2, lambda x, y: y / (x * x + y * y), lambda x, y: -x / (x * x + y * y)),
    "hypot": _hypot,
    "sigmoid": _sigmoid,
    "softplus": _with_partials(lambda x: x.clamp(min=0) + (-x.abs()).exp().log1p(), _sigmoid),
    "erf": torch.erf,
    "erfc": torch.erfc,
    "lgamma": _with_partials(torch.lgamma, lambda x: _polygamma(x, 0)),
    "polygamma": _polygamma,
    "abs": _with_partials(torch.abs, sign),
    "sign": sign,
    "step": lambda x: _where(x < 0, 0, 1),
    "relu": lambda x: _where(x < 0, 0, x),
    "floor": torch.floor,
    "round": _round,
    "mod": lambda x, n, d: x - n * ((x - d) / n).floor(),
    "clamp": _clamp,
    "clampint": _clamp,
    "diffclampint": lambda x, low, high: _where((x < low) | (x > high), 0, 1),
    "maximum": lambda x, y: _where(x.isnan() | y.isnan(), math.nan, torch.where(x >= y, x, y)),
    "minimum": lambda x, y: _where(x.isnan() | y.isnan(), math.nan, torch.where(x <= y, x, y)),
    "ifelse": lambda c, x, y: torch.where(c >= 0, x, y),
    "where": lambda c, x, y: torch.where(c != 0, x, y),
    "equal": lambda x, y: _truth(x == y),
    "notequal": lambda x, y: _truth(x != y),
    "lessthan": lambda x, y: _truth(x < y),
    "lessorequal": lambda x, y: _truth(x <= y),
    "and": lambda x, y: _truth((x != 0) & (y != 0)),
    "or": lambda x, y: _truth((x != 0) | (y != 0)),
    "not": lambda x: _truth(x == 0),
}

# ---- the components of a vector ---------------------------------------------------------------------------------


def _sum(x):
    return x.sum(-1, keepdim=True)


def _dot(x, y):
    return _sum(x * y)


def _sqrt(x):
    return ELEMENTWISE["sqrt"](x)


def _zeros(x, dim):
    return x.new_zeros(*x.shape[:-1], dim)


def _embed(x, start, dim):
    return torch.cat((_zeros(x, start), x, _zeros(x, dim - start - x.shape[-1])), -1)


def _extremum(x, better):
    """A scan with a strict comparison: the first extremum, and its index."""
    best, index = x[..., :1], torch.zeros_like(x[..., :1])
    for k in range(1, x.shape[-1]):
        wins = better(x[..., k : k + 1], best)
        best, index = torch.where(wins, x[..., k : k + 1], best), _where(wins, k, index)
    return best, index


def _nearest(x):
    """An index in floating point, as C converts x + 0.5; NaN becomes -1."""
    return torch.where(x.isnan(), torch.full_like(x, -1), (x + 0.5).trunc()).detach()


def _one_hot(x, dim):
    return _truth(_nearest(x) == torch.arange(dim))


def _gather(x, index):
    """x at a component known at run time; 0 outside."""
    return _sum(torch.where(_nearest(index) == torch.arange(x.shape[-1]), x, torch.zeros_like(x)))


def _weighted(s, x):
    """One weight, one per component, or a matrix in row-major order."""
    dim = x.shape[-1]
    return _sum(s * x * x) if s.shape[-1] in (1, dim) else _dot(x, matvec(s, x))


def _concat(*parts):
    shape = torch.broadcast_shapes(*(p.shape[:-1] for p in parts))
    return torch.cat([p.expand(*shape, p.shape[-1]) for p in parts], -1)


VECTORS = {
    "sum": _sum,
    "sumt": lambda x, dim: x.expand(*x.shape[:-1], dim),
    "scalprod": _dot,
    "sqnorm2": lambda x: _sum(x * x),
    "norm2": lambda x: _sqrt(_sum(x * x)),
    "normalize": lambda x: _rsqrt(_sum(x * x)) * x,
    "sqdist": lambda x, y: _sum((x - y) ** 2),
    "sqnormiso": lambda s, x: s * _sum(x * x),
    "sqnormdiag": lambda s, x: _sum(s * x * x),
    "symsqnorm": lambda s, x: _dot(x, matvec(s, x)),
    "weightedsqnorm": _weighted,
    "weightedsqdist": lambda s, x, y: _weighted(s, x - y),
    "elem": lambda x, position: x[..., position : position + 1],
    "gather": _gather,
    "elemt": lambda x, dim, position: _embed(x, position, dim),
    "extract": lambda x, start, dim: x[..., start : start + dim],
    "extractt": _embed,
    "concat": _concat,
    "onehot": _one_hot,
    "max": lambda x: _extremum(x, torch.gt)[0],
    "min": lambda x: _extremum(x, torch.lt)[0],
    "argmax": lambda x: _extremum(x, torch.gt)[1],
    "argmin": lambda x: _extremum(x, torch.lt)[1],
}

# ---- matrices and tensors in row-major order --------------------------------------------------------------------


def matvec(a, x):
    rows = a.shape[-1] // x.shape[-1]
    return (a.unflatten(-1, (rows, x.shape[-1])) @ x.unsqueeze(-1)).squeeze(-1)


def _vecmat(x, a):
    columns = a.shape[-1] // x.shape[-1]
    return (x.unsqueeze(-2) @ a.unflatten(-1, (x.shape[-1], columns))).squeeze(-2)


def tensordot(x, y, dimsx, dimsy, contx, conty, permutation=()):
    """Axis contx[t] of x is summed with axis conty[t] of y; axis k of what is left moves to permutation[k]."""
    names_x = list(range(len(dimsx)))
    names_y = [len(dimsx) + k for k in range(len(dimsy))]
    for k, m in zip(contx, conty):
        names_y[m] = names_x[k]
    kept = [n for n in (*names_x, *names_y) if (n in names_x) != (n in names_y)]
    letters = lambda names: "".join(chr(ord("a") + n) for n in names)  # noqa: E731
    result = torch.einsum(
        f"...{letters(names_x)},...{letters(names_y)}->...{letters(kept)}",
        x.reshape(*x.shape[:-1], *dimsx),
        y.reshape(*y.shape[:-1], *dimsy),
    )
    if permutation:
        result = result.movedim([2 + k for k in range(len(kept))], [2 + k for k in permutation])
    return result.flatten(2) if kept else result.unsqueeze(-1)


def _kron(x, y, dimsx, dimsy):
    rank = len(dimsx)
    return tensordot(x, y, dimsx, dimsy, (), (), [*range(0, 2 * rank, 2), *range(1, 2 * rank, 2)])


TENSORS = {
    "matvecmult": matvec,
    "vecmatmult": _vecmat,
    "tensorprod": lambda x, y: (x.unsqueeze(-1) * y.unsqueeze(-2)).flatten(-2),
    "tensordot": tensordot,
    "kron": _kron,
}

# ---- special functions of vectors -------------------------------------------------------------------------------


def _bspline(knots, x, order):
    """De Boor's recursion from indicators of the half-open intervals between knots; empty intervals contribute 0."""

    def ratio(above, below):
        return _where(below == 0, 0, above / _where(below == 0, 1, below))

    t = [knots[..., k : k + 1] for k in range(knots.shape[-1])]
    basis = [_truth((a <= x) & (x < b)) for a, b in zip(t, t[1:])]
    for k in range(1, order + 1):
        basis = [
            ratio(x - t[i], t[i + k] - t[i]) * basis[i]
            + ratio(t[i + k + 1] - x, t[i + k + 1] - t[i + 1]) * basis[i + 1]
            for i in range(len(basis) - 1)
        ]
    return _concat(*basis)


def _softdtw(x, y, gamma):
    """The soft-minimal cost of an alignment, by the recursion over the table of squared differences."""
    rows, columns = x.shape[-1], y.shape[-1]
    table = {}
    for i in range(rows):
        for j in range(columns):
            cost = (x[..., i : i + 1] - y[..., j : j + 1]) ** 2
            before = [table[k] for k in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if k in table]
            if before:
                cost = cost - gamma * torch.logsumexp(-_concat(*before) / gamma, -1, keepdim=True)
            table[i, j] = cost
    return table[rows - 1, columns - 1]


def _softdtw_of_costs(x, rows, columns):
    table = {}
    for i in range(rows):
        for j in range(columns):
            cell = x[..., i * columns + j, None]
            before = [table[k] for k in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if k in table]
            table[i, j] = cell - torch.logsumexp(-_concat(*before), -1, keepdim=True) if before else cell
    return table[rows - 1, columns - 1]


def _softdtw_plan(x, rows, columns):
    """The gradient of the above, and its derivatives along the directions that follow the costs: automatic ones."""
    with torch.enable_grad():
        costs, *directions = x.split(rows * columns, -1)
        if not costs.requires_grad:
            costs = costs.clone().requires_grad_()
        gradient = lambda value: torch.autograd.grad(value.sum(), costs, create_graph=True, materialize_grads=True)[0]
        plan = gradient(_softdtw_of_costs(costs, rows, columns))
        for direction in directions:
            plan = gradient(plan * direction) if plan.requires_grad else torch.zeros_like(costs)
    return plan


SPECIAL = {
    "bspline": _bspline,
    "softdtw_sqdist": _softdtw,
    "softdtw": _softdtw_of_costs,
    "softdtwplan": _softdtw_plan,
}

# ---- complex numbers: real and imaginary parts take turns -------------------------------------------------------


def _re(z):
    return z[..., 0::2]


def _im(z):
    return z[..., 1::2]


def _complex(re, im):
    return torch.stack(torch.broadcast_tensors(re, im), -1).flatten(-2)


def _square_abs(z):
    return _re(z) ** 2 + _im(z) ** 2


def _complex_mult(z, w):
    return _complex(_re(z) * _re(w) - _im(z) * _im(w), _re(z) * _im(w) + _im(z) * _re(w))


def _conj(z):
    return _complex(_re(z), -_im(z))


COMPLEX = {
    "complex": _complex,
    "real2complex": lambda x: _complex(x, torch.zeros_like(x)),
    "imag2complex": lambda x: _complex(torch.zeros_like(x), x),
    "complexreal": _re,
    "compleximag": _im,
    "conj": _conj,
    "complexabs": lambda z: _sqrt(_square_abs(z)),
    "complexsquareabs": _square_abs,
    "complexangle": lambda z: ELEMENTWISE["atan2"](_im(z), _re(z)),
    "complexexp": lambda z: _complex(_re(z).exp() * _im(z).cos(), _re(z).exp() * _im(z).sin()),
    "complexexp1j": lambda x: _complex(x.cos(), x.sin()),
    "complexadd": lambda z, w: _complex(_re(z) + _re(w), _im(z) + _im(w)),
    "complexsubtract": lambda z, w: _complex(_re(z) - _re(w), _im(z) - _im(w)),
    "complexmult": _complex_mult,
    "complexscal": _complex_mult,
    "complexdivide": lambda z, w: _complex_mult(z, _conj(w) / _square_abs(w).repeat_interleave(2, -1)),
    "complexrealscal": lambda s, z: s * z,
    "complexsum": lambda z: _complex(_sum(_re(z)), _sum(_im(z))),
    "complexsumt": lambda z, dim: z.repeat(1, 1, dim // 2),
}

# ---- what derivatives of reductions are made of: `row` says which row of the other index each index is compared w


def _at(indices, row, dim):
    """Of K lists of ``dim`` indices, which ones are the row: (..., K, dim)."""
    return (indices == row).unflatten(-1, (-1, dim))


def scatter_at(row, indices, x, dim):
    return torch.where(_at(indices, row, dim), x.unflatten(-1, (-1, dim)), 0.0).sum(-2)


def gather_at(row, indices, x):
    return torch.where(_at(indices, row, x.shape[-1]), x.unsqueeze(-2), 0.0).flatten(-2)


def only_at(row, indices, x):
    return torch.where((indices == row).any(-1, keepdim=True), x, 0.0)


SELECTIONS = {"scatter_at": scatter_at, "gather_at": gather_at, "only_at": only_at}

OPERATIONS = ELEMENTWISE | VECTORS | TENSORS | SPECIAL | COMPLEX
