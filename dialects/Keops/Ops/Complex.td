// Complex vectors, interleaved: re, im, re, im, ... Three operations take such vectors apart and together; all others
// are formulas over them, so that their derivatives follow (the real inner product is that of the components).
#ifndef KEOPS_OPS_COMPLEX_TD
#define KEOPS_OPS_COMPLEX_TD

include "Keops/Vocabulary.td"

def Keops_ComplexOp : Keops_Structural<"Complex", (ins Keops_Value:$re, Keops_Value:$im)> {
  let summary = "complex vector of its real and imaginary parts; a scalar part is repeated";
  let inferDims = "inferInterleaved";
  let derivativeText = "ComplexReal(e), ComplexImag(e)";
  let linearity = "all";
  let reference = "[part for pair in broadcast(re, im) for part in pair]";
  let assemblyFormat = "$re `,` $im attr-dict `:` type($re) `,` type($im)";
}

class Keops_ComplexPart<string formula> : Keops_Structural<formula, (ins Keops_Value:$x)> {
  let inferDims = "inferComplexPart";
  let linearity = "all";
  let cost = 0;
  let assemblyFormat = "$x attr-dict `:` type($x)";
}
def Keops_ComplexRealOp : Keops_ComplexPart<"ComplexReal"> {
  let summary = "real parts";
  let derivativeText = "Complex(e, 0)";
  let reference = "x[0::2]";
}
def Keops_ComplexImagOp : Keops_ComplexPart<"ComplexImag"> {
  let summary = "imaginary parts";
  let derivativeText = "Complex(0, e)";
  let reference = "x[1::2]";
}

//===-- Formulas over the parts ------------------------------------------------------------------------------------===//

// Complex vectors in, a complex vector or a vector of parts out; operands of complex dimension 1 are repeated.
class Keops_ComplexComposite<string formula, dag operands> : Keops_Composite<formula, operands> {
  let inferDims = "inferComplex";
}
class Keops_ComplexToReal<string formula> : Keops_ComplexComposite<formula, (ins Keops_Value:$x)> {
  let inferDims = "inferComplexPart";
}
class Keops_RealToComplex<string formula> : Keops_ComplexComposite<formula, (ins Keops_Value:$x)> {
  let inferDims = "inferRealToComplex";
}

def Keops_Real2ComplexOp : Keops_RealToComplex<"Real2Complex"> {
  let summary = "x + 0i";
  let linearity = "all";
  let expansion = (Fn<"Complex"> $x, (Rational<0>));
  let reference = "[part for v in x for part in (v, v * 0)]";
}

def Keops_Imag2ComplexOp : Keops_RealToComplex<"Imag2Complex"> {
  let summary = "0 + xi";
  let linearity = "all";
  let expansion = (Fn<"Complex"> (Rational<0>), $x);
  let reference = "[part for v in x for part in (v * 0, v)]";
}

def Keops_ConjOp : Keops_ComplexComposite<"Conj", (ins Keops_Value:$x)> {
  let summary = "complex conjugate";
  let linearity = "all";
  let expansion = (Fn<"Complex"> (Fn<"ComplexReal"> $x), (Fn<"Minus"> (Fn<"ComplexImag"> $x)));
  let reference = "[-v if k % 2 else v for k, v in enumerate(x)]";
}

def Keops_ComplexSquareAbsOp : Keops_ComplexToReal<"ComplexSquareAbs"> {
  let summary = "re*re + im*im";
  let expansion = (Fn<"Add"> (Fn<"Square"> (Fn<"ComplexReal"> $x)), (Fn<"Square"> (Fn<"ComplexImag"> $x)));
  let reference = "[a * a + b * b for a, b in pairs(x)]";
  let maxUlp = "1.5";
  let maxUlpHigh = "1.5";
}

def Keops_ComplexAbsOp : Keops_ComplexToReal<"ComplexAbs"> {
  let summary = "absolute value";
  let expansion = (Fn<"Sqrt"> (Fn<"ComplexSquareAbs"> $x));
  let reference = "[sqrt(a * a + b * b) for a, b in pairs(x)]";
  let edgeCases = "the derivative at 0 is 0";
}

def Keops_ComplexAngleOp : Keops_ComplexToReal<"ComplexAngle"> {
  let summary = "angle in (-pi, pi]";
  let expansion = (Fn<"Atan2"> (Fn<"ComplexImag"> $x), (Fn<"ComplexReal"> $x));
  let reference = "[atan2(b, a) for a, b in pairs(x)]";
  let maxUlp = "4";
}

def Keops_ComplexExpOp : Keops_ComplexComposite<"ComplexExp", (ins Keops_Value:$x)> {
  let summary = "exp(re) (cos(im) + i sin(im))";
  let expansion = (Fn<"Complex">
      (Fn<"Mult"> (Fn<"Exp"> (Fn<"ComplexReal"> $x)), (Fn<"Cos"> (Fn<"ComplexImag"> $x))),
      (Fn<"Mult"> (Fn<"Exp"> (Fn<"ComplexReal"> $x)), (Fn<"Sin"> (Fn<"ComplexImag"> $x))));
  let reference = "[f for a, b in pairs(x) for f in (exp(a) * cos(b), exp(a) * sin(b))]";
  let maxUlp = "6";
  let maxUlpHigh = "3";
}

