// Exact rational arithmetic on the constants of formulas. Every operation checks for overflow.
#include "Rules.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace keops;

using Maybe = std::optional<Number>;

std::optional<Number> keops::getNumber(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return std::nullopt;
  if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
    return makeNumber(integer.getInt(), 1);
  if (auto rational = dyn_cast<RationalAttr>(constant.getValue()))
    return makeNumber(rational.getNumerator(), rational.getDenominator());
  return std::nullopt;
}

Maybe keops::makeNumber(int64_t numerator, int64_t denominator) {
  constexpr int64_t lowest = std::numeric_limits<int64_t>::min();
  if (denominator == 0 || numerator == lowest || denominator == lowest)
    return std::nullopt;
  int64_t divisor = std::gcd(numerator, denominator) * (denominator < 0 ? -1 : 1);
  return Number{numerator / divisor, denominator / divisor};
}

Maybe keops::addNumbers(Maybe a, Maybe b) {
  int64_t left, right, sum, denominator;
  if (!a || !b || llvm::MulOverflow(a->numerator, b->denominator, left) ||
      llvm::MulOverflow(b->numerator, a->denominator, right) ||
      llvm::AddOverflow(left, right, sum) ||
      llvm::MulOverflow(a->denominator, b->denominator, denominator))
    return std::nullopt;
  return makeNumber(sum, denominator);
}

Maybe keops::multiplyNumbers(Maybe a, Maybe b) {
  int64_t numerator, denominator;
  if (!a || !b || llvm::MulOverflow(a->numerator, b->numerator, numerator) ||
      llvm::MulOverflow(a->denominator, b->denominator, denominator))
    return std::nullopt;
  return makeNumber(numerator, denominator);
}

Maybe keops::negateNumber(Maybe a) { return multiplyNumbers(a, Number{-1, 1}); }

Maybe keops::invertNumber(Maybe a) {
  return a ? makeNumber(a->denominator, a->numerator) : std::nullopt;
}

Maybe keops::raiseNumber(Maybe a, int64_t exponent) {
  constexpr int64_t longest = 64;
  if (exponent < -longest || exponent > longest)
    return std::nullopt;
  Maybe base = exponent < 0 ? invertNumber(a) : a, power = Number{1, 1};
  for (int64_t k = 0; k < std::abs(exponent); ++k)
    power = multiplyNumbers(power, base);
  return power;
}

Value keops::createNumber(OpBuilder &b, Operation *op, const Number &number) {
  return createRational(b, op->getLoc(), getElementType(op), number.numerator, number.denominator);
}
