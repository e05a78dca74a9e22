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

#define KEOPS_REDUCTION_FAMILY(kind, family)                                                       \
  std::unique_ptr<Reduction> create##family(ReduceAttr attr, unsigned width,                       \
                                            mlir::TypeRange formulas);
#include "keops/IR/KeopsReductions.inc"

/// Carries values through body(k, carried) for the indices [begin, end).
Reduction::Values
forRange(ReductionContext &context, mlir::Location loc, mlir::Value begin, mlir::Value end,
         mlir::ValueRange carried,
         llvm::function_ref<Reduction::Values(mlir::Value, mlir::ValueRange)> body);
/// Carries values through body(j, slot, carried) for the reduced indices j of the block [begin,
/// end), of which j is the `slot`-th.
Reduction::Values forEachTerm(
    ReductionContext &context, mlir::Location loc, mlir::Value begin, mlir::Value end,
    mlir::ValueRange carried,
    llvm::function_ref<Reduction::Values(mlir::Value j, mlir::Value slot, mlir::ValueRange)> body);

/// The types in which a sum is kept: terms are added up as `partial`, and these sums as `total`.
struct SumTypes {
  mlir::Type partial, total;
  static SumTypes get(ReductionContext &context);
};

/// `value` in the floating-point type `type`, which is wider or narrower or the same.
mlir::Value toFloatType(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Type type);
/// The sum of two values of one type.
mlir::Value addValues(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y);
/// `value` over all lanes of the computing type.
mlir::Value number(ReductionContext &context, mlir::Location loc, double value);

/// Knuth's two-sum (TAOCP vol. 2, 4.2.2, theorem B): total becomes total + value, and what the
/// addition rounds away is added to `error`.
void addCompensated(mlir::OpBuilder &b, mlir::Location loc, mlir::Value &total, mlir::Value &error,
                    mlir::Value value);

/// A sum kept as (step, total, error): terms go to `step`, which flush() adds to `total` while
/// `error` collects what that addition rounds away.
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
  /// The sum in its own type.
  static mlir::Value finish(ReductionContext &context, mlir::Location loc, mlir::ValueRange slots);
};

/// Whether any lane of a mask is set, as one i1.
mlir::Value anyLane(mlir::OpBuilder &b, mlir::Location loc, mlir::Value mask);
/// A splat of a 64-bit index over all lanes of `type`.
mlir::Value splatIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, mlir::Value index);

} // namespace keops

#endif // KEOPS_LIB_IR_REDUCTIONS_FAMILIES_H
