// Shared by the two halves of differentiation: formulas inside a region, reductions around them.
#ifndef KEOPS_LIB_TRANSFORMS_DIFFERENTIATE_H
#define KEOPS_LIB_TRANSFORMS_DIFFERENTIATE_H

#include "keops/IR/Keops.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseMap.h"
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
/// The same for a keops.diff of a reduction.
mlir::LogicalResult differentiateReductionForward(DiffOp diff);

using Adjoints = llvm::DenseMap<mlir::Value, mlir::Value>;

/// One operation of the gradient while it is being built: `op` holds a copy of the formulas of
/// `source`.
struct Gradient {
  mlir::OpBuilder b;
  mlir::Operation *op;
  mlir::Operation *source;
  mlir::IRMapping mapping;
  mlir::Location loc;

  /// A value of the function, as an argument of the region.
  mlir::Value read(mlir::Value value);
};
/// Gives the new operation `op` its block, with a copy of the formulas of `source`, but for the
/// terminator.
Gradient startGradient(mlir::Operation *op, mlir::Operation *source, mlir::Location loc);

/// A formula inside the region that is being built, and its adjoint. What it contributes counts at
/// pairs that `only`, a list of indices, names; at all pairs where that is null.
struct Seed {
  mlir::Value formula, adjoint, only;
};

/// Seeds for the results of `source` that have an adjoint, by the policies that the records name.
mlir::LogicalResult seedReductions(Gradient &gradient, MapReduceOp source, const Adjoints &adjoints,
                                   llvm::SmallVectorImpl<Seed> &seeds);
/// A keops.map of zeros.
mlir::Value createZeroRows(mlir::OpBuilder &b, mlir::Location loc, ValueType type);
/// Puts `derivative`, or zeros where it is null, in the place of a keops.grad or keops.diff of a
/// reduction.
void replaceByRows(mlir::Operation *op, mlir::Value derivative);

/// The type of `like` on another placement.
ValueType placed(mlir::Value like, Placement placement);
/// A map_reduce on the inputs of `like` with one reduction, its region still empty.
MapReduceOp createReduction(mlir::OpBuilder &b, mlir::Location loc, MapReduceOp like,
                            Placement over, ReduceAttr reduce, mlir::TypeRange results);

} // namespace keops

#endif // KEOPS_LIB_TRANSFORMS_DIFFERENTIATE_H
