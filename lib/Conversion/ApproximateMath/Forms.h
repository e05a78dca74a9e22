// The forms: one C++ function per way of computing a function, chosen by the rows of Table.cpp.
// Each takes the kit and the operands of the math operation and returns the result.
#ifndef KEOPS_LIB_CONVERSION_APPROXIMATEMATH_FORMS_H
#define KEOPS_LIB_CONVERSION_APPROXIMATEMATH_FORMS_H

#include "Kit.h"

namespace keops::approx {

using Operands = llvm::ArrayRef<Value>;
using Form = Value (*)(Kit &, Operands);

// Exp.cpp
Value expShort(Kit &kit, Operands x);
Value expHardware(Kit &kit, Operands x);
Value expHardwareProduct(Kit &kit, Operands x);
Value exp2Hardware(Kit &kit, Operands x);
/// Long forms of exp and exp2 are for double only.
Value expLong(Kit &kit, Operands x);
Value expCompensated(Kit &kit, Operands x);
Value exp2Short(Kit &kit, Operands x);
Value exp2Long(Kit &kit, Operands x);
Value exp2Compensated(Kit &kit, Operands operands);
/// exp(x.high + x.low) for a small low part; subnormal results are rounded once.
Value expDoubleWord(Kit &kit, DoubleWord x);

/// x = n log(2) + rest for the nearest integer n; `head` is the exact difference with the short
/// part of log(2), and lowPart is what the rounding of `rest` lost.
struct ReducedExp {
  Rounded n;
  Value head;
  Value rest;
};
ReducedExp reduceExp(Kit &kit, Value x);
Value lowPart(Kit &kit, const ReducedExp &r);
/// 2^n * p, rounded once even where the result is subnormal.
Value scaleOnce(Kit &kit, Value p, Rounded n);

// Hyperbolic.cpp
Value expm1Short(Kit &kit, Operands x);
Value expm1Compensated(Kit &kit, Operands x);
Value sinhShort(Kit &kit, Operands x);
Value sinhCompensated(Kit &kit, Operands x);
Value coshShort(Kit &kit, Operands x);
Value coshCompensated(Kit &kit, Operands x);
Value tanhShort(Kit &kit, Operands x);
Value tanhCompensated(Kit &kit, Operands x);

// Erf.cpp
Value erfPieces(Kit &kit, Operands x);
Value erfcPieces(Kit &kit, Operands x);

// InverseTrig.cpp
Value asinShort(Kit &kit, Operands x);
Value asinCompensated(Kit &kit, Operands x);
Value acosShort(Kit &kit, Operands x);
Value acosCompensated(Kit &kit, Operands x);
Value atanShort(Kit &kit, Operands x);
Value atanCompensated(Kit &kit, Operands x);
Value atan2Short(Kit &kit, Operands yx);
Value atan2Compensated(Kit &kit, Operands yx);

// Round.cpp
Value floorPortable(Kit &kit, Operands x);
Value roundPortable(Kit &kit, Operands x);

// Log.cpp
Value logShort(Kit &kit, Operands x);
Value logLong(Kit &kit, Operands x);
Value log1pPutBack(Kit &kit, Operands x);

// Trig.cpp
Value sinFloat(Kit &kit, Operands x);
Value cosFloat(Kit &kit, Operands x);
Value sinWide(Kit &kit, Operands x);
Value cosWide(Kit &kit, Operands x);
/// Largest |x| for which the forms of Trig.cpp are right without the slow path.
inline constexpr double trigFloatDomain = 131072.0;
inline constexpr double trigWideDomain = 1048576.0;

/// |x| = quadrant pi/2 + r + rest, of the quadrant only the low bits. Without a rest r alone is as
/// accurate as the form needs.
struct ReducedAngle {
  Value quadrant;
  Value r;
  Value rest;
};

// FarAngle.cpp
/// For finite doubles beyond 2^17, whatever their size.
ReducedAngle reduceFar(Kit &kit, Value magnitude);

// Rsqrt.cpp
Value rsqrtHardware(Kit &kit, Operands x);
Value rsqrtHardwareScaled(Kit &kit, Operands x);
Value rsqrtDivide(Kit &kit, Operands x);
Value rsqrtNewton(Kit &kit, Operands x);
Value rsqrtCorrected(Kit &kit, Operands operands);

// Hardware.cpp
/// Of 1 / x; null for another dividend.
Value reciprocalHardware(Kit &kit, Operands operands);

// Power.cpp
Value powAny(Kit &kit, Operands xy);
Value powInteger(Kit &kit, Operands xn);

/// A number above zero as 2^exponent * mantissa, mantissa in [3/4, 3/2). With AVX-512 zero and
/// infinity give an infinite exponent and negative numbers a NaN mantissa; the portable way needs a
/// positive finite number.
struct Decomposed {
  Value exponent;
  Value mantissa;
};
Decomposed decompose(Kit &kit, Value x);

} // namespace keops::approx

#endif // KEOPS_LIB_CONVERSION_APPROXIMATEMATH_FORMS_H
