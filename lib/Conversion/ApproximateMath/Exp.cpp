// exp and exp2: the argument is an integer plus a rest, the rest goes through a polynomial, the
// integer into the exponent. The integer is scaled in by vscalef where it exists and by integer
// arithmetic elsewhere. A GPU computes exp2 of a float by itself.
#include "Coefficients.h"
#include "Forms.h"

namespace keops::approx {

namespace {

/// Arguments below `flush` have no normal result, above `overflow` no finite one.
struct Limits {
  double flush;
  double overflow;
  /// Below this the result rounds to zero.
  double vanish;
};

Limits expLimits(Kit &kit) {
  return kit.isDouble() ? Limits{-0x1.6232bdd7abcd2p9, 0x1.62e42fefa39efp9, -760.0}
                        : Limits{-0x1.5d589ep6, 0x1.62e42ep6, -110.0};
}

Limits exp2Limits(Kit &kit) {
  return kit.isDouble() ? Limits{-1022.0, 0x1.fffffffffffffp9, -1100.0}
                        : Limits{-126.0, 0x1.fffffep6, -160.0};
}

/// 2^n * p by adding n to the exponent of p, where results that are not normal become 0 or
/// infinity.
Value scaleFlushing(Kit &kit, Value p, Rounded n, Value x, Limits limits) {
  Value exponent = kit.shiftLeft(n.bits, kit.mantissaBits());
  Value scaled = kit.fromBits(kit.addBits(kit.toBits(p), exponent));
  scaled = kit.select(kit.less(x, limits.flush), kit.constant(0.0), scaled);
  // The sum is infinite for large x and NaN for NaN.
  Value tooLarge = kit.compare(mlir::arith::CmpFPredicate::UGT, x, kit.constant(limits.overflow));
  return kit.select(tooLarge, kit.add(x, kit.constant(kit.infinity())), scaled);
}

/// 2^n * p in two steps, so that subnormal results are rounded once, at the end.
Value scaleGradually(Kit &kit, Value p, Rounded n) {
  // The low bits of the word are n; what lies above them is shifted out in powerOfTwo.
  int unused = kit.isDouble() ? 12 : 9;
  Value whole = kit.shiftRightSigned(kit.shiftLeft(n.bits, unused), unused);
  Value half = kit.shiftRightSigned(whole, 1);
  Value rest = kit.subBits(whole, half);
  return kit.mul(kit.mul(p, kit.powerOfTwo(half)), kit.powerOfTwo(rest));
}

/// Far outside the range the reduction leaves garbage; bounding it lets vscalef give 0 or infinity.
/// One vrangeps (smaller magnitude, sign of the first) costs less than clamping x.
Value boundRest(Kit &kit, Value rest) { return kit.range(rest, kit.constant(0.36), 2); }

Value expWith(Kit &kit, Value x, llvm::ArrayRef<double> polynomial) {
  ReducedExp r = reduceExp(kit, x);
  if (kit.hasAvx512())
    return kit.scalef(kit.horner(polynomial, boundRest(kit, r.rest)), r.n.value);
  return scaleFlushing(kit, kit.horner(polynomial, r.rest), r.n, x, expLimits(kit));
}

Value exp2FloorWith(Kit &kit, Value x, llvm::ArrayRef<double> polynomial) {
  // Immediate 1 rounds down: vreduce gives x - floor(x), and vscalef takes floor(x) itself.
  return kit.scalef(kit.horner(polynomial, kit.reduce(x, 1)), x);
}

Value exp2NearWith(Kit &kit, Value x, llvm::ArrayRef<double> polynomial) {
  Rounded n = kit.roundNearest(x);
  Value p = kit.horner(polynomial, kit.sub(x, n.value));
  return scaleFlushing(kit, p, n, x, exp2Limits(kit));
}

/// rest*log(2) + tail with one rounding of the product, or none that matters.
Value addLinearTerm(Kit &kit, Value rest, Value tail) {
  double ln2 = kit.isDouble() ? kLn2F64 : kLn2F32;
  if (kit.hasFMA())
    return kit.fma(rest, ln2, tail);
  DoubleWord linear = kit.twoProduct(rest, kit.constant(ln2));
  return kit.add(linear.high, kit.add(linear.low, tail));
}

} // namespace

// The hardware has exp2 alone.
Value exp2Hardware(Kit &kit, Operands x) { return kit.hardwareExp2(x[0]); }

Value expHardwareProduct(Kit &kit, Operands x) {
  return kit.hardwareExp2(kit.mul(x[0], kit.constant(kLog2EF32)));
}

Value expHardware(Kit &kit, Operands operands) {
  Value x = operands[0];
  Value t = kit.mul(x, kit.constant(kLog2EF32));
  Value power = kit.hardwareExp2(t);
  // What the rounding of t lost, x - t log(2), counts exp(x) times.
  Value rest = kit.fma(t, -kLn2RestF32, kit.fma(t, -kLn2F32, x));
  Value corrected = kit.fma(power, rest, power);
  // Beyond its range the power is 0, infinite or NaN, and the correction would be 0 * infinity.
  return kit.select(kit.less(kit.abs(x), 0x1.62e43p6), corrected, power);
}

ReducedExp reduceExp(Kit &kit, Value x) {
  bool wide = kit.isDouble();
  Rounded n = kit.roundNearest(x, wide ? kLog2EF64 : kLog2EF32);
  Value head = kit.fma(n.value, wide ? -kLn2HighF64 : -kLn2HighF32, x);
  return {n, head, kit.fma(n.value, wide ? -kLn2LowF64 : -kLn2LowF32, head)};
}

Value lowPart(Kit &kit, const ReducedExp &r) {
  double low = kit.isDouble() ? -kLn2LowF64 : -kLn2LowF32;
  return kit.fma(r.n.value, low, kit.sub(r.head, r.rest));
}

Value scaleOnce(Kit &kit, Value p, Rounded n) {
  return kit.hasAvx512() ? kit.scalef(p, n.value) : scaleGradually(kit, p, n);
}

Value expShort(Kit &kit, Operands x) {
  return kit.isDouble() ? expWith(kit, x[0], kExp10F64) : expWith(kit, x[0], kExp5F32);
}

Value expLong(Kit &kit, Operands x) { return expWith(kit, x[0], kExp11F64); }

Value expDoubleWord(Kit &kit, DoubleWord x) {
  double vanish = expLimits(kit).vanish;
  ReducedExp r = reduceExp(kit, kit.hasAvx512() ? x.high : kit.clamp(x.high, vanish, -vanish));
  Value low = lowPart(kit, r);
  if (x.low)
    low = kit.add(low, x.low);
  Value rest = r.rest;
  if (kit.hasAvx512()) {
    rest = boundRest(kit, rest);
    low = kit.range(low, kit.constant(0x1p-20), 2);
  } else if (x.low) {
    low = kit.clamp(low, -0x1p-20, 0x1p-20);
  }
  llvm::ArrayRef<double> polynomial =
      kit.isDouble() ? llvm::ArrayRef<double>(kExp11F64) : llvm::ArrayRef<double>(kExp6F32);
  Value series = kit.horner(polynomial.drop_front(2), rest);
  Value square = kit.mul(rest, rest);
  // A low part that is more than a rounding error counts exp(rest) times.
  if (x.low)
    low = kit.fma(low, kit.fma(square, series, rest), low);
  Value tail = kit.fma(square, series, low);
  Value p = kit.add(kit.constant(1.0), kit.add(rest, tail));
  return scaleOnce(kit, p, r.n);
}

Value expCompensated(Kit &kit, Operands x) { return expDoubleWord(kit, {x[0], Value()}); }

Value exp2Short(Kit &kit, Operands x) {
  if (kit.hasAvx512())
    return kit.isDouble() ? exp2FloorWith(kit, x[0], kExp2Floor10F64)
                          : exp2FloorWith(kit, x[0], kExp2Floor5F32);
  return kit.isDouble() ? exp2NearWith(kit, x[0], kExp2Near10F64)
                        : exp2NearWith(kit, x[0], kExp2Near5F32);
}

Value exp2Long(Kit &kit, Operands x) {
  return kit.hasAvx512() ? exp2FloorWith(kit, x[0], kExp2Floor11F64)
                         : exp2NearWith(kit, x[0], kExp2Near11F64);
}

Value exp2Compensated(Kit &kit, Operands operands) {
  bool wide = kit.isDouble();
  Limits limits = exp2Limits(kit);
  Value x = operands[0];
  // Immediate 0 rounds to nearest even.
  Value rest;
  Rounded n;
  if (kit.hasAvx512()) {
    rest = kit.reduce(x, 0);
    n.value = kit.sub(x, rest);
  } else {
    x = kit.clamp(x, limits.vanish, -limits.vanish);
    n = kit.roundNearest(x);
    rest = kit.sub(x, n.value);
  }
  llvm::ArrayRef<double> polynomial = wide ? llvm::ArrayRef<double>(kExp2Compensated11F64)
                                           : llvm::ArrayRef<double>(kExp2Compensated6F32);
  Value tail = kit.horner(polynomial, rest);
  Value low = kit.mul(rest, kit.constant(wide ? kLn2RestF64 : kLn2RestF32));
  tail = kit.fma(kit.mul(rest, rest), tail, low);
  Value p = kit.add(kit.constant(1.0), addLinearTerm(kit, rest, tail));
  return scaleOnce(kit, p, n);
}

} // namespace keops::approx
