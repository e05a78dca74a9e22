// lgamma and the polygamma functions in arith and math operations, without branches: each lane is
// moved to where a polynomial or an asymptotic series holds, negative arguments are reflected to
// positive ones, and what does not apply to a lane is not selected.
#include "keops/IR/SpecialFunctions.h"
#include "SpecialCoefficients.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace keops {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double pi = 0x1.921fb54442d18p+1;
/// From here on the asymptotic series hold.
constexpr double asymptotic = 6;

/// Arithmetic on numbers of one type.
class Writer {
public:
  Writer(OpBuilder &builder, Location loc, Type type) : b(loc, builder), type(type) {}

  Value constant(double value) {
    FloatAttr scalar = b.getFloatAttr(getElementTypeOrSelf(type), value);
    if (auto shaped = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(b, DenseElementsAttr::get(shaped, scalar.getValue()));
    return arith::ConstantOp::create(b, scalar);
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value add(Value x, double y) { return add(x, constant(y)); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value sub(double x, Value y) { return sub(constant(x), y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value mul(Value x, double y) { return mul(x, constant(y)); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  Value div(double x, Value y) { return div(constant(x), y); }
  Value abs(Value x) { return math::AbsFOp::create(b, x); }
  Value log(Value x) { return math::LogOp::create(b, x); }
  Value nearest(Value x) { return math::FloorOp::create(b, add(x, 0.5)); }
  Value negate(Value x) { return arith::NegFOp::create(b, x); }

  Value less(Value x, double y) { return compare(arith::CmpFPredicate::OLT, x, y); }
  Value atLeast(Value x, double y) { return compare(arith::CmpFPredicate::OGE, x, y); }
  Value atMost(Value x, double y) { return compare(arith::CmpFPredicate::OLE, x, y); }
  Value equal(Value x, double y) { return compare(arith::CmpFPredicate::OEQ, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }
  Value select(Value condition, Value yes, double no) {
    return select(condition, yes, constant(no));
  }

  /// c[0] + c[1] x + c[2] x^2 + ...
  Value polynomial(ArrayRef<double> c, Value x) {
    Value sum = constant(c.back());
    for (double coefficient : llvm::reverse(c.drop_back()))
      sum = add(mul(sum, x), coefficient);
    return sum;
  }

private:
  Value compare(arith::CmpFPredicate predicate, Value x, double y) {
    return arith::CmpFOp::create(b, predicate, x, constant(y));
  }

  ImplicitLocOpBuilder b;
  Type type;
};

/// Builds in double and converts to and from the type of the argument.
template <typename Body>
Value computeInDouble(OpBuilder &builder, Location loc, Value x, Body body) {
  Type type = x.getType();
  Type wide = builder.getF64Type();
  if (auto shaped = dyn_cast<VectorType>(type))
    wide = shaped.clone(wide);
  Writer writer(builder, loc, wide);
  if (type == wide)
    return body(writer, x);
  Value widened = arith::ExtFOp::create(builder, loc, wide, x);
  return arith::TruncFOp::create(builder, loc, type, body(writer, widened));
}

/// An argument carried to the right half line, and how far a negative one lies from an integer.
struct Reflected {
  Value negative;
  Value t;
  Value f;
};

Reflected reflect(Writer &w, Value x) {
  Value negative = w.less(x, 0.0);
  return {negative, w.select(negative, w.sub(1.0, x), x), w.sub(x, w.nearest(x))};
}

//===-- lgamma ------------------------------------------------------------------------------===//

/// log gamma(t) for 0 <= t < 6: lgamma(2 + e) = e Q(e) with |e| <= 1/2, and the logarithm of the
/// factors between t and 2 + e. Q has no root, e and the logarithm vanish where lgamma does.
struct Near {
  Value series;
  /// The product of the factors, and whether its logarithm is taken off.
  Value factors;
  Value below;
};

Near reduceNear(Writer &w, Value t) {
  Value k = w.nearest(t);
  Value e = w.sub(t, k);
  // Below 1/2 the step is 2, below 3/2 it is 1, up to 5/2 none.
  Value below = w.less(k, 2.0);
  Value factors = w.select(below, t, 1.0);
  factors = w.select(w.less(k, 1.0), w.mul(t, w.add(t, 1.0)), factors);
  for (int step = 1; step <= int(asymptotic) - 2; ++step)
    factors = w.mul(factors, w.select(w.atLeast(k, step + 2), w.add(t, -step), 1.0));
  return {w.mul(e, w.polynomial(kLogGamma, e)), factors, below};
}

/// log gamma(t) for t >= 0.
Value lgammaPositive(Writer &w, Value t) {
  Value isNear = w.less(t, asymptotic);
  Near near = reduceNear(w, w.select(isNear, t, 2.0));
  Value log = w.log(w.select(isNear, near.factors, t));
  Value nearValue = w.add(near.series, w.select(near.below, w.negate(log), log));
  Value inverse = w.div(1.0, t);
  Value series = w.mul(inverse, w.polynomial(kStirling, w.mul(inverse, inverse)));
  // (t - 1/2) (log(t) - 1) overflows only where the result does.
  Value head = w.mul(w.add(t, -0.5), w.add(log, -1.0));
  Value farValue = w.add(head, w.add(series, 0.5 * std::log(2 * pi) - 0.5));
  return w.select(isNear, nearValue, farValue);
}

Value lgamma(Writer &w, Value x) {
  Reflected r = reflect(w, x);
  Value positive = lgammaPositive(w, r.t);
  // gamma(x) gamma(1 - x) = pi / sin(pi x).
  Value sine = w.mul(r.f, w.mul(r.f, r.f));
  sine = w.add(r.f, w.mul(sine, w.polynomial(kSinPi, w.mul(r.f, r.f))));
  Value mirrored = w.negate(w.add(w.log(w.abs(sine)), positive));
  Value result = w.select(r.negative, mirrored, positive);
  // So far from 0 every negative number is a pole.
  return w.select(w.equal(positive, infinity), positive, result);
}

//===-- polygamma ---------------------------------------------------------------------------===//

/// digamma(t) for t >= 0: below 6 the recurrence takes six steps, whose fractions are summed as
/// one.
Value digammaPositive(Writer &w, Value t) {
  Value isNear = w.less(t, asymptotic);
  Value numerator = w.constant(1.0), denominator = t;
  for (int step = 1; step < int(asymptotic); ++step) {
    Value factor = w.add(t, step);
    numerator = w.add(w.mul(numerator, factor), denominator);
    denominator = w.mul(denominator, factor);
  }
  Value taken = w.select(isNear, w.div(numerator, denominator), 0.0);
  Value y = w.select(isNear, w.add(t, asymptotic), t);
  Value inverse = w.div(1.0, y);
  Value square = w.mul(inverse, inverse);
  Value rest = w.add(w.mul(square, w.polynomial(kDigamma, square)), w.mul(inverse, 0.5));
  return w.sub(w.sub(w.log(y), rest), taken);
}

Value power(Writer &w, Value base, int64_t exponent) {
  Value result;
  for (Value square = base; exponent; exponent >>= 1, square = w.mul(square, square))
    if (exponent & 1)
      result = result ? w.mul(result, square) : square;
  return result;
}

/// scale * base^exponent without an intermediate that underflows or overflows much before it.
Value scaledPower(Writer &w, double scale, Value base, int64_t exponent) {
  Value half = w.mul(power(w, base, (exponent + 1) / 2), scale);
  return exponent > 1 ? w.mul(half, power(w, base, exponent / 2)) : half;
}

/// B_2k / (2k)! for k = 1, 2, ...
constexpr double bernoulli[] = {1.0 / 12,
                                -1.0 / 720,
                                1.0 / 30240,
                                -1.0 / 1209600,
                                1.0 / 47900160,
                                -691.0 / 1307674368000,
                                1.0 / 74724249600,
                                -3617.0 / 10670622842880000,
                                43867.0 / 5109094217170944000,
                                -174611.0 / 802857662698291200000.0};

/// The coefficients of w^(1-s) w^(-2k) in the series of Euler and Maclaurin for the tail of
/// sum (w + k)^-s; the term w^-s / 2 is left out.
SmallVector<double> maclaurinCoefficients(int64_t s) {
  SmallVector<double> coefficients = {1.0 / double(s - 1)};
  double rising = double(s);
  for (auto [index, factor] : llvm::enumerate(bernoulli)) {
    coefficients.push_back(factor * rising);
    double next = double(s + 2 * index + 1);
    rising *= next * (next + 1);
  }
  return coefficients;
}

/// order! sum (t + k)^-(order + 1) for t >= 0: seven terms, and a series for the others.
Value hurwitz(Writer &w, int64_t order, Value t) {
  constexpr int terms = 7;
  double factorial = std::tgamma(double(order + 1));
  Value inverse = w.div(1.0, w.add(t, terms));
  Value series = w.polynomial(maclaurinCoefficients(order + 1), w.mul(inverse, inverse));
  series = w.add(series, w.mul(inverse, 0.5));
  Value sum = w.mul(scaledPower(w, factorial, inverse, order), series);
  for (int step = terms - 1; step >= 0; --step) {
    Value term = w.div(1.0, step ? w.add(t, step) : t);
    sum = w.add(sum, scaledPower(w, factorial, term, order + 1));
  }
  return sum;
}

/// The derivative of the given order of c = pi cot(pi x), as c^(0 or 1) times a polynomial in c^2:
/// c' = -(pi^2 + c^2).
Value cotangentDerivative(Writer &w, int64_t order, Value c) {
  SmallVector<double> current = {0, 1};
  for (int64_t step = 0; step < order; ++step) {
    SmallVector<double> next(current.size() + 1, 0.0);
    for (size_t k = 1; k < current.size(); ++k) {
      next[k - 1] -= double(k) * current[k] * pi * pi;
      next[k + 1] -= double(k) * current[k];
    }
    current = std::move(next);
  }
  bool odd = order % 2 == 0;
  SmallVector<double> squares;
  for (size_t k = odd; k < current.size(); k += 2)
    squares.push_back(current[k]);
  Value value = w.polynomial(squares, w.mul(c, c));
  return odd ? w.mul(value, c) : value;
}

Value polygammaPositive(Writer &w, int64_t order, Value t) {
  if (order == 0)
    return digammaPositive(w, t);
  Value sum = hurwitz(w, order, t);
  return order % 2 ? sum : w.negate(sum);
}

Value polygamma(Writer &w, int64_t order, Value x) {
  Reflected r = reflect(w, x);
  Value positive = polygammaPositive(w, order, r.t);
  Value c = w.div(w.polynomial(kCotPi, w.mul(r.f, r.f)), r.f);
  Value mirrored = cotangentDerivative(w, order, c);
  mirrored = w.sub(order % 2 ? w.negate(positive) : positive, mirrored);
  Value result = w.select(r.negative, mirrored, positive);
  if (order % 2)
    return result;
  Value isPole = w.both(w.equal(r.f, 0.0), w.atMost(x, 0.0));
  return w.select(isPole, w.constant(std::nan("")), result);
}

} // namespace

Value createLgamma(OpBuilder &builder, Location loc, Value x) {
  return computeInDouble(builder, loc, x, [](Writer &w, Value wide) { return lgamma(w, wide); });
}

Value createPolygamma(OpBuilder &builder, Location loc, int64_t order, Value x) {
  assert(0 <= order && order <= maxPolygammaOrder && "the record's rule limits orders");
  return computeInDouble(builder, loc, x,
                         [=](Writer &w, Value wide) { return polygamma(w, order, wide); });
}

} // namespace keops
