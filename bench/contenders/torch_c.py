"""PyTorch, eager: the M x N matrix in memory, work in place."""

from contenders import Unavailable

try:
    import torch
except ImportError as reason:
    raise Unavailable(str(reason))

from workloads import NEAREST

NAME = "torch"


def setup(threads):
    torch.set_num_threads(threads)


def tensors(d):
    return (torch.from_numpy(d[k]) for k in ("x", "y", "b", "e"))


def distances(x, y):
    d = torch.addmm((y * y).sum(1), x, y.T, alpha=-2)
    return d.add_((x * x).sum(1, keepdim=True)).clamp_(min=0)


def gaussian(x, y, s):
    return distances(x, y).mul_(-1 / s**2).exp_()


def K1(d):
    x, y, b, _ = tensors(d)
    return lambda: gaussian(x, y, d["s"]) @ b


K7a = K7b = K11 = K1


def K2(d):
    x, y, b, _ = tensors(d)

    def run():
        squares = distances(x, y)
        return sum((squares * (-1 / float(s) ** 2)).exp_() for s in d["sigmas"]) @ b

    return run


def K3(d):
    x, y, b, _ = tensors(d)
    return lambda: distances(x, y).sqrt_().neg_().exp_() @ b


def K4(d):
    x, y, b, _ = tensors(d)
    return lambda: distances(x, y).mul_(-1 / d["eps"]).add_(b[:, 0]).logsumexp(1)


def K5a(d):
    x, y, _, _ = tensors(d)
    return lambda: distances(x, y).argmin(1)


def K5b(d):
    x, y, _, _ = tensors(d)
    return lambda: distances(x, y).topk(NEAREST, dim=1, largest=False).indices


K5c = K5b


def K6(d):
    x, y, b, e = tensors(d)

    def run():
        k = gaussian(x, y, d["s"]).mul_(b[:, 0])
        return -2 / d["s"] ** 2 * e * (k.sum(1, keepdim=True) * x - k @ y)

    return run


def K8(d):
    """PyTorch's own attention, which does not store the matrix."""
    x, y, b, _ = tensors(d)
    heads = (x[None, None], y[None, None], b[None, None])
    return lambda: torch.nn.functional.scaled_dot_product_attention(*heads, scale=d["scale"])[0, 0]
