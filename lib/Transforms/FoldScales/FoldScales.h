// The two rewrites of FoldScales, and the constants that they share.
#ifndef KEOPS_LIB_TRANSFORMS_FOLDSCALES_H
#define KEOPS_LIB_TRANSFORMS_FOLDSCALES_H

#include "keops/IR/Keops.h"

#include <optional>

namespace keops {

/// Whether a value depends on a pair, so that its operations stay in the loop.
inline bool inLoop(mlir::Value value) {
  return getValueType(value).getPlacement() == Placement::IJ;
}

/// The value of a constant formula of any kind, rounded to double.
std::optional<double> getScale(mlir::Value value);
/// A constant formula; integers stay integers.
mlir::Value createScale(mlir::OpBuilder &b, mlir::Location loc, mlir::Type elementType,
                        double scale);
/// scale * value, without a multiplication where `scale` is 1 or -1 or `value` is constant.
mlir::Value multiplyScale(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, double scale);

/// Turns Exp of computed arguments into Exp2, with log2(e) folded into a factor outside the loop
/// where there is one.
void foldExponentials(mlir::Block &block, bool scaleOperands);
/// Replaces divisions by one-sided values by products, and groups the factors of products by
/// placement.
void regroupProducts(mlir::Block &block);

} // namespace keops

#endif // KEOPS_LIB_TRANSFORMS_FOLDSCALES_H
