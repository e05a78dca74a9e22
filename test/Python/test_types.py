"""What a type checker knows of a program: its LazyTensors, their methods with arguments, and the mistakes in it.

NumPy and PyTorch are left out, whose own types take longer to read than all of keops."""

import re
import subprocess
import sys

import pytest

pytest.importorskip("mypy")

CONFIGURATION = """
[mypy]
strict = True
[mypy-numpy.*,torch.*]
follow_imports = skip
ignore_missing_imports = True
"""
PROGRAM = """
from keops.LIBRARY import ComplexLazyTensor, Genred, KernelSolve, LazyTensor, Pm, Var, Vi, Vj, generic_sum
data = object()
x, y = Vi(data), Vj(data)
kernel = (-x.sqdist(y) / 2.0).exp()
"""
LAZY, COMPLEX = "LazyTensor", "ComplexLazyTensor"
TYPES = {
    "x": LAZY,
    "Var(data, cat=1)": LAZY,
    "Pm(0.5)": LAZY,
    "LazyTensor(data, axis=1)": LAZY,
    "kernel": LAZY,
    "1.0 + x * 2 - y": LAZY,
    "x <= y": LAZY,
    "x == y": LAZY,
    "abs(-x) ** 2": LAZY,
    "x | y": LAZY,
    "x[1:2]": LAZY,
    "kernel.T.t()": LAZY,
    "x.concat(y).weightedsqnorm(2.0)": LAZY,
    "x.keops_kron(y, (3,), (3,)).clamp(0, 1)": LAZY,
    "(x - y).square().sum(-1).sqrt()": LAZY,
    "x.max().argmin().norm2()": LAZY,
    "x.grad(x, y).promote(y, ('ni',))": LAZY,
    "x.real2complex()": COMPLEX,
    "x.exp1j().conj() * 2": COMPLEX,
    "x.exp1j().real": LAZY,
    "x.exp1j().angle()": LAZY,
    "x.shape": "tuple[int, ...]",
    "x.formula": "str",
    "kernel.sum(axis=1)": "Any",
    "kernel.argKmin(3, dim=1)": "Any",
    "kernel @ data": "Any",
    "kernel.solve(x, alpha=0.1)": "Any",
    "kernel.sum(axis=1, call=False, keepdim=True, backend='CPU')": "Any",
    "Genred('x', ['x=Vi(3)'])": "Genred",
    "Genred('x', ['x=Vi(3)'], axis=1)(data)": "Any",
    "generic_sum('x', 'a = Vi(3)', 'x = Vj(3)')": "Genred",
    "KernelSolve('x*a', ['x=Vi(3)', 'a=Vj(1)'], 'a')": "KernelSolve",
}
MISTAKES = {
    "x.sqdist(z=y)": 'Unexpected keyword argument "z" for "sqdist"',
    "x.pow('2')": 'Argument 1 to "pow" of "Operations" has incompatible type "str"; expected "int"',
    "x.kron(y, 3, (1,))": 'incompatible type "int"; expected "Sequence[int]"',
    "x.clamp(0)": 'Missing positional argument "high" in call to "clamp"',
    "kernel.logsumexp(axs=1)": 'Unexpected keyword argument "axs" for "logsumexp"',
    "kernel.argKmin(axis=1)": 'Missing positional argument "K" in call to "argKmin"',
    "x.nothing()": '"LazyTensor" has no attribute "nothing"',
    "Vi(axis=0)": 'Unexpected keyword argument "axis"',
    "Genred('x', alias=[])": 'Unexpected keyword argument "alias" for "Genred"',
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """What mypy says of each line, for both libraries by one run."""
    folder = tmp_path_factory.mktemp("types")
    (folder / "mypy.ini").write_text(CONFIGURATION)
    start = len(PROGRAM.splitlines()) + 1
    lines = [*(f"reveal_type({text})" for text in TYPES), *MISTAKES]
    for library in ("numpy", "torch"):
        (folder / f"for_{library}.py").write_text("\n".join([PROGRAM.replace("LIBRARY", library).rstrip(), *lines, ""]))
    command = [sys.executable, "-m", "mypy", "for_numpy.py", "for_torch.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    said = {}
    for file, line, message in re.findall(r"^for_(\w+)\.py:(\d+): \w+: (.*)$", done.stdout, re.MULTILINE):
        said.setdefault((file, int(line) - start), []).append(message)
    assert said, done.stdout + done.stderr
    return said


@pytest.mark.parametrize("library", ("numpy", "torch"))
def test_types(checked, library):
    for place, (text, expected) in enumerate(TYPES.items()):
        (message,) = checked[library, place]
        kind = re.sub(rf"keops\.{library}\.\w+\.", "", message)
        assert kind == f'Revealed type is "{expected}"', text


@pytest.mark.parametrize("library", ("numpy", "torch"))
def test_mistakes(checked, library):
    for place, (text, expected) in enumerate(MISTAKES.items(), len(TYPES)):
        assert any(expected in message for message in checked[library, place]), (text, checked.get((library, place)))


def test_nothing_else_is_said(checked):
    assert {place for _, place in checked} == set(range(len(TYPES) + len(MISTAKES)))