def Keops_ComplexExp1jOp : Keops_RealToComplex<"ComplexExp1j"> {
  let summary = "cos(x) + i sin(x)";
  let expansion = (Fn<"Complex"> (Fn<"Cos"> $x), (Fn<"Sin"> $x));
  let reference = "[f for v in x for f in (cos(v), sin(v))]";
}

class Keops_ComplexPlus<string formula, string sign>
    : Keops_ComplexComposite<formula, (ins Keops_Value:$x, Keops_Value:$y)> {
  let linearity = "all";
  let expansion = (Fn<"Complex">
      (Fn<!if(!eq(sign, "+"), "Add", "Subtract")> (Fn<"ComplexReal"> $x), (Fn<"ComplexReal"> $y)),
      (Fn<!if(!eq(sign, "+"), "Add", "Subtract")> (Fn<"ComplexImag"> $x), (Fn<"ComplexImag"> $y)));
  let reference = "[f for (a, b), (c, d) in broadcast(pairs(x), pairs(y)) for f in (a " # sign # " c, b " # sign # " d)]";
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
}
def Keops_ComplexAddOp : Keops_ComplexPlus<"ComplexAdd", "+"> { let summary = "complex sum"; }
def Keops_ComplexSubtractOp : Keops_ComplexPlus<"ComplexSubtract", "-"> { let summary = "complex difference"; }

class Keops_ComplexProduct<string formula>
    : Keops_ComplexComposite<formula, (ins Keops_Value:$x, Keops_Value:$y)> {
  let linearity = "each";
  let expansion = (Fn<"Complex">
      (Fn<"Subtract"> (Fn<"Mult"> (Fn<"ComplexReal"> $x), (Fn<"ComplexReal"> $y)),
                      (Fn<"Mult"> (Fn<"ComplexImag"> $x), (Fn<"ComplexImag"> $y))),
      (Fn<"Add"> (Fn<"Mult"> (Fn<"ComplexReal"> $x), (Fn<"ComplexImag"> $y)),
                 (Fn<"Mult"> (Fn<"ComplexImag"> $x), (Fn<"ComplexReal"> $y))));
  let reference = "complex_product(x, y)";
  let maxUlp = "1.5";
  let maxUlpHigh = "1.5";
  let edgeCases = "the error counts in units of |x| |y|";
}
def Keops_ComplexMultOp : Keops_ComplexProduct<"ComplexMult"> { let summary = "complex product"; }
def Keops_ComplexScalOp : Keops_ComplexProduct<"ComplexScal"> {
  let summary = "complex number times complex vector";
  let inferDims = "inferComplexScal";
}

def Keops_ComplexDivideOp : Keops_ComplexComposite<"ComplexDivide", (ins Keops_Value:$x, Keops_Value:$y)> {
  let summary = "complex quotient";
  let linearity = "first";
  let expansion = (Fn<"ComplexMult"> (Fn<"ComplexMult"> $x, (Fn<"Conj"> $y)),
                                     (Fn<"Real2Complex"> (Fn<"Inv"> (Fn<"ComplexSquareAbs"> $y))));
  let reference = "complex_quotient(x, y)";
  let maxUlp = "5";
  let maxUlpHigh = "5";
  let edgeCases = "the error counts in units of |x| / |y|; |y| squared may overflow";
}

def Keops_ComplexRealScalOp : Keops_ComplexComposite<"ComplexRealScal", (ins Keops_Value:$s, Keops_Value:$x)> {
  let summary = "real number times complex vector, in either order";
  let linearity = "each";
  let inferDims = "inferComplexRealScal";
  let expansion = (Cpp<"expandComplexRealScal", "Mult(s, x)"> $s, $x);
  let reference = "[s[0] * v for v in x] if len(s) == 1 else [x[0] * v for v in s]";
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
}

def Keops_ComplexSumOp : Keops_ComplexComposite<"ComplexSum", (ins Keops_Value:$x)> {
  let summary = "sum of all complex components";
  let linearity = "all";
  let inferDims = "inferComplexSum";
  let expansion = (Fn<"Complex"> (Fn<"Sum"> (Fn<"ComplexReal"> $x)), (Fn<"Sum"> (Fn<"ComplexImag"> $x)));
  let reference = "[sum(x[0::2]), sum(x[1::2])]";
  let maxUlp = "dim";
  let maxUlpHigh = "dim";
}

def Keops_ComplexSumTOp : Keops_ComplexComposite<"ComplexSumT", (ins Keops_Value:$x, I64Attr:$dim)> {
  let summary = "a complex number repeated; dim counts real components";
  let linearity = "all";
  let inferDims = "inferComplexSumT";
  let expansion = (Fn<"Complex"> (Fn<"SumT"> (Fn<"ComplexReal"> $x), (IntOf<"getDim() / 2">)),
                                 (Fn<"SumT"> (Fn<"ComplexImag"> $x), (IntOf<"getDim() / 2">)));
  let reference = "[x[k % 2] for k in range(dim)]";
  let maxUlp = "0";
  let maxUlpHigh = "0";
  let assemblyFormat = "$x `,` $dim attr-dict `:` type($x)";
}

#endif // KEOPS_OPS_COMPLEX_TD
