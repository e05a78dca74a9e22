// Operations between components of a vector: sums, products, slices. Their methods stand in lib/IR/Vectors.cpp.
#ifndef KEOPS_OPS_VECTORS_TD
#define KEOPS_OPS_VECTORS_TD

include "Keops/Vocabulary.td"

def Keops_SumOp : Keops_Structural<"Sum", (ins Keops_Value:$x)> {
  let summary = "sum of the components";
  let inferDims = "inferScalar";
  let derivativeText = "SumT(e, D)";
  let linearity = "all";
  let reference = "sum(x)";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def Keops_SumTOp : Keops_Structural<"SumT", (ins Keops_Value:$x, I64Attr:$dim)> {
  let summary = "a scalar repeated D times; the transpose of Sum";
  let inferDims = "inferSumT";
  let cost = 0;
  let derivativeText = "Sum(e)";
  let linearity = "all";
  let reference = "[x[0]] * dim";
  let assemblyFormat = "$x `,` $dim attr-dict `:` type($x)";
}

def Keops_ScalprodOp : Keops_Structural<"Scalprod", (ins Keops_Value:$x, Keops_Value:$y)> {
  let summary = "scalar product; a scalar operand is distributed";
  let inferDims = "inferScalar";
  let cost = 2;
  let derivativeText = "e * y, e * x";
  let linearity = "each";
  let reference = "sum(a * b for a, b in broadcast(x, y))";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x) `,` type($y)";
}

def Keops_ElemOp : Keops_Structural<"Elem", (ins Keops_Value:$x, I64Attr:$position)> {
  let summary = "one component";
  let inferDims = "inferElem";
  let cost = 0;
  let runTimeForm = "Gather";
  let derivativeText = "ElemT(e, D, position)";
  let linearity = "all";
  let reference = "[x[position]]";
  let assemblyFormat = "$x `,` $position attr-dict `:` type($x)";
}

def Keops_ElemTOp : Keops_Structural<"ElemT", (ins Keops_Value:$x, I64Attr:$dim, I64Attr:$position)> {
  let summary = "zeros with a scalar at one position; the transpose of Elem";
  let inferDims = "inferElemT";
  let cost = 0;
  let derivativeText = "Elem(e, position)";
  let linearity = "all";
  let reference = "[x[0] if k == position else 0 for k in range(dim)]";
  let assemblyFormat = "$x `,` $dim `,` $position attr-dict `:` type($x)";
}

def Keops_ExtractOp : Keops_Structural<"Extract", (ins Keops_Value:$x, I64Attr:$start, I64Attr:$dim)> {
  let summary = "consecutive components";
  let inferDims = "inferExtract";
  let cost = 0;
  let derivativeText = "ExtractT(e, start, D)";
  let linearity = "all";
  let reference = "x[start:start + dim]";
  let assemblyFormat = "$x `,` $start `,` $dim attr-dict `:` type($x)";
}

def Keops_ExtractTOp : Keops_Structural<"ExtractT", (ins Keops_Value:$x, I64Attr:$start, I64Attr:$dim)> {
  let summary = "zeros with a vector copied at one position; the transpose of Extract";
  let inferDims = "inferExtractT";
  let cost = 0;
  let derivativeText = "Extract(e, start, d)";
  let linearity = "all";
  let reference = "[x[k - start] if start <= k < start + len(x) else 0 for k in range(dim)]";
  let assemblyFormat = "$x `,` $start `,` $dim attr-dict `:` type($x)";
}

def Keops_ConcatOp : Keops_Structural<"Concat", (ins Keops_Value:$x, Keops_Value:$y)> {
  let summary = "two vectors one after the other";
  let inferDims = "inferConcat";
  let cost = 0;
  let derivativeText = "Extract(e, 0, a), Extract(e, a, b)";
  let linearity = "all";
  let reference = "x + y";
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x) `,` type($y)";
}

//===-- Positions that are computed --------------------------------------------------------------------------------===//

def Keops_GatherOp : Keops_Structural<"Gather", (ins Keops_Value:$x, Keops_Value:$position)> {
  let summary = "the component of x at a position that is computed; in formulas also Elem(x, f)";
  let inferDims = "inferGather";
  let cost = 2;
  let derivativeText = "OneHot(position, D) * e, 0";
  let linearity = "first";
  let reference = "[x[int(position[0] + 0.5)] if 0 <= int(position[0] + 0.5) < len(x) else 0]";
  let edgeCases = "the position is rounded as in OneHot; 0 where it lies outside";
  let assemblyFormat = "$x `,` $position attr-dict `:` type($x) `,` type($position)";
}

def Keops_OneHotOp : Keops_Structural<"OneHot", (ins Keops_Value:$x, I64Attr:$dim)> {
  let summary = "1 at position x, 0 elsewhere";
  let inferDims = "inferOneHot";
  let derivativeText = "0";
  let linearity = "none";
  let reference = "[1 if int(x[0] + 0.5) == k else 0 for k in range(dim)]";
  let edgeCases = "x + 1/2 is cut towards zero: 0.5 -> 1, 2.5 -> 3, -0.4 -> 0; all zeros where that lies outside";
  let assemblyFormat = "$x `,` $dim attr-dict `:` type($x)";
}

class Keops_Extreme<string formula> : Keops_Structural<formula, (ins Keops_Value:$x)> {
  let inferDims = "inferScalar";
  let assemblyFormat = "$x attr-dict `:` type($x)";
}
def Keops_ArgMaxOp : Keops_Extreme<"ArgMax"> {
  let summary = "position of the largest component";
  let cost = 3;
  let derivativeText = "0";
  let linearity = "none";
  let reference = "[max(range(len(x)), key=lambda k: (x[k], -k))]";
  let edgeCases = "the first of equal components; NaN in front wins, elsewhere it is ignored";
}
def Keops_ArgMinOp : Keops_Extreme<"ArgMin"> {
  let summary = "position of the smallest component";
  let cost = 3;
  let derivativeText = "0";
  let linearity = "none";
  let reference = "[min(range(len(x)), key=lambda k: (x[k], k))]";
  let edgeCases = "the first of equal components; NaN in front wins, elsewhere it is ignored";
}
def Keops_MaxOp : Keops_Extreme<"Max"> {
  let summary = "largest component";
  let cost = 2;
  let derivativeText = "OneHot(ArgMax(x), D) * e";
  let linearity = "own";
  let reference = "max(x)";
  let edgeCases = "NaN in front wins, elsewhere it is ignored; the gradient goes to the first of equal components";
}
def Keops_MinOp : Keops_Extreme<"Min"> {
  let summary = "smallest component";
  let cost = 2;
  let derivativeText = "OneHot(ArgMin(x), D) * e";
  let linearity = "own";
  let reference = "min(x)";
  let edgeCases = "NaN in front wins, elsewhere it is ignored; the gradient goes to the first of equal components";
}

#endif // KEOPS_OPS_VECTORS_TD
