// Blocks of the work table, the search for the block of a tile, and rows of all items as tasks.
#include "Work.h"

#include "keops-c/program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

static_assert(sizeof(keops_block) == BlockFieldCount * sizeof(int64_t) &&
              offsetof(keops_block, terms) == BlockTerms * sizeof(int64_t));

Value loops::blockField(Frame &frame, const WorkTable &work, Value block, BlockField field) {
  Value first = frame.mul(block, frame.index(BlockFieldCount));
  return frame.loadIndex(work.blocks, frame.add(first, frame.index(field)));
}

void loops::countTerms(Frame &frame, Workspace &workspace, func::FuncOp function) {
  function.walk([&](SizeOp size) {
    Placement kept = otherIndex(size.getOver());
    if (frame.terms(kept))
      return;
    Value table = workspace.allocate(frame.b.getI64Type(), LinearSize::ofRows(kept, 8));
    const WorkTable &work = frame.work(kept);
    frame.machine.once(frame, [&] {
      sequentialFor(frame, frame.index(0), work.blockCount, [&](Value block) {
        Value terms = blockField(frame, work, block, BlockTerms);
        Value begin = blockField(frame, work, block, BlockBegin);
        Value rows = frame.sub(blockField(frame, work, block, BlockEnd), begin);
        frame.machine.forAll(
            frame, rows, [&](Value row) { frame.storeIndex(terms, table, frame.add(begin, row)); });
      });
    });
    frame.terms(kept) = table;
  });
}

Value loops::toNumber(Frame &frame, Value terms, Type type) {
  if (terms.getType().isIndex())
    terms = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getI64Type(), terms);
  if (auto lanes = dyn_cast<VectorType>(type); lanes && !isa<VectorType>(terms.getType()))
    terms = splat(frame, lanes.clone(terms.getType()), terms);
  return arith::SIToFPOp::create(frame.b, frame.loc, type, terms);
}

Value loops::findBlock(Frame &frame, Value tilesBefore, Value count, Value tile) {
  OpBuilder &b = frame.b;
  Type index = b.getIndexType();
  auto loop = scf::WhileOp::create(b, frame.loc, TypeRange{index, index},
                                   ValueRange{frame.index(0), count});
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, {index, index}, {frame.loc, frame.loc});
  Value low = before->getArgument(0), high = before->getArgument(1);
  Value more = arith::CmpIOp::create(b, frame.loc, arith::CmpIPredicate::sgt, frame.sub(high, low),
                                     frame.index(1));
  scf::ConditionOp::create(b, frame.loc, more, before->getArguments());
  Block *after = b.createBlock(&loop.getAfter(), {}, {index, index}, {frame.loc, frame.loc});
  low = after->getArgument(0), high = after->getArgument(1);
  Value middle = frame.div(frame.add(low, high), frame.index(2));
  Value isBefore = arith::CmpIOp::create(b, frame.loc, arith::CmpIPredicate::sle,
                                         frame.loadIndex(tilesBefore, middle), tile);
  scf::YieldOp::create(b, frame.loc,
                       ValueRange{arith::SelectOp::create(b, frame.loc, isBefore, middle, low),
                                  arith::SelectOp::create(b, frame.loc, isBefore, high, middle)});
  return loop.getResult(0);
}
