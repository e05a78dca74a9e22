// Operations between components of a vector: sums, products, slices. Their methods stand in lib/IR/Vectors.cpp.
#ifndef KEOPS_OPS_VECTORS_TD
#define KEOPS_OPS_VECTORS_TD

include "Keops/Vocabulary.td"

def Keops_SumOp : Keops_Structural<"Sum", (ins Keops_Value:$x)> {
  let summary = "sum of the components";
  let derivativeText = "SumT(e, D)";
  let reference = "sum(x)";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def Keops_SumTOp : Keops_Structural<"SumT", (ins Keops_Value:$x, I64Attr:$dim)> {
  let summary = "a scalar repeated D times; the transpose of Sum";
  let derivativeText = "Sum(e)";
  let reference = "[x[0]] * dim";
  let assemblyFormat = "$x `,` $dim attr-dict `:` type($x)";
}

def Keops_ScalprodOp : Keops_Structural<"Scalprod", (ins Keops_Value:$x, Keops_Value:$y)> {
  let summary = "scalar product; a scalar operand is distributed";
  let derivativeText = "e * y, e * x";
  let reference = "sum(a * b for a, b in broadcast(x, y))";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x) `,` type($y)";
}

def Keops_ElemOp : Keops_Structural<"Elem", (ins Keops_Value:$x, I64Attr:$position)> {
  let summary = "one component";
  let derivativeText = "ElemT(e, D, position)";
  let reference = "[x[position]]";
  let assemblyFormat = "$x `,` $position attr-dict `:` type($x)";
}

def Keops_ElemTOp : Keops_Structural<"ElemT", (ins Keops_Value:$x, I64Attr:$dim, I64Attr:$position)> {
  let summary = "zeros with a scalar at one position; the transpose of Elem";
  let derivativeText = "Elem(e, position)";
  let reference = "[x[0] if k == position else 0 for k in range(dim)]";
  let assemblyFormat = "$x `,` $dim `,` $position attr-dict `:` type($x)";
}

def Keops_ExtractOp : Keops_Structural<"Extract", (ins Keops_Value:$x, I64Attr:$start, I64Attr:$dim)> {
  let summary = "consecutive components";
  let derivativeText = "ExtractT(e, start, D)";
  let reference = "x[start:start + dim]";
  let assemblyFormat = "$x `,` $start `,` $dim attr-dict `:` type($x)";
}

def Keops_ExtractTOp : Keops_Structural<"ExtractT", (ins Keops_Value:$x, I64Attr:$start, I64Attr:$dim)> {
  let summary = "zeros with a vector copied at one position; the transpose of Extract";
  let derivativeText = "Extract(e, start, d)";
  let reference = "[x[k - start] if start <= k < start + len(x) else 0 for k in range(dim)]";
  let assemblyFormat = "$x `,` $start `,` $dim attr-dict `:` type($x)";
}

def Keops_ConcatOp : Keops_Structural<"Concat", (ins Keops_Value:$x, Keops_Value:$y)> {
  let summary = "two vectors one after the other";
  let derivativeText = "Extract(e, 0, a), Extract(e, a, b)";
  let reference = "x + y";
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x) `,` type($y)";
}

#endif // KEOPS_OPS_VECTORS_TD
