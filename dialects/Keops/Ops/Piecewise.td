// Functions that choose: signs, steps, rounding, clamping, comparisons and logic on each component.
#ifndef KEOPS_OPS_PIECEWISE_TD
#define KEOPS_OPS_PIECEWISE_TD

include "Keops/Vocabulary.td"

class Keops_ExactTernary<string formula, dag operands> : Keops_Ternary<formula, operands> {
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
  let points = ["0", "-0", "1", "-1", "inf", "-inf", "nan"];
}

//===-- Signs and steps --------------------------------------------------------------------------------------------===//

def Keops_AbsOp : Keops_ExactUnary<"Abs"> {
  let summary = "absolute value";
  let value = (AbsF $x);
  let derivatives = [(Fn<"Sign"> $x)];
  let reference = "abs(x)";
  let edgeCases = "the derivative at 0 is 0";
}

def Keops_SignOp : Keops_ExactUnary<"Sign"> {
  let summary = "-1, 0 or 1";
  let value = (SelectF (CmpF<"OGT"> $x, (NumF<"0">)), (NumF<"1">),
                       (SelectF (CmpF<"OLT"> $x, (NumF<"0">)), (NumF<"-1">), (NumF<"0">)));
  let derivatives = [(Rational<0>)];
  let reference = "(x > 0) - (x < 0)";
  let edgeCases = "0 at +-0 and at NaN";
}

def Keops_StepOp : Keops_ExactUnary<"Step"> {
  let summary = "0 for negative x, 1 otherwise";
  let value = (SelectF (CmpF<"OLT"> $x, (NumF<"0">)), (NumF<"0">), (NumF<"1">));
  let derivatives = [(Rational<0>)];
  let reference = "0 if x < 0 else 1";
  let edgeCases = "1 at +-0 and at NaN";
}

def Keops_ReLUOp : Keops_ExactUnary<"ReLU"> {
  let summary = "0 for negative x, x otherwise";
  let value = (SelectF (CmpF<"OLT"> $x, (NumF<"0">)), (NumF<"0">), $x);
  let derivatives = [(Fn<"Step"> $x)];
  let reference = "0 if x < 0 else x";
  let edgeCases = "NaN stays NaN; the derivative at 0 is 1";
}

//===-- Rounding ---------------------------------------------------------------------------------------------------===//

def Keops_FloorOp : Keops_ExactUnary<"Floor"> {
  let summary = "largest integer not above x";
  let value = (FloorF $x);
  let derivatives = [(Rational<0>)];
  let reference = "floor(x)";
}

def Keops_RoundOp : Keops_Elementwise<"Round", (ins Keops_Value:$x, I64Attr:$digits)> {
  let summary = "x rounded to this number of decimal digits, half away from zero";
  let value = (CppF<"emitRound"> $x, $digits);
  let derivatives = [(Rational<0>)];
  let inferDims = "inferRound";
  let reference = "round_half_away(x, digits)";
  let domain = ["-4", "4"];
  let points = ["0", "-0", "0.5", "-0.5", "2.5", "-2.5", "1e30", "inf", "-inf", "nan"];
  let maxUlp = "1.5";
  let maxUlpHigh = "1.5";
  let edgeCases = "2.5 -> 3, -0.5 -> -1; digits may be negative; x times the power of ten is rounded first, as in C";
  let assemblyFormat = "$x `,` $digits attr-dict `:` type($x)";
}

def Keops_ModOp : Keops_ExactTernary<"Mod", (ins Keops_Value:$x, Keops_Value:$n, Keops_Value:$d)> {
  let summary = "x - n * floor((x - d) / n), which lies in [d, d + n)";
  let value = (SubF $x, (MulF $n, (FloorF (DivF (SubF $x, $d), $n))));
  let derivatives = [
    (Rational<1>),
    (Fn<"Minus"> (Fn<"Floor"> (Fn<"Divide"> (Fn<"Subtract"> $x, $d), $n))),
    (Rational<0>)];
  let reference = "x - n * floor((x - d) / n)";
  let domain = ["1", "1.9"];
  let points = ["0", "1", "-1", "5.5", "-0.5", "inf", "nan"];
  let maxUlp = "1";
  let maxUlpHigh = "1";
  let edgeCases = "the sign follows n; NaN for n = 0; computed as written: quotients above 2^24 (f32) or 2^53 (f64) leave nothing";
}

