"""The Gaussian reduction that tests of keops.torch share: as a formula, as a LazyTensor and dense."""

import pytest

torch = pytest.importorskip("torch")

from keops.torch import Genred, Pm, Vi, Vj  # noqa: E402

ALIASES = ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)", "g=Pm(1)"]
SIZES = ((7, 5), (1, 1), (13, 1), (1, 11), (67, 1031))
EMPTY = ((0, 4), (4, 0), (0, 0))
# Largest relative error: sums of some thousand terms, rounded once where they are stored.
TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}


def draw(m, n, dtype=torch.float64, seed=0):
    """x, y, b, g."""
    generator = torch.Generator().manual_seed(seed + m + 3 * n)
    shapes = ((m, 3), (n, 3), (n, 2), (1,))
    return [(torch.rand(shape, generator=generator, dtype=torch.float64) + 0.1).to(dtype) for shape in shapes]


def wanting(*tensors):
    return [tensor.clone().requires_grad_() for tensor in tensors]


def dense(x, y, b, g):
    return torch.exp(-((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1) * g[..., None]) @ b


def gauss_formula():
    return Genred("Exp(-SqDist(x,y)*g)*b", ALIASES, axis=1)


def lazy_gauss(x, y, b, g):
    return ((-Vi(x).sqdist(Vj(y)) * Pm(g)).exp() * Vj(b)).sum(axis=1)


BOTH = pytest.mark.parametrize("how", ("genred", "lazy"))


def assert_close(got, want, dtype=torch.float64):
    assert got.shape == want.shape
    scale = 1 + want.abs().max().item() if want.numel() else 1
    assert not want.numel() or (got.double() - want.double()).abs().max().item() <= TOLERANCES[dtype] * scale


def compile_whole(function, backend="aot_eager"):
    torch._dynamo.reset()
    return torch.compile(function, backend=backend, fullgraph=True)
