// The words in which operations are declared: expression nodes for values and derivatives, and the base classes.
// mlir-tblgen reads the ODS part of these records, keops-tblgen the rest.
#ifndef KEOPS_VOCABULARY_TD
#define KEOPS_VOCABULARY_TD

include "Keops/Interfaces.td"
include "Keops/Types.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===-- Expression nodes of `value`: one scalar or vector operation each ------------------------------------------===//

class Keops_ScalarNode<string op> { string cppOp = op; }
def AddF : Keops_ScalarNode<"::mlir::arith::AddFOp">;
def SubF : Keops_ScalarNode<"::mlir::arith::SubFOp">;
def MulF : Keops_ScalarNode<"::mlir::arith::MulFOp">;
def DivF : Keops_ScalarNode<"::mlir::arith::DivFOp">;
def NegF : Keops_ScalarNode<"::mlir::arith::NegFOp">;
def AbsF : Keops_ScalarNode<"::mlir::math::AbsFOp">;
def SqrtF : Keops_ScalarNode<"::mlir::math::SqrtOp">;
def RsqrtF : Keops_ScalarNode<"::mlir::math::RsqrtOp">;
def ExpF : Keops_ScalarNode<"::mlir::math::ExpOp">;
def Exp2F : Keops_ScalarNode<"::mlir::math::Exp2Op">;
def LogF : Keops_ScalarNode<"::mlir::math::LogOp">;
def SinF : Keops_ScalarNode<"::mlir::math::SinOp">;
def CosF : Keops_ScalarNode<"::mlir::math::CosOp">;
def PowF : Keops_ScalarNode<"::mlir::math::PowFOp">;
def Expm1F : Keops_ScalarNode<"::mlir::math::ExpM1Op">;
def Log1pF : Keops_ScalarNode<"::mlir::math::Log1pOp">;
def SinhF : Keops_ScalarNode<"::mlir::math::SinhOp">;
def CoshF : Keops_ScalarNode<"::mlir::math::CoshOp">;
def TanhF : Keops_ScalarNode<"::mlir::math::TanhOp">;
def AsinF : Keops_ScalarNode<"::mlir::math::AsinOp">;
def AcosF : Keops_ScalarNode<"::mlir::math::AcosOp">;
def AtanF : Keops_ScalarNode<"::mlir::math::AtanOp">;
def Atan2F : Keops_ScalarNode<"::mlir::math::Atan2Op">;
def ErfF : Keops_ScalarNode<"::mlir::math::ErfOp">;
def ErfcF : Keops_ScalarNode<"::mlir::math::ErfcOp">;
def FloorF : Keops_ScalarNode<"::mlir::math::FloorOp">;
def MaximumF : Keops_ScalarNode<"::mlir::arith::MaximumFOp">;
def MinimumF : Keops_ScalarNode<"::mlir::arith::MinimumFOp">;
def SelectF : Keops_ScalarNode<"::mlir::arith::SelectOp">;
def AndB : Keops_ScalarNode<"::mlir::arith::AndIOp">;
def OrB : Keops_ScalarNode<"::mlir::arith::OrIOp">;
// A comparison by an arith predicate, e.g. CmpF<"OLT">, and a constant splat over all lanes.
class CmpF<string arithPredicate> { string predicate = arithPredicate; }
class NumF<string number> { string literal = number; }
// A C++ function Value f(OpBuilder &, Location, arguments...): values, or numbers out of attributes.
class CppF<string function> { string cppFunction = function; }

//===-- Expression nodes of `derivatives` and `expansion`: formulas -----------------------------------------------===//

// Another operation, by its name in formulas. Arguments: $operands, integer attributes, nested nodes.
class Fn<string formulaName> { string function = formulaName; }
// A constant formula: an integer or a quotient of integers. As a whole derivative, Rational<0> says that there is none.
class Rational<int n, int d = 1> { int numerator = n; int denominator = d; }
// A constant formula that is no quotient, in decimal digits.
class Real<string number> { string literal = number; }
// As a whole derivative: 1 where the formula inside is not 0, and 0 elsewhere, whatever the adjoint is there.
def Where1;
// A composite whose shape depends on dimensions: a C++ function Value f(OpBuilder &, Location, operands...).
// `text` is what the operations page says of it.
class Cpp<string function, string text> { string cppFunction = function; string formula = text; }
// An integer computed in C++ from the operation's attributes: a formula constant or an attribute argument.
class IntOf<string cppExpression> { string expression = cppExpression; }

