// Constructors and registration of the passes of lib/Conversion, generated from Passes.td.
#ifndef KEOPS_CONVERSION_PASSES_H
#define KEOPS_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir {
class LLVMTypeConverter;
namespace arith {
class ArithDialect;
} // namespace arith
namespace func {
class FuncDialect;
} // namespace func
namespace gpu {
class GPUDialect;
} // namespace gpu
namespace LLVM {
class LLVMDialect;
} // namespace LLVM
namespace math {
class MathDialect;
} // namespace math
namespace memref {
class MemRefDialect;
} // namespace memref
namespace nvgpu {
class NVGPUDialect;
} // namespace nvgpu
namespace NVVM {
class NVVMDialect;
} // namespace NVVM
namespace omp {
class OpenMPDialect;
} // namespace omp
namespace scf {
class SCFDialect;
} // namespace scf
namespace vector {
class VectorDialect;
} // namespace vector
} // namespace mlir

namespace keops {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

#endif // KEOPS_CONVERSION_PASSES_H
