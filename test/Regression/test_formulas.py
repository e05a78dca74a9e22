"""Programs that once went wrong, found by test/Fuzz and made small by it: compiled, and evaluated after every pass."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "Fuzz"))

import comparison  # noqa: E402
import grammar  # noqa: E402

FORMULAS = sorted((Path(__file__).parent / "formulas").glob("*.json"))


@pytest.mark.parametrize("path", FORMULAS, ids=lambda path: path.stem)
def test_formula(path):
    case = grammar.Case.read(path)
    comparison.check(case)
    comparison.check_without(case, *comparison.OPTIONAL)
