// Kernels, their tasks, and how the blocks of a grid agree. The lanes stand in Threads.cpp.
#include "Grid.h"

#include "keops-c/program.h"
#include "keops/Conversion/Structs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

#include "llvm/Support/SaveAndRestore.h"

#include <cstddef>

using namespace mlir;
using namespace keops;
using namespace keops::loops;

/// So many blocks shall have room on a multiprocessor at once, unless a thread has more to keep
/// than its share of the registers.
static constexpr int64_t blocksAtOnce = 4, mostValuesOfShare = 64;

/// Of kernels without tiles.
static constexpr int64_t threadsOfBlock = 128;

//===-- The program -------------------------------------------------------------------------===//

/// A memref<?xi8> over memory whose size nobody asks for, as aligned as the workspace is.
static Value viewMemory(OpBuilder &b, Location loc, Value pointer) {
  Type i64 = b.getI64Type(), array = LLVM::LLVMArrayType::get(i64, 1);
  Type descriptor = LLVM::LLVMStructType::getLiteral(
      b.getContext(), {pointer.getType(), pointer.getType(), i64, array, array});
  Value view = LLVM::PoisonOp::create(b, loc, descriptor);
  Structs structs(b, loc);
  auto set = [&](Value field, ArrayRef<int64_t> at) {
    view = LLVM::InsertValueOp::create(b, loc, view, field, at);
  };
  set(pointer, {0});
  set(pointer, {1});
  set(structs.i64(0), {2});
  set(structs.i64(INT64_MAX), {3, 0});
  set(structs.i64(1), {4, 0});
  Type bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  Value memory = UnrealizedConversionCastOp::create(b, loc, bytes, view).getResult(0);
  return memref::AssumeAlignmentOp::create(b, loc, memory, /*alignment=*/64);
}

void Grid::open(Frame &frame, func::FuncOp source) {
  OpBuilder &b = frame.b;
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  symbol = source.getSymName().str();
  b.setInsertionPoint(source);
  host = func::FuncOp::create(b, source.getLoc(), symbol + "_host", b.getFunctionType(pointer, {}));
  b.setInsertionPointToStart(host.addEntryBlock());
  frame.args = host.getArgument(0);
  frame.lanes = threadsOfBlock;
  // Somebody stands for the threads in code that is emitted to be looked at only.
  frame.member = thread = frame.index(0);
  Structs reader(b, frame.loc);
  frame.workspace =
      viewMemory(b, frame.loc, reader.readPointer(frame.args, offsetof(keops_args, workspace)));
  auto arrays = [&](int64_t before) -> Value {
    int64_t offset = offsetof(keops_launch, arrays) + before * sizeof(keops_array);
    return LLVM::GEPOp::create(b, frame.loc, pointer, b.getI8Type(), frame.args,
                               LLVM::GEPArg(static_cast<int32_t>(offset)));
  };
  frame.inputs = arrays(0);
  frame.outputs = arrays(frame.inputCount);
}

void Grid::close(Frame &) { host.erase(); }

void Grid::describe(llvm::raw_ostream &os) {
  for (const auto &[name, threads] : launches)
    os << "kernel " << name << " " << threads << "\n";
}

void Grid::forItemsAtHand(Frame &frame, Body body) {
  Value first = Structs(frame.b, frame.loc).readI64(frame.args, offsetof(keops_launch, first_item));
  frame.firstItem = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getIndexType(), first);
  frame.itemsAtHand = frame.min(frame.sub(frame.items, frame.firstItem), frame.itemsAtOnce);
  body();
}

//===-- Kernels -----------------------------------------------------------------------------===//

/// The host function only reads and computes, so that what it knows can be found again anywhere.
static Value repeat(Value value, OpBuilder &b, IRMapping &inside) {
  if (inside.contains(value))
    return inside.lookup(value);
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    repeat(operand, b, inside);
  b.clone(*op, inside);
  return inside.lookup(value);
}

static void repeatInside(gpu::GPUFuncOp kernel, func::FuncOp host) {
  OpBuilder b = OpBuilder::atBlockBegin(&kernel.getBody().front());
  IRMapping inside;
  inside.map(host.getArgument(0), kernel.getArgument(0));
  kernel.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      if (operand.get().getParentRegion() == &host.getBody())
        operand.set(repeat(operand.get(), b, inside));
  });
}

void Grid::openKernel(Frame &frame) {
  OpBuilder &b = frame.b;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  std::string name = symbol + "_" + std::to_string(launches.size());
  launches.push_back({name, frame.lanes});
  kernel = gpu::GPUFuncOp::create(b, frame.loc, name, b.getFunctionType(frame.args.getType(), {}));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  kernel.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr({static_cast<int32_t>(frame.lanes), 1, 1}));
  if (frame.liveValues <= mostValuesOfShare)
    kernel->setAttr("keops.blocks_at_once", b.getI32IntegerAttr(blocksAtOnce));
  b.setInsertionPointToStart(&kernel.getBody().front());
  gpu::ReturnOp::create(b, frame.loc);
}

