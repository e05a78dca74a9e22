// Structural operations between components of a vector: emission and adjoint of each. Their
// dimension rules stand in Dimensions.cpp.
#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace keops;

static OpFoldResult constantIndex(OpBuilder &b, int64_t k) { return b.getIndexAttr(k); }

//===-- Sum and SumT ------------------------------------------------------------------------===//

Value SumOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return emitter.sum(getLoc(), getDim(getX()), getX(),
                     [&](OpFoldResult k) { return emitter.component(getX(), k); });
}
Value SumOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return SumTOp::create(b, getLoc(), adjoint, getDim(getX()));
}

Value SumTOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return emitter.component(getX(), constantIndex(emitter.builder(), 0));
}
Value SumTOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return SumOp::create(b, getLoc(), adjoint);
}

//===-- Scalprod ----------------------------------------------------------------------------===//

Value ScalprodOp::emitComponent(Emitter &emitter, OpFoldResult) {
  int64_t dim = std::max(getDim(getX()), getDim(getY()));
  return emitter.sum(getLoc(), dim, getOperands(), [&](OpFoldResult k) -> Value {
    SmallVector<Value> xy = emitter.components(getOperands(), k);
    return arith::MulFOp::create(emitter.builder(), getLoc(), xy[0], xy[1]);
  });
}
Value ScalprodOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  Value product = MultOp::create(b, getLoc(), adjoint, getOperand(1 - operand));
  if (getDim(getOperand(operand)) == 1 && getDim(product) > 1)
    return SumOp::create(b, getLoc(), product);
  if (getDim(getOperand(operand)) > getDim(product))
    return SumTOp::create(b, getLoc(), product, getDim(getOperand(operand)));
  return product;
}

//===-- Elem and ElemT ----------------------------------------------------------------------===//

Value ElemOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return emitter.component(getX(), constantIndex(emitter.builder(), getPosition()));
}
Value ElemOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ElemTOp::create(b, getLoc(), adjoint, getDim(getX()), getPosition());
}

Value ElemTOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  OpFoldResult zero = constantIndex(emitter.builder(), 0);
  return emitter.select(
      getLoc(), k, getPosition(), getPosition() + 1,
      [&] { return emitter.component(getX(), zero); }, [&] { return emitter.zero(getLoc()); });
}
Value ElemTOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ElemOp::create(b, getLoc(), adjoint, getPosition());
}

//===-- Extract and ExtractT ----------------------------------------------------------------===//

Value ExtractOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  return emitter.component(getX(), emitter.offset(getLoc(), k, getStart()));
}
Value ExtractOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ExtractTOp::create(b, getLoc(), adjoint, getStart(), ::keops::getDim(getX()));
}

Value ExtractTOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  int64_t start = getStart(), end = start + ::keops::getDim(getX());
  return emitter.select(
      getLoc(), k, start, end,
      [&] { return emitter.component(getX(), emitter.offset(getLoc(), k, -start)); },
      [&] { return emitter.zero(getLoc()); });
}
Value ExtractTOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ExtractOp::create(b, getLoc(), adjoint, getStart(), ::keops::getDim(getX()));
}

//===-- Concat ------------------------------------------------------------------------------===//

Value ConcatOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  int64_t first = getDim(getX());
  return emitter.select(
      getLoc(), k, 0, first, [&] { return emitter.component(getX(), k); },
      [&] { return emitter.component(getY(), emitter.offset(getLoc(), k, -first)); });
}
Value ConcatOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  int64_t start = operand == 0 ? 0 : getDim(getX());
  return ExtractOp::create(b, getLoc(), adjoint, start, getDim(getOperand(operand)));
}
