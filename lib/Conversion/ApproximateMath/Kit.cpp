// Emission of the portable vocabulary as arith and math.fma operations; Registers.cpp holds the x86
// part.
#include "Kit.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace keops::approx {

Kit::Kit(ImplicitLocOpBuilder &builder, Type type, MathTarget target)
    : builder(builder), type(type), target(target),
      width(getElementTypeOrSelf(type).getIntOrFloatBitWidth()) {
  intType = withElement(builder.getIntegerType(width));
}

Type Kit::withElement(Type element) const {
  auto shaped = dyn_cast<VectorType>(type);
  return shaped ? Type(shaped.clone(element)) : element;
}

double Kit::smallestNormal() const {
  return isDouble() ? std::numeric_limits<double>::min() : std::numeric_limits<float>::min();
}

double Kit::infinity() const { return std::numeric_limits<double>::infinity(); }

double Kit::notANumber() const { return std::numeric_limits<double>::quiet_NaN(); }

Value Kit::constant(double value) {
  FloatAttr scalar = builder.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto shaped = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(builder, DenseElementsAttr::get(shaped, scalar.getValue()));
  return arith::ConstantOp::create(builder, scalar);
}

Value Kit::add(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
Value Kit::sub(Value a, Value b) { return arith::SubFOp::create(builder, a, b); }
Value Kit::mul(Value a, Value b) { return arith::MulFOp::create(builder, a, b); }
Value Kit::div(Value a, Value b) { return arith::DivFOp::create(builder, a, b); }
Value Kit::abs(Value a) { return math::AbsFOp::create(builder, a); }
Value Kit::negate(Value a) { return arith::NegFOp::create(builder, a); }
Value Kit::sqrt(Value a) { return math::SqrtOp::create(builder, a); }

Value Kit::fma(Value a, Value b, Value c) {
  if (hasFMA())
    return math::FmaOp::create(builder, a, b, c);
  return add(mul(a, b), c);
}

Value Kit::horner(ArrayRef<double> coefficients, Value x) {
  Value sum = constant(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, constant(coefficient));
  return sum;
}

Value Kit::compare(arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(builder, predicate, a, b);
}

Value Kit::less(Value a, double b) { return compare(arith::CmpFPredicate::OLT, a, constant(b)); }

Value Kit::greater(Value a, double b) { return compare(arith::CmpFPredicate::OGT, a, constant(b)); }

Value Kit::equal(Value a, double b) { return compare(arith::CmpFPredicate::OEQ, a, constant(b)); }

Value Kit::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(builder, condition, yes, no);
}

Value Kit::maskOr(Value a, Value b) { return arith::OrIOp::create(builder, a, b); }
Value Kit::maskAnd(Value a, Value b) { return arith::AndIOp::create(builder, a, b); }

Value Kit::clamp(Value x, double low, double high) {
  // Ordered comparisons keep NaN, unlike minnum and maxnum; this shape becomes one minps and one
  // maxps.
  return atMost(select(less(x, low), constant(low), x), high);
}

Value Kit::atMost(Value x, double high) { return select(greater(x, high), constant(high), x); }

Value Kit::bits(uint64_t value) {
  APInt scalar(width, value, /*isSigned=*/false, /*implicitTrunc=*/true);
  if (auto shaped = dyn_cast<VectorType>(intType))
    return arith::ConstantOp::create(builder, DenseElementsAttr::get(shaped, scalar));
  return arith::ConstantOp::create(builder, builder.getIntegerAttr(intType, scalar));
}

Value Kit::toBits(Value number) { return arith::BitcastOp::create(builder, intType, number); }
Value Kit::fromBits(Value integer) { return arith::BitcastOp::create(builder, type, integer); }
Value Kit::addBits(Value a, Value b) { return arith::AddIOp::create(builder, a, b); }
Value Kit::subBits(Value a, Value b) { return arith::SubIOp::create(builder, a, b); }
Value Kit::andBits(Value a, Value b) { return arith::AndIOp::create(builder, a, b); }
Value Kit::orBits(Value a, Value b) { return arith::OrIOp::create(builder, a, b); }
Value Kit::xorBits(Value a, Value b) { return arith::XOrIOp::create(builder, a, b); }

Value Kit::shiftLeft(Value a, int count) { return arith::ShLIOp::create(builder, a, bits(count)); }

Value Kit::shiftRight(Value a, int count) {
  return arith::ShRUIOp::create(builder, a, bits(count));
}