void Grid::emitInKernel(Frame &frame, Body body) {
  OpBuilder::InsertionGuard guard(frame.b);
  llvm::SaveAndRestore outside(frame.member), alsoOutside(thread);
  frame.b.setInsertionPoint(kernel.getBody().front().getTerminator());
  frame.member = gpu::BlockIdOp::create(frame.b, frame.loc, gpu::Dimension::x);
  thread = gpu::ThreadIdOp::create(frame.b, frame.loc, gpu::Dimension::x);
  body();
  repeatInside(kernel, host);
}

void Grid::emitKernel(Frame &frame, Body body) {
  mayGoOn = false;
  openKernel(frame);
  emitInKernel(frame, body);
}

void Grid::onceBesideRows(Frame &frame, Body body) {
  emitKernel(frame, body);
  mayGoOn = true;
}

Value Grid::gridSize(Frame &frame) {
  return gpu::GridDimOp::create(frame.b, frame.loc, gpu::Dimension::x);
}

void Grid::strideLoop(Frame &frame, Value first, Value count, Value stride, Each body) {
  auto loop = scf::ForOp::create(frame.b, frame.loc, first, count, stride);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

/// A task has its place in memory, of at least some hundred bytes: 32 bits number them all. A GPU
/// divides longer numbers by a function that it calls.
std::pair<Value, Value> Grid::divide(Frame &frame, Value number, Value by) {
  OpBuilder &b = frame.b;
  auto narrow = [&](Value value) -> Value {
    return arith::IndexCastOp::create(b, frame.loc, b.getI32Type(), value);
  };
  Value small = narrow(number), smallBy = narrow(by);
  Value quotient = arith::DivUIOp::create(b, frame.loc, small, smallBy);
  Value rest = arith::SubIOp::create(b, frame.loc, small,
                                     arith::MulIOp::create(b, frame.loc, quotient, smallBy));
  auto widen = [&](Value value) -> Value {
    return arith::IndexCastUIOp::create(b, frame.loc, b.getIndexType(), value);
  };
  return {widen(quotient), widen(rest)};
}

//===-- Tasks -------------------------------------------------------------------------------===//

void Grid::forEachTask(Frame &frame, Value count, Value, int64_t, Each body) {
  emitKernel(frame, [&] { strideLoop(frame, frame.member, count, gridSize(frame), body); });
}

void Grid::forAll(Frame &frame, Value count, Each body) {
  Value lanes = frame.index(frame.lanes);
  Value first = frame.add(frame.mul(frame.member, lanes), thread);
  strideLoop(frame, first, count, frame.mul(gridSize(frame), lanes), body);
}

/// A thread takes one row at a time, so that neighbours read what stands side by side.
void Grid::forEachRowTask(Frame &frame, Value size, int64_t, Value, int64_t, EachPart body) {
  if (!std::exchange(mayGoOn, false))
    openKernel(frame);
  emitInKernel(frame, [&] {
    forAll(frame, frame.mul(frame.itemsAtHand, size), [&](Value number) {
      Value row = frame.rem(number, size);
      body(frame.item(frame.div(number, size)), row, frame.add(row, frame.index(1)));
    });
  });
}

void Grid::inSequence(Frame &frame, Body body) {
  Value number = frame.add(frame.member, thread);
  Value isFirst =
      arith::CmpIOp::create(frame.b, frame.loc, arith::CmpIPredicate::eq, number, frame.index(0));
  onlyIf(frame, isFirst, body);
}

/// One thread asks for all. Barriers around the atomic operation, which acquires and releases,
/// order what the block wrote before the question and reads after the answer.
Value Grid::comesLast(Frame &frame, Value table, Value slot, Value others) {
  OpBuilder &b = frame.b;
  Type i64 = b.getI64Type();
  Value zero = frame.index(0), answer = allocateShared(frame, i64, 1);
  waitForLanes(frame);
  Value asks = arith::CmpIOp::create(b, frame.loc, arith::CmpIPredicate::eq, thread, zero);
  onlyIf(frame, asks, [&] {
    Value one = arith::ConstantIntOp::create(b, frame.loc, 1, 64);
    Value before = memref::AtomicRMWOp::create(b, frame.loc, i64, arith::AtomicRMWKind::addi, one,
                                               table, ValueRange{slot});
    memref::StoreOp::create(b, frame.loc, before, answer, zero);
  });
  waitForLanes(frame);
  return arith::CmpIOp::create(b, frame.loc, arith::CmpIPredicate::eq,
                               frame.loadIndex(answer, zero), others);
}
