// The exported function on plain pointers, for callers who want no structures. Used by
// EmitEntryPoint.
#ifndef KEOPS_LIB_CONVERSION_EMITENTRYPOINT_PLAINFUNCTION_H
#define KEOPS_LIB_CONVERSION_EMITENTRYPOINT_PLAINFUNCTION_H

#include "keops/Conversion/Manifest.h"

#include "mlir/IR/BuiltinOps.h"

namespace keops {

/// Adds `<symbol>_call` to a module whose `<symbol>` takes keops_args.
void emitPlainFunction(mlir::ModuleOp module, const Manifest &manifest);

} // namespace keops

#endif // KEOPS_LIB_CONVERSION_EMITENTRYPOINT_PLAINFUNCTION_H