Value Kit::shiftRightSigned(Value a, int count) {
  return arith::ShRSIOp::create(builder, a, bits(count));
}

Value Kit::shiftLeft(Value a, Value count) { return arith::ShLIOp::create(builder, a, count); }
Value Kit::shiftRight(Value a, Value count) { return arith::ShRUIOp::create(builder, a, count); }

WordPair Kit::multiplyBits(Value a, Value b) {
  auto product = arith::MulUIExtendedOp::create(builder, a, b);
  return {product.getLow(), product.getHigh()};
}

WordPair Kit::addWithCarry(Value a, Value b) {
  auto sum = arith::AddUIExtendedOp::create(builder, a, b);
  return {sum.getSum(), arith::ExtUIOp::create(builder, intType, sum.getOverflow())};
}

Value Kit::signBit(Value number) {
  return andBits(toBits(number), bits(uint64_t(1) << (width - 1)));
}

Value Kit::flipSign(Value number, Value sign) { return fromBits(xorBits(toBits(number), sign)); }

Value Kit::bitsNotZero(Value integer) {
  return arith::CmpIOp::create(builder, arith::CmpIPredicate::ne, integer, bits(0));
}

Rounded Kit::roundNearest(Value x, double scale) {
  double large = std::ldexp(1.5, mantissaBits());
  Value shifted = scale == 1.0 ? add(x, constant(large)) : fma(x, scale, constant(large));
  return {sub(shifted, constant(large)), toBits(shifted)};
}

Value Kit::powerOfTwo(Value integer) {
  Value one = bits(uint64_t(exponentBias()) << mantissaBits());
  return fromBits(addBits(shiftLeft(integer, mantissaBits()), one));
}

Value Kit::leadingHalf(Value a) {
  uint64_t low = (uint64_t(1) << (isDouble() ? 27 : 12)) - 1;
  return fromBits(andBits(toBits(a), bits(~low)));
}

DoubleWord Kit::twoProduct(Value a, Value b) {
  Value product = mul(a, b);
  if (hasFMA())
    return {product, fma(a, b, sub(constant(-0.0), product))};
  // Halves cut by masking cannot overflow; the product of the lower halves may lose one bit of
  // 2^-106.
  Value aHigh = leadingHalf(a), bHigh = leadingHalf(b);
  Value aLow = sub(a, aHigh), bLow = sub(b, bHigh);
  Value rest = sub(mul(aHigh, bHigh), product);
  rest = add(add(rest, mul(aHigh, bLow)), mul(aLow, bHigh));
  return {product, add(rest, mul(aLow, bLow))};
}

DoubleWord Kit::twoSum(Value a, Value b) {
  Value sum = add(a, b);
  Value bPart = sub(sum, a);
  Value aPart = sub(sum, bPart);
  return {sum, add(sub(a, aPart), sub(b, bPart))};
}

DoubleWord Kit::fastTwoSum(Value a, Value b) {
  Value sum = add(a, b);
  return {sum, sub(b, sub(sum, a))};
}

DoubleWord Kit::multiply(DoubleWord a, DoubleWord b) {
  DoubleWord product = twoProduct(a.high, b.high);
  Value cross = fma(a.high, b.low, mul(a.low, b.high));
  return fastTwoSum(product.high, add(product.low, cross));
}

DoubleWord Kit::multiplyAdd(Value a, Value b, Value c) {
  DoubleWord product = twoProduct(a, b);
  DoubleWord sum = twoSum(c, product.high);
  return {sum.high, add(sum.low, product.low)};
}

Value Kit::divide(DoubleWord a, DoubleWord b) {
  Value inverse = div(constant(1.0), b.high);
  Value quotient = mul(a.high, inverse);
  DoubleWord product = twoProduct(quotient, b.high);
  Value rest = sub(sub(a.high, product.high), product.low);
  rest = add(rest, sub(a.low, mul(quotient, b.low)));
  return fma(rest, inverse, quotient);
}

Kit Kit::wide() const { return Kit(builder, withElement(builder.getF64Type()), target); }

Value Kit::widen(Value number) {
  return isDouble() ? number : arith::ExtFOp::create(builder, wide().type, number).getResult();
}

Value Kit::narrow(Value wideNumber) {
  return isDouble() ? wideNumber : arith::TruncFOp::create(builder, type, wideNumber).getResult();
}

Value Kit::fromInteger(Value integer) { return arith::SIToFPOp::create(builder, type, integer); }

} // namespace keops::approx
