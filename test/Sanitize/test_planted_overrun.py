"""Under `./dev test --sanitize`, a read past the end of an array by generated code is caught and named.

The overrun is planted from outside: a view that claims more rows than its memory has. No check can see that, so the
kernel reads what is not there, and AddressSanitizer, which the compiler wove into it, must stop the process.
"""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
from keops.numpy import Genred

extra = int(sys.argv[1])
rows = 5000
x = np.ones((rows, 3), np.float32)
longer = np.lib.stride_tricks.as_strided(x, (rows + extra, 3), x.strides)
args = dict(i=(longer, np.ones((7, 3), np.float32)), j=(np.ones((7, 3), np.float32), longer))[sys.argv[2]]
Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], reduction_op="Sum", axis=1)(*args)
print("finished")
"""


def run(extra, side):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(extra), side], capture_output=True, text=True
    )


pytestmark = pytest.mark.skipif(
    not os.environ.get("KEOPS_SANITIZE_GENERATED"),
    reason="needs the sanitizer build: ./dev test --sanitize",
)


@pytest.mark.parametrize("side", ["i", "j"])
def test_right_sizes_pass(side):
    done = run(0, side)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "finished\n"


@pytest.mark.parametrize("side", ["i", "j"])
def test_one_row_too_many_is_caught(side):
    done = run(1, side)
    assert done.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in done.stderr
