"""Calls that are spoilt: what ``surface`` found to be right, with other arguments, and a judge of what comes of them.

A program of its own, which test_malformed starts: ``python malformed.py LIBRARY GROUP EXAMPLES`` tries so many calls of
everything in the group, and writes each to standard error before it is made, so that a crash can be told from the last
line. A call must either raise an exception of ours or give what it gives for plain copies of its arrays."""

import dis
import linecache
import os
import re
import resource
import sys
import warnings
from pathlib import Path

import hypothesis
import keops
import numpy as np
import surface
from hypothesis import strategies as st
from oddities import list_wrong

PACKAGE = str(Path(keops.__file__).parent)
CLEAN = (ValueError, TypeError, NotImplementedError, IndexError, AttributeError, MemoryError)
# What the native module says begins with the function that was called.
NATIVE = re.compile(r"(Genred|LazyTensor|KernelSolve|keops[.\w]*)\b.*: ")
INTERNAL = re.compile(r"internal|assert|std::|bad_alloc|unreachable|please report|truth value|NoneType' object", re.I)


KEYWORDS = (
    "axis dim K weight other call out backend device_id ranges sum_scheme dtype_acc use_double_acc precision".split()
)
KEYWORDS += "keepdim enable_chunks use_fast_math optional_flags opt_arg foo info x self".split()


# ---- Calls -----------------------------------------------------------------------------------------------------------


class Call:
    """A subject's place, arguments and keywords; shown with its arrays' shapes and strides."""

    def __init__(self, entry, place, args, keywords):
        self.entry, self.place, self.args, self.keywords = entry, place, args, keywords

    def __repr__(self):
        keywords = [f"{name}={show(value)}" for name, value in self.keywords.items()]
        return f"{self.entry.name} of {self.place} ({', '.join([*map(show, self.args), *keywords])})"

    def run(self):
        subject = self.entry.make_subjects()[self.place]
        return self.entry.call(subject, *self.args, **self.keywords)


def show(value):
    if isinstance(value, (tuple, list)) and not (value and value[0] is value):
        return f"{type(value).__name__}[{', '.join(map(show, value))}]"
    if hasattr(value, "_is_complex"):
        return f"{type(value).__name__}({value.formula} {value.shape})"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{type(value).__name__}({value.dtype} {value.shape} {value.strides})"
    if type(value).__module__.startswith("torch") and hasattr(value, "layout"):
        shape = "nested" if value.is_nested else list(value.shape)
        return f"{type(value).__name__}({value.dtype} {value.layout} {value.device} {shape})"
    return repr(value)[:200]


@st.composite
def calls(draw, entry, valid, values, wrong):
    """A right call, most often with one thing or two that are spoilt."""
    place, args, keywords = valid
    args, keywords = list(args), dict(keywords)
    anything = st.sampled_from([*wrong, *(value for several in values.values() for value in several)])
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(entry.make_subjects()) - 1))
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from("replace replace replace known keyword drop add".split()))
        known = list_names(entry)
        if kind == "replace" and args:
            args[draw(st.integers(0, len(args) - 1))] = draw(anything)
        elif kind in ("replace", "known") and known[len(args) :]:
            keywords[draw(st.sampled_from(known[len(args) :]))] = draw(anything)
        elif kind == "keyword" and any(p.kind == p.VAR_KEYWORD for p in entry.parameters):
            keywords[draw(st.sampled_from(KEYWORDS))] = draw(anything)
        elif kind == "drop" and args:
            args.pop()
        elif kind == "add":
            args.append(draw(anything))
    return Call(entry, place, args, keywords)


def replace_each(entry, valid, wrong):
    """The right call with every wrong value in the place of each argument that it has or may have."""
    place, args, keywords = valid
    for k in range(len(args)):
        for value in wrong:
            yield Call(entry, place, [*args[:k], value, *args[k + 1 :]], keywords)
    for name in list_names(entry)[len(args) :]:
        for value in wrong:
            yield Call(entry, place, args, {**keywords, name: value})


