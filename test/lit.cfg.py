# Configuration of lit: which files are tests, which tools they may call, what this machine can do. The values of one
# build come from lit.site.cfg.py, made by CMake.
import os
import platform
import shutil
import subprocess

import lit.formats

config.name = "keops"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".keops"]
# The other runners' folders: GoogleTest and CTest (Unit, CAPI, Numerics, Install), pytest (Python, EndToEnd).
config.excludes = ["Inputs", "Unit", "CAPI", "Numerics", "Install", "Python", "EndToEnd"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.keops_build_dir, "test")

tools_dir = os.path.join(config.keops_build_dir, "bin")
config.environment["PATH"] = os.pathsep.join(
    [tools_dir, config.llvm_tools_dir, config.environment.get("PATH", "")]
)
# Tests must not meet what an earlier run, or the user, left in a cache.
config.environment["KEOPS_CACHE_DIR"] = os.path.join(config.test_exec_root, "lit-cache")
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "KEOPS_SLOW", "CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%python", config.python_executable),
    ("%cc", config.c_compiler),
    ("%keops_include", os.path.join(config.keops_source_dir, "include")),
    ("%keops_bin", tools_dir),
    ("%keops_lib", os.path.join(config.keops_build_dir, "lib")),
    ("%keops_src", config.keops_source_dir),
]


def host_flags():
    """The instruction sets that the processor offers, as Linux names them."""
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith(("flags", "Features")):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


def find_ptxas():
    """NVIDIA's assembler, where the compiler looks for it too; many machines have none."""
    roots = [os.environ.get(name) for name in ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT")] + ["/usr/local/cuda"]
    folders = [os.environ.get("PATH", "")] + [os.path.join(root, "bin") for root in roots if root]
    return shutil.which("ptxas", path=os.pathsep.join(folders))


config.available_features.add(platform.machine())
ptxas = find_ptxas()
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
# Found however the environment is changed.
if os.path.exists("/usr/local/cuda/bin/ptxas"):
    config.available_features.add("system-ptxas")
flags = host_flags()
if {"avx2", "fma"} <= flags:
    config.available_features.add("avx2")
if {"avx512f", "avx512dq", "avx512vl"} <= flags:
    config.available_features.add("avx512")
# LLVM need not know every target; what its code generator says of these GPUs is asked only where it does.
llc = os.path.join(config.llvm_tools_dir, "llc")
if "nvptx64" in subprocess.run([llc, "--version"], capture_output=True, text=True).stdout:
    config.available_features.add("nvptx")
if config.sanitize:
    config.available_features.add("sanitize")
if os.environ.get("KEOPS_SLOW"):
    config.available_features.add("slow")