//===-- Bounds -----------------------------------------------------------------------------------------------------===//

def Keops_ClampOp : Keops_ExactTernary<"Clamp", (ins Keops_Value:$x, Keops_Value:$low, Keops_Value:$high)> {
  let summary = "low where x < low, else high where x > high, else x";
  let value = (SelectF (CmpF<"OLT"> $x, $low), $low, (SelectF (CmpF<"OGT"> $x, $high), $high, $x));
  let derivatives = [
    (Where1 (Fn<"Not"> (Fn<"Or"> (Fn<"LessThan"> $x, $low), (Fn<"LessThan"> $high, $x)))),
    (Where1 (Fn<"LessThan"> $x, $low)),
    (Where1 (Fn<"And"> (Fn<"Not"> (Fn<"LessThan"> $x, $low)), (Fn<"LessThan"> $high, $x)))];
  let reference = "low if x < low else high if x > high else x";
  let edgeCases = "NaN passes; at both bounds the gradient goes to x";
}

def Keops_ClampIntOp : Keops_Elementwise<"ClampInt", (ins Keops_Value:$x, I64Attr:$low, I64Attr:$high)> {
  let summary = "Clamp between two integers";
  let value = (SelectF (CmpF<"OLT"> $x, (CppF<"emitInteger"> $x, $low)), (CppF<"emitInteger"> $x, $low),
               (SelectF (CmpF<"OGT"> $x, (CppF<"emitInteger"> $x, $high)), (CppF<"emitInteger"> $x, $high), $x));
  let derivatives = [(Where1 (Fn<"DiffClampInt"> $x, $low, $high))];
  let reference = "mpf(low) if x < low else mpf(high) if x > high else x";
  let points = ["0", "-0", "1", "-1", "3", "inf", "-inf", "nan"];
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
  let edgeCases = "NaN passes; the derivative is 1 at both bounds";
  let assemblyFormat = "$x `,` $low `,` $high attr-dict `:` type($x)";
}

def Keops_DiffClampIntOp : Keops_Elementwise<"DiffClampInt", (ins Keops_Value:$x, I64Attr:$low, I64Attr:$high)> {
  let summary = "derivative of ClampInt: 0 where x < low or x > high, else 1";
  let value = (SelectF (OrB (CmpF<"OLT"> $x, (CppF<"emitInteger"> $x, $low)),
                            (CmpF<"OGT"> $x, (CppF<"emitInteger"> $x, $high))), (NumF<"0">), (NumF<"1">));
  let derivatives = [(Rational<0>)];
  let reference = "mpf(0) if x < low or x > high else mpf(1)";
  let points = ["0", "-0", "1", "-1", "3", "inf", "-inf", "nan"];
  let maxUlp = "0.5";
  let maxUlpHigh = "0.5";
  let edgeCases = "1 at both bounds and at NaN";
  let assemblyFormat = "$x `,` $low `,` $high attr-dict `:` type($x)";
}

def Keops_MaximumOp : Keops_ExactBinary<"Maximum"> {
  let summary = "the larger of two components";
  let value = (MaximumF $x, $y);
  let derivatives = [(Where1 (Fn<"LessOrEqual"> $y, $x)), (Where1 (Fn<"LessThan"> $x, $y))];
  let reference = "nan_or(x if x > y else y if y > x else max_zero(x, y), x, y)";
  let edgeCases = "NaN when one of them is; -0 counts as smaller than 0; equal components give the gradient to x";
}

def Keops_MinimumOp : Keops_ExactBinary<"Minimum"> {
  let summary = "the smaller of two components";
  let value = (MinimumF $x, $y);
  let derivatives = [(Where1 (Fn<"LessOrEqual"> $x, $y)), (Where1 (Fn<"LessThan"> $y, $x))];
  let reference = "nan_or(x if x < y else y if y < x else min_zero(x, y), x, y)";
  let edgeCases = "NaN when one of them is; -0 counts as smaller than 0; equal components give the gradient to x";
}

