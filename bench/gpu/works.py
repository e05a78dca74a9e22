"""The rows of `./dev gpu-bench`: what is computed, by us and by others, how many pairs that is, and what bounds it.

Others compute a part of the rows where all of them would take minutes: rates are compared, not times. Theirs are the
forms that a user would write: differences and a sum in PyTorch, compiled or not, and in CuPy the expanded squares,
whose products cuBLAS computes."""

from dataclasses import dataclass, field

import arrays
import torch

from keops.torch import Genred

# Of an H200: lanes that issue an instruction in a clock cycle, of all multiprocessors, times cycles of a second.
ISSUES = 132 * 128 * 1.98e9
# A Gaussian in three dimensions takes 8 instructions a pair (3 differences, a product, 2 fused products, the
# exponential, a fused product) and 0.34 of loads and of the loop, with eight rows a thread; the unit of exponentials
# takes 8 too.
GAUSS_3 = ISSUES / 8.34


def bound_of_squares(dim):
    """A difference and a fused product for each coordinate; what else a pair takes is left out."""
    return ISSUES / (2 * dim)


@dataclass
class Work:
    name: str
    pairs: float
    ours: callable
    others: dict = field(default_factory=dict)  # name: (function, pairs)
    bound: float = None
    expected: str = ""
    is_launch: bool = False  # measured on the host, for one call


def size(count):
    """On an emulated GPU a few rows of each are enough."""
    return min(count, 40) if arrays.IS_EMULATED else count


def draw(*shapes):
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(shape, generator=generator).to(arrays.TORCH_DEVICE) for shape in shapes]


def find_cupy():
    if arrays.IS_EMULATED:
        return None
    try:
        import cupy
    except ImportError:
        return None
    return cupy


cupy = find_cupy()


# ---- the Gaussian sum by others --------------------------------------------------------------------------------------


