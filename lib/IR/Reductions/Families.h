// Constructors of the reduction families, one file each; Table.cpp maps kinds to them. Also small
// helpers they share.
#ifndef KEOPS_LIB_IR_REDUCTIONS_FAMILIES_H
#define KEOPS_LIB_IR_REDUCTIONS_FAMILIES_H

#include "keops/IR/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace keops {

std::unique_ptr<Reduction> createSumReduction(ReduceAttr attr, unsigned width);
std::unique_ptr<Reduction> createExtremumReduction(ReduceAttr attr, unsigned width);
std::unique_ptr<Reduction> createKBestReduction(ReduceAttr attr, unsigned width);
std::unique_ptr<Reduction> createLogSumExpReduction(ReduceAttr attr, unsigned width);

/// A sum kept as (step, total, error): terms go to `step`, which flush() adds to `total` while
/// `error` collects what that addition rounds away (Neumaier's variant of Kahan summation needs a
/// comparison; Knuth's two-sum does not).
struct CompensatedSum {
  static constexpr unsigned slots = 3;
  static void init(ReductionContext &context, mlir::Location loc, Reduction::Values &state);
  static void add(ReductionContext &context, mlir::Location loc,
                  llvm::MutableArrayRef<mlir::Value> slots, mlir::Value block);
  static void flush(ReductionContext &context, mlir::Location loc,
                    llvm::MutableArrayRef<mlir::Value> slots);
  static void scale(ReductionContext &context, mlir::Location loc,
                    llvm::MutableArrayRef<mlir::Value> slots, mlir::Value factor);
  static void merge(ReductionContext &context, mlir::Location loc,
                    llvm::MutableArrayRef<mlir::Value> into, mlir::ValueRange other);
  static mlir::Value finish(ReductionContext &context, mlir::Location loc, mlir::ValueRange slots);
};

/// Whether any lane of a mask is set, as one i1.
mlir::Value anyLane(mlir::OpBuilder &b, mlir::Location loc, mlir::Value mask);
/// A splat of a 64-bit index over all lanes of `type`.
mlir::Value splatIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, mlir::Value index);

} // namespace keops

#endif // KEOPS_LIB_IR_REDUCTIONS_FAMILIES_H
