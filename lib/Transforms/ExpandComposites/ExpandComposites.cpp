// Replaces composites by their formulas. The formulas themselves come from the records, through
// CompositeOpInterface.
#include "keops/Transforms/Passes.h"
#include "keops/Transforms/Utilities.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace keops {
#define GEN_PASS_DEF_KEOPSEXPANDCOMPOSITES
#include "keops/Transforms/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

namespace {
struct ExpandComposite : OpInterfaceRewritePattern<CompositeOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(CompositeOpInterface op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, op.expand(rewriter));
    return success();
  }
};

struct ExpandCompositesPass : keops::impl::KeopsExpandCompositesBase<ExpandCompositesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateExpandCompositesPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
    // A formula may depend on less than its composite: a table of one cell has no use for gamma.
    refreshAllTypes(getOperation());
  }
};
} // namespace

void keops::populateExpandCompositesPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandComposite>(patterns.getContext());
}