def gauss_of_differences(x, y, b):
    return torch.exp(-((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)) @ b


def gauss_of_products(lib, x, y, b):
    norms = (x * x).sum(-1)[..., :, None] + (y * y).sum(-1)[..., None, :]
    return lib.matmul(lib.exp(2 * lib.matmul(x, y.swapaxes(-1, -2)) - norms), b)


def in_chunks(function, rows):
    """The function for some rows of the first argument at a time."""

    def compute(x, *rest):
        for start in range(0, len(x), rows):
            function(x[start : start + rows], *rest)

    return compute


def others_of_gauss(x, y, b, chunk):
    """Each on at most eight chunks, after PyTorch's tensors became theirs."""
    chunk = size(chunk)
    part = x[: 8 * chunk]
    pairs = len(part) * len(y)
    compiled = gauss_of_differences if arrays.IS_EMULATED else torch.compile(gauss_of_differences, dynamic=False)
    others = {"eager": (lambda: in_chunks(gauss_of_differences, chunk)(part, y, b), pairs)}
    others["compile"] = (lambda: in_chunks(compiled, chunk)(part, y, b), pairs)
    if cupy:
        theirs = [cupy.from_dlpack(t) for t in (part, y, b)]
        others["CuPy"] = (lambda: in_chunks(lambda *t: gauss_of_products(cupy, *t), chunk)(*theirs), pairs)
    return others


# ---- rows ------------------------------------------------------------------------------------------------------------


def make_gauss(dim, precision="default"):
    return Genred("Exp(-SqDist(x,y))*b", [f"x=Vi({dim})", f"y=Vj({dim})", "b=Vj(1)"], axis=1, precision=precision)


def gauss(name, m, n, dim, bound, expected, chunk, precision="default"):
    m, n = size(m), size(n)
    x, y, b = draw((m, dim), (n, dim), (n, 1))
    reduction = make_gauss(dim, precision)
    return Work(name, m * n, lambda: reduction(x, y, b), others_of_gauss(x, y, b, chunk), bound, expected)


def neighbours():
    m, n, dim, best = size(10_000), size(1_000_000), 64, 10
    x, y = draw((m, dim), (n, dim))
    reduction = Genred("SqDist(x,y)", [f"x=Vi({dim})", f"y=Vj({dim})"], reduction_op="ArgKMin", axis=1, opt_arg=best)

    def eager():
        in_chunks(lambda rows: torch.cdist(rows, y).topk(best, largest=False), 1000)(x)

    others = {"eager": (eager, m * n)}
    name, bound = "arg-K-min, K=10, D=64, M=1e4, N=1e6", bound_of_squares(dim)
    return Work(name, m * n, lambda: reduction(x, y), others, bound, "3 x eager")


def batches():
    items, rows = size(10_000), size(100)
    x, y, b = draw((items, rows, 3), (items, rows, 3), (items, rows, 1))
    reduction, pairs, few = make_gauss(3), items * rows * rows, min(items, 200)
    compiled = gauss_of_differences if arrays.IS_EMULATED else torch.compile(gauss_of_differences, dynamic=False)

    def loop():
        for k in range(few):
            gauss_of_differences(x[k], y[k], b[k])

    others = {"eager": (lambda: gauss_of_products(torch, x, y, b), pairs), "loop": (loop, few * rows * rows)}
    others["compile"] = (lambda: compiled(x, y, b), pairs)
    if cupy:
        theirs = [cupy.from_dlpack(t) for t in (x, y, b)]
        others["CuPy"] = (lambda: gauss_of_products(cupy, *theirs), pairs)
    name, expected = "10,000 batches of 100 x 100", "3 x eager (bmm), 20 x loop"
    return Work(name, pairs, lambda: reduction(x, y, b), others, GAUSS_3, expected)


def gradients(name, wanted, expected):
    """Beside the forward pass alone, which stands in the column of the loop."""
    n = size(300_000)
    x, y, b = draw((n, 3), (n, 3), (n, 1))
    leaves = [t.clone().requires_grad_() if k in wanted else t for k, t in enumerate((x, y, b))]
    chosen, ones, reduction = [leaves[k] for k in wanted], torch.ones_like(b), make_gauss(3)
    few = size(1000)
    part = [t.detach()[:few].requires_grad_(k in wanted) if k == 0 else t for k, t in enumerate(leaves)]
    eager_chosen = [part[k] for k in wanted]

    def eager():
        torch.autograd.grad(gauss_of_differences(*part), eager_chosen, ones[:few])

    others = {"forward": (lambda: reduction(x, y, b), n * n), "eager": (eager, few * n)}
    ours = lambda: torch.autograd.grad(reduction(*leaves), chosen, ones)
    return Work(f"forward and gradient in {name}, M=N=3e5", n * n, ours, others, None, expected)


def launch():
    x, y, b = draw((100, 3), (100, 3), (100, 1))
    reduction = make_gauss(3)
    others = {"eager": (lambda: gauss_of_differences(x, y, b), 100 * 100)}
    name = "one call, M=N=100: microseconds of the host"
    return Work(name, 100 * 100, lambda: reduction(x, y, b), others, expected="8 us", is_launch=True)


NEAR = "90 % of the bound"
# By the names that the command takes; made one after another, because each takes gigabytes.
ROWS = {
    "gauss": lambda: gauss("Gauss, D=3, M=N=1e6", 1_000_000, 1_000_000, 3, GAUSS_3, "3.6e12", 250),
    # The factor of the exponential is folded into the points.
    "fast": lambda: gauss("the same, fast", 1_000_000, 1_000_000, 3, GAUSS_3, "", 250, "fast"),
    "gauss64": lambda: gauss("Gauss, D=64, M=N=2e5", 200_000, 200_000, 64, bound_of_squares(64), NEAR, 100),
    "gauss128": lambda: gauss("Gauss, D=128, M=N=2e5", 200_000, 200_000, 128, bound_of_squares(128), NEAR, 50),
    "neighbours": neighbours,
    "few": lambda: gauss("Gauss, D=3, M=1000, N=1e7", 1000, 10_000_000, 3, GAUSS_3, "70 % of the rate of M=N", 25),
    "batches": batches,
    "gradient": lambda: gradients("x", (0,), "2.7 x forward's time"),
    "gradients": lambda: gradients("x, y, b", (0, 1, 2), "4.5 x forward's time"),
    "launch": launch,
}
