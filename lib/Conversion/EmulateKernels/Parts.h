// What EmulateKernels.cpp asks of its neighbours: calls before accesses (Accesses.cpp), copies
// (Copies.cpp) and the exported function (Entry.cpp).
#ifndef KEOPS_LIB_CONVERSION_EMULATEKERNELS_PARTS_H
#define KEOPS_LIB_CONVERSION_EMULATEKERNELS_PARTS_H

#include "keops/Conversion/Manifest.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace keops::emulation {

/// A converted kernel: what stands in its row of keops_emulated_program.
struct Kernel {
  mlir::func::FuncOp function;
  int64_t threads, sharedBytes;
};

/// The keops_thread in whose function an operation stands: the last argument.
mlir::Value getThread(mlir::Operation *op);

/// Calls keops_thread::access before each access to memory that threads share. Fails where an
/// operation accesses memory in a way that has no such call.
mlir::LogicalResult announceAccesses(mlir::gpu::GPUModuleOp module, llvm::ArrayRef<Kernel> kernels);

/// The address of an element of a memref; `base` itself where that is a pointer.
mlir::Value getAddress(mlir::OpBuilder &b, mlir::Location loc, const mlir::DataLayout &layout,
                       mlir::Value base, mlir::ValueRange indices);

/// Asynchronous copies as calls; those that are watched tell the race detector what they access.
mlir::LogicalResult replaceCopies(mlir::gpu::GPUModuleOp module, bool areWatched);

/// Adds `int32_t <symbol>(const keops_args *)`, which has the kernels run.
void emitEmulatorEntry(mlir::ModuleOp module, const Manifest &manifest,
                       llvm::ArrayRef<Kernel> kernels);

} // namespace keops::emulation

#endif // KEOPS_LIB_CONVERSION_EMULATEKERNELS_PARTS_H
