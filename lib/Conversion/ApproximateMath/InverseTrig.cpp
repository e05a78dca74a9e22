// asin, acos, atan and atan2: a quotient or a square root brings the argument into the range of an
// odd polynomial, and what comes out is added to or taken from a multiple of pi/2. `compensated`
// forms also carry the rounding errors of the quotient, the root and that sum.
#include "Coefficients.h"
#include "Forms.h"

namespace keops::approx {

namespace {

/// leading + low, of which low is small: an angle between 0 and pi/2 before its last rounding.
using Angle = DoubleWord;

/// A multiple of pi/2, chosen per lane, plus or minus an angle.
struct Turn {
  DoubleWord base;
  /// The sign bit set where the angle is taken off.
  Value minus;
};

DoubleWord turnConstant(Kit &kit, double quarters) {
  const double *quarter = kit.isDouble() ? kQuarterTurnF64 : kQuarterTurnF32;
  return {kit.constant(quarters * quarter[0]), kit.constant(quarters * quarter[1])};
}

DoubleWord choose(Kit &kit, Value condition, DoubleWord yes, DoubleWord no) {
  return {kit.select(condition, yes.high, no.high), kit.select(condition, yes.low, no.low)};
}

Value addTurn(Kit &kit, Turn turn, Angle angle, bool compensated) {
  Value leading = kit.flipSign(angle.high, turn.minus);
  Value low = kit.add(turn.base.low, kit.flipSign(angle.low, turn.minus));
  if (!compensated)
    return kit.add(kit.add(turn.base.high, leading), low);
  // The base is 0 or larger than the angle.
  DoubleWord sum = kit.fastTwoSum(turn.base.high, leading);
  return kit.add(sum.high, kit.add(sum.low, low));
}

Value signWhere(Kit &kit, Value condition) {
  return kit.select(condition, kit.signBit(kit.constant(-1.0)), kit.bits(0));
}

/// min / max of two numbers that are not negative: 0 for two zeros, 1 for two infinities. The low
/// part is what the division lost.
DoubleWord ratio(Kit &kit, Value smaller, Value larger, bool compensated) {
  Value same = kit.compare(mlir::arith::CmpFPredicate::OEQ, smaller, larger);
  Value one = kit.constant(1.0), zero = kit.constant(0.0);
  Value ofSame = kit.select(kit.equal(larger, 0.0), zero, one);
  Value high = kit.select(same, ofSame, kit.div(smaller, larger));
  if (!compensated)
    return {high, Value()};
  DoubleWord product = kit.twoProduct(high, larger);
  Value rest = kit.sub(kit.sub(smaller, product.high), product.low);
  // Of a tiny quotient the lost part is below all that counts; of infinities it is NaN.
  Value counts = kit.greater(high, kit.isDouble() ? 0x1p-700 : 0x1p-90);
  Value low = kit.select(counts, kit.div(rest, larger), zero);
  return {high, kit.select(same, zero, low)};
}

Angle atanOfRatio(Kit &kit, DoubleWord t) {
  Value z = kit.mul(t.high, t.high);
  Value series = kit.isDouble() ? kit.horner(kAtanF64, z) : kit.horner(kAtanF32, z);
  Value cube = kit.mul(t.high, z);
  if (!t.low)
    return {t.high, kit.mul(cube, series)};
  // The derivative 1 / (1 + z) is close enough to 1 - z/2.
  Value lowAngle = kit.fma(kit.mul(z, kit.constant(-0.5)), t.low, t.low);
  return {t.high, kit.fma(cube, series, lowAngle)};
}

Value atanWith(Kit &kit, Value x, bool compensated) {
  Value a = kit.abs(x), one = kit.constant(1.0);
  Value swap = kit.greater(a, 1.0);
  DoubleWord t = ratio(kit, kit.select(swap, one, a), kit.select(swap, a, one), compensated);
  DoubleWord base = choose(kit, swap, turnConstant(kit, 1), turnConstant(kit, 0));
  Turn turn{base, signWhere(kit, swap)};
  return kit.withSignOf(addTurn(kit, turn, atanOfRatio(kit, t), compensated), x);
}

/// pi/2 where y is the longer leg, otherwise 0 or pi by the sign of x.
Turn quadrantOf(Kit &kit, Value swap, Value x) {
  Value backward = kit.bitsNotZero(kit.signBit(x));
  DoubleWord level = choose(kit, backward, turnConstant(kit, 2), turnConstant(kit, 0));
  Value minus = kit.xorBits(signWhere(kit, swap), kit.signBit(x));
  return {choose(kit, swap, turnConstant(kit, 1), level), minus};
}

/// Without FMA the error of the quotient is lost where it is made of subnormal products.
void avoidSubnormal(Kit &kit, Value &smaller, Value &larger) {
  bool wide = kit.isDouble();
  Value factor = kit.select(kit.less(larger, wide ? 0x1p100 : 0x1p30),
                            kit.constant(wide ? 0x1p200 : 0x1p60), kit.constant(1.0));
  smaller = kit.mul(smaller, factor);
  larger = kit.mul(larger, factor);
}

Value atan2With(Kit &kit, Value y, Value x, bool compensated) {
  Value ay = kit.abs(y), ax = kit.abs(x);
  Value swap = kit.compare(mlir::arith::CmpFPredicate::OGT, ay, ax);
  Value larger = kit.select(swap, ay, ax), smaller = kit.select(swap, ax, ay);
  if (compensated && !kit.hasFMA())
    avoidSubnormal(kit, smaller, larger);
  DoubleWord t = ratio(kit, smaller, larger, compensated);
  Turn turn = quadrantOf(kit, swap, x);
  return kit.withSignOf(addTurn(kit, turn, atanOfRatio(kit, t), compensated), y);
}

/// 2 sqrt((1-a)/2) for a > 1/2, with what the root lost.
DoubleWord twiceRoot(Kit &kit, Value z, bool compensated) {
  Value root = kit.sqrt(z), two = kit.constant(2.0);
  if (!compensated)
    return {kit.mul(root, two), Value()};
  DoubleWord square = kit.twoProduct(root, root);
  Value rest = kit.sub(kit.sub(z, square.high), square.low);
  // The root of a number above 0 is much larger than what keeps 0 / 0 away.
  Value divisor = kit.add(root, kit.constant(kit.smallestNormal()));
  return {kit.mul(root, two), kit.div(rest, divisor)};
}

/// asin(a) for a <= 1/2, otherwise pi/2 - asin(a), as 2 asin(sqrt((1-a)/2)).
Angle asinCore(Kit &kit, Value a, Value large, bool compensated) {
  Value halfRest = kit.mul(kit.sub(kit.constant(1.0), a), kit.constant(0.5));
  Value z = kit.select(large, halfRest, kit.mul(a, a));
  DoubleWord root = twiceRoot(kit, halfRest, compensated);
  Value leading = kit.select(large, root.high, a);
  Value series = kit.isDouble() ? kit.horner(kAsinF64, z) : kit.horner(kAsinF32, z);
  Value cube = kit.mul(leading, z);
  if (!compensated)
    return {leading, kit.mul(cube, series)};
  return {leading, kit.fma(cube, series, kit.select(large, root.low, kit.constant(0.0)))};
}

Value asinWith(Kit &kit, Value x, bool compensated) {
  Value a = kit.abs(x);
  Value large = kit.greater(a, 0.5);
  Turn turn{choose(kit, large, turnConstant(kit, 1), turnConstant(kit, 0)), signWhere(kit, large)};
  return kit.withSignOf(addTurn(kit, turn, asinCore(kit, a, large, compensated), compensated), x);
}

Value acosWith(Kit &kit, Value x, bool compensated) {
  Value a = kit.abs(x);
  Value large = kit.greater(a, 0.5), negative = kit.less(x, 0.0);
  DoubleWord far = choose(kit, negative, turnConstant(kit, 2), turnConstant(kit, 0));
  // Small: pi/2 - sign(x) asin(a). Large: 0 + angle, or pi - angle.
  Value minus = kit.xorBits(kit.signBit(x), signWhere(kit, large));
  minus = kit.xorBits(minus, kit.signBit(kit.constant(-1.0)));
  Turn turn{choose(kit, large, far, turnConstant(kit, 1)), minus};
  return addTurn(kit, turn, asinCore(kit, a, large, compensated), compensated);
}

} // namespace

Value asinShort(Kit &kit, Operands x) { return asinWith(kit, x[0], /*compensated=*/false); }
Value asinCompensated(Kit &kit, Operands x) { return asinWith(kit, x[0], /*compensated=*/true); }
Value acosShort(Kit &kit, Operands x) { return acosWith(kit, x[0], /*compensated=*/false); }
Value acosCompensated(Kit &kit, Operands x) { return acosWith(kit, x[0], /*compensated=*/true); }
Value atanShort(Kit &kit, Operands x) { return atanWith(kit, x[0], /*compensated=*/false); }
Value atanCompensated(Kit &kit, Operands x) { return atanWith(kit, x[0], /*compensated=*/true); }

Value atan2Short(Kit &kit, Operands yx) {
  return atan2With(kit, yx[0], yx[1], /*compensated=*/false);
}

Value atan2Compensated(Kit &kit, Operands yx) {
  return atan2With(kit, yx[0], yx[1], /*compensated=*/true);
}

} // namespace keops::approx
