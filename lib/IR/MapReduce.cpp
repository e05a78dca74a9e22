// Verification of map, map_reduce and their terminator.
#include "keops/IR/Keops.h"
#include "keops/IR/Reduction.h"

using namespace mlir;
using namespace keops;

static LogicalResult verifyRegionArguments(Operation *op, ValueRange inputs, Block &block) {
  if (inputs.getTypes() != block.getArgumentTypes())
    return op->emitOpError("expected region arguments of types ")
           << inputs.getTypes() << ", got " << block.getArgumentTypes();
  return success();
}

SmallVector<ReduceAttr> MapReduceOp::getReduceAttrs() {
  SmallVector<ReduceAttr> list;
  for (Attribute attr : getReductions())
    list.push_back(cast<ReduceAttr>(attr));
  return list;
}

SmallVector<Value> MapReduceOp::getFormulas(unsigned r) {
  SmallVector<ReduceAttr> reductions = getReduceAttrs();
  unsigned first = 0;
  for (unsigned k = 0; k < r; ++k)
    first += getReductionInfo(reductions[k].getKind()).formulas;
  OperandRange values = getBlock().getTerminator()->getOperands();
  return llvm::to_vector(values.slice(first, getReductionInfo(reductions[r].getKind()).formulas));
}

Placement MapReduceOp::getKept() { return otherIndex(getOver()); }

static LogicalResult verifyReduction(MapReduceOp op, ReduceAttr reduce, TypeRange formulas) {
  const ReductionInfo &info = getReductionInfo(reduce.getKind());
  if (info.scalarFormula && cast<ValueType>(formulas[0]).getDim() != 1)
    return op.emitOpError(info.name) << " needs a first formula of dimension 1, got "
                                     << cast<ValueType>(formulas[0]).getDim();
  int64_t dim = getReducedDim(formulas);
  for (Type formula : formulas)
    if (int64_t own = cast<ValueType>(formula).getDim(); own != 1 && own != dim)
      return op.emitOpError(info.name)
             << " needs formulas of equal dimensions or dimension 1, got " << own << " and " << dim;
  if (info.takesK != (reduce.getBestOf() > 0))
    return op.emitOpError(info.name) << (info.takesK ? " needs a K of at least 1" : " takes no K")
                                     << ", got " << reduce.getBestOf();
  return success();
}

LogicalResult MapReduceOp::verify() {
  if (getOver() != Placement::I && getOver() != Placement::J)
    return emitOpError("expected to reduce over i or j, got ") << stringifyPlacement(getOver());
  if (failed(verifyRegionArguments(*this, getInputs(), getBlock())))
    return failure();
  auto yield = dyn_cast<YieldOp>(getBlock().getTerminator());
  if (!yield)
    return emitOpError("expected the region to end with keops.yield");
  unsigned formulas = 0;
  for (ReduceAttr reduce : getReduceAttrs())
    formulas += getReductionInfo(reduce.getKind()).formulas;
  if (formulas != yield.getNumOperands())
    return emitOpError("expected ")
           << formulas << " yielded formulas, got " << yield.getNumOperands();
  SmallVector<Type> results;
  for (auto [r, reduce] : llvm::enumerate(getReduceAttrs())) {
    SmallVector<Value> values = getFormulas(r);
    if (failed(verifyReduction(*this, reduce, TypeRange(ValueRange(values)))))
      return failure();
    llvm::append_range(results,
                       keops::getResultTypes(reduce, TypeRange(ValueRange(values)), getKept()));
  }
  if (TypeRange(results) != getOutputs().getTypes())
    return emitOpError("expected results of types ")
           << results << ", got " << getOutputs().getTypes();
  return success();
}

LogicalResult MapOp::verify() {
  if (failed(verifyRegionArguments(*this, getInputs(), getBlock())))
    return failure();
  Operation *yield = getBlock().getTerminator();
  if (!isa<YieldOp>(yield) || yield->getNumOperands() != getNumResults())
    return emitOpError("expected keops.yield with ") << getNumResults() << " values";
  for (auto [value, result] : llvm::zip(yield->getOperands(), getResults())) {
    if (getDim(value) != getDim(result))
      return emitOpError("expected a result of dimension ")
             << getDim(value) << ", got " << getDim(result);
    if (getValueType(result).getPlacement() != getOver())
      return emitOpError("expected results placed on ") << stringifyPlacement(getOver());
    if (join(getValueType(value).getPlacement(), getOver()) != getOver())
      return emitOpError("expected formulas that depend on ")
             << stringifyPlacement(getOver()) << " alone";
  }
  return success();
}
