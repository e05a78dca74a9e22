// Complex vectors in interleaved storage: taking them apart and putting them together.
#include "RecordFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace keops;

/// The component index 2 k + part.
static OpFoldResult interleaved(Emitter &emitter, Location loc, OpFoldResult k, int64_t part) {
  OpBuilder &b = emitter.builder();
  if (auto constant = getConstantIntValue(k))
    return b.getIndexAttr(2 * *constant + part);
  Value two = arith::ConstantIndexOp::create(b, loc, 2);
  Value twice = arith::MulIOp::create(b, loc, cast<Value>(k), two);
  return emitter.offset(loc, twice, part);
}

Value ComplexRealOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  return emitter.component(getX(), interleaved(emitter, getLoc(), k, 0));
}
Value ComplexRealOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ComplexOp::create(b, getLoc(), adjoint, createZero(b, getLoc(), getElementType(*this), 1));
}

Value ComplexImagOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  return emitter.component(getX(), interleaved(emitter, getLoc(), k, 1));
}
Value ComplexImagOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ComplexOp::create(b, getLoc(), createZero(b, getLoc(), getElementType(*this), 1), adjoint);
}

/// Real and imaginary parts lie at even and odd places; a run-time index asks for its parity.
Value ComplexOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  OpBuilder &b = emitter.builder();
  if (auto constant = getConstantIntValue(k))
    return emitter.component(*constant % 2 ? getIm() : getRe(), b.getIndexAttr(*constant / 2));
  Value index = cast<Value>(k), two = arith::ConstantIndexOp::create(b, getLoc(), 2);
  Value part = arith::RemUIOp::create(b, getLoc(), index, two);
  Value pair = arith::DivUIOp::create(b, getLoc(), index, two);
  return emitter.select(
      getLoc(), OpFoldResult(part), 0, 1, [&] { return emitter.component(getRe(), pair); },
      [&] { return emitter.component(getIm(), pair); });
}

Value ComplexOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  Value part = operand == 0 ? ComplexRealOp::create(b, getLoc(), adjoint).getResult()
                            : ComplexImagOp::create(b, getLoc(), adjoint).getResult();
  bool repeated = getDim(getOperand(operand)) < getDim(part);
  return repeated ? SumOp::create(b, getLoc(), part).getResult() : part;
}
