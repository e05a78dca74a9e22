// Lowers kernels of the gpu dialect to the LLVM and NVVM dialects in one conversion, and gives
// them the parameter by which they are launched. HardwareMath.cpp has dealt with `math` before;
// lib/Target makes PTX of the result.
#include "keops/Conversion/Manifest.h"
#include "keops/Conversion/Passes.h"

#include "HardwareMath.h"

#include "mlir/Conversion/ConvertToLLVM/ToLLVMInterface.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

#include "keops-c/program.h"

#include <cstddef>

namespace keops {
#define GEN_PASS_DEF_CONVERTKERNELSTONVVM
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

static LogicalResult checkKernel(gpu::GPUFuncOp kernel) {
  FunctionType type = kernel.getFunctionType();
  if (type.getNumInputs() != 1 || !isa<LLVM::LLVMPointerType>(type.getInput(0)))
    return kernel.emitOpError("expected a kernel with one argument of type !llvm.ptr, got ")
           << type;
  if (!kernel.getKnownBlockSize())
    return kernel.emitOpError("expected a kernel with known_block_size");
  if (kernel.getNumPrivateAttributions())
    return kernel.emitOpError("expected no private attributions");
  return success();
}

static LogicalResult checkKernels(gpu::GPUModuleOp kernels) {
  WalkResult result = kernels.walk([](gpu::GPUFuncOp kernel) -> WalkResult {
    return kernel.isKernel() ? checkKernel(kernel)
                             : kernel.emitOpError("expected a kernel, or a func.func");
  });
  return failure(result.wasInterrupted());
}

/// Full: what no pattern knows is an error.
static LogicalResult convert(gpu::GPUModuleOp kernels) {
  MLIRContext *context = kernels.getContext();
  ConversionTarget target(*context);
  LLVMTypeConverter converter(context);
  RewritePatternSet patterns(context);
  configureGpuToNVVMTypeConverter(converter);
  for (StringRef name : {"arith", "cf", "func", "math", "memref", "ub", "vector"})
    if (auto *dialect =
            dyn_cast_or_null<ConvertToLLVMPatternInterface>(context->getLoadedDialect(name)))
      dialect->populateConvertToLLVMConversionPatterns(target, converter, patterns);
  // A group of copies stands for nothing but their order.
  converter.addConversion([](nvgpu::DeviceAsyncTokenType type) -> Type {
    return IntegerType::get(type.getContext(), 32);
  });
  populateNVGPUToNVVMConversionPatterns(converter, patterns);
  // Its patterns for `math` call a library; those of the dialect itself come first.
  populateGpuToNVVMConversionPatterns(converter, patterns, /*benefit=*/0);
  target.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect>();
  target.addLegalOp<gpu::GPUModuleOp, UnrealizedConversionCastOp>();
  return applyFullConversion(kernels, target, std::move(patterns));
}

namespace {
/// What a kernel is for the driver.
class Launch {
public:
  explicit Launch(const Manifest &manifest)
      : bytes(offsetof(keops_launch, arrays) +
              (manifest.inputs.size() + manifest.outputs.size()) * sizeof(keops_array)) {}

  /// The launch is passed by value and only read, so its fields are read where the driver put them.
  void setParameter(LLVM::LLVMFuncOp kernel) const {
    Builder b(kernel.getContext());
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes);
    kernel.setArgAttr(0, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(type));
    kernel.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(),
                      b.getI64IntegerAttr(alignof(keops_launch)));
    kernel.setArgAttr(0, NVVM::NVVMDialect::getGridConstantAttrName(), b.getUnitAttr());
  }
  /// The driver refuses blocks of another size than kernels are written for.
  static void requireBlockSize(LLVM::LLVMFuncOp kernel) {
    Attribute size = kernel->removeAttr(NVVM::NVVMDialect::getMaxntidAttrName());
    kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), size);
  }
  /// The assembler gives a thread so few registers that these blocks run side by side.
  static void requireBlocksAtOnce(LLVM::LLVMFuncOp kernel) {
    if (Attribute count = kernel->removeAttr("keops.blocks_at_once"))
      kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), count);
  }

private:
  int64_t bytes;
};

class ConvertKernelsToNVVM : public keops::impl::ConvertKernelsToNVVMBase<ConvertKernelsToNVVM> {
  void runOnOperation() override {
    auto text = getOperation()->getAttrOfType<StringAttr>("keops.manifest");
    auto modules = getOperation().getOps<gpu::GPUModuleOp>();
    if (!text || !llvm::hasSingleElement(modules)) {
      getOperation().emitError("expected a module with keops.manifest and one gpu.module");
      return signalPassFailure();
    }
    gpu::GPUModuleOp kernels = *modules.begin();
    if (failed(checkKernels(kernels)) || failed(selectHardwareMath(kernels)) ||
        failed(convert(kernels)))
      return signalPassFailure();
    finish(kernels, Launch(Manifest::parse(text.getValue())));
  }

  void finish(gpu::GPUModuleOp kernels, const Launch &launch) {
    for (auto function : kernels.getOps<LLVM::LLVMFuncOp>()) {
      if (!function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName())) {
        function.setLinkage(LLVM::Linkage::Internal);
        continue;
      }
      launch.setParameter(function);
      Launch::requireBlockSize(function);
      Launch::requireBlocksAtOnce(function);
    }
    // Threads read it by vectors of 16 bytes.
    for (auto global : kernels.getOps<LLVM::GlobalOp>())
      global.setAlignment(16);
  }
};
} // namespace
