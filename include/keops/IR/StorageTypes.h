// The types in which arguments and results of programs stand in memory, where these are not the
// types of computation: the attribute `keops.storage` of the arguments and results of a function.
// Made by the parser, read by MapReduceToCPU.
#ifndef KEOPS_IR_STORAGETYPES_H
#define KEOPS_IR_STORAGETYPES_H

#include "keops/IR/Keops.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace keops {

/// The type of computation of what is stored as `storage`: f32 for f16 and bf16, else `storage`.
mlir::Type getComputeType(mlir::Type storage);

mlir::Type getArgumentStorage(mlir::FunctionOpInterface function, unsigned argument);
mlir::Type getResultStorage(mlir::FunctionOpInterface function, unsigned result);

/// Stores all arguments and all results that are not indices as `storage`, whose type of
/// computation they have.
void setStorage(mlir::FunctionOpInterface function, mlir::Type storage);

} // namespace keops

#endif // KEOPS_IR_STORAGETYPES_H
