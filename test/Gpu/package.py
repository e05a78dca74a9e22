"""`./dev gpu-package`: all that a machine with a GPU of NVIDIA needs, in build/gpu-package and in an archive of it.

The machine has no LLVM, so programs go along. Which ones is not written anywhere: the checks and the benches run here
on the emulated driver, which loads PTX and does nothing, and what they ask for is kept (KEOPS_PROGRAMS)."""

import os
import shutil
import subprocess
import sys
import tarfile

from check import list_tests
from prepare import ROOT

BUILD = ROOT / "build"
PACKAGE = BUILD / "gpu-package"
ARCHIVE = BUILD / "gpu-package.tar.gz"
MOST_BYTES = 60 << 20
FOLDERS = ("python/src", "include/keops-c", "test/Gpu", "test/Numerics", "test/EndToEnd", "bench/gpu")
RECORDS = "include/keops/IR/KeopsRecords.json"
CHIP = "9.0"


def run(*command, is_quiet=False, **variables):
    output = subprocess.DEVNULL if is_quiet else None
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, stdout=output)
    if done.returncode:
        raise SystemExit(f"gpu-package: failed: {' '.join(map(str, command[:8]))}")


def copy_files(package=PACKAGE):
    """The component "python" of the build, without what is for this machine alone, and folders of the tree."""
    shutil.rmtree(package, ignore_errors=True)
    run("cmake", "--install", BUILD, "--component", "python", "--prefix", package / "python", is_quiet=True)
    for library in ("libkeops-compiler.so", "_keops.*.so"):
        for path in (package / "python/keops").glob(library):
            path.unlink()
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, package / folder, ignore=shutil.ignore_patterns("__pycache__"))
    # The records of operations, which the table of tests is made from.
    (package / RECORDS).parent.mkdir(parents=True)
    shutil.copy2(BUILD / RECORDS, package / RECORDS)
    for name in ("dev", "LICENSE"):
        shutil.copy2(ROOT / name, package / name)


def record_programs():
    """Asserts are left out: there are no results, only whether all was asked for to the end."""
    variables = {
        "KEOPS_CUDA_DRIVER": str(BUILD / "lib/libcuda-emulated.so"),
        "KEOPS_EMULATED_TARGET": "",
        "KEOPS_EMULATED_CAPABILITIES": CHIP,
        "KEOPS_EMULATED_VERSION": "13000",
        "KEOPS_PROGRAMS": str(PACKAGE / "programs"),
        "PYTHONPATH": os.pathsep.join(map(str, (BUILD / "python", ROOT / "test/Gpu"))),
        "PYTHONOPTIMIZE": "1",
    }
    options = ("-q", "-p", "no:cacheprovider", "-p", "on_gpu", "--assert=plain", "-n", str(os.cpu_count()))
    run(sys.executable, "-m", "pytest", *options, *list_tests(), **variables)
    run(sys.executable, "bench/gpu/run.py", **variables)


def pack():
    with tarfile.open(ARCHIVE, "w:gz", compresslevel=6) as archive:
        archive.add(PACKAGE, "gpu-package")
    size, count = ARCHIVE.stat().st_size, len(list((PACKAGE / "programs").iterdir()))
    print(f"{ARCHIVE}: {size / 2**20:.1f} MiB, {count} programs")
    if size > MOST_BYTES:
        raise SystemExit(f"gpu-package: expected at most {MOST_BYTES >> 20} MiB")


if __name__ == "__main__":
    copy_files()
    record_programs()
    pack()
