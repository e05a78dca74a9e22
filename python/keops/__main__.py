"""``python -m keops``: what is installed, what it computes on, whether it works; ``python -m keops cache clear``."""

import argparse
import importlib.metadata
import os
import platform
import sys

import keops

_PACKAGES = ("numpy", "scipy", "torch", "ml_dtypes")
# Of the many features of a processor, those that decide how fast formulas are.
_FEATURES = ("sse4.2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512fp16", "avx512bf16", "amx-bf16", "neon", "sve")


def _read_arguments(arguments):
    parser = argparse.ArgumentParser(prog="python -m keops", description="Reports on the installation of keops.")
    commands = parser.add_subparsers(dest="command", title="commands")
    commands.add_parser("health", help="versions, processor, cache and a small computation (the default)")
    cache = commands.add_parser("cache", help="the folder of compiled programs")
    cache.add_argument("action", nargs="?", choices=("info", "clear"), default="info")
    return parser.parse_args(arguments)


def _print_rows(rows):
    for name, text in rows:
        print(f"{name + ':':<12} {text}")


# ---- Health ----------------------------------------------------------------------------------------------------------


def _list_versions():
    yield "keops", f"{keops.__version__}, {os.path.dirname(keops.__file__)}"
    yield "Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    for name in _PACKAGES:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, "not installed"


def _list_machine():
    try:
        info = keops.compiler_info()
    except (RuntimeError, ValueError) as error:
        yield "compiler", f"not available: {error}"
    else:
        triple, processor, *features = info["host_target"].split(" ")
        found = set("".join(features).split(","))
        yield "compiler", f"LLVM {info['llvm_version']}, {info['path']}"
        yield "processor", f"{processor}, {' '.join(name for name in _FEATURES if '+' + name in found)} ({triple})"
    yield "threads", str(keops.get_num_threads())
    yield "GPU", _describe_gpu()


def _describe_gpu():
    """The devices that tensors may be on, or why there are none."""
    try:
        devices = keops.gpus()
    except RuntimeError as error:
        return f"none: {error}"
    names = (
        f"{device['name']} (sm_{''.join(map(str, device['capability']))}, {device['memory_bytes'] / 2**30:.0f} GiB)"
        for device in devices
    )
    return f"{', '.join(names)}; driver for CUDA {devices[0]['driver_version']}"


def _list_cache():
    info = keops.cache_info()
    yield "cache", f"{info['disk_entries']} programs, {info['disk_bytes'] / 1000:,.1f} kB, {info['folder']}"


def _compute():
    """Squared distances, compared with sums by hand: the text of the last line, and whether they are right."""
    import numpy as np

    from keops.numpy import Genred

    x, y = np.arange(1.0, 10.0).reshape(3, 3), np.arange(3.0, 9.0).reshape(2, 3)
    reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"])
    try:
        result = reduction(x, y)
    except (RuntimeError, ValueError) as error:
        return f"failed: {error}", False
    if not np.array_equal(result, [[63.0], [90.0]]):
        return f"failed: expected [[63.], [90.]], got {result.tolist()}", False
    return f"passed, program from {reduction.compile_info['source']}", True


def _report_health():
    _print_rows(_list_versions())
    _print_rows(_list_machine())
    text, works = _compute()
    _print_rows(_list_cache())
    _print_rows([("computation", text)])
    return works


# ---- Cache -----------------------------------------------------------------------------------------------------------


def _manage_cache(action):
    before = keops.cache_info()
    if action == "clear":
        keops.cache_clear()
        after = keops.cache_info()
        print(f"removed {before['disk_entries'] - after['disk_entries']} programs from {before['folder']}")
    else:
        _print_rows(_list_cache())
    return True


def main(arguments=None):
    """Runs one command; the exit status is 1 where the computation fails."""
    options = _read_arguments(arguments)
    works = _manage_cache(options.action) if options.command == "cache" else _report_health()
    return 0 if works else 1


if __name__ == "__main__":
    sys.exit(main())
