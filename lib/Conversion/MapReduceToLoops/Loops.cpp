// Loops and branches that are the same on every machine.
#include "Storage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

Value loops::allocateCounters(Frame &frame, Workspace &workspace, int64_t count) {
  // One more counts the members of a team.
  return workspace.allocate(frame.b.getI64Type(), {(count + 1) * 8});
}

void loops::onlyIf(Frame &frame, Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(frame.b, frame.loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.setInsertionPointToStart(branch.thenBlock());
  body();
}

void loops::unlessStopped(Frame &frame, function_ref<void()> body) {
  if (!frame.machine.canBeStopped())
    return body();
  Value yes = arith::ConstantIntOp::create(frame.b, frame.loc, 1, 1);
  onlyIf(frame, arith::XOrIOp::create(frame.b, frame.loc, frame.machine.isStopped(frame), yes),
         body);
}

SmallVector<Value> loops::sequentialFor(Frame &frame, Value begin, Value end, int64_t step,
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

void loops::sequentialFor(Frame &frame, Value begin, Value end, function_ref<void(Value)> body) {
  sequentialFor(frame, begin, end, 1, {}, [&](Value k, ValueRange) -> SmallVector<Value> {
    body(k);
    return {};
  });
}
