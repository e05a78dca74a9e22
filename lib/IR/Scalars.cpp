// Values of one component that take more than a DAG of arith and math operations.
#include "RecordFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace keops;

namespace {
/// Scalar arithmetic in the type of one value, in few letters.
class Arithmetic {
public:
  Arithmetic(OpBuilder &b, Location loc, Value like) : b(b), loc(loc), type(like.getType()) {}
  Value number(double value) { return createSplat(b, loc, type, value); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value abs(Value x) { return math::AbsFOp::create(b, loc, x); }
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  unsigned mantissaBits() {
    return cast<FloatType>(getElementTypeOrSelf(type)).getFPMantissaWidth();
  }

private:
  OpBuilder &b;
  Location loc;
  Type type;
};
} // namespace

Value keops::emitInteger(OpBuilder &b, Location loc, Value x, int64_t value) {
  return createSplat(b, loc, x.getType(), static_cast<double>(value));
}

/// Numbers whose scaled form has no digits after the point stay as they are, so that scaling cannot
/// overflow.
Value keops::emitRound(OpBuilder &b, Location loc, Value x, int64_t digits) {
  Arithmetic a(b, loc, x);
  Value rounded = x, power = a.number(std::pow(10.0, std::abs(digits)));
  if (digits > 0)
    rounded = a.mul(x, power);
  if (digits < 0)
    rounded = a.div(x, power);
  Value scaled = rounded;
  rounded = math::RoundOp::create(b, loc, scaled);
  if (digits == 0)
    return rounded;
  rounded = digits > 0 ? a.div(rounded, power) : a.mul(rounded, power);
  Value whole = a.number(std::ldexp(1.0, static_cast<int>(a.mantissaBits()) - 1));
  return a.select(a.compare(arith::CmpFPredicate::OLT, a.abs(scaled), whole), rounded,
                  digits > 0 ? x : rounded);
}

/// The larger component times sqrt(1 + q^2), q being the quotient of both: no product can overflow,
/// and both orders give the same.
Value keops::emitHypot(OpBuilder &b, Location loc, Value x, Value y) {
  Arithmetic a(b, loc, x);
  Value ax = a.abs(x), ay = a.abs(y), infinity = a.number(std::numeric_limits<double>::infinity());
  Value larger = arith::MaximumFOp::create(b, loc, ax, ay);
  Value smaller = arith::MinimumFOp::create(b, loc, ax, ay);
  Value isZero = a.compare(arith::CmpFPredicate::OEQ, larger, a.number(0));
  Value q = a.div(smaller, a.select(isZero, a.number(1), larger));
  Value root = math::SqrtOp::create(b, loc, a.add(a.number(1), a.mul(q, q)));
  Value isInfinite =
      arith::OrIOp::create(b, loc, a.compare(arith::CmpFPredicate::OEQ, ax, infinity),
                           a.compare(arith::CmpFPredicate::OEQ, ay, infinity));
  return a.select(isInfinite, infinity, a.mul(larger, root));
}

//===-- Spherical Bessel functions ----------------------------------------------------------===//

/// The power series DLMF 10.53.1, x^n / (2n+1)!! * sum of (-x^2/2)^k / (k! (2n+3) ... (2n+2k+1)).
static Value besselSeries(Arithmetic &a, OpBuilder &b, Location loc, Value x, int64_t order,
                          double crossover) {
  double odd = 1;
  for (int64_t k = 1; k <= order; ++k)
    odd *= 2.0 * k + 1;
  double eps = std::ldexp(1.0, -static_cast<int>(a.mantissaBits()) - 2);
  SmallVector<double> coefficients = {1};
  double half = crossover * crossover / 2, size = 1;
  for (int k = 1; size > eps && k < 200; ++k) {
    double factor = 1 / (k * (2.0 * order + 2 * k + 1));
    coefficients.push_back(-coefficients.back() * factor / 2);
    size *= half * factor;
  }
  Value square = a.mul(x, x), sum = a.number(coefficients.back());
  for (double c : llvm::reverse(ArrayRef(coefficients).drop_back()))
    sum = a.add(a.mul(sum, square), a.number(c));
  Value power = createIntegerPower(b, loc, x, order);
  return a.mul(a.mul(power, a.number(1 / odd)), sum);
}

/// Upward recurrence DLMF 10.51.1 from sin(x)/x; stable where |x| exceeds the order.
static Value besselRecurrence(Arithmetic &a, OpBuilder &b, Location loc, Value x, int64_t order) {
  Value inverse = a.div(a.number(1), x);
  Value previous = a.mul(math::CosOp::create(b, loc, x), inverse);
  Value current = a.mul(math::SinOp::create(b, loc, x), inverse);
  for (int64_t n = 0; n < order; ++n) {
    Value factor = a.mul(a.number(n == 0 ? 1.0 : 2.0 * n + 1), inverse);
    Value next = a.sub(a.mul(factor, current), previous);
    previous = current;
    current = next;
  }
  return current;
}

Value keops::emitSphericalBessel(OpBuilder &b, Location loc, Value x, int64_t order) {
  Arithmetic a(b, loc, x);
  double crossover = static_cast<double>(order) + 1.5;
  Value small = a.compare(arith::CmpFPredicate::OLT, a.abs(x), a.number(crossover));
  Value one = a.number(1), zero = a.number(0);
  // Each side sees only arguments it is good for; at infinity the functions vanish, with NaN from
  // sine and cosine.
  Value series = besselSeries(a, b, loc, a.select(small, x, zero), order, crossover);
  Value recurrence = besselRecurrence(a, b, loc, a.select(small, one, x), order);
  return a.select(small, series, recurrence);
}
