// From a module of the keops dialect to machine code: target descriptions, stages by name, objects,
// headers.
#ifndef KEOPS_TARGET_TARGET_H
#define KEOPS_TARGET_TARGET_H

#include "keops/Pipelines/Pipelines.h"
#include "keops/Target/Nvptx.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <optional>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace keops {

/// A CPU that programs are compiled for, and whether they run on it as on a GPU.
struct CpuTarget {
  Machine machine = Machine::Cpu;
  std::string triple, cpu, features;
  /// The widest vector of 32-bit elements, and what comes with it.
  int64_t lanes32 = 4;
  bool hasFMA = false, hasAVX2 = false, hasAVX512 = false;
  /// One instruction converts f16.
  bool hasF16C = false;

  /// "native", "x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64", or this machine as
  /// "gpu-emulator" or "gpu-emulator-races". Fails with a sentence that lists the names.
  static mlir::FailureOr<CpuTarget> get(llvm::StringRef name, std::string &error);
};

/// Everything about a compilation beside the formula.
struct CompileOptions {
  CpuTarget target;
  /// Set where the program is kernels for a GPU; `target` says nothing then.
  std::optional<NvptxTarget> nvptx;
  Precision precision = Precision::Default;
  bool threads = true;
  bool plainFunction = false;
  /// Run LLVM's AddressSanitizer over the generated code.
  bool sanitize = false;
  std::string schedule;

  PipelineOptions pipeline() const;
};

/// The dialects that the corridor passes through, with their translations.
void registerKeopsDialects(mlir::DialectRegistry &registry);
/// A single-threaded context with them loaded lazily.
std::unique_ptr<mlir::MLIRContext> createContext();

/// The names of the stages, in order: keops, expanded, scheduled, loops, llvm-dialect.
llvm::ArrayRef<llvm::StringRef> getStageNames();
/// Takes a module at stage `from` to stage `to`.
mlir::LogicalResult runStages(mlir::ModuleOp module, llvm::StringRef from, llvm::StringRef to,
                              const CompileOptions &options);

/// Translates a module in the LLVM dialect and optimises it for the target.
mlir::FailureOr<std::unique_ptr<llvm::Module>>
translateModule(mlir::ModuleOp module, llvm::LLVMContext &context, const CompileOptions &options);
/// Machine code of a translated module: an object file or assembly text.
enum class CodeKind { Object, Assembly };
mlir::FailureOr<std::string> emitCode(llvm::Module &module, const CompileOptions &options,
                                      CodeKind kind);

/// The C header of an ahead-of-time program whose manifest is `text`.
std::string emitHeader(llvm::StringRef text, llvm::StringRef formula,
                       const CompileOptions &options);

} // namespace keops

#endif // KEOPS_TARGET_TARGET_H
