"""What LazyTensors and Genred tell about themselves: stages, schedules, work, LaTeX and HTML."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from keops._explain import explain
from keops._lazy._operations import RECORDS
from keops.numpy import Genred, LazyTensor, Pm, Vi, Vj

RNG = np.random.default_rng(0)
X, Y = RNG.random((7, 3)), RNG.random((5, 3))
x, y = Vi(X), Vj(Y)
K = (-x.sqdist(y) / Pm(2.0) ** 2).exp()
LATER = (K * y).sum(axis=1, call=False)
STAGES = {"keops": "keops.sqdist", "scheduled": "schedule <", "loops": "scf.for", "llvm": "define ", "asm": ".text"}


@pytest.mark.parametrize("stage", STAGES)
def test_stages(stage):
    assert STAGES[stage] in LATER.ir(stage)


def test_the_type_of_stages_is_that_of_the_arrays():
    assert "f64" in LATER.ir() and "f32" not in LATER.ir()
    assert "3xf32" in LATER.ir(dtype="float32") and "f32" in (Vi(0, 3) - Vj(1, 3)).sum(axis=1).ir()
    square = (-x.sqdist(Vj(X))).exp().solve(np.ones((7, 2)), call=False)
    assert "keops.mult" in square.ir() and "One loop over j" in square.explain()


def test_schedules_in_words():
    text = LATER.explain()
    fields = re.search(r"schedule <(.*?)>", LATER.ir("scheduled"))[1].split(", ")
    assert text.startswith("One loop over j for each i: Sum\n") and len(fields) >= 6
    assert all(field in text for field in fields)
    assert "compensation" not in text and "written in place" in text
    precise = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], axis=0, reduction_op="Min_ArgMin", precision="high").explain()
    assert precise.startswith("One loop over i for each j: Min_ArgMin\n") and "with compensation" in precise
    assert K.sumsoftmaxweight(y, axis=1, call=False).explain().count("One loop") == 1
    long = x
    for _ in range(6):
        long = long.exp() + (long * y).sin()
    assert "calls = true" in long.sum(axis=1, call=False).explain()
    two = explain(LATER.ir("scheduled") + K.min(axis=0, call=False).ir("scheduled"))
    assert two.count("One loop over j for each i: Sum") == 1 and two.count("One loop over i for each j: Min") == 1
    kernels = re.sub(r"(split = \d+)>", r"\1, stages = 2, narrow = true>", LATER.ir("scheduled"))
    assert "stages = 2: one step" in explain(kernels)
    assert explain("") == "No loop: the results follow from sizes alone."


def test_work():
    assert LATER.describe().splitlines() == [
        *str(LATER).splitlines(),
        "    dtype: float64",
        "    pairs: 35",
        "    operations: about 10 for each pair, 350 in all",
        "    size of a dense array: 840 bytes",
    ]
    assert (Vi(0, 3) - Vj(1, 3)).describe().splitlines()[-2:] == [
        "    dtype: None",
        "    operations: about 3 for each pair",
    ]
    assert (x * 1j * y).describe().endswith("1,680 bytes")


def is_balanced(text):
    depth = 0
    for sign in re.sub(r"\\[{}|]", "", text):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    return depth == 0


def test_latex():
    squares = r"\|x^{(0)}_i - x^{(1)}_j\|^{2}"
    assert K._repr_latex_() == r"$\exp(\frac{(-" + squares + r")}{{p^{(2)}}^{2}})$"
    assert LATER._repr_latex_().startswith(r"$\sum_{j} \exp(") and LATER._repr_latex_().endswith(r"\cdot x^{(1)}_j$")
    assert ((x * y) ** 2)._repr_latex_() == r"$(x^{(0)}_i \cdot x^{(1)}_j)^{2}$"
    assert (x**3 / y)._repr_latex_() == r"$\frac{{x^{(0)}_i}^{3}}{x^{(1)}_j}$"
    assert K.argKmin(2, axis=0, call=False)._repr_latex_().startswith(r"$\operatorname*{ArgKMin}_{i} ")
    assert K.min_argmin(axis=1, call=False)._repr_latex_().startswith(r"$\operatorname*{Min\_ArgMin}_{j} ")
    assert K.logsumexp(axis=1, weight=y, call=False)._repr_latex_().startswith(r"$\log \sum_{j} \exp (")
    assert LazyTensor(3)._repr_latex_() == "$3$"
    # Batch axes are counted from the last one.
    batched = LazyTensor(np.zeros((2, 3, 4, 1, 1))) * y
    assert batched.sum(axis=(0, 3), call=False)._repr_latex_().startswith(r"$\sum_{b_{2}, j} ")
    assert batched.sum(axis=(1, 2, 3), call=False)._repr_latex_().startswith(r"$\sum_{b_{1}, i, j} ")
    long = x
    for _ in range(200):
        long = long + y
    assert long._repr_latex_() is None


@pytest.mark.parametrize("name", RECORDS)
def test_every_operation_is_latex(name):
    kinds, rule, _ = RECORDS[name]
    if rule not in ("inferElementwise", "inferScalar", "inferComplex"):
        return
    operands = [Vi(RNG.random((3, 2))) for kind in kinds if kind == "v"]
    text = operands[0]._apply(name, operands[1:], (1,) * kinds.count("n"))._repr_latex_()
    assert is_balanced(text) and text.count("x^{") == len(operands)


def test_html():
    class Cells(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.open = [], []

        def handle_starttag(self, tag, attributes):
            self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

        def handle_data(self, data):
            self.found.append(data)

    cells = Cells()
    cells.feed((x < y).sum(axis=1, call=False)._repr_html_())
    assert not cells.open and cells.found[0] == "LazyTensor"
    rows = dict(zip(cells.found[1::2], cells.found[2::2]))
    assert rows["formula"] == "(Var(0,3,0) < Var(1,3,1))" and rows["shape"] == "(7, 5, 3)"
    assert rows["reduction"] == "Sum (axis=1)" and rows["dtype"] == "float64"


WRONG = [
    (lambda: K.ir(), ValueError, "LazyTensor: ir: expected a reduction made with call=False"),
    (lambda: K.explain(), ValueError, "LazyTensor: ir: expected a reduction made with call=False"),
    (lambda: LATER.ir("cobol"), ValueError, "cobol"),
    (lambda: LATER.ir(3), TypeError, "LazyTensor: ir: stage: expected a string, got int"),
    (lambda: LATER.ir(dtype=3), TypeError, "LazyTensor: ir: dtype: expected a string, got int"),
    (lambda: LATER.ir(dtype="int8"), ValueError, "dtype: expected 'float32', 'float64'"),
]


@pytest.mark.parametrize("case", range(len(WRONG)), ids=[message[:60] for _, _, message in WRONG])
def test_wrong(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=re.escape(message)):
        call()
