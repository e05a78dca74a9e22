// Rules about minus signs, which move outwards and cancel. All are exact. The first line of each
// rule is the rule.
#include "Rules.h"

using namespace mlir;
using namespace keops;

/// f if `value` is -f, otherwise null.
static Value negated(Value value) {
  auto minus = value.getDefiningOp<MinusOp>();
  return minus ? minus.getX() : Value();
}

/// Whether moving the sign of `operand` behind `op` keeps it where it was: once per row or once per
/// pair, on as many components.
static bool movesFreely(Operation *op, Value operand) {
  ValueType from = getValueType(operand), to = getValueType(op->getResult(0));
  return from.getDim() == to.getDim() && from.getPlacement() == to.getPlacement();
}

static Value minus(OpBuilder &b, Operation *op, Value value) {
  return MinusOp::create(b, op->getLoc(), value);
}

// -(-f) = f
static Value doubleMinus(MinusOp op, OpBuilder &) { return negated(op.getX()); }

// -(f - g) = g - f
static Value minusDifference(MinusOp op, OpBuilder &b) {
  auto difference = op.getX().getDefiningOp<SubtractOp>();
  if (!difference || !difference->hasOneUse())
    return {};
  return SubtractOp::create(b, op.getLoc(), difference.getY(), difference.getX());
}

// f + (-g) = f - g, (-f) + g = g - f
static Value addNegated(AddOp op, OpBuilder &b) {
  if (Value g = negated(op.getY()))
    return SubtractOp::create(b, op.getLoc(), op.getX(), g);
  if (Value f = negated(op.getX()))
    return SubtractOp::create(b, op.getLoc(), op.getY(), f);
  return {};
}

// f - (-g) = f + g, (-f) - g = -(f + g) where the sign moves freely
static Value subtractNegated(SubtractOp op, OpBuilder &b) {
  if (Value g = negated(op.getY()))
    return AddOp::create(b, op.getLoc(), op.getX(), g);
  if (Value f = negated(op.getX()); f && movesFreely(op, f))
    return minus(b, op, AddOp::create(b, op.getLoc(), f, op.getY()));
  return {};
}

// (-f) * (-g) = f * g; (-f) * g = f * (-g) = -(f * g) where the sign moves freely; the same for f /
// g.
template <typename OpTy>
static Value signOfProduct(OpTy op, OpBuilder &b) {
  Value f = negated(op.getX()), g = negated(op.getY());
  bool both = f && g;
  if ((!f && !g) || (!both && !movesFreely(op, f ? f : g)))
    return {};
  Value product = OpTy::create(b, op.getLoc(), f ? f : op.getX(), g ? g : op.getY());
  return both ? product : minus(b, op, product);
}

// <-f, -g> = <f, g>; <-f, g> = -<f, g> where the sign stays on the same index
static Value signOfScalprod(ScalprodOp op, OpBuilder &b) {
  Value f = negated(op.getX()), g = negated(op.getY());
  bool both = f && g;
  Placement placement = getValueType(op.getResult()).getPlacement();
  if ((!f && !g) || (!both && getValueType(f ? f : g).getPlacement() != placement))
    return {};
  Value product = ScalprodOp::create(b, op.getLoc(), f ? f : op.getX(), g ? g : op.getY());
  return both ? product : minus(b, op, product);
}

// F(-f) = F(f) for f^2, |f| and cos
template <typename OpTy>
static Value evenFunction(OpTy op, OpBuilder &b) {
  Value f = negated(op.getX());
  return f ? OpTy::create(b, op.getLoc(), f).getResult() : Value();
}

// F(-f) = -F(f) for the sum of components, 1/f, sin and sign
template <typename OpTy>
static Value oddFunction(OpTy op, OpBuilder &b) {
  Value f = negated(op.getX());
  return f ? minus(b, op, OpTy::create(b, op.getLoc(), f)) : Value();
}

void keops::populateSignRules(RewritePatternSet &patterns) {
  addRules<doubleMinus, minusDifference, addNegated, subtractNegated, signOfProduct<MultOp>,
           signOfProduct<DivideOp>, signOfScalprod, evenFunction<SquareOp>, evenFunction<AbsOp>,
           evenFunction<CosOp>, oddFunction<SumOp>, oddFunction<InvOp>, oddFunction<SinOp>,
           oddFunction<SignOp>>(patterns);
}
