// Natural logarithm: the number is 2^e * m with m in [3/4, 3/2); log(m) comes from a polynomial in
// m - 1 (float) or in the square of (m-1)/(m+1) (double), and e*log(2) is added in two parts. log1p
// puts what the rounding of 1 + x lost back into m - 1.
#include "Coefficients.h"
#include "Forms.h"
#include <cmath>

namespace keops::approx {

namespace {

/// Exponent and mantissa by integer arithmetic on a positive, finite, normal number.
Decomposed decomposeBits(Kit &kit, Value x) {
  int mantissa = kit.mantissaBits();
  uint64_t one = uint64_t(kit.exponentBias()) << mantissa;
  // 3/4 lies half a mantissa below one; moving it to one makes the exponent field count from 3/4.
  uint64_t shift = uint64_t(1) << (mantissa - 1);
  Value moved = kit.addBits(kit.toBits(x), kit.bits(shift));
  Value biased = kit.shiftRight(moved, mantissa);
  Value fraction = kit.andBits(moved, kit.bits((uint64_t(1) << mantissa) - 1));
  Value m = kit.fromBits(kit.addBits(fraction, kit.bits(one - shift)));
  // The exponent becomes a number by riding in the low bits of a large one.
  double large = std::ldexp(1.0, mantissa);
  Value riding = kit.fromBits(kit.orBits(biased, kit.toBits(kit.constant(large))));
  return {kit.sub(riding, kit.constant(large + kit.exponentBias())), m};
}

Decomposed decomposeAvx512(Kit &kit, Value x) {
  // Interval 3 is [3/4, 3/2); sign control 2 makes negative numbers NaN.
  Value m = kit.getMantissa(x, 3 | (2 << 2));
  return {kit.sub(kit.getExponent(x), kit.getExponent(m)), m};
}

Value logMantissaFloat(Kit &kit, Decomposed d, llvm::ArrayRef<double> polynomial) {
  Value f = kit.sub(d.mantissa, kit.constant(1.0));
  Value square = kit.mul(f, f);
  Value tail = kit.mul(square, kit.fma(kit.horner(polynomial, f), f, kit.constant(-0.5)));
  tail = kit.fma(d.exponent, kLn2LowF32, tail);
  return kit.fma(d.exponent, kLn2HighF32, kit.add(f, tail));
}

Value logMantissaDouble(Kit &kit, Decomposed d, llvm::ArrayRef<double> polynomial) {
  Value f = kit.sub(d.mantissa, kit.constant(1.0));
  Value s = kit.div(f, kit.add(f, kit.constant(2.0)));
  Value z = kit.mul(s, s);
  Value series = kit.mul(z, kit.horner(polynomial, z));
  // f - s*f is 2s, so log(m) = f - (f^2/2 - s*(f^2/2 + series)) keeps f itself exact.
  Value half = kit.mul(kit.constant(0.5), kit.mul(f, f));
  Value tail = kit.fma(s, kit.add(half, series), kit.mul(d.exponent, kit.constant(kLn2LowF64)));
  return kit.fma(d.exponent, kLn2HighF64, kit.sub(f, kit.sub(half, tail)));
}

/// Zero gives -infinity, negative numbers and NaN give NaN, infinity itself.
Value fixSpecial(Kit &kit, Value x, Value result) {
  Value invalid =
      kit.select(kit.equal(x, 0.0), kit.constant(-kit.infinity()), kit.constant(kit.notANumber()));
  result = kit.select(kit.equal(x, kit.infinity()), x, result);
  return kit.select(kit.greater(x, 0.0), result, invalid);
}

} // namespace

Decomposed decompose(Kit &kit, Value x) {
  if (kit.hasAvx512())
    return decomposeAvx512(kit, x);
  int lift = kit.mantissaBits() + 1;
  Value small = kit.less(x, kit.smallestNormal());
  Value lifted = kit.select(small, kit.mul(x, kit.constant(std::ldexp(1.0, lift))), x);
  Decomposed d = decomposeBits(kit, lifted);
  Value down = kit.select(small, kit.constant(lift), kit.constant(0.0));
  return {kit.sub(d.exponent, down), d.mantissa};
}

static Value logWith(Kit &kit, Value x, llvm::ArrayRef<double> polynomial) {
  Decomposed d = decompose(kit, x);
  Value result =
      kit.isDouble() ? logMantissaDouble(kit, d, polynomial) : logMantissaFloat(kit, d, polynomial);
  return kit.hasAvx512() ? result : fixSpecial(kit, x, result);
}

namespace {

/// 1 + x = 2^exponent * (1 + f).
struct OnePlus {
  Value rounded;
  Value exponent;
  Value f;
};

OnePlus decomposeOnePlus(Kit &kit, Value x) {
  DoubleWord sum = kit.twoSum(kit.constant(1.0), x);
  Decomposed d = decomposeBits(kit, sum.high);
  int mantissa = kit.mantissaBits();
  Value shift = kit.bits(uint64_t(1) << (mantissa - 1));
  Value exponentMask = kit.bits(uint64_t(2 * kit.exponentBias() + 1) << mantissa);
  Value field = kit.andBits(kit.addBits(kit.toBits(sum.high), shift), exponentMask);
  // 2^(1-e), which is 0 for the largest e: there the lost part does not matter.
  Value scale = kit.fromBits(kit.subBits(exponentMask, field));
  Value lost = kit.mul(kit.mul(sum.low, scale), kit.constant(0.5));
  return {sum.high, d.exponent, kit.add(kit.sub(d.mantissa, kit.constant(1.0)), lost)};
}

/// log(1+f) - f.
Value logTail(Kit &kit, Value f) {
  Value square = kit.mul(f, f);
  if (!kit.isDouble())
    return kit.mul(square, kit.fma(kit.horner(kLog8F32, f), f, kit.constant(-0.5)));
  Value s = kit.div(f, kit.add(f, kit.constant(2.0)));
  Value z = kit.mul(s, s);
  Value series = kit.mul(z, kit.horner(kLog8F64, z));
  Value half = kit.mul(kit.constant(0.5), square);
  return kit.sub(kit.mul(s, kit.add(half, series)), half);
}

} // namespace

Value log1pPutBack(Kit &kit, Operands operands) {
  Value x = operands[0];
  OnePlus one = decomposeOnePlus(kit, x);
  double low = kit.isDouble() ? kLn2LowF64 : kLn2LowF32;
  double high = kit.isDouble() ? kLn2HighF64 : kLn2HighF32;
  Value tail = kit.fma(one.exponent, low, logTail(kit, one.f));
  Value result = kit.fma(one.exponent, high, kit.add(one.f, tail));
  // The sum above turns -0 into 0.
  return kit.select(kit.equal(x, 0.0), x, fixSpecial(kit, one.rounded, result));
}

Value logShort(Kit &kit, Operands x) {
  return kit.isDouble() ? logWith(kit, x[0], kLog7F64) : logWith(kit, x[0], kLog7F32);
}

Value logLong(Kit &kit, Operands x) {
  return kit.isDouble() ? logWith(kit, x[0], kLog8F64) : logWith(kit, x[0], kLog8F32);
}

} // namespace keops::approx
