// Formulas with a name of their own. They are rewritten into other operations before anything else looks at them.
#ifndef KEOPS_OPS_COMPOSITES_TD
#define KEOPS_OPS_COMPOSITES_TD

include "Keops/Vocabulary.td"

class Keops_ScalarComposite<string formula, dag operands> : Keops_Composite<formula, operands> {
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

// The dimension of the weights decides: one weight, one per component, or a full matrix in row-major order.
def Keops_WeightedSqNormOp : Keops_ScalarComposite<"WeightedSqNorm", (ins Keops_Value:$s, Keops_Value:$x)> {
  let summary = "squared norm with weights: one, one per component, or a matrix";
  let expansion = (Cpp<"expandWeightedSqNorm"> $s, $x);
  let reference = "weighted_sq_norm(s, x)";
  let edgeCases = "a matrix of weights is neither checked for symmetry nor made symmetric";
}

def Keops_WeightedSqDistOp
    : Keops_ScalarComposite<"WeightedSqDist", (ins Keops_Value:$s, Keops_Value:$x, Keops_Value:$y)> {
  let summary = "squared distance with weights: one, one per component, or a matrix";
  let expansion = (Cpp<"expandWeightedSqNorm"> $s, (Fn<"Subtract"> $x, $y));
  let reference = "weighted_sq_norm(s, [a - b for a, b in zip(x, y)])";
}

#endif // KEOPS_OPS_COMPOSITES_TD
