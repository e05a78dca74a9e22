// Exp(u) becomes Exp2(u * log2(e)). The constant is absorbed by a factor that is computed outside
// the loop; where there is none, one multiplication remains, which is still cheaper than the
// argument reduction of Exp.
#include "FoldScales.h"

#include <cmath>

using namespace mlir;
using namespace keops;

namespace {
/// Multiplies a formula by a constant where this costs nothing in the loop.
class Absorber {
public:
  Absorber(OpBuilder &b, Location loc, bool scaleOperands)
      : b(b), loc(loc), scaleOperands(scaleOperands) {}

  /// Whether scale * u needs no multiplication in the loop. Formulas that others read too are left
  /// whole.
  bool canAbsorb(Value u, unsigned depth = 0) const;
  Value absorb(Value u, double scale);

private:
  bool canScaleDistance(Value u) const;
  Value scaleDistance(Value distance, Value root, double scale);
  Value absorbProduct(MultOp product, double scale);
  Value absorbScalprod(ScalprodOp product, double scale);

  /// Formulas are examined this deep; beyond, a multiplication costs little in comparison.
  static constexpr unsigned deepest = 16;
  OpBuilder &b;
  Location loc;
  bool scaleOperands;
};
} // namespace

/// Sum(Square(x - y)) that nothing else reads, with x and y outside the loop.
static SubtractOp getDifference(Value u) {
  auto sum = u.getDefiningOp<SumOp>();
  Value squares = sum ? sum.getX() : u;
  auto square = squares.getDefiningOp<SquareOp>();
  auto difference = square ? square.getX().getDefiningOp<SubtractOp>() : SubtractOp();
  bool alone = difference && difference->hasOneUse() && square->hasOneUse() && u.hasOneUse();
  if (!alone || inLoop(difference.getX()) || inLoop(difference.getY()))
    return {};
  return difference;
}

/// A formula whose square is `value`, if one is known without a square root at run time.
static Value getRoot(OpBuilder &b, Location loc, Value value) {
  if (std::optional<double> constant = getScale(value); constant && *constant > 0)
    return createScale(b, loc, getValueType(value).getElementType(), std::sqrt(*constant));
  if (auto square = value.getDefiningOp<SquareOp>())
    return square.getX();
  auto inverse = value.getDefiningOp<InvOp>();
  auto square = inverse ? inverse.getX().getDefiningOp<SquareOp>() : SquareOp();
  return square ? InvOp::create(b, loc, square.getX()).getResult() : Value();
}

bool Absorber::canScaleDistance(Value u) const { return scaleOperands && getDifference(u); }

bool Absorber::canAbsorb(Value u, unsigned depth) const {
  if (!inLoop(u))
    return true;
  Operation *op = u.getDefiningOp();
  if (!op || !u.hasOneUse() || depth > deepest)
    return false;
  auto operand = [&](unsigned k) { return canAbsorb(op->getOperand(k), depth + 1); };
  if (isa<MinusOp, DivideOp>(op))
    return operand(0);
  if (isa<MultOp, ScalprodOp>(op))
    return operand(0) || operand(1);
  // A difference of two stored values may be exact; scaling both first would add errors of their
  // size to it.
  if (isa<AddOp, SubtractOp>(op))
    return (inLoop(op->getOperand(0)) || inLoop(op->getOperand(1))) && operand(0) && operand(1);
  return canScaleDistance(u);
}

/// scale * Sum(Square(x - y)) = +-Sum(Square(x s - y s)) with s = root * sqrt|scale|; a null root
/// stands for 1.
Value Absorber::scaleDistance(Value distance, Value root, double scale) {
  SubtractOp difference = getDifference(distance);
  Type elementType = getValueType(distance).getElementType();
  double magnitude = std::sqrt(std::abs(scale));
  Value factor =
      root ? multiplyScale(b, loc, root, magnitude) : createScale(b, loc, elementType, magnitude);
  Value x = MultOp::create(b, loc, factor, difference.getX());
  Value y = MultOp::create(b, loc, factor, difference.getY());
  Value scaled = SquareOp::create(b, loc, SubtractOp::create(b, loc, x, y));
  if (distance.getDefiningOp<SumOp>())
    scaled = SumOp::create(b, loc, scaled);
  return scale < 0 ? MinusOp::create(b, loc, scaled).getResult() : scaled;
}

Value Absorber::absorbProduct(MultOp product, double scale) {
  for (unsigned k : {0u, 1u}) {
    Value factor = product.getOperand(k), other = product.getOperand(1 - k);
    if (inLoop(factor) || getValueType(factor).getPlacement() != Placement::P ||
        !canScaleDistance(other))
      continue;
    if (Value root = getRoot(b, loc, factor))
      return scaleDistance(other, root, scale);
  }
  auto rank = [&](Value value) {
    Placement placement = getValueType(value).getPlacement();
    return placement == Placement::P    ? 0
           : placement != Placement::IJ ? 1
           : canAbsorb(value)           ? 2
                                        : 3;
  };
  unsigned k = rank(product.getX()) <= rank(product.getY()) ? 0 : 1;
  Value factor = product.getOperand(k), other = product.getOperand(1 - k);
  if (std::optional<double> constant = getScale(factor))
    return absorb(other, *constant * scale);
  return MultOp::create(b, loc, absorb(factor, scale), other);
}

Value Absorber::absorbScalprod(ScalprodOp product, double scale) {
  unsigned k = canAbsorb(product.getX()) ? 0 : 1;
  return ScalprodOp::create(b, loc, absorb(product.getOperand(k), scale),
                            product.getOperand(1 - k));
}

Value Absorber::absorb(Value u, double scale) {
  if (auto minus = u.getDefiningOp<MinusOp>())
    return absorb(minus.getX(), -scale);
  if (!inLoop(u) || !canAbsorb(u))
    return multiplyScale(b, loc, u, scale);
  if (auto product = u.getDefiningOp<MultOp>())
    return absorbProduct(product, scale);
  if (auto product = u.getDefiningOp<ScalprodOp>())
    return absorbScalprod(product, scale);
  if (auto quotient = u.getDefiningOp<DivideOp>())
    return DivideOp::create(b, loc, absorb(quotient.getX(), scale), quotient.getY());
  Operation *sum = u.getDefiningOp();
  if (!isa_and_nonnull<AddOp, SubtractOp>(sum))
    return scaleDistance(u, {}, scale);
  // In this order with every compiler: arguments of one call have none.
  Value x = absorb(sum->getOperand(0), scale), y = absorb(sum->getOperand(1), scale);
  return isa<AddOp>(sum) ? AddOp::create(b, loc, x, y).getResult()
                         : SubtractOp::create(b, loc, x, y).getResult();
}

void keops::foldExponentials(Block &block, bool scaleOperands) {
  constexpr double log2e = 1.4426950408889634;
  for (ExpOp exp : llvm::make_early_inc_range(block.getOps<ExpOp>())) {
    if (!inLoop(exp.getX()) || isa<BlockArgument>(exp.getX()))
      continue;
    OpBuilder b(exp);
    Value argument = Absorber(b, exp.getLoc(), scaleOperands).absorb(exp.getX(), log2e);
    exp.getResult().replaceAllUsesWith(Exp2Op::create(b, exp.getLoc(), argument));
    exp.erase();
  }
}
