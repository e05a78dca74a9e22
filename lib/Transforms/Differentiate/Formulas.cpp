// Differentiation inside one region: adjoints are pushed from the formula to the variable, tangents
// from the variable to the formula.
#include "Differentiate.h"
#include "keops/Frontend/Limits.h"
#include "keops/Transforms/Utilities.h"

using namespace mlir;
using namespace keops;

llvm::SetVector<Operation *> keops::getPath(Value variable, Value formula) {
  llvm::SetVector<Operation *> path;
  Operation *last = formula.getDefiningOp();
  if (!last)
    return path;
  llvm::SmallPtrSet<Operation *, 32> reads, needed;
  for (Operation &op : *last->getBlock()) {
    if (llvm::any_of(op.getOperands(), [&](Value operand) {
          return operand == variable || reads.contains(operand.getDefiningOp());
        }))
      reads.insert(&op);
    if (&op == last)
      break;
  }
  needed.insert(last);
  for (Operation *op = last; op; op = op->getPrevNode()) {
    if (!needed.contains(op) || !reads.contains(op))
      continue;
    path.insert(op);
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp())
        needed.insert(def);
  }
  return llvm::SetVector<Operation *>(path.rbegin(), path.rend());
}

static void accumulate(OpBuilder &b, Location loc, Value &into, Value contribution) {
  into = into ? AddOp::create(b, loc, into, contribution).getResult() : contribution;
}

/// The adjoint of `grad`'s variable, or null if the formula does not depend on it.
static Value sweep(OpBuilder &b, GradOp grad) {
  llvm::DenseMap<Value, Value> adjoints;
  adjoints[grad.getFormula()] = grad.getAdjoint();
  llvm::SetVector<Operation *> path = getPath(grad.getVariable(), grad.getFormula());
  for (Operation *op : llvm::reverse(path)) {
    Value adjoint = adjoints.lookup(op->getResult(0));
    auto formula = cast<FormulaOpInterface>(op);
    if (!adjoint)
      continue;
    for (auto [k, operand] : llvm::enumerate(op->getOperands())) {
      if (operand != grad.getVariable() && !path.contains(operand.getDefiningOp()))
        continue;
      if (Value contribution = formula.buildAdjoint(b, adjoint, k))
        accumulate(b, grad.getLoc(), adjoints[operand], contribution);
    }
  }
  return adjoints.lookup(grad.getVariable());
}

/// The derivative of `diff`'s formula along its tangent, or null if it is zero.
static Value sweepForward(OpBuilder &b, DiffOp diff) {
  llvm::DenseMap<Value, Value> tangents;
  tangents[diff.getVariable()] = diff.getTangent();
  for (Operation *op : getPath(diff.getVariable(), diff.getFormula())) {
    SmallVector<Value> ofOperands;
    for (Value operand : op->getOperands())
      ofOperands.push_back(tangents.lookup(operand));
    // What stands on constant operands is constant, though the path leads through it.
    if (llvm::none_of(ofOperands, [](Value tangent) { return tangent != Value(); }))
      continue;
    if (Value tangent = cast<FormulaOpInterface>(op).buildTangent(b, ofOperands))
      tangents[op->getResult(0)] = tangent;
  }
  return tangents.lookup(diff.getFormula());
}

/// Each derivative of a soft alignment doubles what is kept for a cell.
static LogicalResult checkDirections(Location loc, Value variable, Value formula) {
  for (Operation *op : getPath(variable, formula)) {
    auto plan = dyn_cast<SoftDTWPlanOp>(op);
    if (plan && plan.getDirectionCount() == SoftDTWPlanOp::mostDirections)
      return emitError(loc) << "SoftDTW has derivatives up to order "
                            << SoftDTWPlanOp::mostDirections + 1 << ", not beyond";
  }
  return success();
}

/// Puts `derivative` in the place of `op`; a missing one is zero.
static void replaceBy(OpBuilder &b, Operation *op, Value derivative) {
  int64_t dim = getDim(op->getResult(0));
  derivative = derivative ? broadcastTo(b, op->getLoc(), derivative, dim)
                          : createZero(b, op->getLoc(), getElementType(op), dim);
  op->getResult(0).replaceAllUsesWith(derivative);
  op->erase();
}

LogicalResult keops::differentiateFormulas(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (!isa<GradOp, DiffOp>(op))
      continue;
    OpBuilder b(&op);
    // Both have the formula and the variable in front.
    if (failed(checkDirections(op.getLoc(), op.getOperand(1), op.getOperand(0))))
      return failure();
    if (auto grad = dyn_cast<GradOp>(op))
      replaceBy(b, grad, sweep(b, grad));
    else
      replaceBy(b, &op, sweepForward(b, cast<DiffOp>(op)));
    // What the next derivative walks over: the limit bounds time and memory of nested ones.
    if (static_cast<int64_t>(block.getOperations().size()) > maxDerivedOperations)
      return emitError(op.getLoc()) << "the derivatives take more than " << maxDerivedOperations
                                    << " operations, which is the limit";
  }
  refreshTypes(block);
  return success();
}
