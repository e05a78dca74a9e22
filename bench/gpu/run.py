"""`./dev gpu-bench [ROW ...]`: pairs a second on a GPU, ours beside those of PyTorch and CuPy, and how near the bound.

Medians of runs that take turns, by CUDA events. One table for docs/performance.md. On an emulated GPU the same runs
with few rows; its times mean nothing. The rows are in ``works.py``."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

CHECKS = Path(__file__).resolve().parents[2] / "test/Gpu"
ROUNDS = 7
CALLS_OF_A_LAUNCH = 1000


def enter_environment(arguments):
    """The command again, where keops and the modules of the checks are found."""
    sys.path.insert(0, str(CHECKS))
    from prepare import find_gpu, make_environment

    environment = make_environment() | {"KEOPS_BENCH_STARTED": "1"}
    print(f"measured on: {find_gpu(environment)}", flush=True)
    return subprocess.run([sys.executable, __file__, *arguments], env=environment).returncode


# ---- times -----------------------------------------------------------------------------------------------------------


def time_on_host(call, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def time_on_gpu(call):
    import torch

    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    before.record()
    call()
    after.record()
    after.synchronize()
    return before.elapsed_time(after) / 1e3


def choose_clock(work):
    import arrays

    if arrays.IS_EMULATED:
        return lambda call: time_on_host(call, 1)
    if work.is_launch:
        return lambda call: time_launches(call)
    return time_on_gpu


def time_launches(call):
    import torch

    torch.cuda.synchronize()
    return time_on_host(call, CALLS_OF_A_LAUNCH)


def measure(work):
    """Median seconds by contender; one that fails is None, and why is said."""
    cases = {"keops": work.ours} | {name: call for name, (call, _) in work.others.items()}
    clock, times = choose_clock(work), {name: [] for name in cases}
    for turn in range(ROUNDS + 1):
        for name, call in list(cases.items()):
            try:
                seconds = clock(call)
            except Exception as problem:
                if name == "keops":
                    raise
                print(f"{work.name}: {name}: {problem}", file=sys.stderr)
                del cases[name]
                continue
            if turn:  # the first one compiles
                times[name].append(seconds)
    return {name: statistics.median(found) for name, found in times.items() if found and name in cases}


# ---- the table -------------------------------------------------------------------------------------------------------

COLUMNS = ("work", "keops, pairs/s", "bound", "of bound", "expected", "beside (ours is times as fast)")


def write_row(work, seconds):
    own = seconds.pop("keops")
    rate = work.pairs / own
    rates = {name: work.others[name][1] / took for name, took in seconds.items()}
    beside = [f"{name} {other:.3g} ({rate / other:.3g} x)" for name, other in rates.items()]
    figure = f"{rate:.3g}"
    if work.is_launch:
        figure, beside = f"{1e6 * own:.2f} us", [f"{name} {1e6 * took:.2f} us" for name, took in seconds.items()]
    bound = [f"{work.bound:.3g}", f"{100 * rate / work.bound:.0f} %"] if work.bound else ["", ""]
    return [work.name, figure, *bound, work.expected, "; ".join(beside)]


def print_row(cells):
    print(f"| {' | '.join(cells)} |", flush=True)


def main():
    import arrays

    arrays.install()
    from works import ROWS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    rows = parser.parse_args().rows
    if unknown := set(rows) - set(ROWS):
        parser.error(f"expected rows among {', '.join(ROWS)}; got {', '.join(sorted(unknown))}")
    print_row(COLUMNS)
    print_row(["---"] * len(COLUMNS))
    for name in rows or ROWS:
        work = ROWS[name]()
        print_row(write_row(work, measure(work)))


if __name__ == "__main__":
    sys.exit(main() if "KEOPS_BENCH_STARTED" in os.environ else enter_environment(sys.argv[1:]))
