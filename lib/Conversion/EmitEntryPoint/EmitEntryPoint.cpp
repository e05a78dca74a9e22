// Builds, in the LLVM dialect, the exported function of a program, which calls the body that
// MapReduceToCPU wrote, and the answer to the body's question whether to stop.
#include "keops/Conversion/Manifest.h"
#include "keops/Conversion/Passes.h"
#include "keops/Conversion/Structs.h"

#include "PlainFunction.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

#include "keops-c/program.h"

#include <cstddef>

namespace keops {
#define GEN_PASS_DEF_EMITENTRYPOINT
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

static void emitEntry(ModuleOp module, const Manifest &manifest) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Location loc = module.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(b.getI32Type(), {pointer});
  auto entry = LLVM::LLVMFuncOp::create(b, loc, manifest.symbol, type);
  b.setInsertionPointToStart(entry.addEntryBlock(b));
  Structs reader(b, loc);
  Value args = entry.getArgument(0);
  // The body takes its workspace as the fields of a memref<?xi8>, whose size it never reads.
  Value workspace = reader.readPointer(args, offsetof(keops_args, workspace));
  Value begin = reader.i64(0), size = reader.i64(INT64_MAX), stride = reader.i64(1);
  LLVM::CallOp::create(b, loc, TypeRange{}, manifest.symbol + "_body",
                       ValueRange{args, workspace, workspace, begin, size, stride});
  Value stopped =
      LLVM::CallOp::create(b, loc, TypeRange{b.getI1Type()}, "keops_should_stop", ValueRange{args})
          .getResult();
  static_assert(KEOPS_STEP_CANCELLED == 1, "the flag is returned as it is");
  LLVM::ReturnOp::create(b, loc, LLVM::ZExtOp::create(b, loc, b.getI32Type(), stopped).getResult());
}

/// cancel && *cancel, or else poll && poll(poll_data).
static void emitShouldStop(ModuleOp module) {
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>("keops_should_stop");
  OpBuilder b(module.getContext());
  Location loc = module.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  function.setLinkage(LLVM::Linkage::Internal);
  Block *entry = function.addEntryBlock(b), *readFlag = b.createBlock(&function.getBody());
  Block *askCaller = b.createBlock(&function.getBody()), *call = b.createBlock(&function.getBody());
  Block *exit =
      b.createBlock(&function.getBody(), function.getBody().end(), {b.getI1Type()}, {loc});
  b.setInsertionPointToStart(entry);
  Value args = function.getArgument(0);
  Structs reader(b, loc);
  Value null = LLVM::ZeroOp::create(b, loc, pointer);
  Value zero = LLVM::ConstantOp::create(b, loc, b.getI32Type(), 0);
  Value no = LLVM::ConstantOp::create(b, loc, b.getI1Type(), false);
  auto isSet = [&](Value value, Value none) -> Value {
    return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, value, none);
  };
  Value flag = reader.readPointer(args, offsetof(keops_args, cancel));
  Value poll = reader.readPointer(args, offsetof(keops_args, poll));
  LLVM::CondBrOp::create(b, loc, isSet(flag, null), readFlag, askCaller);
  b.setInsertionPointToStart(readFlag);
  auto load = LLVM::LoadOp::create(b, loc, b.getI32Type(), flag);
  load.setVolatile_(true);
  Value cancelled = isSet(load, zero);
  LLVM::CondBrOp::create(b, loc, cancelled, exit, ValueRange{cancelled}, askCaller, ValueRange{});
  b.setInsertionPointToStart(askCaller);
  LLVM::CondBrOp::create(b, loc, isSet(poll, null), call, ValueRange{}, exit, ValueRange{no});
  b.setInsertionPointToStart(call);
  Value data = reader.readPointer(args, offsetof(keops_args, poll_data));
  auto pollType = LLVM::LLVMFunctionType::get(b.getI32Type(), {pointer});
  Value answer = LLVM::CallOp::create(b, loc, pollType, ValueRange{poll, data}).getResult();
  LLVM::BrOp::create(b, loc, ValueRange{isSet(answer, zero)}, exit);
  b.setInsertionPointToStart(exit);
  LLVM::ReturnOp::create(b, loc, exit->getArgument(0));
}

namespace {
class EmitEntryPoint : public keops::impl::EmitEntryPointBase<EmitEntryPoint> {
public:
  using EmitEntryPointBase::EmitEntryPointBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto text = module->getAttrOfType<StringAttr>("keops.manifest");
    if (!text)
      return;
    Manifest manifest = Manifest::parse(text.getValue());
    auto body = module.lookupSymbol<LLVM::LLVMFuncOp>(manifest.symbol + "_body");
    if (!body) {
      module.emitError("expected the function '")
          << manifest.symbol << "_body' in the LLVM dialect";
      return signalPassFailure();
    }
    body.setLinkage(LLVM::Linkage::Internal);
    emitShouldStop(module);
    emitEntry(module, manifest);
    if (plain)
      emitPlainFunction(module, manifest);
  }
};
} // namespace
