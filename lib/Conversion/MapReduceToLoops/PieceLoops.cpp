// Drives the block protocol of reductions (include/keops/IR/Reduction.h) over one piece.
#include "PieceLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

/// A piece may have so many terms that it takes seconds: it asks after as many steps again.
static constexpr int64_t stretchSteps = 32;

PieceLoops::PieceLoops(Traversal &traversal, ArrayRef<Slice> slices, PieceMemory memory,
                       const Tile &tile, Value chunkStart)
    : traversal(traversal), frame(traversal.frame), loc(traversal.op.getLoc()), slices(slices),
      tile(tile), chunkStart(chunkStart) {
  for (const Slice &slice : slices)
    contexts.emplace_back(traversal, slice, memory, tile, chunkStart);
}

PieceLoops::Values PieceLoops::forEachState(ValueRange state,
                                            function_ref<Values(unsigned, ValueRange)> body) {
  Values next;
  for (auto [r, slice] : llvm::enumerate(slices))
    llvm::append_range(next, body(r, state.slice(slice.stateBegin, slice.stateSize)));
  return next;
}

PieceLoops::Values PieceLoops::initialState() {
  Values state;
  for (auto [slice, context] : llvm::zip(slices, contexts))
    llvm::append_range(state, slice.reduction->init(context, loc));
  return state;
}

PieceLoops::Values PieceLoops::reduce(Value begin, Value end) {
  Values carried = {frame.index(0)};
  llvm::append_range(carried, initialState());
  auto reduceNext = [&](Value number, ValueRange carried) -> Values {
    outermostLoop = frame.b.getInsertionBlock()->getParentOp();
    for (TileContext &context : contexts)
      context.setOutermostLoop(outermostLoop);
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
  return {all.begin() + 1, all.end()};
}

PieceLoops::Values PieceLoops::reduceInterval(Value begin, Value end, ValueRange state) {
  Values carried = {arith::ConstantIntOp::create(frame.b, loc, 0, 1)};
  llvm::append_range(carried, state);
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

PieceLoops::Values PieceLoops::reduceStep(Value begin, Value end, ValueRange state) {
  int64_t block = traversal.schedule.getBlock();
  Values inner;
  traversal.withStage(begin, traversal.stepTerms(), [&] {
    inner = sequentialFor(frame, begin, end, block, state, [&](Value first, ValueRange carried) {
      return reduceBlock(first, frame.min(frame.add(first, frame.index(block)), end), carried);
    });
  });
  return forEachState(inner, [&](unsigned r, ValueRange own) {
    return slices[r].reduction->flush(contexts[r], loc, own);
  });
}

PieceLoops::Values PieceLoops::reduceBlock(Value begin, Value end, ValueRange state) {
  Values next;
  traversal.withStage(begin, traversal.schedule.getBlock(), [&] {
    Summaries summaries = summarise(begin, end);
    next = forEachState(state, [&](unsigned r, ValueRange own) {
      return slices[r].reduction->absorb(contexts[r], loc, own, summaries[r], begin, end);
    });
  });
  return next;
}

PieceLoops::Summaries PieceLoops::summarise(Value begin, Value end) {
  Summaries summaries;
  for (auto [slice, context] : llvm::zip(slices, contexts))
    summaries.push_back(slice.reduction->summaryInit(context, loc));
  int64_t panel = traversal.schedule.getPanel();
  Value first = begin;
  if (panel > 1) {
    first = frame.sub(end, frame.rem(frame.sub(end, begin), frame.index(panel)));
    addPanels(begin, begin, first, panel, summaries);
  }
  addPanels(begin, first, end, 1, summaries);
  return summaries;
}

static PieceLoops::Values flatten(ArrayRef<PieceLoops::Values> lists) {
  PieceLoops::Values all;
  for (const PieceLoops::Values &values : lists)
    llvm::append_range(all, values);
  return all;
}

static void assign(MutableArrayRef<PieceLoops::Values> lists, ValueRange all) {
  for (PieceLoops::Values &values : lists) {
    llvm::copy(all.take_front(values.size()), values.begin());
    all = all.drop_front(values.size());
  }
}

void PieceLoops::addPanels(Value blockBegin, Value begin, Value end, int64_t panel,
                           Summaries &summaries) {
  auto addPanel = [&](Value j, ValueRange before) {
    Values rows;
    for (int64_t number = 0; number < panel; ++number)
      rows.push_back(frame.add(j, frame.index(number)));
    PanelTerms terms(traversal, tile, chunkStart, rows, outermostLoop);
    assign(summaries, before);
    for (auto [number, row] : llvm::enumerate(rows))
      addTerm(terms, number, row, frame.sub(row, blockBegin), summaries);
    return flatten(summaries);
  };
  assign(summaries, sequentialFor(frame, begin, end, panel, flatten(summaries), addPanel));
}

void PieceLoops::addTerm(PanelTerms &panel, int64_t number, Value j, Value slot,
                         Summaries &summaries) {
  for (auto [r, slice] : llvm::enumerate(slices)) {
    SliceTerms terms(panel, slice.firstFormula, number);
    summaries[r] = slice.reduction->summarise(contexts[r], loc, summaries[r], terms, j, slot);
  }
}
