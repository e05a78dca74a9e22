// The pass that lowers formulas to loops over vectors, run by a team of threads (Team.cpp). The
// exported entry is added by EmitEntryPoint.
#include "keops/Conversion/Passes.h"

#include "../MapReduceToLoops/FunctionLowering.h"
#include "Team.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace keops {
#define GEN_PASS_DEF_CONVERTMAPREDUCETOCPU
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;
using namespace keops::loops;

static void declareStop(ModuleOp module) {
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto stop = func::FuncOp::create(b, module.getLoc(), "keops_should_stop",
                                   b.getFunctionType({pointer}, {b.getI1Type()}));
  stop.setPrivate();
}

namespace {
class ConvertMapReduceToCPU : public keops::impl::ConvertMapReduceToCPUBase<ConvertMapReduceToCPU> {
public:
  using ConvertMapReduceToCPUBase::ConvertMapReduceToCPUBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> formulas = findFormulas(module);
    if (formulas.empty())
      return;
    declareStop(module);
    Team team(threads == "openmp");
    Functions functions(module);
    for (func::FuncOp formula : formulas)
      if (failed(lowerFunction(formula, team, functions)))
        return signalPassFailure();
  }
};
} // namespace
