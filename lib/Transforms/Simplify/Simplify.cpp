// Applies the rules of this folder until none matches. The rules stand in one file per family.
#include "Rules.h"
#include "keops/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringExtras.h"

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

/// The formula is right after any number of rewrites, so they may be cut off: signs that travel one
/// by one through a deep formula would otherwise take a time that is quadratic in its size.
static GreedyRewriteConfig limitRewrites(Operation *root) {
  int64_t operations = 0;
  root->walk([&](Operation *) { ++operations; });
  constexpr int64_t iterations = 4, least = 1000, perOperation = 8;
  return GreedyRewriteConfig()
      .setMaxIterations(iterations)
      // Formulas have one block: there is nothing to simplify between blocks.
      .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
      .setMaxNumRewrites(least + perOperation * operations);
}

/// A name that is no rule is answered by all that are.
static LogicalResult checkRules(RewritePatternSet &patterns, ArrayRef<std::string> names) {
  SmallVector<StringRef> known;
  for (const std::unique_ptr<RewritePattern> &pattern : patterns.getNativePatterns())
    known.push_back(pattern->getDebugName());
  for (StringRef name : names)
    if (!llvm::is_contained(known, name))
      return emitError(UnknownLoc::get(patterns.getContext()))
             << "keops-simplify: no rule is named '" << name << "'; there are "
             << llvm::join(known, ", ");
  return success();
}

namespace {
struct SimplifyPass : keops::impl::KeopsSimplifyBase<SimplifyPass> {
  using Base = keops::impl::KeopsSimplifyBase<SimplifyPass>;
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateSimplifyPatterns(set);
    if (failed(checkRules(set, only)))
      return failure();
    patterns = FrozenRewritePatternSet(std::move(set), {}, only);
    return success();
  }

  void runOnOperation() override {
    (void)applyPatternsGreedily(getOperation(), patterns, limitRewrites(getOperation()));
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
