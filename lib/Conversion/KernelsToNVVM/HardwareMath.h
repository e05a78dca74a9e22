// Functions of `math` as instructions of a GPU. Used by the pass, which converts all other
// operations.
#ifndef KEOPS_LIB_CONVERSION_KERNELSTONVVM_HARDWAREMATH_H
#define KEOPS_LIB_CONVERSION_KERNELSTONVVM_HARDWAREMATH_H

#include "mlir/IR/Operation.h"

namespace keops {

/// Writes calls of NVVM intrinsics for what the special function unit approximates. Fails with a
/// message at the first operation of `math` that no instruction computes.
mlir::LogicalResult selectHardwareMath(mlir::Operation *root);

} // namespace keops

#endif // KEOPS_LIB_CONVERSION_KERNELSTONVVM_HARDWAREMATH_H
