// Loops of the CPU lowering: OpenMP worksharing, or plain loops for programs that must not need a thread runtime.
#include "Storage.h"

#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace keops;
using namespace keops::cpu;

void cpu::parallelRegion(Frame &frame, function_ref<void()> body) {
  if (!frame.parallel)
    return body();
  omp::ParallelOperands clauses;
  clauses.numThreads = frame.threads;
  auto parallel = omp::ParallelOp::create(frame.b, frame.loc, clauses);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.createBlock(&parallel.getRegion());
  body();
  omp::TerminatorOp::create(frame.b, frame.loc);
}

void cpu::parallelFor(Frame &frame, Value count, function_ref<void(Value)> body) {
  if (!frame.parallel) {
    sequentialFor(frame, frame.index(0), count, 1, {}, [&](Value k, ValueRange) -> SmallVector<Value> {
      body(k);
      return {};
    });
    return;
  }
  Value zero = frame.index(0), one = frame.index(1);
  omp::WsloopOperands schedule;
  schedule.scheduleKind = omp::ClauseScheduleKindAttr::get(frame.b.getContext(), omp::ClauseScheduleKind::Dynamic);
  auto loop = omp::WsloopOp::create(frame.b, frame.loc, schedule);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.createBlock(&loop.getRegion());
  omp::LoopNestOperands bounds;
  bounds.loopLowerBounds = {zero};
  bounds.loopUpperBounds = {count};
  bounds.loopSteps = {one};
  auto nest = omp::LoopNestOp::create(frame.b, frame.loc, bounds);
  Block *block = frame.b.createBlock(&nest.getRegion(), {}, {frame.b.getIndexType()}, {frame.loc});
  body(block->getArgument(0));
  omp::YieldOp::create(frame.b, frame.loc, ValueRange{});
}

SmallVector<Value> cpu::sequentialFor(Frame &frame, Value begin, Value end, int64_t step, ValueRange carried,
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
