// Loops of the CPU lowering: an OpenMP team that takes tasks from a counter, or plain loops for
// programs that must not need a thread runtime. Why not omp.wsloop: docs/rationale/cpu-loops.md.
#include "Storage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace keops;
using namespace keops::cpu;

Value cpu::allocateCounters(Frame &frame, Workspace &workspace, int64_t count) {
  // One more counts the threads of a region.
  return workspace.allocate(frame.b.getI64Type(), {(count + 1) * 8});
}

static void resetCounters(Frame &frame, Value counters, int64_t count) {
  Value zero = arith::ConstantIntOp::create(frame.b, frame.loc, 0, 64);
  for (int64_t k = 0; k < count; ++k)
    memref::StoreOp::create(frame.b, frame.loc, zero, counters, ValueRange{frame.index(k)});
}

Value cpu::takeNumber(Frame &frame, Value counters, Value counter) {
  Value one = arith::ConstantIntOp::create(frame.b, frame.loc, 1, 64);
  return memref::AtomicRMWOp::create(frame.b, frame.loc, one.getType(), arith::AtomicRMWKind::addi,
                                     one, counters, ValueRange{counter});
}

/// Views of the workspace and reads of keops_args, which stand where a function begins. Arithmetic
/// is left outside: LLVM would carry it into the addresses of all loops, and take long over that.
static bool canRepeat(Operation *op) {
  return isa_and_nonnull<memref::ViewOp, LLVM::LoadOp, LLVM::GEPOp, arith::IndexCastOp,
                         arith::ConstantOp>(op) &&
         (isPure(op) || isa<func::FuncOp>(op->getParentOp()));
}

static Value repeat(Value value, OpBuilder &b, IRMapping &inside) {
  Operation *op = value.getDefiningOp();
  if (inside.contains(value) || !canRepeat(op))
    return inside.lookupOrDefault(value);
  for (Value operand : op->getOperands())
    inside.map(operand, repeat(operand, b, inside));
  b.clone(*op, inside);
  return inside.lookup(value);
}

/// A region takes what it uses along through memory, one by one, and descriptors whole: they are
/// better made again inside.
static void repeatInside(OpBuilder &b, Region &region) {
  SetVector<Value> outside;
  getUsedValuesDefinedAbove(region, outside);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&region.front());
  IRMapping inside;
  for (Value value : outside)
    replaceAllUsesInRegionWith(value, repeat(value, b, inside), region);
}

void cpu::parallelRegion(Frame &frame, Value counters, int64_t count, function_ref<void()> body) {
  if (!frame.parallel)
    return body();
  resetCounters(frame, counters, count + 1);
  omp::ParallelOperands clauses;
  clauses.numThreads = frame.threads;
  auto parallel = omp::ParallelOp::create(frame.b, frame.loc, clauses);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.createBlock(&parallel.getRegion());
  Value outside = frame.thread;
  frame.thread = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getIndexType(),
                                            takeNumber(frame, counters, frame.index(count)));
  body();
  frame.thread = outside;
  omp::TerminatorOp::create(frame.b, frame.loc);
  repeatInside(frame.b, parallel.getRegion());
}

void cpu::onlyIf(Frame &frame, Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(frame.b, frame.loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.setInsertionPointToStart(branch.thenBlock());
  body();
}

/// Takes the next task from a shared counter until there is none.
static void takeTasks(Frame &frame, Value count, Value counters, Value counter,
                      function_ref<void(Value)> body) {
  OpBuilder &b = frame.b;
  Type integer = b.getI64Type();
  Value end = arith::IndexCastOp::create(b, frame.loc, integer, count);
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::WhileOp::create(b, frame.loc, TypeRange{integer}, ValueRange{});
  b.createBlock(&loop.getBefore());
  Value task = takeNumber(frame, counters, counter);
  Value more = arith::CmpIOp::create(b, frame.loc, arith::CmpIPredicate::slt, task, end);
  scf::ConditionOp::create(b, frame.loc, more, ValueRange{task});
  Block *after = b.createBlock(&loop.getAfter(), {}, {integer}, {frame.loc});
  body(arith::IndexCastOp::create(b, frame.loc, b.getIndexType(), after->getArgument(0)));
  scf::YieldOp::create(b, frame.loc);
}

void cpu::parallelFor(Frame &frame, Value count, Value counters, int64_t counter,
                      function_ref<void(Value)> body) {
  if (frame.parallel) {
    takeTasks(frame, count, counters, frame.index(counter), body);
    omp::BarrierOp::create(frame.b, frame.loc);
    return;
  }
  sequentialFor(frame, frame.index(0), count, body);
}

Value cpu::isStopped(Frame &frame) {
  auto call = func::CallOp::create(frame.b, frame.loc, "keops_should_stop", frame.b.getI1Type(),
                                   ValueRange{frame.args});
  return call.getResult(0);
}

void cpu::unlessStopped(Frame &frame, function_ref<void()> body) {
  Value yes = arith::ConstantIntOp::create(frame.b, frame.loc, 1, 1);
  onlyIf(frame, arith::XOrIOp::create(frame.b, frame.loc, isStopped(frame), yes), body);
}

SmallVector<Value> cpu::sequentialFor(Frame &frame, Value begin, Value end, int64_t step,
                                      ValueRange carried,
                                      function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(frame.b, frame.loc, begin, end, frame.index(step), carried);
  OpBuilder::InsertionGuard guard(frame.b);
  // A loop that carries nothing is born with its terminator.
  if (carried.empty())
    frame.b.setInsertionPoint(loop.getBody()->getTerminator());
  else
    frame.b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(frame.b, frame.loc, next);
  return {loop.result_begin(), loop.result_end()};
}

void cpu::sequentialFor(Frame &frame, Value begin, Value end, function_ref<void(Value)> body) {
  sequentialFor(frame, begin, end, 1, {}, [&](Value k, ValueRange) -> SmallVector<Value> {
    body(k);
    return {};
  });
}
