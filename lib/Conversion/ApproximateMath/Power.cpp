// pow with the special values of the C standard: exp(y log|x|) with a logarithm so accurate that y
// cannot spoil it. For float everything happens in double; for double the logarithm is a double
// word. fpowi is pow with an exact exponent.
#include "Coefficients.h"
#include "Forms.h"
#include <cmath>

namespace keops::approx {

namespace {

/// An exponent so large that any |x| other than 1 over- or underflows; it stands for everything
/// beyond it.
constexpr double largestExponent = 0x1p66;

Value isInteger(Kit &kit, Value y) {
  double whole = std::ldexp(1.0, kit.mantissaBits());
  Value magnitude = kit.abs(y);
  Value rounded = kit.sub(kit.add(magnitude, kit.constant(whole)), kit.constant(whole));
  Value same = kit.compare(mlir::arith::CmpFPredicate::OEQ, rounded, magnitude);
  Value large = kit.compare(mlir::arith::CmpFPredicate::OGE, magnitude, kit.constant(whole));
  return kit.maskOr(same, large);
}

/// |x|^y where x is 0 or infinite.
Value fixZeroAndInfinity(Kit &kit, Value magnitude, Value y, Value power) {
  Value zero = kit.constant(0.0), infinite = kit.constant(kit.infinity());
  Value negative = kit.less(y, 0.0);
  power = kit.select(kit.equal(magnitude, 0.0), kit.select(negative, infinite, zero), power);
  return kit.select(kit.equal(magnitude, kit.infinity()), kit.select(negative, zero, infinite),
                    power);
}

/// x^y from |x|^y: sign, invalid combinations, NaN, and the pairs that give 1 whatever the other
/// is.
Value finish(Kit &kit, Value x, Value y, Value power) {
  power = fixZeroAndInfinity(kit, kit.abs(x), y, power);
  Value integer = isInteger(kit, y);
  Value halfInteger = isInteger(kit, kit.mul(y, kit.constant(0.5)));
  Value oddSign = kit.select(halfInteger, kit.bits(0), kit.signBit(x));
  power = kit.flipSign(power, kit.select(integer, oddSign, kit.bits(0)));
  Value negative = kit.maskAnd(kit.less(x, 0.0), kit.greater(x, -kit.infinity()));
  Value nan = kit.constant(kit.notANumber());
  power = kit.select(negative, kit.select(integer, power, nan), power);
  Value unordered = kit.compare(mlir::arith::CmpFPredicate::UNO, x, y);
  power = kit.select(unordered, nan, power);
  Value one = kit.constant(1.0);
  return kit.select(kit.maskOr(kit.equal(x, 1.0), kit.equal(y, 0.0)), one, power);
}

/// 2^t to about 2^-30, for a result that is rounded to float.
Value exp2ForFloat(Kit &kit, Value t) {
  t = kit.clamp(t, -300.0, 300.0);
  Rounded n = kit.roundNearest(t);
  Value p = kit.horner(kExp2Near7F64, kit.sub(t, n.value));
  return kit.mul(p, kit.powerOfTwo(n.bits));
}

Value powFloat(Kit &kit, Value x, Value y) {
  Decomposed d = decompose(kit, kit.abs(x));
  Value f = kit.sub(d.mantissa, kit.constant(1.0));
  Value log2 = kit.fma(f, kit.horner(kLog2F64, f), d.exponent);
  Value limited = kit.clamp(y, -largestExponent, largestExponent);
  return finish(kit, x, y, exp2ForFloat(kit, kit.mul(limited, log2)));
}

/// (m-1)/(m+1) as a double word, with one division.
DoubleWord quotient(Kit &kit, Value m) {
  Value one = kit.constant(1.0);
  Value numerator = kit.sub(m, one);
  DoubleWord denominator = kit.twoSum(m, one);
  Value inverse = kit.div(one, denominator.high);
  Value high = kit.mul(numerator, inverse);
  DoubleWord product = kit.twoProduct(high, denominator.high);
  Value rest = kit.sub(kit.sub(numerator, product.high), product.low);
  rest = kit.sub(rest, kit.mul(high, denominator.low));
  return {high, kit.mul(rest, inverse)};
}

/// log(m) = 2s + (2/3)s^3 + s^5 R(s^2): the first two terms as double words.
DoubleWord logMantissa(Kit &kit, Value m) {
  DoubleWord s = quotient(kit, m);
  DoubleWord square = kit.multiply(s, s);
  DoubleWord thirds = {kit.constant(kTwoThirds[0]), kit.constant(kTwoThirds[1])};
  DoubleWord cube = kit.multiply(kit.multiply(s, square), thirds);
  Value fifth = kit.mul(kit.mul(s.high, square.high), square.high);
  Value tail = kit.mul(fifth, kit.horner(kLogTailF64, square.high));
  Value two = kit.constant(2.0);
  DoubleWord sum = kit.fastTwoSum(kit.mul(two, s.high), cube.high);
  Value low = kit.add(kit.fma(two, s.low, sum.low), kit.add(cube.low, tail));
  return kit.fastTwoSum(sum.high, low);
}

DoubleWord logDoubleWord(Kit &kit, Value magnitude) {
  Decomposed d = decompose(kit, magnitude);
  DoubleWord mantissa = logMantissa(kit, d.mantissa);
  DoubleWord sum = kit.fastTwoSum(kit.mul(d.exponent, kit.constant(kLn2HighF64)), mantissa.high);
  Value low = kit.fma(d.exponent, kLn2LowF64, kit.add(sum.low, mantissa.low));
  return kit.fastTwoSum(sum.high, low);
}

Value powDouble(Kit &kit, Value x, Value y) {
  DoubleWord log = logDoubleWord(kit, kit.abs(x));
  Value limited = kit.clamp(y, -largestExponent, largestExponent);
  DoubleWord product = kit.twoProduct(limited, log.high);
  product.low = kit.fma(limited, log.low, product.low);
  return finish(kit, x, y, expDoubleWord(kit, product));
}

} // namespace

Value powAny(Kit &kit, Operands xy) {
  if (kit.isDouble())
    return powDouble(kit, xy[0], xy[1]);
  Kit wide = kit.wide();
  return kit.narrow(powFloat(wide, kit.widen(xy[0]), kit.widen(xy[1])));
}

Value powInteger(Kit &kit, Operands xn) {
  Kit wide = kit.wide();
  Value y = wide.fromInteger(xn[1]);
  if (kit.isDouble())
    return powDouble(kit, xn[0], y);
  return kit.narrow(powFloat(wide, kit.widen(xn[0]), y));
}

} // namespace keops::approx
