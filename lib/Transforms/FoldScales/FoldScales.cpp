// Runs the two rewrites of this folder on each map_reduce that allows them, and makes the constants
// that they share.
#include "FoldScales.h"
#include "keops/Transforms/Passes.h"
#include "keops/Transforms/Utilities.h"

namespace keops {
#define GEN_PASS_DEF_KEOPSFOLDSCALES
#include "keops/Transforms/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

std::optional<double> keops::getScale(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return std::nullopt;
  if (auto real = dyn_cast<FloatAttr>(constant.getValue()))
    return real.getValueAsDouble();
  if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
    return static_cast<double>(integer.getInt());
  auto rational = cast<RationalAttr>(constant.getValue());
  return static_cast<double>(rational.getNumerator()) /
         static_cast<double>(rational.getDenominator());
}

Value keops::createScale(OpBuilder &b, Location loc, Type elementType, double scale) {
  constexpr double exactIntegers = 9007199254740992.0; // 2^53
  if (scale == std::trunc(scale) && std::abs(scale) < exactIntegers)
    return createRational(b, loc, elementType, static_cast<int64_t>(scale), 1);
  Type type = ValueType::get(b.getContext(), 1, elementType, Placement::P);
  return ConstantOp::create(b, loc, type, b.getF64FloatAttr(scale));
}

Value keops::multiplyScale(OpBuilder &b, Location loc, Value value, double scale) {
  Type elementType = getValueType(value).getElementType();
  if (std::optional<double> constant = getScale(value))
    return createScale(b, loc, elementType, *constant * scale);
  if (auto product = value.getDefiningOp<MultOp>())
    if (std::optional<double> constant = getScale(product.getX()))
      return multiplyScale(b, loc, product.getY(), *constant * scale);
  if (scale == 1)
    return value;
  if (scale == -1)
    return MinusOp::create(b, loc, value);
  return MultOp::create(b, loc, createScale(b, loc, elementType, scale), value);
}

void keops::foldScales(MapReduceOp op, bool scaleOperands) {
  if (op.getPrecision() == Precision::High)
    return;
  foldExponentials(op.getBlock(), scaleOperands || op.getPrecision() == Precision::Fast);
  regroupProducts(op.getBlock());
  eraseDeadFormulas(op.getBlock());
  refreshTypes(op.getBlock());
}

namespace {
struct FoldScalesPass : keops::impl::KeopsFoldScalesBase<FoldScalesPass> {
  using Base = keops::impl::KeopsFoldScalesBase<FoldScalesPass>;
  using Base::Base;

  void runOnOperation() override {
    getOperation()->walk([&](MapReduceOp op) { foldScales(op, scaleOperands); });
  }
};
} // namespace
