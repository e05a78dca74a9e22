// Arithmetic, roots and elementary functions of each component. One record is one operation; nothing else needs to be
// touched. Functions.td and Piecewise.td continue the list.
#ifndef KEOPS_OPS_ELEMENTWISE_TD
#define KEOPS_OPS_ELEMENTWISE_TD

include "Keops/Vocabulary.td"

//===-- Arithmetic -------------------------------------------------------------------------------------------------===//

def Keops_AddOp : Keops_ExactBinary<"Add"> {
  let summary = "x + y";
  let linearity = "all";
  let value = (AddF $x, $y);
  let derivatives = [(Rational<1>), (Rational<1>)];
  let reference = "x + y";
}

def Keops_SubtractOp : Keops_ExactBinary<"Subtract"> {
  let summary = "x - y";
  let linearity = "all";
  let value = (SubF $x, $y);
  let derivatives = [(Rational<1>), (Rational<-1>)];
  let reference = "x - y";
}

def Keops_MultOp : Keops_ExactBinary<"Mult"> {
  let summary = "x * y";
  let linearity = "each";
  let value = (MulF $x, $y);
  let derivatives = [(Fn<"Identity"> $y), (Fn<"Identity"> $x)];
  let reference = "x * y";
}

def Keops_DivideOp : Keops_ExactBinary<"Divide"> {
  let summary = "x / y";
  let linearity = "first";
  let cost = 4;
  let value = (DivF $x, $y);
  let derivatives = [(Fn<"Inv"> $y), (Fn<"Minus"> (Fn<"Divide"> $x, (Fn<"Square"> $y)))];
  let reference = "x / y";
  let edgeCases = "IEEE division; a literal zero divisor is an error; a divisor that is a parameter is inverted once";
  let maxUlp = "2.5";
}

def Keops_MinusOp : Keops_ExactUnary<"Minus"> {
  let summary = "-x";
  let linearity = "all";
  let value = (NegF $x);
  let derivatives = [(Rational<-1>)];
  let reference = "-x";
}

def Keops_InvOp : Keops_ExactUnary<"Inv"> {
  let summary = "1 / x";
  let cost = 4;
  let value = (DivF (NumF<"1">), $x);
  let derivatives = [(Fn<"Minus"> (Fn<"Square"> (Fn<"Inv"> $x)))];
  let reference = "1 / x";
  let edgeCases = "1/0 = +inf, 1/-0 = -inf";
}

def Keops_SquareOp : Keops_ExactUnary<"Square"> {
  let summary = "x * x";
  let value = (MulF $x, $x);
  let derivatives = [(Fn<"Mult"> (Rational<2>), $x)];
  let reference = "x * x";
}

def Keops_PowOp : Keops_Elementwise<"Pow", (ins Keops_Value:$x, I64Attr:$exponent)> {
  let summary = "x to an integer power";
  let cost = 4;
  let value = (CppF<"createIntegerPower"> $x, $exponent);
  let derivatives = [(Fn<"Mult"> (IntOf<"getExponent()">), (Fn<"Pow"> $x, (IntOf<"getExponent() - 1">)))];
  let reference = "x ** exponent";
  let points = ["0", "-0", "1", "-1", "2.5", "-3", "inf", "-inf", "nan"];
  let maxUlp = "8";
  let maxUlpHigh = "8";
  let edgeCases = "x**0 = 1 for every x, NaN included";
  let assemblyFormat = "$x `,` $exponent attr-dict `:` type($x)";
}

def Keops_PowfOp : Keops_Binary<"Powf"> {
  let summary = "x to the power y";
  let cost = 32;
  let value = (PowF $x, $y);
  let derivatives = [(Fn<"Mult"> $y, (Fn<"Powf"> $x, (Fn<"Subtract"> $y, (Rational<1>)))),
                     (Fn<"Mult"> (Fn<"Log"> $x), (Fn<"Powf"> $x, $y))];
  let reference = "x ** y";
  let domain = ["0.01", "4"];
  let points = ["0", "0.5", "1", "2", "inf", "nan"];
  let maxUlp = "4";
  let maxUlpHigh = "4";
  let edgeCases = "as C pow: NaN for a negative base with a non-integer exponent, 0**0 = 1, 0**0.5 = 0";
}

