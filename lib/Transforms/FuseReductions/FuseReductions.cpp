// Joins independent reductions over the same index, so that one visit of the pairs serves them all.
// What their formulas have in common is found by CSE afterwards.
#include "keops/IR/Reduction.h"
#include "keops/Transforms/Passes.h"
#include "keops/Transforms/Utilities.h"

#include "llvm/ADT/SetVector.h"

namespace keops {
#define GEN_PASS_DEF_KEOPSFUSEREDUCTIONS
#include "keops/Transforms/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

/// A reduction that already has a schedule, or a formula that is reduced in chunks, is left alone.
static bool mayBeFused(MapReduceOp op, int64_t maxDim) {
  return !op.getSchedule() &&
         llvm::all_of(op.getBlock().getTerminator()->getOperands(),
                      [&](Value formula) { return getDim(formula) <= maxDim; });
}

static bool keepsSortedLists(MapReduceOp op) {
  return llvm::any_of(op.getReduceAttrs(),
                      [](ReduceAttr reduce) { return getReductionInfo(reduce.getKind()).takesK; });
}

/// Whether `a` and `b` can share their loops. Sorted lists are kept for one component at a time, so
/// a vector beside them would be visited once per component.
static bool agree(MapReduceOp a, MapReduceOp b) {
  if (a.getOver() != b.getOver() || a.getPrecision() != b.getPrecision() ||
      a.getSumsAttr() != b.getSumsAttr())
    return false;
  return (!keepsSortedLists(a) && !keepsSortedLists(b)) || (mayBeFused(a, 1) && mayBeFused(b, 1));
}

/// The operations between `first` and `last` that depend on `first`, in order, `last` included if
/// it does.
static llvm::SetVector<Operation *> getDependents(Operation *first, Operation *last) {
  llvm::SetVector<Operation *> dependents;
  for (Operation *op = first->getNextNode(); op && op->getPrevNode() != last;
       op = op->getNextNode())
    if (llvm::any_of(op->getOperands(), [&](Value operand) {
          Operation *def = operand.getDefiningOp();
          return def == first || dependents.contains(def);
        }))
      dependents.insert(op);
  return dependents;
}

/// The fused operation, in the place of `b`.
static MapReduceOp createFused(MapReduceOp a, MapReduceOp b) {
  OpBuilder builder(b);
  SmallVector<Value> inputs(a.getInputs());
  llvm::append_range(inputs, b.getInputs());
  SmallVector<Type> types(a.getResultTypes());
  llvm::append_range(types, b.getResultTypes());
  SmallVector<Attribute> reductions(a.getReductions().getValue());
  llvm::append_range(reductions, b.getReductions());
  Location loc = builder.getFusedLoc({a.getLoc(), b.getLoc()});
  auto fused = MapReduceOp::create(builder, loc, types, inputs, a.getOver(),
                                   builder.getArrayAttr(reductions), a.getPrecision(),
                                   a.getSumsAttr(), ScheduleAttr());
  Block &block = addBlock(fused);
  builder.setInsertionPointToStart(&block);
  SmallVector<Value> formulas;
  ValueRange arguments = block.getArguments();
  unsigned split = a.getInputs().size();
  for (auto [op, own] :
       {std::pair(a, arguments.take_front(split)), std::pair(b, arguments.drop_front(split))}) {
    IRMapping mapping = cloneFormulas(builder, op.getBlock(), own);
    for (Value formula : op.getBlock().getTerminator()->getOperands())
      formulas.push_back(mapping.lookup(formula));
  }
  YieldOp::create(builder, loc, formulas);
  removeUnusedInputs(fused);
  return fused;
}

/// Fuses `a` with the later `b`; null if `b` needs a result of `a`.
static MapReduceOp fuse(MapReduceOp a, MapReduceOp b) {
  llvm::SetVector<Operation *> dependents = getDependents(a, b);
  if (dependents.contains(b))
    return {};
  Operation *last = b;
  for (Operation *dependent : dependents) {
    dependent->moveAfter(last);
    last = dependent;
  }
  MapReduceOp fused = createFused(a, b);
  unsigned split = a.getNumResults();
  a->replaceAllUsesWith(fused.getResults().take_front(split));
  b->replaceAllUsesWith(fused.getResults().drop_front(split));
  a.erase();
  b.erase();
  return fused;
}

void keops::fuseReductions(Block &block, int64_t maxDim) {
  SmallVector<MapReduceOp> fused;
  for (MapReduceOp op : llvm::make_early_inc_range(block.getOps<MapReduceOp>())) {
    if (!mayBeFused(op, maxDim))
      continue;
    for (MapReduceOp &earlier : fused)
      if (agree(earlier, op))
        if (MapReduceOp joined = fuse(earlier, op)) {
          earlier = op = joined;
          break;
        }
    if (!llvm::is_contained(fused, op))
      fused.push_back(op);
  }
}

namespace {
struct FuseReductionsPass : keops::impl::KeopsFuseReductionsBase<FuseReductionsPass> {
  using Base = keops::impl::KeopsFuseReductionsBase<FuseReductionsPass>;
  using Base::Base;

  void runOnOperation() override {
    llvm::SetVector<Block *> blocks;
    getOperation()->walk([&](MapReduceOp op) { blocks.insert(op->getBlock()); });
    for (Block *block : blocks)
      fuseReductions(*block, maxDim);
  }
};
} // namespace
