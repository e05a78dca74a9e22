// Transcendental and special functions of one component. One record is one operation.
#ifndef KEOPS_OPS_FUNCTIONS_TD
#define KEOPS_OPS_FUNCTIONS_TD

include "Keops/Vocabulary.td"

//===-- Hyperbolic functions and their relatives -------------------------------------------------------------------===//

def Keops_SinhOp : Keops_Unary<"Sinh"> {
  let summary = "hyperbolic sine";
  let cost = 20;
  let value = (SinhF $x);
  let derivatives = [(Fn<"Cosh"> $x)];
  let reference = "sinh(x)";
  let domain = ["-20", "20"];
  let points = ["0", "-0", "1e-30", "1", "1e30", "-1e30", "inf", "-inf", "nan"];
}

def Keops_CoshOp : Keops_Unary<"Cosh"> {
  let summary = "hyperbolic cosine";
  let cost = 16;
  let value = (CoshF $x);
  let derivatives = [(Fn<"Sinh"> $x)];
  let reference = "cosh(x)";
  let domain = ["-20", "20"];
  let points = ["0", "-0", "1e-30", "1", "1e30", "-1e30", "inf", "-inf", "nan"];
}

def Keops_TanhOp : Keops_Unary<"Tanh"> {
  let summary = "hyperbolic tangent";
  let cost = 20;
  let value = (TanhF $x);
  let derivatives = [(Fn<"Subtract"> (Rational<1>), (Fn<"Square"> (Fn<"Tanh"> $x)))];
  let reference = "tanh(x)";
  let domain = ["-1.2", "1.2"];
  let points = ["0", "-0", "1e-30", "1", "8", "-20", "1e30", "inf", "-inf", "nan"];
  let edgeCases = "+-1 at +-inf; the derivative has an error of one unit of 1 at most, not of its own size";
}

def Keops_Expm1Op : Keops_Unary<"Expm1"> {
  let summary = "exp(x) - 1 without cancellation";
  let cost = 14;
  let value = (Expm1F $x);
  let derivatives = [(Fn<"Exp"> $x)];
  let reference = "expm1(x)";
  let domain = ["-3", "20"];
  let points = ["0", "-0", "1e-30", "1", "-50", "1e30", "inf", "-inf", "nan"];
  let edgeCases = "-1 at -inf";
}

def Keops_Log1pOp : Keops_Unary<"Log1p"> {
  let summary = "log(1 + x) without cancellation";
  let cost = 16;
  let value = (Log1pF $x);
  let derivatives = [(Fn<"Inv"> (Fn<"Add"> (Rational<1>), $x))];
  let reference = "log1p(x)";
  let domain = ["-0.9", "20"];
  let points = ["0", "-0", "1e-30", "-1", "-2", "1", "1e30", "inf", "-inf", "nan"];
  let edgeCases = "-inf at -1, NaN below";
}

def Keops_SigmoidOp : Keops_Unary<"Sigmoid"> {
  let summary = "1 / (1 + exp(-x))";
  let cost = 16;
  let value = (DivF (SelectF (CmpF<"OLT"> $x, (NumF<"0">)), (ExpF (NegF (AbsF $x))), (NumF<"1">)),
                    (AddF (NumF<"1">), (ExpF (NegF (AbsF $x)))));
  let derivatives = [(Fn<"Mult"> (Fn<"Sigmoid"> $x), (Fn<"Sigmoid"> (Fn<"Minus"> $x)))];
  let reference = "1 / (1 + exp(-x))";
  let domain = ["-20", "20"];
  let points = ["0", "-0", "1", "-30", "30", "1e30", "-1e30", "inf", "-inf", "nan"];
  let maxUlp = "4";
  let maxUlpHigh = "2.5";
}

def Keops_SoftplusOp : Keops_Unary<"Softplus"> {
  let summary = "log(1 + exp(x))";
  let cost = 28;
  let value = (AddF (MaximumF $x, (NumF<"0">)), (Log1pF (ExpF (NegF (AbsF $x)))));
  let derivatives = [(Fn<"Sigmoid"> $x)];
  let reference = "log1p(exp(x)) if x < 500 else x";
  let domain = ["-20", "20"];
  let points = ["0", "-0", "1", "-30", "30", "inf", "-inf", "nan"];
  let maxUlp = "4";
  let maxUlpHigh = "2.5";
}

//===-- Inverse trigonometric functions ----------------------------------------------------------------------------===//

