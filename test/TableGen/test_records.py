"""keops-tblgen on small vocabularies: one record makes everything, and an incomplete one is reported where it stands."""

import json
import re
import subprocess
from pathlib import Path

import pytest

import keops

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(keops._keops.__file__).absolute().parents[2]
TBLGEN = BUILD / "bin" / "keops-tblgen"

if not TBLGEN.exists():
    pytest.skip("keops-tblgen is not built", allow_module_level=True)

CUBE = """include "Keops/Ops.td"
def Keops_CubeOp : Keops_Unary<"Cube"> {
  let summary = "x * x * x";
  let value = (MulF $x, (MulF $x, $x));
  let derivatives = [(Fn<"Mult"> (Rational<3>), (Fn<"Square"> $x))];
  let reference = "x * x * x";
}
"""


def llvm_include():
    """Where mlir/ lies: the build that is tested knows."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    (directory,) = re.findall(r"^MLIR_DIR:PATH=(.*)$", cache, re.M)
    return Path(directory).parents[2] / "include"


INCLUDES = [f"-I{ROOT / 'dialects'}", f"-I{llvm_include()}"]


def generate(folder, text, generator, tool=TBLGEN):
    source = folder / "records.td"
    source.write_text(text)
    command = [tool, generator, *INCLUDES, source]
    return subprocess.run(command, capture_output=True, text=True)


def generated(folder, text, generator, **options):
    done = generate(folder, text, generator, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- one record makes everything ---------------------------------------------------------------------------------


def test_methods(tmp_path):
    text = generated(tmp_path, CUBE, "-gen-op-methods")
    for method in ("inferReturnTypes", "emitScalar", "emitComponent", "buildPartial", "buildAdjoint"):
        assert f"CubeOp::{method}(" in text
    partial = text[text.index("CubeOp::buildPartial") :]
    assert "SquareOp::create(b, getLoc(), getX())" in partial.split("\n}\n")[0]


def test_row_of_the_parser(tmp_path):
    row = 'KEOPS_FORMULA("Cube", "keops.cube", "v", "x", "", "", 1)'
    assert row in generated(tmp_path, CUBE, "-gen-formula-table")


def test_row_of_the_numeric_tests(tmp_path):
    operations = {o["name"]: o for o in json.loads(generated(tmp_path, CUBE, "-gen-json"))["operations"]}
    cube = operations["Cube"]
    assert cube["kind"] == "elementwise" and cube["reference"] == "x * x * x" and cube["method"] == "cube"
    assert cube["derivatives"] == ["Mult(3, Square(x))"]
    assert (cube["maxUlp"], cube["maxUlpHigh"]) == ("2.5", "1.0")


def test_row_of_the_operations_page(tmp_path):
    page = generated(tmp_path, CUBE, "-gen-docs")
    assert "| `Cube(x)` | x * x * x | `Mult(3, Square(x))` | 2.5 / 1.0 | none |" in page


def test_python_method(tmp_path):
    names = {}
    exec(generated(tmp_path, CUBE, "-gen-python"), names)
    assert names["RECORDS"]["Cube"] == ("v", "inferElementwise", "cube")

    class Tensor(names["Operations"]):
        def _unary(self, form):
            return form

        def _apply(self, form, others, integers):
            return form, others, integers

    assert Tensor().cube() == "Cube" and Tensor.cube.__doc__.startswith("``Cube(x)``: x * x * x.")
    assert Tensor().extract(1, dim=2) == ("Extract", (), (1, 2))
    assert Tensor().clamp("low", "high") == ("Clamp", ("low", "high"), ())
    assert Tensor().tensordot("y", [2], [2], [0], [0]) == ("TensorDot", ("y",), ([2], [2], [0], [0], ()))


def test_operation_class(tmp_path):
    """The record is an ODS operation too; mlir-tblgen needs nothing else."""
    tool = llvm_include().parent / "bin" / "mlir-tblgen"
    if not tool.exists():
        pytest.skip("mlir-tblgen is not beside MLIR's headers")
    assert "class CubeOp : public" in generated(tmp_path, CUBE, "-gen-op-decls", tool=tool)


def test_the_example_of_the_documentation(tmp_path):
    """docs/adding-an-operation.md is true: its record works as it is printed."""
    page = (ROOT / "docs" / "adding-an-operation.md").read_text()
    (record,) = re.findall(r"```tablegen\n(.*?)```", page, re.S)
    text = 'include "Keops/Ops.td"\n' + record
    name = re.search(r'Keops_Unary<"(\w+)">', record).group(1)
    assert f"{name}Op::buildAdjoint" in generated(tmp_path, text, "-gen-op-methods")
    operations = json.loads(generated(tmp_path, text, "-gen-json"))["operations"]
    assert name in [operation["name"] for operation in operations]


def test_functions_may_be_named_before_they_are_declared(tmp_path):
    text = CUBE.replace("(Rational<3>)", '(Fn<"Later"> $x)') + CUBE.split("\n", 1)[1].replace("Cube", "Later")
    assert "LaterOp::create(b, getLoc(), getX())" in generated(tmp_path, text, "-gen-op-methods")


# ---- mistakes ----------------------------------------------------------------------------------------------------

MISTAKES = {
    "no reference": ("  let reference = .*\n", "", "record 'Keops_CubeOp' lacks the field 'reference'"),
    "no summary": ("  let summary = .*\n", "", "record 'Keops_CubeOp' lacks the field 'summary'"),
    "no value": ("  let value = .*\n", "", "record 'Keops_CubeOp' lacks the field 'value'"),
    "no derivatives": ("  let derivatives = .*\n", "", "record 'Keops_CubeOp' lacks the field 'derivatives'"),
    "too few derivatives": (r"derivatives = .*;", "derivatives = [];", "needs one derivative per operand"),
    "unknown function": ('"Square"', '"Sqare"', "names the unknown operation 'Sqare'"),
    "wrong count": (r'"Square"> \$x', '"Square"> $x, $x', "calls 'Square' with 2 arguments, expected 1"),
    "unknown operand in the value": (r"\(MulF \$x, \$x\)", "(MulF $x, $z)", "uses the unknown operand '$z'"),
    "unknown operand in the derivative": (r'"Square"> \$x', '"Square"> $z', "uses the unknown operand '$z'"),
    "formula node in the value": (r"\(MulF \$x, \$x\)", '(Fn<"Square"> $x)', "is no scalar node"),
    "scalar node in the derivative": (r'\(Fn<"Square"> \$x\)', "(MulF $x, $x)", "is not a formula"),
    "name taken": ('"Cube"', '"Sin"', "'Sin' is the name of another operation"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_reported_at_the_record(mistake, tmp_path):
    pattern, replacement, message = MISTAKES[mistake]
    text = re.sub(pattern, replacement, CUBE, count=1)
    assert text != CUBE
    done = generate(tmp_path, text, "-gen-op-methods")
    assert done.returncode == 1
    assert re.search(rf"records\.td:2:5: error: .*{re.escape(message)}", done.stderr), done.stderr


FLIP = """include "Keops/Ops.td"
def Keops_FlipOp : Keops_Structural<"Flip", (ins Keops_Value:$x)> {
  let summary = "components in reverse order";
  let inferDims = "inferElementwise";
  let derivativeText = "Flip(e)";
  let linearity = "all";
  let reference = "x[::-1]";
  let assemblyFormat = "$x attr-dict `:` type($x)";
}
"""
FLIP_MISTAKES = {
    'derivativeText = "Flip(e)"': ('derivativeText = ""', "lacks the field 'derivativeText'"),
    'inferDims = "inferElementwise"': ('inferDims = ""', "lacks the field 'inferDims'"),
    'linearity = "all"': ('linearity = "quite"', "linearity 'quite' has no meaning here"),
}


def test_forward_mode_follows_from_linearity(tmp_path):
    text = generated(tmp_path, FLIP, "-gen-op-methods")
    assert "FlipOp::buildTangent" in text and "applyToTangents(b, *this, tangents)" in text


@pytest.mark.parametrize("field", FLIP_MISTAKES)
def test_mistakes_in_structural_operations(field, tmp_path):
    replacement, message = FLIP_MISTAKES[field]
    done = generate(tmp_path, FLIP.replace(field, replacement), "-gen-op-methods")
    assert done.returncode == 1
    assert re.search(rf"records\.td:2:5: error: .*{re.escape(message)}", done.stderr), done.stderr


def test_a_generator_must_be_named(tmp_path):
    source = tmp_path / "records.td"
    source.write_text(CUBE)
    done = subprocess.run([TBLGEN, *INCLUDES, source], capture_output=True, text=True)
    assert done.returncode == 1 and "name a generator" in done.stderr
