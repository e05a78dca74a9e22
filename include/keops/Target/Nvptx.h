// Code for GPUs of NVIDIA: names of targets, PTX from kernels in the NVVM dialect, machine code
// from PTX, and the C header of both.
#ifndef KEOPS_TARGET_NVPTX_H
#define KEOPS_TARGET_NVPTX_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace keops {

/// A GPU that kernels are compiled for. PTX for one runs on every later one too, unless the name
/// of the chip ends with a letter: then it runs on that family (f) or chip (a) alone.
struct NvptxTarget {
  std::string chip; ///< as ptxas names it: "sm_90"

  /// Whether it copies to the memory of a block while its threads go on.
  bool hasAsyncCopies() const;

  /// Whether a target's name asks for a GPU of NVIDIA, known or not.
  static bool isName(llvm::StringRef name) { return name.starts_with("nvptx"); }
  /// "nvptx-sm_75" and so on. Fails with a sentence that lists the names.
  static mlir::FailureOr<NvptxTarget> get(llvm::StringRef name, std::string &error);
  /// Every name, the oldest chip first.
  static llvm::ArrayRef<llvm::StringRef> getNames();
};

/// LLVM IR, optimised; PTX, in the lowest version that has the target; or a CUDA binary, which
/// needs the `ptxas` of this machine.
enum class KernelCode { LLVM, PTX, Cubin };
/// Code of the kernels of a module in the NVVM dialect.
mlir::FailureOr<std::string> emitKernels(mlir::ModuleOp module, const NvptxTarget &target,
                                         KernelCode kind);
/// A CUDA binary of PTX, by the `ptxas` of this machine.
mlir::FailureOr<std::string> assemblePTX(llvm::StringRef ptx, const NvptxTarget &target,
                                         std::string &error);

/// The C header for launching the kernels of the program whose manifest is `text`.
std::string emitKernelsHeader(llvm::StringRef text, llvm::StringRef formula);

} // namespace keops

#endif // KEOPS_TARGET_NVPTX_H
