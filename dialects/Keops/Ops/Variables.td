// The leaves of formulas and the symbolic gradient. Variables themselves are block arguments.
#ifndef KEOPS_OPS_VARIABLES_TD
#define KEOPS_OPS_VARIABLES_TD

include "Keops/Vocabulary.td"

def Keops_ConstantOp : Op<Keops_Dialect, "constant", [Pure, ConstantLike,
    DeclareOpInterfaceMethods<Keops_FormulaOpInterface>]> {
  let summary = "an integer, a quotient of integers or a decimal number, exact in the computing type";
  let description = [{
    The number is rounded once, to the element type of the computation. Formulas spell it `3`, `IntCst(3)`,
    `RatCst(1,3)`, `IntInv(3)` or `0.25`.
  }];
  let arguments = (ins AnyAttrOf<[I64Attr, F64Attr, Keops_RationalAttr]>:$value);
  let results = (outs Keops_Value:$result);
  let assemblyFormat = "$value `as` attr-dict type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Keops_ZeroOp : Op<Keops_Dialect, "zero", [Pure, DeclareOpInterfaceMethods<Keops_FormulaOpInterface>]> {
  let summary = "the zero vector; absorbing in products, neutral in sums";
  let arguments = (ins);
  let results = (outs Keops_Value:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Keops_GradOp : Op<Keops_Dialect, "grad", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "the adjoint of the derivative of a formula with respect to a variable, applied to a vector";
  let description = [{
    `keops.grad %f, %v, %e` is the vector `(dF/dv)^T e`; `%v` is a block argument (a variable) and `%e` has the
    dimension of `%f`. `%f` may also be the result of a `keops.map_reduce`. Removed by Differentiate.
  }];
  let arguments = (ins Keops_Value:$formula, Keops_Value:$variable, Keops_Value:$adjoint);
  let results = (outs Keops_Value:$result);
  let assemblyFormat = "$formula `,` $variable `,` $adjoint attr-dict `:` type($formula) `,` type($variable) `,` type($adjoint)";
}

def Keops_DiffOp : Op<Keops_Dialect, "diff", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "the derivative of a formula with respect to a variable along a vector";
  let description = [{
    `keops.diff %f, %v, %u` is the vector `dF/dv u`; `%v` is a block argument (a variable) and `%u` has its
    dimension. Removed by Differentiate.
  }];
  let arguments = (ins Keops_Value:$formula, Keops_Value:$variable, Keops_Value:$tangent);
  let results = (outs Keops_Value:$result);
  let assemblyFormat = "$formula `,` $variable `,` $tangent attr-dict `:` type($formula) `,` type($variable) `,` type($tangent)";
}

#endif // KEOPS_OPS_VARIABLES_TD
