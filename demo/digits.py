"""The main job on real data: handwritten digits, compiled formulas, and NumPy beside them.

Reads the digits that ship inside scikit-learn (1797 images of 8 x 8 pixels) and uses nothing of keops but its public
Python interface. Everything printed was measured in this run; `./dev demo` starts it.
"""

import os
import re
import sys
import tempfile
import time

import numpy as np
from sklearn.datasets import load_digits

# A cache folder of its own, so that "first" below really is a first time.
cache = tempfile.TemporaryDirectory(prefix="keops-demo-")
os.environ["KEOPS_CACHE_DIR"] = cache.name

import keops  # noqa: E402  (the cache folder must be known first)
from keops.numpy import Genred  # noqa: E402

WIDTH = 110
NEIGHBOURS = 5
SIGMA = 0.9  # width of the Gaussian kernels, in units of the distance between images
GAUSSIAN = "Exp(-SqDist(x,y)*g)"


def rule(title):
    print(f"\n--- {title} " + "-" * (WIDTH - len(title) - 5))


def milliseconds(function, *args, repeat=7):
    """Median wall time of a call, after one call that is not counted."""
    function(*args)
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def relative_error(result, reference):
    return float(np.abs(result - reference).max() / np.abs(reference).max())


def squared_distances(x, y):
    """The usual NumPy form: three terms, one matrix product, and an M x N matrix in memory."""
    d = x @ y.T
    d *= -2
    d += (x * x).sum(1)[:, None]
    d += (y * y).sum(1)
    return d


class Task:
    """One formula: compiled, run, timed, and compared with NumPy in float64.

    `baseline` is the NumPy function that gives the reference; `rival` a faster one for the timing, where there is one.
    """

    rows = []

    def __init__(self, name, formula, aliases, args, baseline, rival=None, **options):
        self.name = name
        make = lambda: Genred(formula, aliases, axis=1, **options)
        self.operation = make()
        self.result = self.operation(*args)
        self.compiled = self.obtain(make, args, memory=True, disk=True)
        self.from_disk = self.obtain(make, args, memory=True, disk=False)
        self.from_memory = self.obtain(make, args, memory=False, disk=False)
        self.run = milliseconds(self.operation, *args)
        self.numpy = milliseconds(rival or baseline, *args)
        self.reference = baseline(*(np.asarray(a, dtype=np.float64) for a in args))
        Task.rows.append(self)

    @staticmethod
    def obtain(make, args, **forget):
        """CPU milliseconds to get the program again after a part of the cache was emptied."""
        keops.cache_clear(**forget)
        again = make()
        again(*args)
        return again.compile_info["cpu_ms"]

    def show(self, agreement):
        self.agreement = agreement
        print(f"formula    {self.operation.formula}")
        print(f"result     array {self.result.shape} of {self.result.dtype}")


