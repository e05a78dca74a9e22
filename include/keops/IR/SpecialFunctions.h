// Functions for which the math dialect has no operation, written as operations that it has. The
// elementwise operations of the language call these builders; ApproximateMath expands the
// logarithms in what they leave.
#ifndef KEOPS_IR_SPECIALFUNCTIONS_H
#define KEOPS_IR_SPECIALFUNCTIONS_H

#include "mlir/IR/Builders.h"

namespace keops {

// The argument is f32 or f64, alone or in a vector of any shape; float is computed in double and
// rounded once. Bounds below are for double, in units in the last place, at every precision. The
// arith and math dialects must be loaded.

/// log |gamma(x)|. For x > 0 within 6 units, also next to the roots 1 and 2. For x < 0, where roots
/// lie between the poles, within 8 units of the larger of the result and 1. Infinite at 0, -1, -2,
/// ... and -infinity.
mlir::Value createLgamma(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// The largest order that createPolygamma takes; errors are stated up to order 20.
inline constexpr int64_t maxPolygammaOrder = 64;

/// The derivative of the given order of digamma(x) = d/dx log gamma(x), 0 being digamma itself.
/// Digamma is within 6 units (8 for x < 0) of the larger of the result and 1; the others for x > 0
/// within 6 units up to order 2, 12 at order 7, 20 at order 12, 36 at order 20. For x < 0 trigamma
/// is within 6 units, and the rest within 8 units of the larger of the result and the height of the
/// waves between the poles, n! pi^(n+1). At the poles 0, -1, -2, ... odd orders are infinite and
/// even ones, which change sign there, are NaN.
mlir::Value createPolygamma(mlir::OpBuilder &builder, mlir::Location loc, int64_t order,
                            mlir::Value x);

} // namespace keops

#endif // KEOPS_IR_SPECIALFUNCTIONS_H
