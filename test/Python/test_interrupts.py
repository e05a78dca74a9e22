"""Ctrl-C during work that would take minutes: it ends, nothing more is computed, and the process goes on."""

import pytest
from conftest import run_python

# The work is done for few points first, so that nothing is compiled later. The signal is sent again and again from
# `start` on: the first may come before the run has begun. A shell starts background jobs with the signal ignored, so a
# handler is put in place by hand.
PROGRAM = """
import os, signal, threading
import numpy as np
import keops, keops.LIBRARY as library
start, over = threading.Event(), threading.Event()
def interrupt():
    start.wait()
    while not over.wait(0.2):
        os.kill(os.getpid(), signal.SIGINT)
def handle(*_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
def kernel(x, y):
    D = ((library.LazyTensor(x[..., :, None, :]) - library.LazyTensor(y[..., None, :, :])) ** 2).sum(-1)
    return (-D).exp()
def work(x):
    WORK
x = np.random.default_rng(0).random((1000000, 3)).astype("float32")
if "LIBRARY" == "torch":
    import torch
    x = torch.from_numpy(x)
before = work(x[:13])
signal.signal(signal.SIGINT, handle)
threading.Thread(target=interrupt).start()
try:
    BEGIN
    work(x)
except KeyboardInterrupt:
    print("interrupted")
over.set()
assert np.array_equal(before, work(x[:13]))
"""
WORK = {
    "sum": "return kernel(x, x).sum(1)",
    "other_axis": "return kernel(x, x).sum(0)",
    "neighbours": "return kernel(x, x).argKmin(5, 1)",
    "dense": "return kernel(x[:2000], x).dense(max_bytes=1 << 40)",
    "solve": "return kernel(x, x).solve(x[:, :1], alpha=1)",
    "fused": "return keops.reduce(kernel(x, x), axis=1, sum=True, max=True)['max']",
}
GRADIENT = """
leaf = x[:60000].clone().requires_grad_()
total = kernel(leaf, leaf).sum(1).sum()
if len(x) > 13:
    start.set()
total.backward()
return leaf.grad
"""
BATCH = """
items, points = (30000, 1000) if len(x) > 13 else (2, 13)
b = np.broadcast_to(x[:points], (items, points, 3))
out = np.full((items, points, 1), -1, "float32")
try:
    kernel(CONVERT(b), CONVERT(b)).sum(2, out=CONVERT(out))
finally:
    print(out[0].min() > 0, out[-1].max() > 0)
return out
"""


def run(work, library, begin="start.set()"):
    program = PROGRAM.replace("LIBRARY", library).replace("BEGIN", begin)
    return run_python(program.replace("WORK", work.strip().replace("\n", "\n    ")))


@pytest.mark.parametrize("name", WORK)
def test_work_ends(name):
    assert run(WORK[name], "numpy") == "interrupted\n"


@pytest.mark.parametrize("tensor", ("x", "x.clone().requires_grad_()"))
def test_work_on_tensors_ends(tensor):
    assert run(f"return kernel({tensor}, x).sum(1).detach()", "torch") == "interrupted\n"


def test_a_backward_pass_ends():
    assert run(GRADIENT, "torch", begin="pass") == "interrupted\n"


@pytest.mark.parametrize("library, convert", (("numpy", "np.asarray"), ("torch", "torch.from_numpy")))
def test_a_batch_leaves_out_what_remains(library, convert):
    lines = run(BATCH.replace("CONVERT", convert), library).split("\n")
    assert lines == ["True True", "True False", "interrupted", "True True", ""]
