"""Random programs, compiled and evaluated: 300 in the ordinary run, 20,000 with KEOPS_SLOW. Program number N follows
from the seed N. A program that fails is made small and left in test/Regression/formulas, where it is run from then
on."""

import hashlib
import os
from collections import Counter
from functools import partial
from pathlib import Path

import choices
import comparison
import grammar
import pytest
import torch
from rules import OPERATIONS, RECORDS, USED

SLOW = bool(os.environ.get("KEOPS_SLOW"))
SANITIZED = bool(os.environ.get("KEOPS_SANITIZE_GENERATED"))
# Programs are imported a block at a time. Compiled with a sanitizer a program takes a second.
BLOCK = 30 if SANITIZED else 100
BLOCKS = 200 if SLOW else 1 if SANITIZED else 3
# Every so many programs, one is also evaluated after every pass, or compiled without an optional pass, each in turn.
PASSES_EVERY, WITHOUT_EVERY = 10 if SLOW else 3, 10
# Programs that may be tried on the way to a small one.
TRIES = 300
FOUND = Path(__file__).resolve().parents[1] / "Regression" / "formulas"


class Totals:
    def __init__(self):
        self.counts, self.worst = Counter(), 0.0

    def check(self, case, module=None):
        outcome = comparison.check(case, module)
        self.counts["formulas"] += 1
        self.counts["skipped"] += outcome.skipped
        self.worst = max(self.worst, outcome.worst)

    def __str__(self):
        formulas, skipped = self.counts["formulas"], self.counts["skipped"]
        return f"{formulas} formulas, {skipped} skipped, worst error {self.worst:.3f} of the tolerance"


@pytest.fixture(scope="module")
def totals(request):
    totals, threads = Totals(), torch.get_num_threads()
    torch.set_num_threads(1)
    yield totals
    torch.set_num_threads(threads)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{totals}")


def checks_of(seed):
    """What is tried with a program besides compiling it."""
    if seed % PASSES_EVERY == 0:
        yield comparison.check_passes
    turn, now = divmod(seed, WITHOUT_EVERY)
    if now == 0:
        left_out = comparison.OPTIONAL[turn % len(comparison.OPTIONAL)]
        yield lambda case: comparison.check_without(case, left_out)


def import_block(cases):
    """One by one where a formula is refused, so that it is known which."""
    try:
        return comparison.import_meanings(cases)
    except RuntimeError:
        return [None] * len(cases)


def find_failure(check, case):
    try:
        check(case)
    except Exception as error:
        return error


def keep_small(seed, check, kind):
    """The message of the smallest program that fails in the same way, of so many that are tried."""
    failing, tried, recorded = [], Counter(), choices.from_seed(seed)
    name = hashlib.sha1(grammar.draw_case(recorded).formula.encode()).hexdigest()[:10]

    def fails_alike(case):
        tried["programs"] += 1
        error = find_failure(check, case) if tried["programs"] <= TRIES else None
        if type(error) is kind:
            failing.append(error)
            case.write(FOUND / f"{name}.json")
            raise error

    find_failure(lambda make: choices.shrink(make, fails_alike, recorded.taken), grammar.draw_case)
    return failing[-1] if failing else "it fails only sometimes"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_programs(block, totals):
    seeds = range(block * BLOCK, (block + 1) * BLOCK)
    cases = [grammar.draw_case(choices.from_seed(seed)) for seed in seeds]
    skipped, failures = totals.counts["skipped"], []
    for seed, case, module in zip(seeds, cases, import_block(cases), strict=True):
        for check in (partial(totals.check, module=module), *checks_of(seed)):
            if error := find_failure(check, case):
                whole = comparison.check if isinstance(check, partial) else check
                failures.append(f"seed {seed}: {error}\n\nmade small: {keep_small(seed, whole, type(error))}")
                break
    assert not failures, "\n\n".join(failures)
    assert (totals.counts["skipped"] - skipped) * 3 < BLOCK


def test_every_name_is_drawn():
    """Of a long run, without compiling it."""
    cases = [grammar.draw_case(choices.from_seed(seed)) for seed in range(5000)]
    drawn = Counter(name for case in cases for name in grammar.names_of(case.formula))
    reductions = [name for r in RECORDS["reductions"] for name in (r["name"], *r["aliases"])]
    wanted = {record["name"] for record in RECORDS["operations"]}
    wanted |= {f"{name}_Reduction" for name in ("Zero", *reductions)}
    wanted |= {"Grad_WithSavedForward", "Diff_WithSavedForward", "Fused", *grammar.OPERATORS}
    assert not wanted - set(drawn)
    assert set(USED) == set(OPERATIONS) == {record["name"] for record in RECORDS["operations"]}


@pytest.mark.parametrize(
    "field, values",
    [
        ("dtype", set(grammar.DTYPES)),
        ("precision", grammar.PRECISIONS),
        ("schedule", set(grammar.SCHEDULES)),
        ("values", grammar.VALUES),
    ],
)
def test_every_option_is_drawn(field, values):
    cases = [grammar.draw_case(choices.from_seed(seed)) for seed in range(1000)]
    assert {getattr(case, field) for case in cases} == set(values)


def test_sizes_and_sums_are_drawn():
    cases = [grammar.draw_case(choices.from_seed(seed)) for seed in range(5000)]
    assert {size for case in cases for size in case.sizes} == set(range(grammar.LARGEST + 1))
    sums = {(case.dtype, case.sum_scheme, case.dtype_acc) for case in cases}
    assert sums == {(d, s, a) for d in set(grammar.DTYPES) for s in grammar.SUM_SCHEMES for a in grammar.ACCUMULATORS[d]}


@pytest.mark.parametrize("left_out", comparison.OPTIONAL)
def test_a_program_without_an_optional_pass(left_out):
    case = grammar.Case(
        "Fused(Grad(Sum_Reduction(Exp(-p1*SqDist(x3,y3)/3)*y2,0),y3,x2),ArgKMin_Reduction(SqDist(x3,y3),3,0))",
        ("p1=Pm(1)", "x2=Vi(2)", "x3=Vi(3)", "y2=Vj(2)", "y3=Vj(3)"),
        sizes=(33, 17),
    )
    comparison.check_without(case, left_out)


def test_a_wrong_result_is_noticed(monkeypatch):
    """One result in a million more than it should be."""
    case = grammar.Case("Sum_Reduction(x3*y3,0)", ("x3=Vi(3)", "y3=Vj(3)"))
    comparison.check(case)
    right = comparison.compile_and_run(case)
    monkeypatch.setattr(comparison, "compile_and_run", lambda case: [r * (1 + 1e-6) for r in right])
    with pytest.raises(comparison.Mismatch, match="compiled: result 1"):
        comparison.check(case)


def test_a_failing_program_is_made_small():
    def fail(case):
        if "Tanh(" in case.formula:
            failing.append(case.formula)
            raise AssertionError

    def record(seed):
        recorded = choices.from_seed(seed)
        grammar.draw_case(recorded)
        return recorded.taken

    formulas = {seed: grammar.draw_case(choices.from_seed(seed)).formula for seed in range(1000)}
    seed = next(seed for seed, text in formulas.items() if 60 < len(text) < 100 and "Tanh(" in text)
    failing = []
    with pytest.raises(AssertionError):
        choices.shrink(grammar.draw_case, fail, record(seed))
    assert failing[0] == formulas[seed]
    assert len(failing[-1]) < 60
