// Applies the rules of this folder until none matches. The rules stand in one file per family.
#include "Rules.h"
#include "keops/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace keops {
#define GEN_PASS_DEF_KEOPSSIMPLIFY
#include "keops/Transforms/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

void keops::populateSimplifyPatterns(RewritePatternSet &patterns) {
  populateZeroRules(patterns);
  populateConstantRules(patterns);
  populateSignRules(patterns);
  populateVectorRules(patterns);
}

namespace {
struct SimplifyPass : keops::impl::KeopsSimplifyBase<SimplifyPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateSimplifyPatterns(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    GreedyRewriteConfig config;
    // A long chain of operations may be folded one at a time; every rule shrinks the formula or
    // moves a sign outwards.
    config.setMaxIterations(GreedyRewriteConfig::kNoLimit);
    if (failed(applyPatternsGreedily(getOperation(), patterns, config)))
      return signalPassFailure();
    refreshAllTypes(getOperation());
    getOperation()->walk([](Operation *op) {
      if (isa<MapReduceOp, MapOp>(op))
        removeUnusedInputs(op);
    });
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace
