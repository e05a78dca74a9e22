// The passes on formulas and, for reuse, the patterns and functions they consist of. Pipelines.cpp
// puts them in order.
#ifndef KEOPS_TRANSFORMS_PASSES_H
#define KEOPS_TRANSFORMS_PASSES_H

#include "keops/IR/Keops.h"

#include "mlir/Pass/Pass.h"

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace keops {

#define GEN_PASS_DECL
#include "keops/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "keops/Transforms/Passes.h.inc"

void populateExpandCompositesPatterns(mlir::RewritePatternSet &patterns);
void populateSimplifyPatterns(mlir::RewritePatternSet &patterns);

/// Replaces all keops.grad in the regions of `root`. Fails after a diagnostic where a gradient does
/// not exist.
mlir::LogicalResult differentiate(mlir::Operation *root);
/// Moves constant factors and exponentials of one map_reduce; see the pass for the errors that this
/// adds.
void foldScales(MapReduceOp op, bool scaleOperands);
/// Moves subformulas that do not depend on both indices in front of `op`.
void placeValues(MapReduceOp op);
/// Fuses the independent reductions of one block.
void fuseReductions(mlir::Block &block, int64_t maxDim);

} // namespace keops

#endif // KEOPS_TRANSFORMS_PASSES_H
