"""What a user of small problems feels: compile time of a new formula, a cached call, memory of a large problem.

Each figure comes from a process of its own with an empty cache folder; `run.py` calls report().
"""

import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# Ceilings that a change must not break.
COMPILE_CPU_MS = 60
SECOND_GRADIENT_CPU_MS = 150
CACHED_CALL_US = 30
# (figure, unit, ceiling or None, what it is)
FIGURES = [
    ("load", "ms", None, "CPU time to load the libraries and compile a first formula"),
    ("compile", "ms", COMPILE_CPU_MS, "CPU time to compile a new formula after that, median of 12"),
    ("compile_worst", "ms", None, "the slowest of these 12"),
    ("second_gradient", "ms", SECOND_GRADIENT_CPU_MS, "the gradient of the gradient of a formula of 30 operations"),
    ("ptx", "ms", None, "CPU time of PTX for a Gaussian sum, D=3, sm_90, in a warm process, median of 11"),
    ("ptxas", "ms", None, "CPU time in which ptxas assembles it, median of 11, where there is one"),
    ("from_disk", "ms", None, "CPU time of a formula that an earlier process compiled, median of 12"),
    ("cached_call", "us", CACHED_CALL_US, "a call of a ready Genred, M=50, N=30"),
    ("rebuilt_call", "us", None, "the same with the Genred object made anew for each call"),
    ("memory", "MiB", 64, "growth of the process at M=N=50000; the matrix M x N would take 9537 MiB"),
]
# Formulas of different shape, not one formula with different names: every one is a new program.
FORMULAS = [
    ("Exp(-SqDist(x,y)*g)*b", "Sum"),
    ("Exp(-Norm2(x-y)*g)*b", "Sum"),
    ("Inv(IntCst(1)+SqDist(x,y)*g)*b", "Sum"),
    ("b-SqDist(x,y)*g", "LogSumExp"),
    ("SqDist(x,y)", "ArgMin"),
    ("Grad(Exp(-SqDist(x,y)*g)*b,x,e)", "Sum"),
    ("Square(x|y)*b", "Sum"),
    ("Cos(g*(x|y))*b", "Sum"),
    ("Sqrt(SqDist(x,y)+g)*b", "Sum"),
    ("(x|y)*Exp(-SqDist(x,y)*g)*b", "Sum"),
    ("Norm2(x-y)", "Min"),
    ("Log(g+SqDist(x,y))*b", "Sum"),
]
ALIASES = ["x=Vi(5)", "y=Vj(5)", "b=Vj(1)", "g=Pm(1)", "e=Vi(1)"]


def thirty_operations():
    """A formula of 30 operations on vectors of dimension 3, in which parts occur again and again."""
    a = "Sqrt(SqDist(x,y)*g+1)"
    b = f"Log({a}+Square(x|y))"
    c = f"Tanh({b}*Cos(g*{b}))"
    d = f"Sigmoid({c}-{a})"
    s = f"(Sin({d}*{b})+Exp(-{a}))"
    t = f"({s}*{c}/(1+Square({d})))"
    return f"Sqrt(Square({t})+2)*Exp(-{b})*b+{c}"


def arrays(m, n, columns):
    import numpy as np

    rng = np.random.default_rng(0)
    cloud = lambda rows, c: rng.random((rows, c)).astype(np.float32)
    return cloud(m, columns), cloud(n, columns), cloud(n, 1), np.ones(1, np.float32), cloud(m, 1)


def compile_times():
    """CPU milliseconds of each formula's first call on three points; the call itself is negligible."""
    from keops.numpy import Genred

    small = arrays(3, 3, 5)
    times = []
    start = time.process_time()
    Genred("Exp(x|y)*b", ALIASES, axis=1)(*small)
    load = time.process_time() - start
    for formula, reduction in FORMULAS:
        start = time.process_time()
        Genred(formula, ALIASES, reduction_op=reduction, axis=1)(*small)
        times.append(1e3 * (time.process_time() - start))
    return dict(load=1e3 * load, median=statistics.median(times), worst=max(times))


