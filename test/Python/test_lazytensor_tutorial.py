"""The steps of the tutorial of Vi, Vj, Pm and symbolic variables: our own, compared with dense NumPy, and those of the
tutorial's text where it lies beside this tree."""

import re
from pathlib import Path

import numpy as np
import pytest

from keops.numpy import LazyTensor, Pm, Vi, Vj

TEXTS = Path(__file__).resolve().parents[2].parent / "shared" / "seeds"
TITLE = "# Advanced usage: Vi, Vj, Pm helpers and symbolic variables"
PRINTED = [
    "KeOps LazyTensor",
    "    formula: (Sum(Exp((Minus(Sum(Square((Var(1,3,0) - Var(0,3,1))))) / Var(2,4,2)))) * Var(3,4,1))",
    "    symbolic variables: Var(0, 3, 1)",
    "    shape: (50, 30, 4)",
    "    reduction: Sum (axis=1)",
]
M, N, D, DV = 50, 30, 3, 4
SIGMAS = np.array([0.5, 1.0, 2.0, 4.0], np.float32)


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    return [rng.random(shape, np.float32) for shape in ((M, D), (N, D), (N, DV))]


def squares(x, y):
    return ((x[:, None].astype(float) - y[None]) ** 2).sum(-1)


def kernel(x, y):
    return np.exp(-squares(x, y)[..., None] / SIGMAS**2).sum(-1)


def close(result, expected):
    return result.dtype == np.float32 and np.allclose(result, expected, rtol=1e-4)


def test_squared_distances(clouds):
    x, y, _ = clouds
    x_i, y_j = Vi(x), Vj(y)
    assert (x_i.shape, y_j.shape) == ((M, 1, D), (1, N, D))
    d = ((x_i - y_j) ** 2).sum()
    assert d.shape == (M, N) and d._shape == (M, N, 1) and d.dim() == 3 and d.ndim == 1
    for result in (d.sum_reduction(dim=1), d.sum(1), d.sum(dim=1), d.sum(axis=1)):
        assert close(result, squares(x, y).sum(1)[:, None])
    assert np.array_equal(d.argmin(axis=0)[:, 0], squares(x, y).argmin(0))


def test_other_examples(clouds):
    x, y, _ = clouds
    powers = np.exp(np.abs(x.astype(float) @ y.T) ** 1.5)
    result = (abs(Vi(x) | Vj(y)) ** 1.5).sumsoftmaxweight(Vj(y), axis=1)
    assert close(result, powers @ y / powers.sum(1, keepdims=True))
    x_i, y_j = Vi(x), Vj(y[:, :2])
    crossed = x[:, None, :2] * y[None, :, 1:2] - x[:, None, 1:] * y[None, :, :1]
    assert close((x_i[:2] * y_j[1] - x_i[1:] * y_j[0]).sqnorm2().sum(axis=1), (crossed**2).sum(-1).sum(1)[:, None])


def test_sum_of_kernels_in_a_loop_and_at_once(clouds):
    x, y, b = clouds
    d = ((Vi(x) - Vj(y)) ** 2).sum()
    looped = 0
    for sigma in SIGMAS:
        looped += LazyTensor.exp(-d / sigma**2)
    at_once = LazyTensor.exp(-d / SIGMAS**2).sum()
    for sum_of_kernels in (looped, at_once):
        assert close((sum_of_kernels * Vj(b)).sum_reduction(axis=1), kernel(x, y) @ b)


def test_no_call_mode(clouds):
    x, y, b = clouds
    d = LazyTensor.sum((Vi(x) - Vj(y)) ** 2)
    later = (LazyTensor.exp(-d / SIGMAS**2).sum() * Vj(b)).sum_reduction(axis=1, call=False)
    assert close(later(), kernel(x, y) @ b)


def test_symbolic_variables(clouds):
    x, y, b = clouds
    xi, yj, bj, sigmas = Vi(0, D), Vj(1, D), Vj(2, DV), Pm(3, 4)
    d = LazyTensor.sum((xi - yj) ** 2)
    later = (LazyTensor.exp(-d / sigmas**2).sum() * bj).sum_reduction(axis=1)
    assert close(later(x, y, b, SIGMAS), kernel(x, y) @ b)


def test_mixed_variables_and_their_printed_form(clouds, capsys):
    x, y, b = clouds
    d = LazyTensor.sum((Vi(x) - Vj(0, D)) ** 2)
    later = (LazyTensor.exp(-d / SIGMAS**2).sum() * Vj(b)).sum_reduction(axis=1)
    print(later)
    assert capsys.readouterr().out.splitlines() == PRINTED
    assert close(later(y), kernel(x, y) @ b)


# ---- The text itself -------------------------------------------------------------------------------------------------

# Bodies of loops have lost their indentation; these lines are the first after one.
AFTER_LOOP = ("end = ", "gamma = (Kxy")


def find_blocks():
    for path in sorted(TEXTS.glob("*.txt")):
        text = path.read_text()
        if TITLE in text:
            return re.findall(r"^```\n(.*?)^```", text, re.M | re.S)
    return []


def restore(block):
    """The block with its indentation, on NumPy arrays."""
    block = re.sub(r"torch\.(randn?)\((.*?)\)\.type\(tensor\)", r"\1(\2)", block)
    block = block.replace("pykeops.torch", "keops.numpy").replace("tensor([", "array([")
    lines, inside = [], False
    for line in block.splitlines():
        if "torch" in line:
            continue
        inside = inside and not line.startswith(AFTER_LOOP)
        lines.append("    " * inside + line)
        inside = inside or line.endswith(":")
    return "\n".join(lines)


def test_the_text_line_by_line(capsys):
    blocks = find_blocks()
    if not blocks:
        pytest.skip("the text of the tutorial is not beside this tree")
    rng = np.random.default_rng(0)
    names = {
        "use_cuda": False,
        "rand": lambda *shape: rng.random(shape, np.float32),
        "randn": lambda *shape: rng.standard_normal(shape, np.float32),
        "array": lambda values: np.array(values, np.float32),
    }
    code = [block for block in blocks if not block.startswith(("Timing", "KeOps LazyTensor"))]
    for block in code:
        exec(restore(block), names)
    printed = capsys.readouterr().out
    assert len(code) > 10 and "\n".join(PRINTED) in printed
    x, y, b = (names[name] for name in ("x", "y", "beta"))
    assert close(names["gamma"], kernel(x, y) @ b)
    x, b = names["Kxx"].variables[0], names["e_i"].variables[0]
    solution = np.linalg.solve(np.exp(-squares(x, x) / 0.25**2) + 0.1 * np.eye(len(x)), b)
    assert np.allclose(names["res"], solution, atol=1e-4)
    # The text shows the same formula.
    assert PRINTED[1].strip() in "".join(blocks)