//===-- Choices ----------------------------------------------------------------------------------------------------===//

def Keops_IfElseOp : Keops_ExactTernary<"IfElse", (ins Keops_Value:$c, Keops_Value:$x, Keops_Value:$y)> {
  let summary = "x where c >= 0, else y";
  let value = (SelectF (CmpF<"OGE"> $c, (NumF<"0">)), $x, $y);
  let derivatives = [
    (Rational<0>), (Where1 (Fn<"LessOrEqual"> (Rational<0>), $c)),
    (Where1 (Fn<"Not"> (Fn<"LessOrEqual"> (Rational<0>), $c)))];
  let reference = "x if c >= 0 else y";
  let edgeCases = "c = +-0 gives x, c = NaN gives y; no gradient goes to c";
}

def Keops_WhereOp : Keops_ExactTernary<"Where", (ins Keops_Value:$c, Keops_Value:$x, Keops_Value:$y)> {
  let summary = "x where c is not 0, else y";
  let value = (SelectF (CmpF<"UNE"> $c, (NumF<"0">)), $x, $y);
  let derivatives = [
    (Rational<0>), (Where1 (Fn<"NotEqual"> $c, (Rational<0>))), (Where1 (Fn<"Equal"> $c, (Rational<0>)))];
  let reference = "x if c != 0 else y";
  let edgeCases = "c = +-0 gives y, c = NaN gives x; no gradient goes to c";
}

//===-- Comparisons and logic: 1 for true, 0 for false -------------------------------------------------------------===//

class Keops_Comparison<string formula, string predicate, string sign> : Keops_ExactBinary<formula> {
  let summary = "1 where x " # sign # " y, else 0";
  let value = (SelectF (CmpF<predicate> $x, $y), (NumF<"1">), (NumF<"0">));
  let derivatives = [(Rational<0>), (Rational<0>)];
  let reference = "mpf(1) if x " # sign # " y else mpf(0)";
}
def Keops_EqualOp : Keops_Comparison<"Equal", "OEQ", "=="> { let edgeCases = "0 beside NaN"; }
def Keops_NotEqualOp : Keops_Comparison<"NotEqual", "UNE", "!="> { let edgeCases = "1 beside NaN"; }
def Keops_LessThanOp : Keops_Comparison<"LessThan", "OLT", "<"> { let edgeCases = "0 beside NaN"; }
def Keops_LessOrEqualOp : Keops_Comparison<"LessOrEqual", "OLE", "<="> { let edgeCases = "0 beside NaN"; }

def Keops_AndOp : Keops_ExactBinary<"And"> {
  let summary = "1 where both are not 0, else 0";
  let pythonMethod = "logical_and";
  let value = (SelectF (AndB (CmpF<"UNE"> $x, (NumF<"0">)), (CmpF<"UNE"> $y, (NumF<"0">))), (NumF<"1">), (NumF<"0">));
  let derivatives = [(Rational<0>), (Rational<0>)];
  let reference = "mpf(1) if x != 0 and y != 0 else mpf(0)";
  let edgeCases = "NaN counts as true";
}

def Keops_OrOp : Keops_ExactBinary<"Or"> {
  let summary = "1 where at least one is not 0, else 0";
  let pythonMethod = "logical_or";
  let value = (SelectF (OrB (CmpF<"UNE"> $x, (NumF<"0">)), (CmpF<"UNE"> $y, (NumF<"0">))), (NumF<"1">), (NumF<"0">));
  let derivatives = [(Rational<0>), (Rational<0>)];
  let reference = "mpf(1) if x != 0 or y != 0 else mpf(0)";
  let edgeCases = "NaN counts as true";
}

def Keops_NotOp : Keops_ExactUnary<"Not"> {
  let summary = "1 where x is 0, else 0";
  let pythonMethod = "logical_not";
  let value = (SelectF (CmpF<"UNE"> $x, (NumF<"0">)), (NumF<"0">), (NumF<"1">));
  let derivatives = [(Rational<0>)];
  let reference = "mpf(0) if x != 0 else mpf(1)";
  let edgeCases = "NaN counts as true";
}

#endif // KEOPS_OPS_PIECEWISE_TD
