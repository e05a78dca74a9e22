"""Runs beside each other: repeated, on streams, in graphs, in threads, and where memory ends. PyTorch's tensors."""

import threading

import arrays
import numpy as np
import pytest
import torch

from keops.torch import Genred, KernelSolve

ALIASES = ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)"]
REDUCTIONS = ("Sum", "LogSumExp", "ArgKMin", "KMin", "Max", "ArgMin")


@pytest.fixture(scope="module")
def gauss():
    """Computed once, so that its program is recorded and a graph needs no compilation."""
    reduction = Genred("Exp(-SqDist(x,y))*b", ALIASES, axis=1)
    reduction(*draw(8, 8))
    return reduction


def draw(m, n, seed=0):
    rng = np.random.default_rng(seed)
    shapes = ((m, 3), (n, 3), (n, 1))
    return [torch.tensor(rng.random(shape, np.float32), device=arrays.TORCH_DEVICE) for shape in shapes]


def reference(x, y, b):
    x, y, b = x.double(), y.double(), b.double()
    return torch.exp(-((x[:, None] - y[None]) ** 2).sum(-1)) @ b


def assert_right(result, *arguments):
    expected = reference(*arguments)
    assert (result - expected).abs().max() <= 1e-6 * expected.abs().max()


def need_cuda():
    if arrays.IS_EMULATED:
        pytest.skip("needs PyTorch's CUDA")


@pytest.mark.parametrize("name", REDUCTIONS)
def test_repeated_runs_have_the_same_bits(name):
    options = {"opt_arg": 3} if "KMin" in name else {}
    reduction = Genred("SqDist(x,y)", ALIASES[:2], reduction_op=name, axis=1, **options)
    for m, n in ((900, 700), (3, 5000)):
        x, y, _ = draw(m, n)
        first = reduction(x, y)
        assert all(torch.equal(first, reduction(x, y)) for _ in range(3))


def test_solutions():
    x, _, b = draw(300, 300)
    points = torch.stack([x, 2 * x])  # which the right-hand side is not
    solver = KernelSolve("Exp(-SqDist(x,y))*b", ALIASES, "b", axis=1)
    found = solver(points, points, b, alpha=1.0, eps=1e-5)
    kernel = torch.exp(-(torch.cdist(points.double(), points.double()) ** 2))
    expected = torch.linalg.solve(kernel + torch.eye(300, device=x.device), b.double())
    assert found.shape == (2, 300, 1) and (found - expected).abs().max() <= 1e-4


def test_streams_have_the_same_bits(gauss):
    need_cuda()
    arguments = draw(5000, 6000)
    torch.cuda.synchronize()
    results = []
    for stream in (torch.cuda.Stream(), torch.cuda.Stream()):
        with torch.cuda.stream(stream):
            results.append(gauss(*arguments))
    torch.cuda.synchronize()
    assert torch.equal(*results)


def test_a_run_waits_for_its_stream_and_for_no_other(gauss):
    need_cuda()
    x, y, b = draw(2000, 3000)
    late, side = torch.zeros_like(x), torch.cuda.Stream()
    for stream in (side, torch.cuda.current_stream()):  # memory is there when it counts
        with torch.cuda.stream(stream):
            gauss(x, y, b)
    torch.cuda.synchronize()
    with torch.cuda.stream(side):
        torch.cuda._sleep(200_000_000)  # clock cycles, a tenth of a second
        late.copy_(x)
        result = gauss(late, y, b)
    done = torch.cuda.Event()
    done.record(side)
    free = gauss(x, y, b)
    torch.cuda.current_stream().synchronize()
    assert not done.query(), "the run on the current stream waited for the other, or the host did"
    side.synchronize()
    assert torch.equal(result, free)
    assert_right(free, x, y, b)


@pytest.mark.parametrize("m, n", ((2000, 3000), (3, 50_000)))
def test_graphs(gauss, m, n):
    need_cuda()
    x, y, b = draw(m, n)
    gauss(x, y, b)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = gauss(x, y, b)
    for seed in (1, 2):
        for old, new in zip((x, y, b), draw(m, n, seed)):
            old.copy_(new)
        graph.replay()
        torch.cuda.synchronize()
        assert_right(result, x, y, b)
        assert torch.equal(result, gauss(x, y, b))


def test_memory_that_is_not_there():
    """A table of 2,000,000 x 4,000 numbers, 32 GB, where 8 are allowed."""
    wide = Genred("TensorProd(x,y)", ["x=Vi(1)", "y=Vj(4000)"], axis=1)
    make = lambda m: [torch.ones(rows, columns, device=arrays.TORCH_DEVICE) for rows, columns in ((m, 1), (1, 4000))]
    wide(*make(2))
    need_cuda()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, 8e9 / total))
    try:
        with pytest.raises((MemoryError, torch.OutOfMemoryError), match="GiB|bytes"):
            wide(*make(2_000_000))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert (wide(*make(2)) == 1).all()


def test_threads(gauss):
    """Two threads, each with sizes and, where there are any, a stream of its own."""
    problems = []

    def work(seed):
        try:
            for turn in range(10):
                arguments = draw(100 + 37 * turn * seed, 200 + 11 * turn, seed + 10 * turn)
                assert_right(gauss(*arguments), *arguments)
        except BaseException as problem:
            problems.append(problem)

    def on_stream(seed):
        with torch.cuda.stream(torch.cuda.Stream()):
            work(seed)

    threads = [threading.Thread(target=work if arrays.IS_EMULATED else on_stream, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems
