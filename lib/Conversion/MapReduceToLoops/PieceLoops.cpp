// The loops that every piece has, and the loop over panels.
#include "PieceLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

/// A piece may have so many terms that it takes seconds: it asks after as many steps again.
static constexpr int64_t stretchSteps = 32;

PieceLoops::PieceLoops(PieceStates &states, const Tile &tile)
    : states(states), traversal(states.traversal()), frame(traversal.frame),
      loc(traversal.op.getLoc()), tile(tile) {}

void PieceLoops::run(Value begin, Value end) {
  Values carried = {frame.index(0)};
  llvm::append_range(carried, this->begin());
  auto reduceNext = [&](Value number, ValueRange carried) -> Values {
    outermostLoop = frame.b.getInsertionBlock()->getParentOp();
    Value termsBefore = carried.front(), at = frame.mul(number, frame.index(2));
    Value first = frame.loadIndex(traversal.work().intervals, at);
    Value last = frame.loadIndex(traversal.work().intervals, frame.add(at, frame.index(1)));
    Value firstHere = frame.max(frame.sub(begin, termsBefore), frame.index(0));
    Value lastHere = frame.min(frame.sub(end, termsBefore), frame.sub(last, first));
    Values next = {frame.add(termsBefore, frame.sub(last, first))};
    llvm::append_range(next, reduceInterval(frame.add(first, firstHere), frame.add(first, lastHere),
                                            carried.drop_front()));
    return next;
  };
  Values all = sequentialFor(frame, tile.firstInterval, tile.lastInterval, 1, carried, reduceNext);
  finish(ValueRange(all).drop_front());
}

PieceLoops::Values PieceLoops::reduceInterval(Value begin, Value end, ValueRange before) {
  Values carried = {arith::ConstantIntOp::create(frame.b, loc, 0, 1)};
  llvm::append_range(carried, before);
  int64_t step = traversal.stepTerms();
  auto reduceNext = [&](Value first, ValueRange carried) -> Values {
    Value stopped = askAtTimes(frame.sub(first, begin), carried.front());
    Value last = frame.min(frame.add(first, frame.index(step)), end);
    Value until = arith::SelectOp::create(frame.b, loc, stopped, first, last);
    Values next = {stopped};
    llvm::append_range(next, reduceStep(first, until, carried.drop_front()));
    return next;
  };
  Values all;
  traversal.throughStages(tile.item, begin, end, [&] {
    all = sequentialFor(frame, begin, end, step, carried, reduceNext);
  });
  return {all.begin() + 1, all.end()};
}

/// Whoever begins a piece has asked, and most intervals are short.
Value PieceLoops::askAtTimes(Value termsDone, Value stopped) {
  if (!frame.machine.canBeStopped())
    return stopped;
  int64_t step = traversal.stepTerms(), stretch = stretchSteps * step;
  Value isTime = arith::CmpIOp::create(frame.b, loc, arith::CmpIPredicate::eq,
                                       frame.rem(termsDone, frame.index(stretch)),
                                       frame.index(stretch - step));
  auto asked = scf::IfOp::create(frame.b, loc, stopped.getType(), isTime, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.setInsertionPointToStart(asked.thenBlock());
  scf::YieldOp::create(frame.b, loc, frame.machine.isStopped(frame));
  frame.b.setInsertionPointToStart(asked.elseBlock());
  scf::YieldOp::create(frame.b, loc, stopped);
  return asked.getResult(0);
}

PieceLoops::Values PieceLoops::reduceStep(Value begin, Value end, ValueRange carried) {
  int64_t block = traversal.schedule.getBlock();
  Values inner;
  traversal.withStage(begin, traversal.stepTerms(), [&] {
    inner = sequentialFor(frame, begin, end, block, carried, [&](Value first, ValueRange before) {
      return reduceBlock(first, frame.min(frame.add(first, frame.index(block)), end), before);
    });
  });
  return flush(inner);
}

PieceLoops::Values PieceLoops::reduceBlock(Value begin, Value end, ValueRange carried) {
  Values next;
  traversal.withStage(begin, traversal.schedule.getBlock(),
                      [&] { next = addBlock(begin, end, carried); });
  return next;
}

//===-- Panels ------------------------------------------------------------------------------===//

PieceLoops::Values PieceLoops::forEachPanel(Value begin, Value end, Value chunkStart,
                                            ValueRange carried, EachRow body) {
  int64_t rows = traversal.schedule.getPanel();
  if (rows == 1)
    return forPanelsOf(1, begin, end, chunkStart, carried, body);
  Value rest = frame.sub(end, frame.rem(frame.sub(end, begin), frame.index(rows)));
  Values next = forPanelsOf(rows, begin, rest, chunkStart, carried, body);
  return forPanelsOf(1, rest, end, chunkStart, next, body);
}

PieceLoops::Values PieceLoops::forPanelsOf(int64_t count, Value begin, Value end, Value chunkStart,
                                           ValueRange carried, EachRow body) {
  return sequentialFor(frame, begin, end, count, carried, [&](Value j, ValueRange before) {
    Values rows, next(before.begin(), before.end());
    for (int64_t number = 0; number < count; ++number)
      rows.push_back(frame.add(j, frame.index(number)));
    PanelTerms panel(traversal, tile, chunkStart, rows, outermostLoop);
    for (auto [number, row] : llvm::enumerate(rows))
      next = body(panel, number, row, next);
    return next;
  });
}
