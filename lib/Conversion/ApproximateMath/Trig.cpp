// sin and cos: multiples of pi/2 are taken off in parts, both polynomials are evaluated and the
// quadrant picks one. Beyond the domain of that reduction lanes go one by one through a function
// (SlowPath.cpp) that reduces any angle (FarAngle.cpp).
#include "Coefficients.h"
#include "Forms.h"
#include "SlowPath.h"

namespace keops::approx {

namespace {

enum class Wave { Sin, Cos };

ReducedAngle reduceFloat(Kit &kit, Value magnitude) {
  Rounded n = kit.roundNearest(magnitude, kTwoOverPiF32);
  Value r = magnitude;
  // The first difference is exact, and so is what FMA feeds into the other two.
  for (double part : kHalfPiF32)
    r = kit.fma(n.value, -part, r);
  return {n.bits, r, Value()};
}

ReducedAngle reduceDouble(Kit &kit, Value magnitude, bool withRest) {
  Rounded n = kit.roundNearest(magnitude, kTwoOverPiF64);
  // The first two parts are so short that their products with n are exact, with or without FMA.
  Value a = kit.fma(n.value, -kHalfPiF64[0], magnitude);
  if (!withRest)
    return {n.bits, kit.fma(n.value, -(kHalfPiF64[1] + kHalfPiF64[2]), a), Value()};
  Value second = kit.mul(n.value, kit.constant(kHalfPiF64[1]));
  // Next to a multiple of pi/2 the error of the third product counts, and a fourth part.
  DoubleWord third = kit.twoProduct(n.value, kit.constant(kHalfPiF64[2]));
  Value b = kit.sub(a, second);
  Value lost = kit.sub(kit.sub(a, b), second);
  Value r = kit.sub(b, third.high);
  Value rest = kit.add(kit.sub(kit.sub(b, r), third.high), kit.sub(lost, third.low));
  return {n.bits, r, kit.fma(n.value, -kHalfPiF64[3], rest)};
}

Value sinPolynomial(Kit &kit, ReducedAngle angle, Value z) {
  Value series = kit.isDouble() ? kit.horner(kSinF64, z) : kit.horner(kSinF32, z);
  Value cube = kit.mul(angle.r, z);
  if (!angle.rest)
    return kit.fma(cube, series, angle.r);
  Value scaledRest = kit.fma(kit.mul(z, kit.constant(-0.5)), angle.rest, angle.rest);
  return kit.add(angle.r, kit.fma(cube, series, scaledRest));
}

Value cosPolynomial(Kit &kit, ReducedAngle angle, Value z) {
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

Value evaluate(Kit &kit, Wave wave, Value x, ReducedAngle angle) {
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

/// For any double beyond the domains above.
Value emitFar(Kit &kit, Wave wave, Value x) {
  Value magnitude = kit.abs(x);
  Value result = evaluate(kit, wave, x, reduceFar(kit, magnitude));
  return kit.select(kit.less(magnitude, kit.infinity()), result, kit.constant(kit.notANumber()));
}
Value sinFar(Kit &kit, Operands x) { return emitFar(kit, Wave::Sin, x[0]); }
Value cosFar(Kit &kit, Operands x) { return emitFar(kit, Wave::Cos, x[0]); }

Value leaveDomain(Kit &kit, Wave wave, Value x, Value fast, double domain) {
  SlowPath path =
      wave == Wave::Sin ? SlowPath{"sin", sinFar, domain} : SlowPath{"cos", cosFar, domain};
  return emitSlowPath(kit, x, fast, path);
}

Value emitFloat(Kit &kit, Wave wave, Value x) {
  Value fast = evaluate(kit, wave, x, reduceFloat(kit, kit.abs(x)));
  return leaveDomain(kit, wave, x, fast, trigFloatDomain);
}

Value emitWide(Kit &kit, Wave wave, Value x) {
  Kit wide = kit.wide();
  Value wideX = kit.widen(x);
  ReducedAngle angle = reduceDouble(wide, wide.abs(wideX), /*withRest=*/kit.isDouble());
  Value fast = kit.narrow(evaluate(wide, wave, wideX, angle));
  return leaveDomain(kit, wave, x, fast, trigWideDomain);
}

} // namespace

Value sinFloat(Kit &kit, Operands x) { return emitFloat(kit, Wave::Sin, x[0]); }
Value cosFloat(Kit &kit, Operands x) { return emitFloat(kit, Wave::Cos, x[0]); }
Value sinWide(Kit &kit, Operands x) { return emitWide(kit, Wave::Sin, x[0]); }
Value cosWide(Kit &kit, Operands x) { return emitWide(kit, Wave::Cos, x[0]); }

} // namespace keops::approx
