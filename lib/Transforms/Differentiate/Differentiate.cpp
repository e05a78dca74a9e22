// Walks over functions and regions in program order and removes keops.grad. Formulas.cpp and
// Reductions.cpp hold the two ways of doing so.
#include "Differentiate.h"
#include "keops/Transforms/Passes.h"
#include "keops/Transforms/Utilities.h"

namespace keops {
#define GEN_PASS_DEF_KEOPSDIFFERENTIATE
#include "keops/Transforms/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

static LogicalResult differentiateBlock(Block &block) {
  if (isa_and_nonnull<MapReduceOp, MapOp>(block.getParentOp()))
    return differentiateFormulas(block);
  bool changed = false;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto grad = dyn_cast<GradOp>(op)) {
      changed = true;
      if (failed(differentiateReduction(grad)))
        return failure();
    } else if (auto diff = dyn_cast<DiffOp>(op)) {
      changed = true;
      if (failed(differentiateReductionForward(diff)))
        return failure();
    } else if (failed(differentiate(&op))) {
      return failure();
    }
  }
  // A reduction of which only the gradient was wanted is no longer read.
  if (changed)
    eraseDeadFormulas(block);
  return success();
}

LogicalResult keops::differentiate(Operation *root) {
  for (Region &region : root->getRegions())
    for (Block &block : region)
      if (failed(differentiateBlock(block)))
        return failure();
  return success();
}

namespace {
struct DifferentiatePass : keops::impl::KeopsDifferentiateBase<DifferentiatePass> {
  void runOnOperation() override {
    if (failed(differentiate(getOperation())))
      signalPassFailure();
  }
};
} // namespace
