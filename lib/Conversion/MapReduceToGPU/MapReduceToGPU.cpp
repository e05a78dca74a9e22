// The pass that lowers formulas to kernels of the gpu dialect (Grid.cpp).
#include "keops/Conversion/Passes.h"

#include "../MapReduceToLoops/FunctionLowering.h"
#include "Grid.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace keops {
#define GEN_PASS_DEF_CONVERTMAPREDUCETOGPU
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;
using namespace keops::loops;

namespace {
class ConvertMapReduceToGPU : public keops::impl::ConvertMapReduceToGPUBase<ConvertMapReduceToGPU> {
public:
  using ConvertMapReduceToGPUBase::ConvertMapReduceToGPUBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> formulas = findFormulas(module);
    if (formulas.empty())
      return;
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    auto kernels = gpu::GPUModuleOp::create(b, module.getLoc(), "keops_kernels");
    Grid grid(kernels);
    Functions functions(kernels);
    for (func::FuncOp formula : formulas)
      if (failed(lowerFunction(formula, grid, functions)))
        return signalPassFailure();
  }
};
} // namespace
