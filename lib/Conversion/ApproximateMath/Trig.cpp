// sin and cos: multiples of pi/2 are taken off in parts, both polynomials are evaluated and the
// quadrant picks one. Beyond the domain of that reduction lanes go one by one through the C library
// (SlowPath.cpp).
#include "Coefficients.h"
#include "Forms.h"
#include "SlowPath.h"

namespace keops::approx {

namespace {

enum class Wave { Sin, Cos };

/// r + rest = |x| - n pi/2; without a rest r alone is as accurate as the form needs.
struct Angle {
  Value quadrant;
  Value r;
  Value rest;
};

Angle reduceFloat(Kit &kit, Value magnitude) {
  Rounded n = kit.roundNearest(magnitude, kTwoOverPiF32);
  Value r = magnitude;
  // The first difference is exact, and so is what FMA feeds into the other two.
  for (double part : kHalfPiF32)
    r = kit.fma(n.value, -part, r);
  return {n.bits, r, Value()};
}

Angle reduceDouble(Kit &kit, Value magnitude, bool withRest) {
  Rounded n = kit.roundNearest(magnitude, kTwoOverPiF64);
  // The first two parts are so short that their products with n are exact, with or without FMA.
  Value a = kit.fma(n.value, -kHalfPiF64[0], magnitude);
  if (!withRest)
    return {n.bits, kit.fma(n.value, -(kHalfPiF64[1] + kHalfPiF64[2]), a), Value()};
  Value second = kit.mul(n.value, kit.constant(kHalfPiF64[1]));
  Value third = kit.mul(n.value, kit.constant(kHalfPiF64[2]));
  Value b = kit.sub(a, second);
  Value lost = kit.sub(kit.sub(a, b), second);
  Value r = kit.sub(b, third);
  Value rest = kit.add(kit.sub(kit.sub(b, r), third), lost);
  return {n.bits, r, rest};
}

Value sinPolynomial(Kit &kit, Angle angle, Value z) {
  Value series = kit.isDouble() ? kit.horner(kSinF64, z) : kit.horner(kSinF32, z);
  Value cube = kit.mul(angle.r, z);
  if (!angle.rest)
    return kit.fma(cube, series, angle.r);
  Value scaledRest = kit.fma(kit.mul(z, kit.constant(-0.5)), angle.rest, angle.rest);
  return kit.add(angle.r, kit.fma(cube, series, scaledRest));
}

Value cosPolynomial(Kit &kit, Angle angle, Value z) {
  Value series = kit.isDouble() ? kit.horner(kCosF64, z) : kit.horner(kCosF32, z);
  Value one = kit.constant(1.0);
  if (!angle.rest)
    return kit.fma(z, kit.fma(z, series, kit.constant(-0.5)), one);
  Value half = kit.mul(z, kit.constant(0.5));
  Value head = kit.sub(one, half);
  Value lost = kit.sub(kit.sub(one, head), half);
  Value minusCross = kit.mul(kit.mul(angle.r, kit.constant(-1.0)), angle.rest);
  Value tail = kit.fma(kit.mul(z, z), series, minusCross);
  return kit.add(head, kit.add(lost, tail));
}

Value evaluate(Kit &kit, Wave wave, Value x, Angle angle) {
  Value z = kit.mul(angle.r, angle.r);
  Value quadrant = angle.quadrant;
  if (wave == Wave::Cos)
    quadrant = kit.addBits(quadrant, kit.bits(1));
  Value useCos = kit.bitsNotZero(kit.andBits(quadrant, kit.bits(1)));
  Value result = kit.select(useCos, cosPolynomial(kit, angle, z), sinPolynomial(kit, angle, z));
  Value sign = kit.shiftLeft(kit.andBits(quadrant, kit.bits(2)), kit.isDouble() ? 62 : 30);
  // Working on |x| makes sin(-0) come out as -0.
  if (wave == Wave::Sin)
    sign = kit.xorBits(sign, kit.signBit(x));
  return kit.flipSign(result, sign);
}

llvm::StringRef libraryName(Kit &kit, Wave wave) {
  if (wave == Wave::Sin)
    return kit.isDouble() ? "sin" : "sinf";
  return kit.isDouble() ? "cos" : "cosf";
}

Value emitFloat(Kit &kit, Wave wave, Value x) {
  Value fast = evaluate(kit, wave, x, reduceFloat(kit, kit.abs(x)));
  return emitSlowPath(kit, x, fast, trigFloatDomain, libraryName(kit, wave));
}

Value emitWide(Kit &kit, Wave wave, Value x) {
  Kit wide = kit.wide();
  Value wideX = kit.widen(x);
  Angle angle = reduceDouble(wide, wide.abs(wideX), /*withRest=*/kit.isDouble());
  Value fast = kit.narrow(evaluate(wide, wave, wideX, angle));
  return emitSlowPath(kit, x, fast, trigWideDomain, libraryName(kit, wave));
}

} // namespace

Value sinFloat(Kit &kit, Operands x) { return emitFloat(kit, Wave::Sin, x[0]); }
Value cosFloat(Kit &kit, Operands x) { return emitFloat(kit, Wave::Cos, x[0]); }
Value sinWide(Kit &kit, Operands x) { return emitWide(kit, Wave::Sin, x[0]); }
Value cosWide(Kit &kit, Operands x) { return emitWide(kit, Wave::Cos, x[0]); }

} // namespace keops::approx
