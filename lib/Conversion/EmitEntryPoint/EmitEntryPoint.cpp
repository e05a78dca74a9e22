// Builds, in the LLVM dialect, the exported function of a program: it unpacks keops_args
// (include/keops-c/program.h) for the body that MapReduceToCPU wrote, and answers the body's
// question whether to stop.
#include "keops/Conversion/Manifest.h"
#include "keops/Conversion/Passes.h"

#include "PlainFunction.h"
#include "Structs.h"

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

/// Sizes in descriptors are never read: the runtime has checked all arrays before.
static constexpr int64_t unknownSize = INT64_MAX;

/// The descriptor fields of memref<?x?x?xT, strided<[1, ?, ?]>> for one keops_array.
static void appendRows(Structs &reader, Value arrays, unsigned number,
                       SmallVectorImpl<Value> &operands) {
  int64_t base = number * static_cast<int64_t>(sizeof(keops_array));
  Value data = reader.readPointer(arrays, base + offsetof(keops_array, data));
  Value unknown = reader.i64(unknownSize);
  operands.append({data, data, reader.i64(0), unknown, unknown, unknown, reader.i64(1),
                   reader.readI64(arrays, base + offsetof(keops_array, row_stride)),
                   reader.readI64(arrays, base + offsetof(keops_array, component_stride))});
}

static void appendWork(Structs &reader, Value args, unsigned kept,
                       SmallVectorImpl<Value> &operands) {
  int64_t base = offsetof(keops_args, work) + kept * static_cast<int64_t>(sizeof(keops_work));
  operands.push_back(reader.readI64(args, base + offsetof(keops_work, block_count)));
  operands.push_back(reader.readI64(args, base + offsetof(keops_work, most_terms)));
  operands.push_back(reader.readPointer(args, base + offsetof(keops_work, blocks)));
  operands.push_back(reader.readPointer(args, base + offsetof(keops_work, intervals)));
}

static void emitEntry(ModuleOp module, const Manifest &manifest) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Location loc = module.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(b.getI32Type(), {pointer});
  auto entry = LLVM::LLVMFuncOp::create(b, loc, manifest.symbol, type);
  b.setInsertionPointToStart(entry.addEntryBlock(b));
  Structs reader(b, loc);
  Value args = entry.getArgument(0);
  Value inputs = reader.readPointer(args, offsetof(keops_args, inputs));
  Value outputs = reader.readPointer(args, offsetof(keops_args, outputs));
  SmallVector<Value> operands = {args, reader.readI64(args, offsetof(keops_args, size_i)),
                                 reader.readI64(args, offsetof(keops_args, size_j)),
                                 reader.read(b.getI32Type(), args, offsetof(keops_args, threads))};
  // The descriptor fields of memref<?xi8>.
  Value workspace = reader.readPointer(args, offsetof(keops_args, workspace));
  operands.append({workspace, workspace, reader.i64(0), reader.i64(unknownSize), reader.i64(1)});
  operands.push_back(reader.readI64(args, offsetof(keops_args, items)));
  operands.push_back(reader.readI64(args, offsetof(keops_args, items_at_once)));
  operands.push_back(reader.readPointer(args, offsetof(keops_args, item_offsets)));
  for (unsigned kept = 0; kept < 2; ++kept)
    appendWork(reader, args, kept, operands);
  for (unsigned k = 0; k < manifest.inputs.size(); ++k)
    appendRows(reader, inputs, k, operands);
  for (unsigned k = 0; k < manifest.outputs.size(); ++k)
    appendRows(reader, outputs, k, operands);
  LLVM::CallOp::create(b, loc, TypeRange{}, manifest.symbol + "_body", operands);
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
