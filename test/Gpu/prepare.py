"""Makes keops importable for the checks and the benches: in a build tree it is; in an unpacked package of
`./dev gpu-package` the native module is built first, for the Python that runs, from sources and without LLVM."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "programs"
IS_PACKAGE = PROGRAMS.is_dir()


def make_environment():
    """The variables with which a process finds keops, the modules beside this file, and compiled programs."""
    folders = [ROOT / ("python" if IS_PACKAGE else "build/python"), ROOT / "test/Gpu"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    if IS_PACKAGE:
        build_module()
        environment.setdefault("KEOPS_PROGRAMS", str(adopt_programs()))
    return environment


def build_module():
    """Anew only where something changed: CMake and ninja know."""
    folder = ROOT / f"build-module-{sys.implementation.cache_tag}"
    configure = ["cmake", "-G", "Ninja", "-S", ROOT / "python/src", "-B", folder]
    configure.append(f"-DPython_EXECUTABLE={sys.executable}")
    for command in (configure, ["cmake", "--build", folder]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the module _keops could not be built by {command[0]}:\n{done.stdout}{done.stderr}")


def adopt_programs():
    """The folder of programs, which must belong to this user alone: a copy where the package came from another one."""
    status = PROGRAMS.stat()
    if status.st_uid == os.geteuid() and not status.st_mode & 0o022:
        return PROGRAMS
    copy = Path(tempfile.gettempdir()) / f"keops-programs-{os.geteuid()}"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(PROGRAMS, copy, copy_function=shutil.copyfile)
    copy.chmod(0o700)
    return copy


def find_gpu(environment):
    """The name of the GPU, or an end that says why there is none."""
    code = "import keops; print(keops.gpus()[0]['name'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip().rpartition("\n")[2].removeprefix("RuntimeError: "))
    return done.stdout.strip()