def Keops_AsinOp : Keops_Unary<"Asin"> {
  let summary = "arc sine";
  let cost = 16;
  let value = (AsinF $x);
  let derivatives = [(Fn<"Rsqrt"> (Fn<"Subtract"> (Rational<1>), (Fn<"Square"> $x)))];
  let reference = "asin(x)";
  let domain = ["-0.6", "0.6"];
  let points = ["0", "-0", "1e-30", "0.5", "0.9", "1", "-1", "1.5", "inf", "-inf", "nan"];
  let edgeCases = "NaN outside [-1, 1]; the derivative at +-1 is 0";
}

def Keops_AcosOp : Keops_Unary<"Acos"> {
  let summary = "arc cosine";
  let cost = 16;
  let value = (AcosF $x);
  let derivatives = [(Fn<"Minus"> (Fn<"Rsqrt"> (Fn<"Subtract"> (Rational<1>), (Fn<"Square"> $x))))];
  let reference = "acos(x)";
  let domain = ["-0.6", "0.6"];
  let points = ["0", "-0", "1e-30", "0.5", "0.9", "1", "-1", "1.5", "inf", "-inf", "nan"];
  let edgeCases = "NaN outside [-1, 1]; the derivative at +-1 is 0";
}

def Keops_AtanOp : Keops_Unary<"Atan"> {
  let summary = "arc tangent";
  let cost = 16;
  let maxUlpHigh = "1.25";
  let value = (AtanF $x);
  let derivatives = [(Fn<"Inv"> (Fn<"Add"> (Rational<1>), (Fn<"Square"> $x)))];
  let reference = "atan(x)";
  let domain = ["-10", "10"];
  let points = ["0", "-0", "1e-30", "1", "-1", "1e30", "inf", "-inf", "nan"];
  let edgeCases = "+-pi/2 at +-inf";
}

def Keops_Atan2Op : Keops_Binary<"Atan2"> {
  let summary = "angle of the point (y, x) seen from the origin; the first operand is the ordinate";
  let cost = 24;
  let value = (Atan2F $x, $y);
  let derivatives = [
    (Fn<"Divide"> $y, (Fn<"Add"> (Fn<"Square"> $x), (Fn<"Square"> $y))),
    (Fn<"Minus"> (Fn<"Divide"> $x, (Fn<"Add"> (Fn<"Square"> $x), (Fn<"Square"> $y))))];
  let reference = "atan2(x, y)";
  let domain = ["0.3", "3"];
  let points = ["0", "-0", "1", "-1", "inf", "-inf", "nan"];
  let maxUlp = "4";
  let maxUlpHigh = "2.5";
  let edgeCases = "as C atan2: pi at (0, -1), -pi at (-0, -1)";
}

//===-- Quotients and products with removable singularities --------------------------------------------------------===//

def Keops_XLogXOp : Keops_Unary<"XLogX"> {
  let summary = "x log(x), equal to 0 at 0";
  let cost = 14;
  let value = (SelectF (CmpF<"OEQ"> $x, (NumF<"0">)), (NumF<"0">), (MulF $x, (LogF $x)));
  let derivatives = [(Fn<"Add"> (Fn<"Log"> $x), (Rational<1>))];
  let reference = "x * log(x) if x else 0";
  let domain = ["1.5", "20"];
  let points = ["0", "-0", "1", "-1", "0.5", "inf", "nan"];
  let maxUlp = "3.5";
  let maxUlpHigh = "2";
  let edgeCases = "NaN for negative x; the derivative at 0 is -inf";
}

def Keops_SinXDivXOp : Keops_Unary<"SinXDivX"> {
  let summary = "sin(x) / x, equal to 1 at 0";
  let cost = 20;
  // Where the square vanishes, so may the sine of a subnormal x.
  let value = (SelectF (CmpF<"OEQ"> (MulF $x, $x), (NumF<"0">)), (NumF<"1">), (DivF (SinF $x), $x));
  let derivatives = [(Fn<"Minus"> (Fn<"SphericalBessel"> $x, 1))];
  let reference = "sin(x) / x if x else mpf(1)";
  let domain = ["-1.5", "1.5"];
  let points = ["0", "-0", "1e-3", "1", "inf", "-inf", "nan"];
  let maxUlp = "3.5";
  let maxUlpHigh = "2";
  let edgeCases = "NaN at +-inf; the derivative at 0 is 0";
}

