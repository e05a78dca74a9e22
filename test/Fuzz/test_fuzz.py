"""Random programs, compiled and evaluated: 300 in the ordinary run, always the same ones; 20,000 others with
KEOPS_SLOW. A program that fails is made small and left in test/Regression/formulas, where it is run from then on."""

import hashlib
import os
from collections import Counter
from pathlib import Path

import comparison
import grammar
import pytest
import torch
from hypothesis import HealthCheck, given, settings

SLOW = bool(os.environ.get("KEOPS_SLOW"))
# Compiled with a sanitizer a program takes a second.
COUNT = 20_000 if SLOW else 30 if os.environ.get("KEOPS_SANITIZE_GENERATED") else 300
# Every so many programs, one is also compiled without an optional pass, each pass in turn.
EVERY = 10
FOUND = Path(__file__).resolve().parents[1] / "Regression" / "formulas"


class Totals:
    def __init__(self):
        self.counts, self.worst, self.failing = Counter(), 0.0, None

    def run(self, case):
        self.failing = case
        self.counts["formulas"] += 1
        outcome = comparison.check(case)
        self.counts["skipped"] += outcome.skipped
        self.worst = max(self.worst, outcome.worst)
        turn, now = divmod(self.counts["formulas"], EVERY)
        if now == 0:
            comparison.check_without(case, comparison.OPTIONAL[turn % len(comparison.OPTIONAL)])
        self.failing = None

    def keep_failing(self):
        """The last failing program is the smallest."""
        if self.failing:
            FOUND.mkdir(exist_ok=True)
            self.failing.write(FOUND / f"{hashlib.sha1(self.failing.formula.encode()).hexdigest()[:10]}.json")

    def __str__(self):
        formulas, skipped = self.counts["formulas"], self.counts["skipped"]
        return f"{formulas} formulas, {skipped} skipped, worst error {self.worst:.3f} of the tolerance"


def test_random_programs(capsys):
    totals = Totals()

    @settings(
        max_examples=COUNT, derandomize=not SLOW, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(grammar.cases())
    def run(case):
        totals.run(case)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run()
    finally:
        torch.set_num_threads(threads)
        totals.keep_failing()
        with capsys.disabled():
            print(f"\n{totals}")
    assert totals.counts["skipped"] * 3 < totals.counts["formulas"]


def test_every_operation_can_be_drawn():
    assert not grammar.WITHOUT_RULE


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
