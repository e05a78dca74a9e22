// expm1, sinh, cosh and tanh: the reduction of exp, then polynomials of the rest from which the
// leading terms are kept apart, so that nothing cancels around 0. tanh is expm1(2x) / (expm1(2x) +
// 2).
#include "Coefficients.h"
#include "Forms.h"
#include <cmath>

namespace keops::approx {

namespace {

/// Below this magnitude the argument is the result, and halving it could lose its last bit.
Value keepTiny(Kit &kit, Value x, Value result) {
  double tiny = std::ldexp(1.0, -kit.mantissaBits() - 4);
  return kit.select(kit.less(kit.abs(x), tiny), x, result);
}

/// (exp(x) - 1) / 2 for x so bounded that exp(x) / 2 is finite; without compensation the low part
/// is a term of the sum, with it also what the other operations lost.
DoubleWord halfExpm1(Kit &kit, Value x, bool compensated) {
  ReducedExp r = reduceExp(kit, x);
  Value scale = kit.powerOfTwo(kit.subBits(r.n.bits, kit.bits(1)));
  Value series = kit.isDouble() ? kit.horner(kExpm1F64, r.rest) : kit.horner(kExpm1F32, r.rest);
  Value square = kit.mul(r.rest, r.rest);
  Value minusHalf = kit.constant(-0.5);
  if (!compensated)
    return {kit.fma(scale, r.rest, kit.add(scale, minusHalf)),
            kit.mul(scale, kit.mul(square, series))};
  Value low = lowPart(kit, r);
  Value tail = kit.fma(square, series, kit.fma(low, r.rest, low));
  DoubleWord whole = kit.twoSum(scale, minusHalf);
  DoubleWord sum = kit.fastTwoSum(whole.high, kit.mul(scale, r.rest));
  return {sum.high, kit.fma(scale, tail, kit.add(whole.low, sum.low))};
}

Value expm1With(Kit &kit, Value x, bool compensated) {
  // Below the lower bound the result is -1, above the upper one infinite.
  double low = kit.isDouble() ? -50.0 : -25.0, high = kit.isDouble() ? 709.9 : 88.9;
  DoubleWord half = halfExpm1(kit, kit.clamp(x, low, high), compensated);
  Value result = kit.mul(kit.add(half.high, half.low), kit.constant(2.0));
  return keepTiny(kit, x, result);
}

Value tanhWith(Kit &kit, Value x, bool compensated) {
  Value twice = kit.atMost(kit.mul(kit.abs(x), kit.constant(2.0)), 44.0);
  DoubleWord half = halfExpm1(kit, twice, compensated);
  Value one = kit.constant(1.0);
  if (!compensated) {
    Value e = kit.add(half.high, half.low);
    return kit.withSignOf(kit.div(e, kit.add(e, one)), x);
  }
  DoubleWord numerator = kit.fastTwoSum(half.high, half.low);
  DoubleWord denominator = kit.twoSum(one, numerator.high);
  denominator.low = kit.add(denominator.low, numerator.low);
  return kit.withSignOf(kit.divide(numerator, denominator), x);
}

/// |x| = n log(2) + r, with half of (2^n + 2^-n)/2 and of (2^n - 2^-n)/2.
struct Halves {
  ReducedExp r;
  DoubleWord even;
  DoubleWord odd;
};

Halves reduceHyperbolic(Kit &kit, Value x) {
  // At the bound the results are infinite and their quarters finite.
  ReducedExp r = reduceExp(kit, kit.atMost(kit.abs(x), kit.isDouble() ? 710.6 : 89.5));
  Value growing = kit.powerOfTwo(kit.subBits(r.n.bits, kit.bits(2)));
  Value shrinking = kit.powerOfTwo(kit.subBits(kit.bits(-2), r.n.bits));
  // Its exponent would leave the range long after it stopped to matter.
  shrinking = kit.select(kit.greater(r.n.value, 60.0), kit.constant(0.0), shrinking);
  return {r, kit.fastTwoSum(growing, shrinking), kit.fastTwoSum(growing, kit.negate(shrinking))};
}

/// 2 (a cosh(r) + b sinh(r)) where 1 and r are split off from cosh(r) and sinh(r).
Value combine(Kit &kit, const ReducedExp &reduced, DoubleWord a, DoubleWord b, bool compensated) {
  Value r = reduced.rest;
  Value z = kit.mul(r, r);
  Value coshTail = kit.mul(z, kit.isDouble() ? kit.horner(kCoshF64, z) : kit.horner(kCoshF32, z));
  Value cube = kit.mul(r, z);
  Value sinhTail =
      kit.mul(cube, kit.isDouble() ? kit.horner(kSinhF64, z) : kit.horner(kSinhF32, z));
  Value low = kit.fma(a.high, coshTail, kit.mul(b.high, sinhTail));
  Value two = kit.constant(2.0);
  if (!compensated)
    return kit.mul(kit.add(kit.fma(b.high, r, a.high), low), two);
  DoubleWord sum = kit.multiplyAdd(b.high, r, a.high);
  low = kit.fma(kit.fma(a.high, r, b.high), lowPart(kit, reduced), low);
  low = kit.add(low, kit.fma(b.low, r, a.low));
  return kit.mul(kit.add(sum.high, kit.add(sum.low, low)), two);
}

Value sinhWith(Kit &kit, Value x, bool compensated) {
  Halves halves = reduceHyperbolic(kit, x);
  Value magnitude = combine(kit, halves.r, halves.odd, halves.even, compensated);
  return keepTiny(kit, x, kit.withSignOf(magnitude, x));
}

Value coshWith(Kit &kit, Value x, bool compensated) {
  Halves halves = reduceHyperbolic(kit, x);
  return combine(kit, halves.r, halves.even, halves.odd, compensated);
}

} // namespace

Value expm1Short(Kit &kit, Operands x) { return expm1With(kit, x[0], /*compensated=*/false); }
Value expm1Compensated(Kit &kit, Operands x) { return expm1With(kit, x[0], /*compensated=*/true); }
Value sinhShort(Kit &kit, Operands x) { return sinhWith(kit, x[0], /*compensated=*/false); }
Value sinhCompensated(Kit &kit, Operands x) { return sinhWith(kit, x[0], /*compensated=*/true); }
Value coshShort(Kit &kit, Operands x) { return coshWith(kit, x[0], /*compensated=*/false); }
Value coshCompensated(Kit &kit, Operands x) { return coshWith(kit, x[0], /*compensated=*/true); }
Value tanhShort(Kit &kit, Operands x) { return tanhWith(kit, x[0], /*compensated=*/false); }
Value tanhCompensated(Kit &kit, Operands x) { return tanhWith(kit, x[0], /*compensated=*/true); }

} // namespace keops::approx