// The derivatives of sin(x)/x stay within this family, which has no division by small numbers: DLMF 10.51.
def Keops_SphericalBesselOp : Keops_Elementwise<"SphericalBessel", (ins Keops_Value:$x, I64Attr:$order)> {
  let summary = "spherical Bessel function of the first kind; order 0 is sin(x)/x";
  let cost = 40;
  let value = (CppF<"emitSphericalBessel"> $x, $order);
  let derivatives = [(Cpp<"buildSphericalBesselPartial",
                         "(n SphericalBessel(x, n-1) - (n+1) SphericalBessel(x, n+1)) / (2n+1)"> $x, $order)];
  let inferDims = "inferOrder";
  let reference = "spherical_bessel(order, x)";
  let domain = ["-4", "4"];
  let points = ["0", "-0", "1e-3", "1", "inf", "-inf", "nan"];
  let maxUlp = "24";
  let maxUlpHigh = "24";
  let edgeCases = "NaN at +-inf; an error of a few units of 1/x for |x| above the order";
  let assemblyFormat = "$x `,` $order attr-dict `:` type($x)";
}

def Keops_HypotOp : Keops_Binary<"Hypot"> {
  let summary = "sqrt(x*x + y*y) without overflow, the same when x and y change places";
  let cost = 12;
  let value = (CppF<"emitHypot"> $x, $y);
  let derivatives = [
    (Fn<"Divide"> $x, (Fn<"Where"> (Fn<"Hypot"> $x, $y), (Fn<"Hypot"> $x, $y), (Rational<1>))),
    (Fn<"Divide"> $y, (Fn<"Where"> (Fn<"Hypot"> $x, $y), (Fn<"Hypot"> $x, $y), (Rational<1>)))];
  let reference = "hypot(x, y)";
  let domain = ["0.2", "3"];
  let points = ["0", "-0", "1", "-1", "1e30", "1e-30", "inf", "-inf", "nan"];
  let edgeCases = "+inf when one operand is infinite, even beside NaN; the derivative at (0, 0) is 0";
  let maxUlpHigh = "2";
}

//===-- Special functions ------------------------------------------------------------------------------------------===//

def Keops_ErfOp : Keops_Unary<"Erf"> {
  let summary = "error function";
  let cost = 20;
  let value = (ErfF $x);
  let derivatives = [(Fn<"Mult"> (Real<"1.1283791670955126">), (Fn<"Exp"> (Fn<"Minus"> (Fn<"Square"> $x))))];
  let reference = "erf(x)";
  let domain = ["-2", "2"];
  let points = ["0", "-0", "1e-30", "1", "5", "-5", "inf", "-inf", "nan"];
  let edgeCases = "+-1 at +-inf";
}

def Keops_ErfcOp : Keops_Unary<"Erfc"> {
  let summary = "1 - erf(x) without cancellation";
  let cost = 30;
  let value = (ErfcF $x);
  let derivatives = [(Fn<"Mult"> (Real<"-1.1283791670955126">), (Fn<"Exp"> (Fn<"Minus"> (Fn<"Square"> $x))))];
  let reference = "erfc(x)";
  let domain = ["-2", "3"];
  let points = ["0", "-0", "1e-30", "1", "-5", "inf", "-inf", "nan"];
  let maxUlp = "4";
  let maxUlpHigh = "4";
  let edgeCases = "0 at +inf, 2 at -inf";
}

def Keops_LgammaOp : Keops_Unary<"Lgamma"> {
  let summary = "logarithm of |gamma(x)|";
  let cost = 50;
  let value = (CppF<"createLgamma"> $x);
  let derivatives = [(Fn<"Polygamma"> $x, 0)];
  let reference = "lgamma(x)";
  let domain = ["3", "30"];
  let points = ["0", "-0", "1", "2", "0.5", "100", "-1", "inf", "nan"];
  let maxUlp = "6";
  let maxUlpHigh = "6";
  let edgeCases = "+inf at 0, -1, -2, ... and at +-inf; for x < 0 the error counts in units of the larger of result and 1";
}

def Keops_PolygammaOp : Keops_Elementwise<"Polygamma", (ins Keops_Value:$x, I64Attr:$order)> {
  let summary = "derivative of digamma of this order; order 0 is digamma, the derivative of Lgamma";
  let cost = 50;
  let value = (CppF<"createPolygamma"> $order, $x);
  let derivatives = [(Fn<"Polygamma"> $x, (IntOf<"getOrder() + 1">))];
  let inferDims = "inferOrder";
  let reference = "polygamma(order, x)";
  let domain = ["2", "20"];
  let points = ["0.5", "1", "2", "inf", "nan"];
  let maxUlp = "8";
  let maxUlpHigh = "8";
  let edgeCases = "at 0, -1, -2, ... infinite for odd orders and NaN for even ones";
  let assemblyFormat = "$x `,` $order attr-dict `:` type($x)";
}

#endif // KEOPS_OPS_FUNCTIONS_TD
