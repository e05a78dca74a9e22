// Shared by the two halves of differentiation: formulas inside a region, reductions around them.
#ifndef KEOPS_LIB_TRANSFORMS_DIFFERENTIATE_H
#define KEOPS_LIB_TRANSFORMS_DIFFERENTIATE_H

#include "keops/IR/Keops.h"

#include "llvm/ADT/SetVector.h"

namespace keops {

/// The operations of `formula`'s block, in order, that lie between `variable` and `formula`: they
/// depend on the one and the other depends on them.
llvm::SetVector<mlir::Operation *> getPath(mlir::Value variable, mlir::Value formula);

/// Replaces every keops.grad and keops.diff of a region of formulas. Fails after a diagnostic where
/// the derivatives grow beyond the limit.
mlir::LogicalResult differentiateFormulas(mlir::Block &block);

/// Replaces a keops.grad of a reduction, leaving keops.grad of formulas in the regions of the
/// operations that it makes. Fails after a diagnostic where a reduction has no derivative.
mlir::LogicalResult differentiateReduction(GradOp grad);

} // namespace keops

#endif // KEOPS_LIB_TRANSFORMS_DIFFERENTIATE_H
