"""Measures our kernels beside NumPy, PyTorch and hand-written ones, in one run; `./dev bench` starts it.

Every contender is one process per thread count; in each round all of them are timed in turn, so that a ratio compares
neighbours in time. Wall time is what a user waits for; CPU time per thread is what to quote on a busy machine.
`latency.py` has the figures of small problems: compile time, cached calls, memory.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONTENDERS = ["keops", "hand", "torch", "numpy"]
# Those that a change is measured by; the others take longer, or have no kernel written by hand.
DEFAULT = ["K1", "K4", "K5a", "K6", "K7a", "K8", "K11"]
# The floors that a change must not break: share of the hand-written kernel's speed.
FLOORS = {"K1": 0.9, "K4": 0.5, "K5a": 0.5, "K7a": 0.8, "K8": 0.7}


def serve(contender, threads, pipe):
    """The life of a contender's process: prepare a workload, then time it as often as asked."""
    from contenders import Unavailable

    try:
        module = importlib.import_module(f"contenders.{contender}_c")
        module.setup(threads)
    except (Unavailable, ImportError) as reason:
        pipe.send(("skipped", str(reason)))
        return
    pipe.send(("ready", module.NAME))
    run = None
    while (order := pipe.recv()) is not None:
        try:
            if order[0] == "prepare":
                run, error = prepare(module, *order[1:])
                pipe.send(("ready", error))
            else:
                pipe.send(("timed", sample(run, order[1], threads)))
        except Exception as reason:  # reported in the table; the other contenders go on
            pipe.send(("failed", repr(reason)[:200]))


def prepare(module, workload, size):
    import workloads

    make = getattr(module, workload, None)
    if make is None:
        raise NotImplementedError(f"{module.NAME} has no {workload}")
    d = workloads.data(workload, size)
    run = make(d)
    return run, workloads.error(d, run())


def sample(run, seconds, threads):
    """(wall, CPU per thread) of every call made within the given time; at least one call."""
    calls, end = [], time.perf_counter() + seconds
    while not calls or time.perf_counter() < end:
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        calls.append((time.perf_counter() - wall, (time.process_time() - cpu) / threads))
    return calls


class Contender:
    def __init__(self, name, threads):
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[variable] = str(threads)
        # Waiting threads must not burn the CPU time that is measured.
        os.environ.update(OMP_WAIT_POLICY="passive", KMP_BLOCKTIME="0")
        self.name = name
        self.pipe, other = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(name, threads, other), daemon=True
        )
        process.start()
        other.close()
        self.state, self.note = self.receive()

    def receive(self):
        try:
            return self.pipe.recv()
        except EOFError:
            return "failed", "the process ended"

    def ask(self, *order):
        self.pipe.send(order)
        return self.receive()


def measure(contenders, workload, size, rounds, slot):
    """One record per contender that can run the workload; rounds are interleaved."""
    records = []
    for c in contenders:
        state, note = c.ask("prepare", workload, size)
        if state == "ready":
            records.append(dict(contender=c.name, ask=c.ask, error=note, calls=[], rounds=[]))
        else:
            print(f"{workload} {size} {c.name}: {note}", file=sys.stderr)
    for _ in range(rounds):
        for r in records:
            state, calls = r["ask"]("time", slot)
            if state == "timed":
                r["calls"] += calls
                r["rounds"].append(tuple(map(min, zip(*calls))))
    for r in records:
        del r["ask"]
        r.update(workload=workload, size=size, wall=statistics.median(c[0] for c in r["calls"]))
        r["cpu"] = statistics.median(c[1] for c in r["calls"])
    return records


def speed_against(records, base, clock):
    """Median over the rounds of (base's time) / (contender's time): above 1 is faster than the base."""
    for r in records:
        if base is not None:
            r[f"ratio_{clock}"] = statistics.median(
                b[clock == "cpu"] / o[clock == "cpu"] for b, o in zip(base["rounds"], r["rounds"])
            )


def row(r, threads):
    pairs = r["size"] ** 2 / r["cpu"] / threads * 1e-9
    ratios = [f"{r[k]:9.2f}" if k in r else f"{'-':>9}" for k in ("ratio_wall", "ratio_cpu")]
    return (
        f"{r['workload']:4} {r['size']:6} {threads:3} {r['contender']:6} {1e3 * r['wall']:10.3f} {1e3 * r['cpu']:10.3f}"
        f" {pairs:8.3f} {ratios[0]} {ratios[1]}   {r['error']:.1e}"
    )


def throughput(arguments, log):
    import workloads

    print("Speed is relative to the hand-written kernels, or to NumPy where these are absent; above 1 is faster.\n")
    print(f"{'':21}{'wall ms':>11}{'CPU ms':>11}{'Gpair/s':>9}{'speed':>10}{'speed':>10}")
    print(f"{'':4} {'M=N':>6} {'thr':>3} {'':6} {'median':>10} {'/thread':>10} {'/thread':>8} {'wall':>9} {'CPU':>9}   error")
    shares = []
    for threads in arguments.threads:
        contenders = []
        for name in arguments.contenders:
            c = Contender(name, threads)
            if c.state == "ready":
                contenders.append(c)
            else:
                print(f"skipped {name}: {c.note}")
        for workload in arguments.workloads:
            most = workloads.WORKLOADS[workload].most
            for size in sorted({min(size, most) for size in arguments.sizes}):
                records = measure(contenders, workload, size, arguments.rounds, arguments.slot)
                by_name = {r["contender"]: r for r in records}
                base = by_name.get("hand", by_name.get("numpy"))
                for clock in ("wall", "cpu"):
                    speed_against(records, base, clock)
                for r in records:
                    print(row(r, threads), flush=True)
                    log.append({**r, "threads": threads, "what": str(workloads.WORKLOADS[workload])})
                    if r["contender"] == "keops" and "hand" in by_name and workload in FLOORS:
                        shares.append((workload, size, threads, r["ratio_cpu"]))
        for c in contenders:
            c.pipe.send(None)
    return shares


def check(shares):
    """Prints how our kernels stand to the floors; true when all are met."""
    good = True
    for workload, size, threads, ratio in shares:
        met = ratio >= FLOORS[workload]
        good &= met
        print(f"{workload} M=N={size} threads={threads}: {ratio:.2f} of hand-written, floor {FLOORS[workload]}: {'met' if met else 'MISSED'}")
    return good


def parse():
    numbers = lambda text: [int(t) for t in text.split(",")]
    names = lambda text: text.split(",")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contenders", type=names, default=CONTENDERS, help="comma separated (default: all)")
    parser.add_argument("--workloads", type=names, default=DEFAULT, help="all: every one (default: %(default)s)")
    parser.add_argument("--sizes", type=numbers, default=[2000, 10000])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slot", type=float, default=0.15, help="seconds per contender and round")
    parser.add_argument("--json", help="write all records to this file")
    parser.add_argument("--no-latency", action="store_true", help="leave out compile times, cached calls and memory")
    parser.add_argument("--check", action="store_true", help="fail when a floor is missed")
    return parser.parse_args()


def main():
    arguments = parse()
    import workloads

    if arguments.workloads == ["all"]:
        arguments.workloads = list(workloads.WORKLOADS)
    for name in arguments.workloads:
        print(f"{name:4} {workloads.WORKLOADS[name]}")
    print()
    log = []
    shares = throughput(arguments, log)
    print()
    good = check(shares)
    if not arguments.no_latency:
        import latency

        print(flush=True)
        good &= latency.report(log)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(log, indent=1))
    return 0 if good or not arguments.check else 1


if __name__ == "__main__":
    sys.exit(main())
