"""The evaluator on whole modules: gradients of reductions, broadcasting, the reader of generic form, messages."""

import math
import struct

import numpy as np
import pytest
from modules import apply, call, function, mapped, value_type

from keops import reference, reference_ir
from keops.reference_tools import Tools

RNG = np.random.default_rng(2)
X, Y, B, E = (RNG.standard_normal(s) for s in ((5, 3), (4, 3), (4, 2), (5, 2)))
ALIASES = ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)", "e=Vi(2)", "p=Pm(1)"]
P = np.array([0.7])


def run(formula, *passes):
    module = Tools().import_formula(formula, ALIASES, "--dtype=f64")
    if passes:
        module = Tools().run_passes(module, *passes)[-1][1]
    return reference.evaluate(module, X, Y, B, E, P)


def gauss(p=P):
    return np.exp(-p * ((X[:, None] - Y) ** 2).sum(2))


def test_a_gaussian_sum():
    np.testing.assert_allclose(run("Sum_Reduction(Exp(-p*SqDist(x,y))*b,0)")[0], gauss() @ B, rtol=1e-14)
    np.testing.assert_allclose(run("Sum_Reduction(Exp(-p*SqDist(x,y))*e,1)")[0], gauss().T @ E, rtol=1e-14)


def test_gradients_of_a_reduction():
    formula = "Grad(Sum_Reduction(Exp(-p*SqDist(x,y))*b,0),{},e)"
    weights = gauss() * (E @ B.T)
    steps = X[:, None] - Y
    np.testing.assert_allclose(run(formula.format("x"))[0], -2 * P * (weights[..., None] * steps).sum(1), rtol=1e-12)
    np.testing.assert_allclose(run(formula.format("y"))[0], 2 * P * (weights[..., None] * steps).sum(0), rtol=1e-12)
    rows = -(weights * (steps**2).sum(2)).sum(1, keepdims=True)
    np.testing.assert_allclose(run(formula.format("p"))[0], rows, rtol=1e-12)


def test_a_gradient_inside_a_formula_belongs_to_one_pair():
    (result,) = run("Sum_Reduction(Grad(Sin(x*y),x,x)*Exp(y),0)")
    expected = (np.cos(X[:, None] * Y) * Y * X[:, None] * np.exp(Y)).sum(1)
    np.testing.assert_allclose(result, expected, rtol=1e-13)


def test_a_gradient_of_a_formula_without_the_variable_is_zero():
    (result,) = run("Sum_Reduction(Grad(Grad(Sin(p),p,Elem(x,0)),e,Elem(y,0)),0)")
    assert np.array_equal(result, np.zeros((5, 2)))


def test_a_gradient_of_a_gradient():
    (result,) = run("Grad(Grad(Sum_Reduction(x**3*y,0),x,x),x,x)")
    np.testing.assert_allclose(result, 9 * X**3 * Y.sum(0), rtol=1e-12)


def test_a_parameter_has_a_row_for_each_row_of_the_result():
    (result,) = run("Grad(Grad(Sum_Reduction(p*p*x*y,0),y,x),p,y)")
    np.testing.assert_allclose(result, (2 * P * Y * (X**2).sum(0)).sum(1, keepdims=True), rtol=1e-12)


def test_passes_change_nothing():
    formula = "Grad(Sum_Reduction(Exp(-p*SqDist(x,y)/3)*b+Sqrt(SqNorm2(x)),0),y,e)"
    want = run(formula)[0]
    for stage in ("--keops-expand-composites", "--keops-formula-stage"):
        np.testing.assert_allclose(run(formula, stage)[0], want, rtol=1e-12, atol=1e-14)


def test_rounding_is_applied_to_every_result():
    module = Tools().import_formula("Sum_Reduction(Square(x),0)", ALIASES, "--dtype=f64")
    result = reference.evaluate(module, X, Y, B, E, P, rounding=lambda result, *_: result * 2)
    np.testing.assert_allclose(result[0], 4 * 4 * X**2, rtol=1e-15)


