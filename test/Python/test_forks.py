"""Processes that fork after keops was used: threads of the parent are gone there, and everything works all the same."""

import pytest
from conftest import run_python

# Reductions that are worth several threads, so that the child needs OpenMP's runtime anew.
PROGRAM = """
import multiprocessing, os, sys, threading, warnings
import numpy as np
import keops, keops.numpy as kn
warnings.simplefilter("ignore")  # Python's, about forks with threads
keops.set_num_threads(3)
x = np.random.default_rng(0).random((301, 3))
squares = ((x[:, None] - x) ** 2).sum(-1)
def check(factor):
    K = (-factor * ((kn.Vi(x) - kn.Vj(x)) ** 2).sum()).exp()
    assert np.allclose(K.sum(1)[:, 0], np.exp(-factor * squares).sum(1))
    return factor
check(1)
"""
ENVIRONMENT = {"KEOPS_WORK_PER_THREAD": "1000"}


def run(code):
    return run_python(PROGRAM + code, **ENVIRONMENT)


def test_a_child_runs_and_compiles():
    code = """
child = os.fork()
if not child:
    check(1), check(2)
    grandchild = os.fork()
    if not grandchild:
        check(2), check(3)
        os._exit(3)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]))
check(1), check(4)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code) == "3\n"


def test_forks_while_other_threads_compile_and_run():
    code = """
over = False
def work(number):
    turn = 0
    while not over:
        turn += 1
        check(1000 * number + turn % 50), check(1)
threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
for thread in threads:
    thread.start()
for turn in range(10):
    child = os.fork()
    if not child:
        check(1), check(7 + turn)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), end="")
over = True
"""
    assert run(code) == 10 * "0"


@pytest.mark.parametrize("method", ("fork", "spawn", "forkserver"))
def test_pools(method, tmp_path):
    program = tmp_path / "program.py"  # a file, which spawned children import
    program.write_text(f"""{PROGRAM}
if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(sum(pool.map(check, range(1, 9))))
""")
    run_program = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
    assert run_python(run_program, str(program), **ENVIRONMENT) == "36\n"


def test_workers_of_a_data_loader():
    code = """
import torch, keops.torch as kt
class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 12
    def __getitem__(self, k):
        leaf = torch.from_numpy(x[: 10 * k]).requires_grad_()
        total = ((kt.Vi(leaf) - kt.Vj(torch.from_numpy(x))) ** 2).sum().sum(1).sum()
        (gradient,) = torch.autograd.grad(total, leaf)
        return gradient.sum()
sums = torch.cat(list(torch.utils.data.DataLoader(Rows(), batch_size=3, num_workers=2)))
expected = [2 * (x[: 10 * k, None] - x).sum() for k in range(12)]
assert np.allclose(sums, expected) and np.allclose(sums[5], Rows()[5])
print("done")
"""
    assert run(code) == "done\n"
