"""What concerns the process: threads, cache, forks, Ctrl-C, settings."""

import os
import re

import numpy as np
import pytest
from conftest import assert_gauss, fake_compiler, run_python

import keops

GAUSS = """
import numpy as np, keops
from keops.numpy import Genred
x = np.ones((4, 3)); y = np.ones((5, 3)); b = np.ones((5, 1))
f = Genred("Exp(-SqDist(x,y)*g)*b", ["x=Vi(3)", "y=Vj(3)", "g=Pm(1)", "b=Vj(1)"], axis=1)
assert np.array_equal(f(x, y, 1.0, b), np.full((4, 1), 5.0))
print(f.compile_info["source"])
"""


def test_version_and_settings():
    assert re.fullmatch(r"\d+\.\d+\.\d+", keops.__version__)
    settings = keops.settings()
    assert "KEOPS_NUM_THREADS" in settings
    assert all(default and text for default, text in settings.values())
    assert os.path.exists(keops.compiler_info()["path"])


def test_threads_can_be_set():
    default = keops.get_num_threads()
    try:
        keops.set_num_threads(2)
        assert keops.get_num_threads() == 2
        with pytest.raises(ValueError, match="the number of threads must be from 0"):
            keops.set_num_threads(-1)
        with pytest.raises(TypeError):
            keops.set_num_threads("two")
    finally:
        keops.set_num_threads(0)
    assert keops.get_num_threads() == default
    assert run_python("import keops; print(keops.get_num_threads())", KEOPS_NUM_THREADS="3").strip() == "3"


def test_programs_outlive_the_process(tmp_path):
    folder = str(tmp_path / "cache")
    sources = [run_python(GAUSS, KEOPS_CACHE_DIR=folder).strip() for _ in range(2)]
    assert sources == ["compiled", "disk"]
    for entry in os.scandir(folder):
        with open(entry.path, "r+b") as file:
            file.truncate(100)
    assert run_python(GAUSS, KEOPS_CACHE_DIR=folder).strip() == "compiled"
    assert run_python(GAUSS, KEOPS_CACHE_DIR=folder).strip() == "disk"


def test_unusable_cache_folders_do_not_disturb(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    file = tmp_path / "file"
    file.write_text("no folder")
    for folder in (shared, file, "/proc/none"):
        assert run_python(GAUSS, KEOPS_CACHE_DIR=str(folder)).strip() == "compiled"
    assert not os.listdir(shared)


def test_a_missing_compiler_is_one_clear_error(tmp_path):
    code = """
import numpy as np
from keops.numpy import Genred
try:
    Genred("x", ["x=Vi(1)"])(np.ones((2, 1)))
except ValueError as error:
    print(error)
"""
    message = run_python(code, KEOPS_COMPILER_LIBRARY="/nonexistent.so")
    assert message.startswith("Genred: cannot load the compiler library '/nonexistent.so'")
    assert "KEOPS_COMPILER_LIBRARY" in message


def test_cache_counts(gauss, arrays):
    gauss(*arrays)
    info = keops.cache_info()
    assert info["programs_in_memory"] >= 1
    assert info["folder"] == os.environ["KEOPS_CACHE_DIR"]
    keops.cache_clear(disk=False)
    assert keops.cache_info()["programs_in_memory"] == 0
    assert_gauss(gauss(*arrays), *arrays)


def test_a_forked_child_computes(gauss, arrays):
    expected = gauss(*arrays)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(gauss(*arrays), expected) else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0


# The signal is sent again and again: the first may come before the run has begun. A shell starts background jobs with
# the signal ignored, so the handler of Python is put in place by hand.
INTERRUPT = """
import signal, threading, time, os, sys
from keops.numpy import Genred
signal.signal(signal.SIGINT, signal.default_int_handler)
wait = Genred("Wait", [], axis=1)
over = threading.Event()
def interrupt():
    while not over.wait(0.2):
        os.kill(os.getpid(), signal.SIGINT)
class Handled(BaseException):
    pass
def handle(*_):
    raise Handled
if sys.argv[1:] == ["handler"]:
    signal.signal(signal.SIGINT, handle)
try:
    threading.Thread(target=interrupt).start()
    wait()
except BaseException as error:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    over.set()
    print(type(error).__name__)
"""


def test_ctrl_c_ends_a_run():
    assert run_python(INTERRUPT, KEOPS_COMPILER_LIBRARY=fake_compiler()) == "KeyboardInterrupt\n"


def test_signal_handlers_run_meanwhile():
    output = run_python(INTERRUPT, "handler", KEOPS_COMPILER_LIBRARY=fake_compiler())
    assert output == "Handled\n"


def test_other_threads_go_on_during_a_run():
    code = INTERRUPT.replace("while not over.wait(0.2):\n", """end = time.monotonic() + 0.3
    global count
    while time.monotonic() < end:
        count += 1
    while not over.wait(0.2):
""").replace("over = ", "count = 0\nover = ").replace("type(error).__name__", "count")
    assert int(run_python(code, KEOPS_COMPILER_LIBRARY=fake_compiler())) > 1000