@pytest.mark.parametrize("dtype, digits, large", [("f16", 11, np.inf), ("bf16", 8, 119808.0)])
def test_short_types_are_rounded_where_they_are_stored(dtype, digits, large):
    """Half a unit beyond 1 is lost when it is read, eps squared when the product is written."""
    module = Tools().import_formula("Min_ArgMin_Reduction(x*y,0)", ["x=Vi(1)", "y=Vj(1)"], f"--dtype={dtype}")
    eps = 2.0 ** (1 - digits)
    x, y = np.array([[1 + eps / 2], [1 + eps], [3e4]]), np.array([[1 + eps], [4.0]])
    values, indices = reference.evaluate(module, x, y)
    assert values[:2].ravel().tolist() == [1 + eps, 1 + 2 * eps] and not indices.any()
    values, _ = reference.evaluate(module, x, y[1:])
    assert values.ravel().tolist() == [4, 4 + 4 * eps, large]


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (1, 1), (0, 0)])
def test_empty_and_single_rows(sizes):
    m, n = sizes
    module = Tools().import_formula("Sum_Reduction(x*y,0)", ["x=Vi(3)", "y=Vj(3)"], "--dtype=f64")
    x, y = np.ones((m, 3)), np.full((n, 3), 2.0)
    assert np.array_equal(reference.evaluate(module, x, y)[0], np.full((m, 3), 2.0 * n))


SELECTED = np.array([[0.0, 2], [2, 1], [-1, 0], [2, 2], [1, -1]])


def select(mnemonic, direction, dim, attributes=""):
    """Sum over i of an operation that compares the index lists on i with the row on j."""
    lists, x, kept = value_type(2, "i", "i64"), value_type(direction.shape[1], "i"), value_type(dim, "j")
    terms = value_type(dim, "ij")
    body = (
        '%r0 = "keops.map_reduce"(%a0, %a1) <{over = #keops<placement i>, reductions = [#keops.reduce<Sum>]}> ({\n'
        f"^bb0(%b0: {lists}, %b1: {x}):\n"
        f"%v = {call(mnemonic, ['%b0', '%b1'], [lists, x], terms, attributes)}\n"
        f'"keops.yield"(%v) : ({terms}) -> () }}) : ({lists}, {x}) -> {kept}'
    )
    module = function([lists, x, value_type(1, "j")], body, [kept])
    return reference.evaluate(module, SELECTED, direction, np.zeros((4, 1)))[0]


def test_selections_compare_indices_with_rows():
    ones = np.ones((5, 2))
    assert select("scatter_at", ones, 2, "dim = 2 : i64").tolist() == [[1, 1], [1, 1], [2, 2], [0, 0]]
    assert select("scatter_at", ones, 1, "dim = 1 : i64").tolist() == [[2], [2], [4], [0]]
    assert select("gather_at", ones, 2).tolist() == [[1, 1], [1, 1], [2, 2], [0, 0]]
    assert select("gather_at", ones[:, :1], 2).tolist() == [[1, 1], [1, 1], [2, 2], [0, 0]]
    assert select("only_at", ones[:, :1], 1).tolist() == [[2], [2], [3], [0]]


# ---- the reader ------------------------------------------------------------------------------------------------


def test_numbers_lists_and_names():
    bits = struct.unpack("<Q", struct.pack("<d", -math.inf))[0]
    text = (
        f'"t.op"() <{{a = -3 : i64, b = 2.5e-1 : f64, c = 0x{bits:X} : f64, d = array<i64: 1, -2>, e = array<i64>, '
        'f = ["x", @y], g = {h = true}, i, j = #keops.rational<-1, 3>, k = (i32) -> i32}> : () -> ()'
    )
    attributes = reference_ir.parse(text).attributes
    assert attributes["a"] == -3 and attributes["b"] == 0.25 and attributes["c"] == -math.inf
    assert attributes["d"] == [1, -2] and attributes["e"] == [] and attributes["f"] == ["x", "y"]
    assert attributes["g"] == {"h": True} and attributes["i"] is True
    assert attributes["j"] == reference_ir.Attribute("keops.rational", ("-1", "3"))


