// floor and round where no instruction may be taken for granted: SSE2 has none, and the library
// would be called once per lane. A large constant rounds to the nearest integer, and a comparison
// corrects that to the direction or to the tie that is meant.
#include "Forms.h"
#include <cmath>

namespace keops::approx {

namespace {

/// The nearest integer of a number that is not negative, ties to even.
Value nearestEven(Kit &kit, Value magnitude) {
  Value large = kit.constant(std::ldexp(1.0, kit.mantissaBits()));
  return kit.sub(kit.add(magnitude, large), large);
}

/// Numbers so large that all are integers, infinities and NaN are their own results.
Value keepLarge(Kit &kit, Value x, Value rounded) {
  Value small = kit.less(kit.abs(x), std::ldexp(1.0, kit.mantissaBits()));
  return kit.select(small, rounded, x);
}

} // namespace

Value floorPortable(Kit &kit, Operands operands) {
  Value x = operands[0];
  Value nearest = kit.withSignOf(nearestEven(kit, kit.abs(x)), x);
  Value above = kit.compare(mlir::arith::CmpFPredicate::OGT, nearest, x);
  Value step = kit.select(above, kit.constant(1.0), kit.constant(0.0));
  return keepLarge(kit, x, kit.sub(nearest, step));
}

Value roundPortable(Kit &kit, Operands operands) {
  Value x = operands[0];
  Value magnitude = kit.abs(x);
  Value nearest = nearestEven(kit, magnitude);
  Value isTie = kit.equal(kit.sub(magnitude, nearest), 0.5);
  Value step = kit.select(isTie, kit.constant(1.0), kit.constant(0.0));
  return keepLarge(kit, x, kit.withSignOf(kit.add(nearest, step), x));
}

} // namespace keops::approx
