"""What gradients take beside the reduction itself, and the memory of clouds of a million points: the Gaussian sum on
PyTorch tensors, f32, D=3.

Prints ratios of medians of interleaved runs."""

import argparse
import resource
import statistics
import sys
import time

# Times of the forward pass: ceilings that a change must not break.
CEILINGS = {"x": 2.7, "x, y, b": 4.5}
SIZE, ROUNDS = 20_000, 9
LARGE = 1_000_000
D = 3


def draw(torch, count):
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(count, columns, generator=generator) for columns in (D, D, 1)]


def make_cases(torch, gauss, size):
    """The forward pass alone, and with the gradients by some tensors."""
    x, y, b = draw(torch, size)
    ones = torch.ones(size, 1)

    def with_gradients(*wanted):
        tensors = [t.clone().requires_grad_() if k in wanted else t for k, t in enumerate((x, y, b))]
        chosen = [tensors[k] for k in wanted]
        return lambda: torch.autograd.grad(gauss(*tensors), chosen, ones)

    return {"forward": lambda: gauss(x, y, b), "x": with_gradients(0), "x, y, b": with_gradients(0, 1, 2)}


def measure(cases):
    """Median seconds of each case; the cases take turns."""
    times = {name: [] for name in cases}
    for call in cases.values():
        call()
    for _ in range(ROUNDS):
        for name, call in cases.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def measure_memory(torch, gauss, size):
    """MiB that the peak of the process grows by in a forward and backward pass with all gradients, and seconds."""
    call = make_cases(torch, gauss, size)["x, y, b"]
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    call()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, time.perf_counter() - start


def report(large):
    import torch

    from keops.torch import Genred

    gauss = Genred("Exp(-SqDist(x,y))*b", [f"x=Vi({D})", f"y=Vj({D})", "b=Vj(1)"], axis=1)
    figures = measure(make_cases(torch, gauss, SIZE))
    forward, good = figures.pop("forward"), True
    print(f"{1e3 * forward:9.2f} ms forward, M=N={SIZE}")
    for name, value in figures.items():
        good &= value <= CEILINGS[name] * forward
        verdict = "met" if value <= CEILINGS[name] * forward else "MISSED"
        print(f"{value / forward:9.2f} times that with gradients by {name}  (ceiling {CEILINGS[name]}: {verdict})")
    if large:
        growth, seconds = measure_memory(torch, gauss, LARGE)
        print(f"{growth:9.2f} MiB growth of the process at M=N={LARGE}, all gradients, {seconds:.0f} s")
    return good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="a million points as well (minutes)")
    parser.add_argument("--check", action="store_true", help="fail when a ceiling is missed")
    arguments = parser.parse_args()
    sys.exit(not report(arguments.large) and arguments.check)