def nearest_neighbours(train, test):
    rule("1. Nearest neighbours: which 5 training images are closest to each test image?")
    (y, labels), (x, truth) = train, test

    def baseline(x, y):
        return np.argsort(squared_distances(x, y), axis=1, kind="stable")[:, :NEIGHBOURS]

    def rival(x, y):
        d = squared_distances(x, y)
        best = np.argpartition(d, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        return np.take_along_axis(best, np.take_along_axis(d, best, 1).argsort(1), 1)

    task = Task(
        "5 nearest neighbours",
        "SqDist(x,y)",
        ["x=Vi(64)", "y=Vj(64)"],
        (x, y),
        baseline,
        rival,
        reduction_op="ArgKMin",
        opt_arg=NEIGHBOURS,
    )
    same = float((task.result == task.reference).all(axis=1).mean())
    task.show(f"{100 * same:.1f} % of rows equal")
    votes = np.array([np.bincount(row, minlength=10).argmax() for row in labels[task.result]])
    print(f"accuracy   {100 * (votes == truth).mean():.2f} % of {len(x)} test images get the right digit")
    print(f"agreement  {task.agreement} to those of a full float64 sort in NumPy")


def kernel_density(train, test):
    rule("2. Kernel density: how typical is each test image?")
    y, x = train[0], test[0]

    def baseline(x, y, g):
        return np.exp(-g * squared_distances(x, y)).sum(1, keepdims=True)

    g = np.array([1 / (2 * SIGMA**2)], dtype=x.dtype)
    aliases = ["x=Vi(64)", "y=Vj(64)", "g=Pm(1)"]
    task = Task("kernel density", GAUSSIAN, aliases, (x, y, g), baseline, reduction_op="Sum")
    task.show(f"error {relative_error(task.result, task.reference):.1e}")
    print(f"agreement  {task.agreement} of the largest value, against float64 NumPy")
    order = task.result[:, 0].argsort()
    print("\n           the three most typical                    the three strangest")
    for line in zip(*(drawing(x[i]) for i in [*order[:-4:-1], *order[:3]])):
        print("           " + "  ".join(line[:3]) + "      " + "  ".join(line[3:]))


def drawing(image):
    """Eight lines of text for one image."""
    shades = " .:-=+*#%@"
    levels = np.clip((image.reshape(8, 8) * 9.99).astype(int), 0, 9)
    return ["".join(shades[v] * 2 for v in row)[:12].ljust(12) for row in levels[:, 1:7]]


def kernel_regression(train, test):
    rule("3. Kernel regression: the lower half of an image, guessed from its upper half")
    y, x = train[0], test[0]

    def baseline(x, y, b, g):
        return np.exp(-g * squared_distances(x, y)) @ b

    upper_x, upper_y = (np.ascontiguousarray(v[:, :32]) for v in (x, y))
    # The last column sums the weights themselves: numerator and denominator in one pass.
    b = np.hstack([y[:, 32:], np.ones((len(y), 1), dtype=y.dtype)])
    g = np.array([1 / (2 * 0.5**2)], dtype=x.dtype)
    task = Task(
        "kernel regression",
        GAUSSIAN + "*b",
        ["x=Vi(32)", "y=Vj(32)", "b=Vj(33)", "g=Pm(1)"],
        (upper_x, upper_y, b, g),
        baseline,
        reduction_op="Sum",
    )
    task.show(f"error {relative_error(task.result, task.reference):.1e}")
    guess = task.result[:, :32] / task.result[:, 32:]
    rms = np.sqrt(((guess - x[:, 32:]) ** 2).mean())
    naive = np.sqrt(((y[:, 32:].mean(0) - x[:, 32:]) ** 2).mean())
    print(f"accuracy   root mean square error {rms:.3f} per pixel (always guessing the mean image: {naive:.3f})")
    print(f"agreement  {task.agreement} of the largest value, against float64 NumPy")


def gradient(train, test):
    rule("4. A gradient: the compiler differentiates the formula")
    y, x = train[0], test[0]

    def baseline(x, y, e, g):
        k = np.exp(-g * squared_distances(x, y))
        return -2 * g * e * (k.sum(1, keepdims=True) * x - k @ y)

    g = np.array([1 / (2 * SIGMA**2)], dtype=x.dtype)
    e = np.ones((len(x), 1), dtype=x.dtype)
    task = Task(
        "gradient of the density",
        f"Grad({GAUSSIAN},x,e)",
        ["x=Vi(64)", "y=Vj(64)", "e=Vi(1)", "g=Pm(1)"],
        (x, y, e, g),
        baseline,
        reduction_op="Sum",
    )
    task.show(f"error {relative_error(task.result, task.reference):.1e}")
    print(f"agreement  {task.agreement} of the largest value, against the gradient written by hand in float64")
    density = Genred(GAUSSIAN, ["x=Vi(64)", "y=Vj(64)", "g=Pm(1)"], reduction_op="Sum", axis=1)
    before = density(x, y, g)
    after = density(x + np.float32(0.2) * task.result / before, y, g)
    print(f"meaning    one step of ascent made {100 * (after > before).mean():.1f} % of the images more typical")
    return task


def behind_the_scenes(task):
    rule("5. What happened behind: from the formula of step 4 to machine code")
    for stage, what in (
        ("keops", "The formula as the compiler reads it, in its own dialect of MLIR (map_reduce: the loops over i and j):"),
        ("scheduled", "Differentiated, simplified, what depends on p or i alone taken out of the loop, loop shape chosen:"),
        ("asm", "And the innermost loop, as the processor sees it:"),
    ):
        text = task.operation.ir(stage)
        lines = hot_lines(text) if stage == "asm" else body_lines(text)
        print(f"\n{what}")
        for line in lines:
            print("    " + line[: WIDTH - 4].rstrip())


def body_lines(text):
    """The operations inside the function, arguments under their names in the formula, types of regions left out."""
    names = dict(re.findall(r'(%arg\d+): [^{]*?{keops.name = "(\w+)"}', text))
    lines, operands = [], []
    for line in text.splitlines():
        if "keops.map" in line:
            head, rest = line.split("(%", 1)
            operands = ("%" + rest).split(")", 1)[0].split(", ")
            lines.append(head)
        elif line.lstrip().startswith("^bb0"):
            names.update(zip(re.findall(r"%arg\d+", line), (names.get(o, o) for o in operands)))
        elif line.startswith("      "):
            lines.append(re.sub(r"%arg\d+", lambda m: names.get(m[0], m[0]), line))
    return [line[4:] for line in lines]


def hot_lines(assembly):
    """A few lines around the densest run of fused multiply-adds."""
    lines = [line for line in assembly.splitlines() if line.startswith("\t") and not line.startswith("\t.")]
    score = [sum("fma" in line for line in lines[i : i + 8]) for i in range(len(lines))]
    best = int(np.argmax(score)) if score else 0
    return [line.strip().expandtabs(8) for line in lines[best : best + 8]]


def summary(m, n):
    rule("6. Time and agreement")
    print(f"{m} test x {n} training images, float32, {keops.get_num_threads()} thread(s); milliseconds\n")
    print(f"{'':25}{'compile':>9}{'from disk':>11}{'from memory':>13}{'run':>9}{'NumPy':>9}{'speed':>8}   agreement")
    for t in Task.rows:
        print(
            f"{t.name:25}{t.compiled:9.1f}{t.from_disk:11.2f}{t.from_memory:13.3f}{t.run:9.2f}{t.numpy:9.2f}"
            f"{t.numpy / t.run:7.1f}x   {t.agreement}"
        )
    print(
        "\ncompile: CPU time from formula to machine code. from disk, from memory: the same formula again, in a new"
        "\nprocess or in this one. NumPy: float32, matrix-product form, M x N matrices in memory; keops never stores"
        "\nsuch a matrix, its memory grows with M + N. agreement: against NumPy in float64."
    )


def main():
    digits = load_digits()
    images = (digits.data / 16).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], digits.target[order]
    split = len(images) * 2 // 3
    train, test = (images[:split], labels[:split]), (images[split:], labels[split:])

    print(f"keops {keops.__version__}: compiles reductions of formulas over point clouds to native code.")
    print("A formula F(x_i, y_j, p) is given as text; for each row i of x it is reduced over all rows j of y.")
    print(f"Data: {len(images)} handwritten digits of 8 x 8 pixels (scikit-learn), {split} to learn from, {len(test[0])} to test.")
    nearest_neighbours(train, test)
    kernel_density(train, test)
    kernel_regression(train, test)
    behind_the_scenes(gradient(train, test))
    summary(len(test[0]), split)
    return 0


if __name__ == "__main__":
    sys.exit(main())