def test_names_of_the_inside_do_not_escape():
    text = '"a.b"() ({ %0 = "c.d"() : () -> i32 }) : () -> ()'
    assert [op.name for op in reference_ir.parse(text).walk()] == ["a.b", "c.d"]
    with pytest.raises(reference_ir.ParseError, match="line 1: %0 is not defined here"):
        reference_ir.parse('"m.m"() ({ ' + text + ' "e.f"(%0) : (i32) -> () }) : () -> ()')


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "expected one operation at the top"),
        ('"a.b"() : () -> (', "the text ends too early"),
        ('"a.b"(\n%0) : (i32) -> ()', "line 2: %0 is not defined"),
        ('"a.b"() <{x = #k<a}> : () -> ()', "the text ends too early"),
        ('%0:2 = "a.b"() : () -> i32', "expected names for 1 results"),
        ("module {}", "expected the name of an operation"),
    ],
)
def test_texts_that_are_not_modules(text, message):
    with pytest.raises(reference_ir.ParseError, match=message):
        reference_ir.parse(text)


# ---- messages --------------------------------------------------------------------------------------------------


def test_unknown_operations_and_reductions_are_named():
    with pytest.raises(reference.EvaluationError, match="unknown operation keops.frobnicate"):
        apply("frobnicate", X)
    module = Tools().import_formula("Sum_Reduction(x,0)", ALIASES, "--dtype=f64").replace("<Sum>", "<Median>")
    with pytest.raises(reference.EvaluationError, match="unknown reduction Median"):
        reference.evaluate(module, X, Y, B, E, P)


def test_wrong_arrays_are_named():
    module = Tools().import_formula("Sum_Reduction(x*y,0)", ["x=Vi(3)", "y=Vj(3)"], "--dtype=f64")
    with pytest.raises(reference.EvaluationError, match="expected 2 arrays, got 1"):
        reference.evaluate(module, X)
    with pytest.raises(reference.EvaluationError, match=r"y: expected shape \(4, 3\), got \(4, 2\)"):
        reference.evaluate(module, X, B)
    with pytest.raises(
        reference.EvaluationError, match="expected the name of one function, got 'g'; there are: keops_program"
    ):
        reference.evaluate(module, X, Y, symbol="g")


def test_wrong_operations_are_named():
    with pytest.raises(reference.EvaluationError, match="keops.elem: .*position"):
        apply("elem", X, dim=1)
    with pytest.raises(reference.EvaluationError, match="keops.sum: dimension 1, the type says 2"):
        apply("sum", X, dim=2)


# ---- the command line ------------------------------------------------------------------------------------------


def test_command_line(tmp_path, capsys):
    from keops.reference_tools import main

    files = []
    for name, array in (("x", X), ("y", Y)):
        np.save(tmp_path / f"{name}.npy", array)
        files += ["--input", f"{name}={tmp_path / name}.npy"]
    expected = f"{X * Y.sum(0)}\n"
    main(["Sum_Reduction(x*y,0)", "--alias", "x=Vi:3", "--alias", "y=Vj(3)", *files])
    assert capsys.readouterr().out == expected
    types = [value_type(3, "i")]
    (tmp_path / "m.mlir").write_text(mapped(types, f"%v = {call('minus', ['%b0'], types, types[0])}", "%v", 3))
    main([str(tmp_path / "m.mlir"), "--input", f"argument 1={tmp_path}/x.npy"])
    assert capsys.readouterr().out == f"{-X}\n"
    with pytest.raises(SystemExit, match="keops.reference: .*Frob"):
        main(["Sum_Reduction(Frob(x),0)", "--alias", "x=Vi(3)"])
