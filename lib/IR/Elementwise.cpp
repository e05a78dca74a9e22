// The chain rule of table operations in both directions, and their generated methods.
#include "RecordFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace keops;

static bool isConstantOne(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto number = constant ? dyn_cast<IntegerAttr>(constant.getValue()) : IntegerAttr();
  return number && number.getInt() == 1;
}

/// A partial derivative times an adjoint or a tangent. Where a condition does not hold the result
/// is 0, whatever the other factor is.
static Value multiply(OpBuilder &b, Location loc, Partial partial, Value by) {
  if (partial.isCondition)
    return WhereOp::create(b, loc, partial.value, by,
                           createZero(b, loc, getValueType(by).getElementType(), 1));
  return isConstantOne(partial.value) ? by : MultOp::create(b, loc, by, partial.value).getResult();
}

//===-- Reverse mode ------------------------------------------------------------------------===//

/// Adjoint times partial derivative, summed where the operand was broadcast.
static Value applyPartial(OpBuilder &b, Operation *op, Partial partial, Value adjoint,
                          unsigned operand) {
  if (!partial.value)
    return {};
  Value product = multiply(b, op->getLoc(), partial, adjoint);
  bool broadcastHere = getDim(op->getOperand(operand)) < getDim(product);
  return broadcastHere ? SumOp::create(b, op->getLoc(), product).getResult() : product;
}

//===-- Forward mode ------------------------------------------------------------------------===//

static Value addTo(OpBuilder &b, Location loc, Value sum, Value term) {
  return sum && term ? AddOp::create(b, loc, sum, term).getResult() : sum ? sum : term;
}

static Value repeatTo(OpBuilder &b, Location loc, Value value, int64_t dim) {
  bool narrow = value && getDim(value) < dim;
  return narrow ? SumTOp::create(b, loc, value, dim).getResult() : value;
}

/// The sum over operands of partial derivative times tangent.
static Value applyPartials(OpBuilder &b, Operation *op, ValueRange tangents,
                           llvm::function_ref<Partial(unsigned)> partialOf) {
  Value sum;
  for (auto [k, tangent] : llvm::enumerate(tangents)) {
    Partial partial = tangent ? partialOf(k) : Partial();
    if (partial.value)
      sum = addTo(b, op->getLoc(), sum, multiply(b, op->getLoc(), partial, tangent));
  }
  return repeatTo(b, op->getLoc(), sum, getDim(op->getResult(0)));
}

/// The same operation on other operands.
static Value applyTo(OpBuilder &b, Operation *op, ArrayRef<Value> operands) {
  Operation *copy = b.clone(*op);
  copy->setOperands(operands);
  refreshType(copy);
  return copy->getResult(0);
}

/// An operation that is linear in all operands together.
static Value applyToTangents(OpBuilder &b, Operation *op, ValueRange tangents) {
  SmallVector<Value> operands(tangents.begin(), tangents.end());
  for (auto [operand, tangent] : llvm::zip(op->getOperands(), operands))
    if (!tangent)
      tangent = createZero(b, op->getLoc(), getElementType(op), getDim(operand));
  return applyTo(b, op, operands);
}

/// An operation that is linear in each operand that has a tangent here.
static Value applyToEachTangent(OpBuilder &b, Operation *op, ValueRange tangents) {
  Value sum;
  for (auto [k, tangent] : llvm::enumerate(tangents)) {
    if (!tangent)
      continue;
    SmallVector<Value> operands(op->getOperands());
    operands[k] = tangent;
    sum = addTo(b, op->getLoc(), sum, applyTo(b, op, operands));
  }
  return sum;
}

#include "keops/IR/KeopsOpMethods.cpp.inc"