def second_gradient_times():
    """CPU milliseconds, the median of several that differ by a constant, after a first one loaded the libraries."""
    from keops import _keops

    aliases = ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "g=Pm(1)", "e=Vi(1)", "f=Vi(3)"]
    small, times = (*arrays(3, 3, 3), arrays(3, 3, 3)[0]), []
    for k in range(6):
        formula = f"Grad(Grad(Sum_Reduction({thirty_operations()}+{k},0),x,e),x,f)"
        start = time.process_time()
        _keops.Reduction(formula, aliases).run(*small)
        times.append(1e3 * (time.process_time() - start))
    return dict(median=statistics.median(times[1:]))


def ptx_times():
    """CPU milliseconds of PTX of Gaussian sums that differ by a constant, and of assembling each: as a driver does it."""
    from keops import _keops

    times, assembling, aliases = [], [], ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)"]
    for k in range(12):
        reduction = _keops.Reduction(f"Sum_Reduction(Exp(-SqDist(x,y)*{k + 2})*b,0)", aliases)
        start = time.process_time()
        ptx = reduction.dump("asm", "float32")
        times.append(1e3 * (time.process_time() - start))
        assembling.append(assemble(ptx))
    return dict(ptx=statistics.median(times[1:]), ptxas=statistics.median(assembling[1:]))


def assemble(ptx):
    """CPU milliseconds of ptxas; NaN without one."""
    ptxas = shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas")
    if not ptxas:
        return math.nan
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([ptxas, "-arch=sm_90", "-", "-o", os.devnull], input=ptx, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def call_times():
    """Microseconds of one call, best of five runs of 2000: the floor is the cost, the rest is the machine."""
    from keops.numpy import Genred

    args = arrays(50, 30, 3)[:4]
    aliases = ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "g=Pm(1)"]
    make = lambda: Genred("Exp(-SqDist(x,y)*g)*b", aliases, axis=1)
    ready = make()

    def best(call, count=2000):
        call()
        runs = []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(count):
                call()
            runs.append(1e6 * (time.perf_counter() - start) / count)
        return min(runs)

    return dict(ready=best(lambda: ready(*args)), rebuilt=best(lambda: make()(*args)))


def memory_growth():
    """MiB that the peak of the process grows by when the clouds grow from 1000 to 50000 points."""
    from keops.numpy import Genred

    run = Genred("Exp(-SqDist(x,y)*g)*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "g=Pm(1)"], axis=1)
    large = arrays(50000, 50000, 3)[:4]
    run(*arrays(1000, 1000, 3)[:4])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(*large)
    return dict(growth=(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def in_new_process(function, cache, **environment):
    here = os.path.dirname(__file__)
    code = f"import json, sys; sys.path.insert(0, {here!r}); import latency; print(json.dumps(latency.{function}()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KEOPS_CACHE_DIR": cache, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def figures():
    with tempfile.TemporaryDirectory() as cache:
        cold = in_new_process("compile_times", cache)
        warm = in_new_process("compile_times", cache)
        second = in_new_process("second_gradient_times", cache)
        kernels = in_new_process("ptx_times", cache, KEOPS_TARGET="nvptx-sm_90")
        calls = in_new_process("call_times", cache)
        memory = in_new_process("memory_growth", cache)
    return dict(
        load=cold["load"],
        compile=cold["median"],
        compile_worst=cold["worst"],
        second_gradient=second["median"],
        **kernels,
        from_disk=warm["median"],
        cached_call=calls["ready"],
        rebuilt_call=calls["rebuilt"],
        memory=memory["growth"],
    )


def report(log):
    """Prints the figures beside their ceilings and appends them to the log; true when all ceilings hold."""
    good, values = True, figures()
    for name, unit, ceiling, what in FIGURES:
        verdict = ""
        if ceiling is not None:
            verdict = f"  (ceiling {ceiling}: {'met' if values[name] <= ceiling else 'MISSED'})"
            good &= values[name] <= ceiling
        print(f"{values[name]:9.2f} {unit:3} {what}{verdict}")
    log.append(values)
    return good