//===-- Roots ------------------------------------------------------------------------------------------------------===//

def Keops_SqrtOp : Keops_Unary<"Sqrt"> {
  let summary = "square root";
  let cost = 4;
  let value = (SqrtF $x);
  let derivatives = [(Fn<"Mult"> (Rational<1, 2>), (Fn<"Rsqrt"> $x))];
  let reference = "sqrt(x)";
  let domain = ["0.001", "4"];
  let points = ["0", "-0", "1", "4", "-1", "inf", "nan"];
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
  let edgeCases = "NaN for negative x; the derivative at 0 is 0";
}

def Keops_RsqrtOp : Keops_Unary<"Rsqrt"> {
  let summary = "1 / sqrt(x), equal to 0 at 0";
  let cost = 4;
  let value = (SelectF (CmpF<"OEQ"> $x, (NumF<"0">)), (NumF<"0">), (RsqrtF $x));
  let derivatives = [(Fn<"Mult"> (Rational<-1, 2>), (Fn<"Pow"> (Fn<"Rsqrt"> $x), 3))];
  let reference = "1 / sqrt(x) if x else 0";
  let domain = ["0.001", "4"];
  let points = ["0", "-0", "1", "4", "-1", "inf", "nan"];
  let edgeCases = "0 at +-0, NaN for negative x; the derivative at 0 is 0";
}

//===-- Transcendental functions -----------------------------------------------------------------------------------===//

def Keops_ExpOp : Keops_Unary<"Exp"> {
  let summary = "exponential";
  let cost = 8;
  let value = (ExpF $x);
  let derivatives = [(Fn<"Exp"> $x)];
  let reference = "exp(x)";
  let domain = ["-20", "20"];
  let points = ["0", "-0", "1", "-1e30", "1e30", "inf", "-inf", "nan"];
}

def Keops_Exp2Op : Keops_Unary<"Exp2"> {
  let summary = "2 to the power x";
  let cost = 8;
  let value = (Exp2F $x);
  let derivatives = [(Fn<"Mult"> (Fn<"Log"> (Rational<2>)), (Fn<"Exp2"> $x))];
  let reference = "mpf(2) ** x";
  let domain = ["-20", "20"];
  let points = ["0", "-0", "1", "-1e30", "1e30", "inf", "-inf", "nan"];
}

def Keops_LogOp : Keops_Unary<"Log"> {
  let summary = "natural logarithm";
  let cost = 12;
  let value = (LogF $x);
  let derivatives = [(Fn<"Inv"> $x)];
  let reference = "log(x)";
  let domain = ["0.001", "50"];
  let points = ["0", "-0", "1", "-1", "1e30", "inf", "nan"];
  let edgeCases = "-inf at 0, NaN for negative x";
}

def Keops_SinOp : Keops_Unary<"Sin"> {
  let summary = "sine";
  let cost = 16;
  let value = (SinF $x);
  let derivatives = [(Fn<"Cos"> $x)];
  let reference = "sin(x)";
  let domain = ["-10", "10"];
  let points = ["0", "-0", "1", "1e6", "inf", "-inf", "nan"];
  let edgeCases = "NaN at +-inf";
}

def Keops_CosOp : Keops_Unary<"Cos"> {
  let summary = "cosine";
  let cost = 16;
  let value = (CosF $x);
  let derivatives = [(Fn<"Minus"> (Fn<"Sin"> $x))];
  let reference = "cos(x)";
  let domain = ["-10", "10"];
  let points = ["0", "-0", "1", "1e6", "inf", "-inf", "nan"];
  let edgeCases = "NaN at +-inf";
}

#endif // KEOPS_OPS_ELEMENTWISE_TD
