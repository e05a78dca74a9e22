// Tensor algebra on flat vectors, row-major throughout. TensorDot is the one operation; the others are spellings of it.
#ifndef KEOPS_OPS_TENSORS_TD
#define KEOPS_OPS_TENSORS_TD

include "Keops/Vocabulary.td"

def Keops_TensorDotOp : Keops_Structural<"TensorDot", (ins Keops_Value:$x, Keops_Value:$y,
    DenseI64ArrayAttr:$dimsx, DenseI64ArrayAttr:$dimsy, DenseI64ArrayAttr:$contx, DenseI64ArrayAttr:$conty,
    Keops_OptionalIntegers:$permutation)> {
  let summary = "sum over pairs of axes: x with dimensions dimsx, y with dimsy, axis contx[t] against conty[t]; the "
                "axes kept, those of x first, then move: axis k to place permutation[k]";
  let inferDims = "inferTensorDot";
  let derivativeText = "TensorDot(e, y, ...), TensorDot(e, x, ...)";
  let linearity = "each";
  let cost = 2;
  let reference = "tensor_dot(x, y, dimsx, dimsy, contx, conty, permutation)";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
  let extraClassDeclaration = [{
    /// How many products each component of the result sums.
    int64_t getTermCount();
  }];
  let assemblyFormat = [{
    $x `,` $y `over` $contx `:` $conty `of` $dimsx `:` $dimsy (`to` $permutation^)? attr-dict `:` type($x) `,` type($y)
  }];
}

class Keops_TensorComposite<string formula, dag operands> : Keops_Composite<formula, operands> {
  let linearity = "each";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
}

def Keops_MatVecMultOp : Keops_TensorComposite<"MatVecMult", (ins Keops_Value:$a, Keops_Value:$b)> {
  let summary = "matrix times vector; the dimension of b divides that of a";
  let inferDims = "inferMatVecMult";
  let expansion = (Cpp<"expandMatVecMult", "TensorDot(a, b, [n,p], [p], [1], [0])"> $a, $b);
  let reference = "tensor_dot(a, b, [len(a) // len(b), len(b)], [len(b)], [1], [0], [])";
}

def Keops_VecMatMultOp : Keops_TensorComposite<"VecMatMult", (ins Keops_Value:$b, Keops_Value:$a)> {
  let summary = "vector times matrix; the dimension of b divides that of a";
  let inferDims = "inferVecMatMult";
  let expansion = (Cpp<"expandVecMatMult", "TensorDot(b, a, [n], [n,p], [0], [0])"> $b, $a);
  let reference = "tensor_dot(b, a, [len(b)], [len(b), len(a) // len(b)], [0], [0], [])";
}

def Keops_TensorProdOp : Keops_TensorComposite<"TensorProd", (ins Keops_Value:$a, Keops_Value:$b)> {
  let summary = "all products a[k] b[l], row by row";
  let inferDims = "inferTensorProd";
  let expansion = (Cpp<"expandTensorProd", "TensorDot(a, b, [m], [n], [], [])"> $a, $b);
  let reference = "[v * w for v in a for w in b]";
}

def Keops_KronOp : Keops_TensorComposite<"Kron", (ins Keops_Value:$x, Keops_Value:$y,
    DenseI64ArrayAttr:$dimsx, DenseI64ArrayAttr:$dimsy)> {
  let summary = "Kronecker product of two tensors with equally many axes";
  let inferDims = "inferKron";
  let expansion = (Cpp<"expandKron", "TensorDot(x, y, dimsx, dimsy, [], [], [0,2,...,1,3,...])">
                   $x, $y, $dimsx, $dimsy);
  let reference = "kron(x, y, dimsx, dimsy)";
  let assemblyFormat = "$x `,` $y `of` $dimsx `:` $dimsy attr-dict `:` type($x) `,` type($y)";
}

#endif // KEOPS_OPS_TENSORS_TD
