// Reciprocal square root: by division, from the 14-bit estimate of AVX-512 with Newton steps, or by
// the hardware of a GPU, and with a last correction from an exact residual where one unit in the
// last place is promised.
#include "Forms.h"

namespace keops::approx {

namespace {

/// 0 and infinity make a step compute 0 * infinity; the estimate is exact there.
Value keepSpecial(Kit &kit, Value estimate, Value refined) {
  Value isNaN = kit.compare(mlir::arith::CmpFPredicate::UNO, refined, refined);
  return kit.select(isNaN, estimate, refined);
}

/// y (1 + e/2) with e = 1 - x y^2.
Value newtonStep(Kit &kit, Value x, Value y) {
  Value minusProduct = kit.mul(kit.mul(x, kit.constant(-1.0)), y);
  Value e = kit.fma(minusProduct, y, kit.constant(1.0));
  return kit.fma(kit.mul(y, kit.constant(0.5)), e, y);
}

/// Steps enough for the 14-bit estimate: each one doubles the number of right bits.
Value refineEstimate(Kit &kit, Value x, Value y) {
  y = newtonStep(kit, x, y);
  return kit.isDouble() ? newtonStep(kit, x, y) : y;
}

/// 1 - x y^2 as if computed exactly.
Value exactResidual(Kit &kit, Value x, Value y) {
  DoubleWord product = kit.twoProduct(x, y);
  DoubleWord square = kit.twoProduct(product.high, y);
  Value e = kit.sub(kit.sub(kit.constant(1.0), square.high), square.low);
  return kit.sub(e, kit.mul(product.low, y));
}

} // namespace

Value rsqrtHardware(Kit &kit, Operands x) { return kit.hardwareRsqrt(x[0]); }

Value rsqrtHardwareScaled(Kit &kit, Operands operands) {
  Value x = operands[0];
  // The hardware takes subnormal numbers for 0, whose result is infinite.
  Value small = kit.less(x, kit.smallestNormal());
  Value y = kit.hardwareRsqrt(kit.select(small, kit.mul(x, kit.constant(0x1p24)), x));
  return kit.select(small, kit.mul(y, kit.constant(0x1p12)), y);
}

Value rsqrtDivide(Kit &kit, Operands x) { return kit.div(kit.constant(1.0), kit.sqrt(x[0])); }

Value rsqrtNewton(Kit &kit, Operands x) {
  Value estimate = kit.rsqrt14(x[0]);
  return keepSpecial(kit, estimate, refineEstimate(kit, x[0], estimate));
}

Value rsqrtCorrected(Kit &kit, Operands operands) {
  Value x = operands[0];
  Value first = kit.hasAvx512() ? kit.rsqrt14(x) : rsqrtDivide(kit, operands);
  Value y = kit.hasAvx512() ? refineEstimate(kit, x, first) : first;
  Value half = kit.mul(y, kit.constant(0.5));
  return keepSpecial(kit, first, kit.fma(half, exactResidual(kit, x, y), y));
}

} // namespace keops::approx
