"""`./dev gpu-check`: all that is checked on a GPU, or on an emulated one whose driver KEOPS_CUDA_DRIVER names.

Arguments are those of pytest, such as ``-k gauss``. The tables are the tests of the CPU (``on_gpu.py`` moves them);
what only a GPU has is in the files check_*.py beside this one."""

import os
import subprocess
import sys

from prepare import IS_PACKAGE, ROOT, find_gpu, make_environment

OWN = ["check_runs.py", "check_gradients.py", "check_sanitizer.py"]
# Files, or files and the tests of them: the whole table of operations, every reduction and every form of a kernel, and
# so many dimensions and types that all programs fit into the package.
TABLES = {
    "Numerics/test_operations.py": [],
    "Numerics/test_folded_exponentials.py": [],
    "EndToEnd/test_reductions.py": [
        *("test_sizes", "test_few_rows_are_split_over_j", "test_sum_of_random_terms", "test_a_million_terms"),
        *("test_extrema_ignore_nan", "test_sums_propagate_nan_and_infinity", "test_log_sum_exp_of_infinities"),
    ],
    "EndToEnd/test_batches.py": ["test_shapes_and_values"],
    "EndToEnd/test_ranges.py": ["test_exact_reductions", "test_several_reductions_of_both_indices"],
    "EndToEnd/test_gradients.py": ["test_gradient_of_a_sum", "test_several_gradients_in_one_program"],
    "EndToEnd/test_selected_gradients.py": ["test_special_values"],
    "EndToEnd/test_statistics.py": ["test_exact", "test_mean_and_variance"],
    "EndToEnd/test_storage.py": ["test_reductions", "test_every_number_is_read_and_written"],
    "EndToEnd/test_complex.py": ["test_complex_and_real_arrays_give_the_same_bits"],
    "EndToEnd/test_schedules.py": [],
    "EndToEnd/test_operators.py": ["test_operator"],
}


def list_tests():
    tables = [f"test/{file}{'::' * bool(test)}{test}" for file, tests in TABLES.items() for test in tests or [""]]
    return [f"test/Gpu/{name}" for name in OWN] + tables


def run_pytest(environment, options):
    # Each process has a context of its own on the GPU, and references take longer than kernels.
    workers = [] if "-n" in options else ["-n", str(min(os.cpu_count(), 12))]
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "on_gpu", *workers]
    command += ["--rootdir", ROOT, *options, *list_tests()]
    return subprocess.run(command, env=environment, cwd=ROOT).returncode


def main(options):
    environment = make_environment()
    print(f"checked on: {find_gpu(environment)}, keops of {'the package' if IS_PACKAGE else 'the build'}", flush=True)
    return run_pytest(environment, options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