def list_names(entry):
    return [p.name for p in entry.parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


# ---- The judge -------------------------------------------------------------------------------------------------------


def judge_error(error):
    """What is wrong with an exception, None if it is a clean one."""
    message = str(error)
    if not isinstance(error, CLEAN):
        return f"{type(error).__name__} is none of the exceptions that are promised"
    # What is quoted from a library is about its own array.
    if not message or INTERNAL.search(message.partition("cannot be read as an array: ")[0]):
        return "the message says nothing to a user"
    if isinstance(error, MemoryError):
        return None
    traceback = error.__traceback__
    while traceback.tb_next:
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    if frame.f_code.co_filename in (surface.__file__, __file__):
        return None if isinstance(error, (TypeError, IndexError)) else "neither keops nor Python's calls say it"
    is_ours = str(Path(frame.f_code.co_filename)).startswith(PACKAGE)
    is_raised = dis.opname[frame.f_code.co_code[traceback.tb_lasti]] in ("RAISE_VARARGS", "RERAISE")
    if is_ours and (is_raised or NATIVE.match(message)):
        return None
    line = linecache.getline(frame.f_code.co_filename, traceback.tb_lineno).strip()
    return f"it comes from {frame.f_code.co_filename}:{traceback.tb_lineno}: {line}"


def read_bytes(value):
    """What must not change."""
    if isinstance(value, (tuple, list)) and not (value and value[0] is value):
        return [read_bytes(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if type(value).__module__.startswith("torch") and getattr(value, "layout", None) is not None:
        try:
            return value.detach().resolve_conj().resolve_neg().contiguous().view(-1).clone().numpy().tobytes()
        except Exception:
            return None
    return None


def plain(value):
    """Arrays as contiguous copies in native byte order, which all functions must treat as they treat the original."""
    if isinstance(value, (tuple, list)) and not (value and value[0] is value):
        return type(value)(map(plain, value)) if type(value) in (tuple, list) else value
    if type(value) is np.ndarray:
        return np.array(value, value.dtype.newbyteorder("="), order="C")
    if type(value).__module__ == "torch" and type(value).__name__ in ("Tensor", "Parameter"):
        try:
            return value.detach().resolve_conj().resolve_neg().clone().contiguous()
        except Exception:
            return value
    return value


def is_same(a, b):
    """Whether two results say the same, up to rounding: solvers add up in the order of memory."""
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(is_same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(is_same(a[key], b[key]) for key in a)
    if hasattr(a, "_is_complex"):
        return write(a) == write(b) and is_same(a.variables, b.variables)
    if hasattr(a, "detach"):
        return str(a.dtype) == str(b.dtype) and is_same(to_numpy(a), to_numpy(b))
    if isinstance(a, np.ndarray):
        return a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=") and is_close(a, b)
    return not isinstance(a, (bool, int, float, str, type(None))) or repr(a) == repr(b)


def write(lazy):
    """Text and shape; what is said of a formula that is too long for text."""
    try:
        return repr(lazy)
    except ValueError as error:
        return str(error)


def is_close(a, b):
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=True)


def to_numpy(tensor):
    """A tensor's numbers; the shape of one that has none for NumPy."""
    tensor = tensor.detach().resolve_conj().resolve_neg()
    try:
        return (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).numpy()
    except (TypeError, RuntimeError):
        return tuple(tensor.shape)


def check(call):
    print(call, file=sys.stderr, flush=True)
    before = [read_bytes(value) for value in call.args]
    outs = call.keywords.get("out")
    try:
        result = call.run()
    except Exception as error:
        problem = judge_error(error)
        if problem:
            raise AssertionError(f"{call}\n  raises {type(error).__name__}: {str(error)[:300]}\n  {problem}") from error
        return
    finally:
        if outs is None:
            assert before == [read_bytes(value) for value in call.args], f"{call} writes to its arguments"
    if outs is not None:
        return
    again = Call(call.entry, call.place, plain(call.args), plain_values(call.keywords))
    assert is_same(result, again.run()), f"{call} has another result for copies of its arrays"


def plain_values(keywords):
    return {name: plain(value) for name, value in keywords.items()}


def check_entry(entry, library, wrong, examples):
    """Raises for the smallest call that is treated badly."""
    valid = entry.find_valid(library.values)
    if valid is None:
        assert not entry.must_work, (
            f"surface: {entry.name}: no right call was found; are there values for its arguments?"
        )
        valid = 0, [], {}

    @hypothesis.settings(
        max_examples=examples * (1 + len(entry.parameters)),
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
    )
    @hypothesis.given(calls(entry, valid, library.values, wrong))
    def property(call):
        check(call)

    # Few examples are few of these, too; not the same for all entries.
    step = max(1, 16 // examples)
    for call in replace_each(entry, valid, wrong[len(entry.name) % step :: step]):
        check(call)
    property.__name__ = property.__qualname__ = entry.name
    property.hypothesis.inner_test.__qualname__ = entry.name
    property()


def limit_memory():
    """Sizes that are too large must end in MemoryError; the sanitizers need all addresses."""
    if "asan" not in os.environ.get("LD_PRELOAD", ""):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 30),) * 2)


def main(name, group, examples):
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    library = surface.Library(name)
    wrong, failures = list_wrong(library), []
    limit_memory()
    for entry in surface.list_entries(library, group):
        try:
            check_entry(entry, library, wrong, int(examples))
        except Exception as failure:
            failures.append(f"{entry.name}: {failure!r}" if not isinstance(failure, AssertionError) else str(failure))
    print("\n".join(failures))
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
