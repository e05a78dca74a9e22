// Formulas with a name of their own. They are rewritten into other operations before anything else looks at them.
#ifndef KEOPS_OPS_COMPOSITES_TD
#define KEOPS_OPS_COMPOSITES_TD

include "Keops/Vocabulary.td"

// A scalar made of vectors of equal dimension, or 1.
class Keops_ScalarComposite<string formula, dag operands> : Keops_Composite<formula, operands> {
  let inferDims = "inferScalar";
  let maxUlp = "dim";               // one rounding per term
  let maxUlpHigh = "dim";
}

def Keops_SqNorm2Op : Keops_ScalarComposite<"SqNorm2", (ins Keops_Value:$x)> {
  let summary = "squared Euclidean norm";
  let expansion = (Fn<"Sum"> (Fn<"Square"> $x));
  let reference = "sum(v * v for v in x)";
}

def Keops_Norm2Op : Keops_ScalarComposite<"Norm2", (ins Keops_Value:$x)> {
  let summary = "Euclidean norm";
  let expansion = (Fn<"Sqrt"> (Fn<"Sum"> (Fn<"Square"> $x)));
  let reference = "sqrt(sum(v * v for v in x))";
  let edgeCases = "the derivative at 0 is the zero vector";
}

def Keops_SqDistOp : Keops_ScalarComposite<"SqDist", (ins Keops_Value:$x, Keops_Value:$y)> {
  let summary = "squared Euclidean distance";
  let expansion = (Fn<"Sum"> (Fn<"Square"> (Fn<"Subtract"> $x, $y)));
  let reference = "sum((a - b) ** 2 for a, b in zip(x, y))";
}

def Keops_NormalizeOp : Keops_Composite<"Normalize", (ins Keops_Value:$x)> {
  let summary = "x divided by its Euclidean norm";
  let inferDims = "inferElementwise";
  let expansion = (Fn<"Mult"> (Fn<"Rsqrt"> (Fn<"SqNorm2"> $x)), $x);
  let reference = "[v / sqrt(sum(w * w for w in x)) for v in x]";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
  let edgeCases = "the zero vector stays, with derivative 0";
}

//===-- Weighted norms: one weight, one per component, or a matrix in row-major order ------------------------------===//

def Keops_SqNormIsoOp : Keops_ScalarComposite<"SqNormIso", (ins Keops_Value:$s, Keops_Value:$x)> {
  let summary = "squared norm times a number";
  let inferDims = "inferSqNormIso";
  let expansion = (Fn<"Mult"> $s, (Fn<"SqNorm2"> $x));
  let reference = "weighted_sq_norm(s, x)";
}

def Keops_SqNormDiagOp : Keops_ScalarComposite<"SqNormDiag", (ins Keops_Value:$s, Keops_Value:$x)> {
  let summary = "squared norm with one weight for each component";
  let inferDims = "inferSqNormDiag";
  let expansion = (Fn<"Scalprod"> $s, (Fn<"Square"> $x));
  let reference = "weighted_sq_norm(s, x)";
}

def Keops_SymSqNormOp : Keops_ScalarComposite<"SymSqNorm", (ins Keops_Value:$s, Keops_Value:$x)> {
  let summary = "x S x for a matrix S of weights";
  let inferDims = "inferSymSqNorm";
  let expansion = (Fn<"Scalprod"> $x, (Fn<"MatVecMult"> $s, $x));
  let reference = "weighted_sq_norm(s, x)";
  let edgeCases = "the matrix is neither checked for symmetry nor made symmetric";
}

// The dimension of the weights decides.
def Keops_WeightedSqNormOp : Keops_ScalarComposite<"WeightedSqNorm", (ins Keops_Value:$s, Keops_Value:$x)> {
  let summary = "SqNormIso, SqNormDiag or SymSqNorm, whichever fits the dimension of the weights";
  let inferDims = "inferWeighted";
  let expansion = (Cpp<"expandWeightedSqNorm", "SqNormIso, SqNormDiag or SymSqNorm(s, x)"> $s, $x);
  let reference = "weighted_sq_norm(s, x)";
}

def Keops_WeightedSqDistOp
    : Keops_ScalarComposite<"WeightedSqDist", (ins Keops_Value:$s, Keops_Value:$x, Keops_Value:$y)> {
  let summary = "WeightedSqNorm of a difference";
  let inferDims = "inferWeighted";
  let expansion = (Fn<"WeightedSqNorm"> $s, (Fn<"Subtract"> $x, $y));
  let reference = "weighted_sq_norm(s, [a - b for a, b in zip(x, y)])";
}

//===-- Splines and sequences --------------------------------------------------------------------------------------===//

def Keops_BSplineOp : Keops_Composite<"BSpline", (ins Keops_Value:$knots, Keops_Value:$x, I64Attr:$order)> {
  let summary = "all B-splines of this order over the knots, at x (de Boor's recursion)";
  let inferDims = "inferBSpline";
  let expansion = (Cpp<"expandBSpline", "sums and quotients of Extract(knots, ...) and x"> $knots, $x, $order);
  let reference = "b_spline(knots, x[0], order)";
  let maxUlp = "32";
  let maxUlpHigh = "32";
  let edgeCases = "order 0 is 1 for t[j] <= x < t[j+1]; at the last knot all are 0; empty intervals count as 0";
  let assemblyFormat = "$knots `,` $x `,` $order attr-dict `:` type($knots) `,` type($x)";
}

def Keops_SoftDTW_SqDistOp
    : Keops_Composite<"SoftDTW_SqDist", (ins Keops_Value:$x, Keops_Value:$y, Keops_Value:$gamma)> {
  let summary = "soft dynamic time warping of two sequences of numbers under the squared distance";
  let inferDims = "inferSoftDTW";
  let expansion = (Cpp<"expandSoftDTW", "gamma * SoftDTW of the matrix of Square(x[k] - y[l]) / gamma"> $x, $y, $gamma);
  let reference = "soft_dtw(x, y, gamma[0])";
  let domain = ["0.3", "2"];
  let maxUlp = "32";
  let maxUlpHigh = "32";
  let edgeCases = "dim(x) * dim(y) is at most 65536";
}

#endif // KEOPS_OPS_COMPOSITES_TD
