// Asynchronous copies and waits become calls through a keops_thread: lib/Emulator carries a copy
// out when its thread waits, which is as late as a GPU may do it.
#include "Parts.h"

#include "keops/Conversion/Structs.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

#include "keops-c/emulator.h"

#include <cstddef>

using namespace mlir;
using namespace keops;
using namespace keops::emulation;

/// Calls the field of the operation's keops_thread at `offset`.
static void callThread(OpBuilder &b, Operation *op, int64_t offset, ArrayRef<Value> arguments) {
  Value thread = getThread(op);
  SmallVector<Value> operands = {Structs(b, op->getLoc()).readPointer(thread, offset), thread};
  llvm::append_range(operands, arguments);
  auto types = llvm::to_vector(ValueRange(operands).drop_front().getTypes());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), types);
  LLVM::CallOp::create(b, op->getLoc(), type, operands);
}

static LogicalResult replaceCopy(nvgpu::DeviceAsyncCopyOp op, const DataLayout &layout,
                                 bool isWatched) {
  if (op.getSrcElements())
    return op.emitError("expected a copy of as many elements as it writes");
  OpBuilder b(op);
  Location loc = op.getLoc();
  Type element = op.getDst().getType().getElementType();
  auto bytes = op.getDstElements().getSExtValue() * int64_t(layout.getTypeSize(element));
  Value watched = LLVM::ConstantOp::create(b, loc, b.getI32Type(), int32_t(isWatched));
  callThread(b, op, offsetof(keops_thread, begin_copy),
             {getAddress(b, loc, layout, op.getDst(), op.getDstIndices()),
              getAddress(b, loc, layout, op.getSrc(), op.getSrcIndices()),
              Structs(b, loc).i64(bytes), watched});
  op.erase();
  return success();
}

/// A wait for a group is one for all copies if it stands right behind the group.
static LogicalResult replaceWait(nvgpu::DeviceAsyncWaitOp op) {
  Operation *group = op.getAsyncDependencies().getDefiningOp();
  if (!isa_and_present<nvgpu::DeviceAsyncCreateGroupOp>(group) || group->getNextNode() != op ||
      op.getNumGroups().value_or(0) != 0)
    return op.emitError("expected a wait for all copies, right behind their group");
  OpBuilder b(op);
  callThread(b, op, offsetof(keops_thread, finish_copies), {});
  op.erase();
  group->erase();
  return success();
}

LogicalResult emulation::replaceCopies(gpu::GPUModuleOp module, bool areWatched) {
  DataLayout layout(module);
  SmallVector<nvgpu::DeviceAsyncCopyOp> copies;
  SmallVector<nvgpu::DeviceAsyncWaitOp> waits;
  module.walk([&](nvgpu::DeviceAsyncCopyOp op) { copies.push_back(op); });
  module.walk([&](nvgpu::DeviceAsyncWaitOp op) { waits.push_back(op); });
  // Groups refer to copies.
  for (nvgpu::DeviceAsyncWaitOp wait : waits)
    if (failed(replaceWait(wait)))
      return failure();
  for (nvgpu::DeviceAsyncCopyOp copy : copies)
    if (failed(replaceCopy(copy, layout, areWatched)))
      return failure();
  return success();
}
