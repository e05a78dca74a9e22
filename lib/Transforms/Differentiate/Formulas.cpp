// Reverse-mode differentiation inside one region: adjoints are pushed from the formula to the
// variable.
#include "Differentiate.h"
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

void keops::differentiateFormulas(Block &block) {
  for (GradOp grad : llvm::make_early_inc_range(block.getOps<GradOp>())) {
    OpBuilder b(grad);
    int64_t dim = getDim(grad.getVariable());
    Value gradient = sweep(b, grad);
    gradient = gradient ? broadcastTo(b, grad.getLoc(), gradient, dim)
                        : createZero(b, grad.getLoc(), getElementType(grad), dim);
    grad.getResult().replaceAllUsesWith(gradient);
    grad.erase();
  }
  refreshTypes(block);
}
