// Operations about positions of components: one-hot vectors, gathering at a computed position, the
// largest and smallest component and where it stands.
#include "RecordFunctions.h"

#include "keops/Frontend/Limits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace keops;

static Value compare(OpBuilder &b, Location loc, arith::CmpFPredicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, loc, predicate, x, y);
}

/// Whether x + 1/2, cut towards zero, is the number k of component `at`: k - 1/2 <= x < k + 1/2,
/// and for k = 0 all of -3/2 < x < 1/2.
static Value pointsAt(Emitter &emitter, Location loc, Value x, OpFoldResult at) {
  OpBuilder &b = emitter.builder();
  Value number = emitter.number(loc, at), half = createSplat(b, loc, x.getType(), 0.5);
  Value low = arith::SubFOp::create(b, loc, number, half);
  Value high = arith::AddFOp::create(b, loc, number, half);
  Value above = compare(b, loc, arith::CmpFPredicate::OGE, x, low);
  std::optional<int64_t> constant = getConstantIntValue(at);
  if (!constant || *constant == 0) {
    Value isFirst = compare(b, loc, arith::CmpFPredicate::OLT, number, half);
    Value aboveFirst =
        compare(b, loc, arith::CmpFPredicate::OGT, x, createSplat(b, loc, x.getType(), -1.5));
    above = arith::OrIOp::create(b, loc, above, arith::AndIOp::create(b, loc, isFirst, aboveFirst));
  }
  Value below = compare(b, loc, arith::CmpFPredicate::OLT, x, high);
  return arith::AndIOp::create(b, loc, above, below);
}

static OpFoldResult first(Emitter &emitter) { return emitter.builder().getIndexAttr(0); }

//===-- OneHot and Gather -------------------------------------------------------------------===//

Value OneHotOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  OpBuilder &b = emitter.builder();
  Value here = pointsAt(emitter, getLoc(), emitter.component(getX(), first(emitter)), k);
  return arith::SelectOp::create(b, getLoc(), here, createSplat(b, getLoc(), emitter.type(), 1),
                                 emitter.zero(getLoc()));
}
Value OneHotOp::buildAdjoint(OpBuilder &, Value, unsigned) { return {}; }

Value GatherOp::emitComponent(Emitter &emitter, OpFoldResult) {
  Value position = emitter.component(getPosition(), first(emitter));
  Location loc = getLoc();
  auto found =
      emitter.fold(loc, 0, getDim(getX()), emitter.zero(loc), getOperands(),
                   [&](OpFoldResult k, ValueRange carried) -> SmallVector<Value> {
                     Value here = pointsAt(emitter, loc, position, k);
                     return {arith::SelectOp::create(emitter.builder(), loc, here,
                                                     emitter.component(getX(), k), carried[0])};
                   });
  return found.front();
}
Value GatherOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  if (operand != 0)
    return {};
  Value hot = OneHotOp::create(b, getLoc(), getPosition(), getDim(getX()));
  return MultOp::create(b, getLoc(), hot, adjoint);
}

//===-- The largest and the smallest component ----------------------------------------------===//

/// The extreme component and, if asked for, its position: a scan with a strict comparison, so that
/// the first of equal components stays.
static SmallVector<Value> scan(Emitter &emitter, Location loc, Value x, bool largest,
                               bool position) {
  OpBuilder &b = emitter.builder();
  auto predicate = largest ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
  SmallVector<Value> state = {emitter.component(x, first(emitter))};
  if (position)
    state.push_back(emitter.zero(loc));
  return emitter.fold(loc, 1, getDim(x), state, x, [&](OpFoldResult k, ValueRange best) {
    Value value = emitter.component(x, k);
    Value better = compare(b, loc, predicate, value, best[0]);
    SmallVector<Value> next = {arith::SelectOp::create(b, loc, better, value, best[0])};
    if (position)
      next.push_back(arith::SelectOp::create(b, loc, better, emitter.number(loc, k), best[1]));
    return next;
  });
}

Value MaxOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return scan(emitter, getLoc(), getX(), true, false)[0];
}
Value MinOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return scan(emitter, getLoc(), getX(), false, false)[0];
}
Value ArgMaxOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return scan(emitter, getLoc(), getX(), true, true)[1];
}
Value ArgMinOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return scan(emitter, getLoc(), getX(), false, true)[1];
}

Value MaxOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  Value hot = OneHotOp::create(b, getLoc(), ArgMaxOp::create(b, getLoc(), getX()), getDim(getX()));
  return MultOp::create(b, getLoc(), hot, adjoint);
}
Value MinOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  Value hot = OneHotOp::create(b, getLoc(), ArgMinOp::create(b, getLoc(), getX()), getDim(getX()));
  return MultOp::create(b, getLoc(), hot, adjoint);
}
Value MaxOp::buildTangent(OpBuilder &b, ValueRange tangents) {
  return GatherOp::create(b, getLoc(), tangents[0], ArgMaxOp::create(b, getLoc(), getX()));
}
Value MinOp::buildTangent(OpBuilder &b, ValueRange tangents) {
  return GatherOp::create(b, getLoc(), tangents[0], ArgMinOp::create(b, getLoc(), getX()));
}
Value ArgMaxOp::buildAdjoint(OpBuilder &, Value, unsigned) { return {}; }
Value ArgMinOp::buildAdjoint(OpBuilder &, Value, unsigned) { return {}; }