//===-- Base classes -----------------------------------------------------------------------------------------------===//

class Keops_Op<string formula, dag operands, list<Trait> traits>
    : Op<Keops_Dialect, !tolower(formula), !listconcat(traits, [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>])> {
  string formulaName = formula;
  string pythonMethod = !tolower(formula);
  string runTimeForm = "";          // the operation meant when a formula stands where an integer is expected
  // "all": linear in all operands together; "each": in each operand while the others are kept; "first": in the first
  // one; "none" (structural operations): piecewise constant; "own": the operation's own buildTangent says.
  string linearity = "";
  int cost = 1;                     // per component, in additions
  string inferDims = ?;             // the dimension rule: a function of lib/IR/Dimensions.cpp
  let arguments = operands;
  let results = (outs Keops_Value:$result);
}

// What the numeric tests and the operations page read. Errors are in units in the last place of the result.
class Keops_Numerics {
  string reference = ?;             // the value in mpmath's words, operands by name
  list<string> domain = ["-2", "2"];// where random arguments are drawn
  list<string> points = [];         // arguments tested one by one, special values included
  string maxUlp = "2.5";            // at precision default, for stored arguments
  string maxUlpHigh = "1.0";
  string edgeCases = "";            // one line for the operations page
}

// A list of integers at the end of a call that may be left out.
def Keops_OptionalIntegers : DefaultValuedAttr<DenseI64ArrayAttr, "{}">;

// Each component depends on the same component of the operands; an operand of dimension 1 is broadcast.
// The record is all: value, partial derivative with respect to each operand, numerics.
class Keops_Elementwise<string formula, dag operands>
    : Keops_Op<formula, operands, [DeclareOpInterfaceMethods<Keops_FormulaOpInterface>]>, Keops_Numerics {
  dag value = ?;
  let inferDims = "inferElementwise";
  list<dag> derivatives = ?;        // partial derivatives, one per operand
  let assemblyFormat = "operands attr-dict `:` type(operands)";
  let extraClassDeclaration = [{
    ::mlir::Value emitScalar(::mlir::OpBuilder &b, ::mlir::ValueRange operands);
    ::keops::Partial buildPartial(::mlir::OpBuilder &b, unsigned operand);
  }];
}
class Keops_Unary<string formula> : Keops_Elementwise<formula, (ins Keops_Value:$x)>;
class Keops_Binary<string formula> : Keops_Elementwise<formula, (ins Keops_Value:$x, Keops_Value:$y)> {
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x) `,` type($y)";
}
class Keops_Ternary<string formula, dag operands> : Keops_Elementwise<formula, operands>;

// Functions that IEEE arithmetic rounds once.
class Keops_ExactBinary<string formula> : Keops_Binary<formula> {
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
  let points = ["0", "-0", "1", "inf", "-inf", "nan"];
}
class Keops_ExactUnary<string formula> : Keops_Unary<formula> {
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
  let points = ["0", "-0", "1", "-1", "inf", "-inf", "nan"];
}

// Another spelling of a formula; vanishes before differentiation.
class Keops_Composite<string formula, dag operands>
    : Keops_Op<formula, operands, [DeclareOpInterfaceMethods<Keops_CompositeOpInterface>]>, Keops_Numerics {
  dag expansion = ?;
  let assemblyFormat = "operands attr-dict `:` type(operands)";
}

// Moves components around or combines them: the record, and three methods in the family's file of lib/IR.
class Keops_Structural<string formula, dag operands, list<Trait> traits = []>
    : Keops_Op<formula, operands, !listconcat(traits, [DeclareOpInterfaceMethods<Keops_FormulaOpInterface>])>,
      Keops_Numerics {
  let maxUlp = "0";
  let maxUlpHigh = "0";
  string derivativeText = ?;        // for the operations page
}

#endif // KEOPS_VOCABULARY_TD
