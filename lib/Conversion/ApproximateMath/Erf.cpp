// erf and erfc. Around 0 erf is an odd polynomial, further out it is 1 - exp(-q) with a polynomial
// q. erfc is 1 - erf around 0 and exp(-x^2) / (1 + 2x) times a polynomial on the rest of the half
// line, with the square, the product and the quotient as double words: each of them would cost half
// a unit or, the square, hundreds.
#include "Coefficients.h"
#include "Forms.h"

namespace keops::approx {

namespace {

/// erf(x)/x - 1 for |x| <= 1.
Value erfNear(Kit &kit, Value x) {
  Value z = kit.mul(x, x);
  return kit.isDouble() ? kit.horner(kErfF64, z) : kit.horner(kErfF32, z);
}

/// 1 - exp(-q(a)) for a > 0.935; it is 1 from the upper bound on.
Value erfFar(Kit &kit, Value a) {
  bool wide = kit.isDouble();
  Value y = kit.sub(kit.atMost(a, wide ? 5.95 : 4.0), kit.constant(1.0));
  const double *head = wide ? kErfFarHeadF64 : kErfFarHeadF32;
  Value series = wide ? kit.horner(kErfFarF64, y) : kit.horner(kErfFarF32, y);
  DoubleWord q = kit.fastTwoSum(kit.constant(head[0]), kit.fma(y, series, kit.constant(head[1])));
  ReducedExp r = reduceExp(kit, kit.negate(q.high));
  Value rest = kit.sub(r.rest, q.low);
  Value p = wide ? kit.horner(kExp11F64, rest) : kit.horner(kExp6F32, rest);
  return kit.fma(kit.negate(p), kit.powerOfTwo(r.n.bits), kit.constant(1.0));
}

/// exp(-a^2) = 2^n * (high + low).
struct Scaled {
  Rounded n;
  DoubleWord p;
};

Scaled expOfMinusSquare(Kit &kit, Value a) {
  DoubleWord square = kit.twoProduct(a, a);
  ReducedExp r = reduceExp(kit, kit.negate(square.high));
  Value low = kit.sub(lowPart(kit, r), square.low);
  Value series = kit.isDouble() ? kit.horner(kExpm1F64, r.rest) : kit.horner(kExpm1F32, r.rest);
  Value restSquare = kit.mul(r.rest, r.rest);
  low = kit.fma(low, kit.fma(restSquare, series, r.rest), low);
  DoubleWord head = kit.fastTwoSum(kit.constant(1.0), r.rest);
  Value tail = kit.add(head.low, kit.fma(restSquare, series, low));
  return {r.n, kit.fastTwoSum(head.high, tail)};
}

/// (1 + 2a) exp(a^2) erfc(a) for a > 0.68.
DoubleWord scaledErfc(Kit &kit, Value a) {
  bool wide = kit.isDouble();
  llvm::ArrayRef<double> polynomial =
      wide ? llvm::ArrayRef<double>(kErfcF64) : llvm::ArrayRef<double>(kErfcF32);
  Value center = kit.constant(wide ? 3.0 : 2.0);
  Value t = kit.div(kit.sub(a, center), kit.add(a, center));
  Value tail = kit.mul(t, kit.horner(polynomial.drop_front(), t));
  return kit.fastTwoSum(kit.constant(polynomial.front()), tail);
}

Value erfcFar(Kit &kit, Value a) {
  Scaled e = expOfMinusSquare(kit, a);
  DoubleWord denominator = kit.twoSum(kit.constant(1.0), kit.mul(a, kit.constant(2.0)));
  Value quotient = kit.divide(kit.multiply(scaledErfc(kit, a), e.p), denominator);
  return scaleOnce(kit, quotient, e.n);
}

} // namespace

Value erfPieces(Kit &kit, Operands x) {
  Value a = kit.abs(x[0]);
  Value near = erfNear(kit, a);
  // NaN takes the near piece, which keeps it.
  Value magnitude = kit.select(kit.greater(a, 0.9375), erfFar(kit, a), kit.fma(a, near, a));
  return kit.withSignOf(magnitude, x[0]);
}

Value erfcPieces(Kit &kit, Operands operands) {
  Value x = operands[0];
  // At the bound the result rounds to 0.
  Value a = kit.atMost(kit.abs(x), kit.isDouble() ? 27.3 : 10.1);
  Value far = erfcFar(kit, a);
  far = kit.select(kit.less(x, 0.0), kit.sub(kit.constant(2.0), far), far);
  DoubleWord oneMinusX = kit.fastTwoSum(kit.constant(1.0), kit.negate(x));
  Value low = kit.fma(kit.negate(x), erfNear(kit, x), oneMinusX.low);
  return kit.select(kit.greater(a, 0.6875), far, kit.add(oneMinusX.high, low));
}

} // namespace keops::approx
