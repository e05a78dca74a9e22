"""The command line of ``python -m keops.reference``, and the tools that give the evaluator its texts:
``keops-translate`` for formulas, ``keops-opt`` for passes and for modules that are not in generic form."""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from . import reference

_DUMP = re.compile(r"^// -----// IR Dump After \S+ \(([\w-]+)\) //----- //$", re.M)


class Tools:
    """Runs the tools of one folder: that of a build or an installation around this package, or the first on the
    path."""

    def __init__(self, folder=None):
        package = Path(__file__).parent
        self.folders = (
            [Path(folder)]
            if folder
            else [package.parents[1] / "bin", package.parents[2] / "bin", Path(sys.prefix) / "bin"]
        )

    def find(self, tool):
        for folder in self.folders:
            if (folder / tool).exists():
                return str(folder / tool)
        if found := shutil.which(tool):
            return found
        raise FileNotFoundError(f"keops.reference: {tool} is neither in {self.folders[0]} nor on the path; see --tools")

    def run(self, tool, *options, text):
        done = subprocess.run([self.find(tool), *options, "-"], input=text, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{tool} {' '.join(options)}: exit {done.returncode}: {done.stderr.strip()}")
        return done

    def import_formula(self, formula, aliases, *options):
        """A formula as a module in generic form."""
        text = "".join(f"# {alias}\n" for alias in aliases) + formula
        return self.run("keops-translate", "--import-formula", "--mlir-print-op-generic", *options, text=text).stdout

    def get_generic(self, module):
        return self.run("keops-opt", "--mlir-print-op-generic", text=module).stdout

    def run_passes(self, module, *passes):
        """The module after each pass, in order: pairs of a pass and a text in generic form."""
        options = ("--mlir-print-op-generic", "--mlir-print-ir-after-all", "--mlir-disable-threading")
        dumps = _DUMP.split(self.run("keops-opt", *options, *passes, text=module).stderr)
        return list(zip(dumps[1::2], dumps[2::2], strict=True))


def parse_options(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m keops.reference", description="evaluate a formula or a module of the keops dialect, slowly"
    )
    parser.add_argument("program", help="a formula, or a file with a module of the keops dialect")
    parser.add_argument(
        "--alias", action="append", default=[], metavar="NAME=Vi(3)", help="declare a variable of a formula"
    )
    parser.add_argument(
        "--input", action="append", default=[], metavar="NAME=FILE.npy", help="the array of an argument"
    )
    parser.add_argument("--size-i", type=int, default=5, help="rows of the arguments on i without an array")
    parser.add_argument("--size-j", type=int, default=4, help="rows of the arguments on j without an array")
    parser.add_argument("--seed", type=int, default=0, help="of the arguments without an array, which are normal")
    parser.add_argument("--symbol", help="the function to evaluate, where there are several")
    parser.add_argument("--tools", help="the folder of keops-translate and keops-opt")
    return parser.parse_args(arguments)


def read_module(options):
    tools = Tools(options.tools)
    path = Path(options.program)
    if path.suffix != ".mlir" and not path.exists():
        aliases = [re.sub(r"=(\w+):(\d+)$", r"=\1(\2)", alias) for alias in options.alias]
        return tools.import_formula(options.program, aliases, "--dtype=f64")
    text = path.read_text()
    return text if text.lstrip().startswith('"builtin.module"') else tools.get_generic(text)


def make_arrays(module, options):
    files = dict(pair.split("=", 1) for pair in options.input)
    sizes = {"i": (options.size_i,), "j": (options.size_j,), "p": ()}
    rng = np.random.default_rng(options.seed)
    for name, type in reference.get_arguments(module, options.symbol):
        random = rng.standard_normal((*sizes[type.placement], type.dim))
        yield np.load(files[name]) if name in files else random


def main(arguments=None):
    options = parse_options(arguments)
    try:
        module = read_module(options)
        results = reference.evaluate(module, *make_arrays(module, options), symbol=options.symbol)
    except (ValueError, OSError, RuntimeError) as error:
        sys.exit(f"keops.reference: {error}")
    for result in results:
        print(result)
