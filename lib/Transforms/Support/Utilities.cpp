// Type inference over regions and bookkeeping of region arguments.
#include "keops/Transforms/Utilities.h"

using namespace mlir;
using namespace keops;

void keops::refreshTypes(Block &block) {
  for (Operation &op : block)
    refreshType(&op);
}

void keops::refreshAllTypes(Operation *root) {
  root->walk([](Operation *op) {
    if (isa<MapReduceOp, MapOp>(op))
      refreshTypes(op->getRegion(0).front());
  });
}

Value keops::broadcastTo(OpBuilder &b, Location loc, Value value, int64_t dim) {
  return getDim(value) == dim ? value : SumTOp::create(b, loc, value, dim).getResult();
}

Block &keops::addBlock(Operation *op) {
  Block &block = op->getRegion(0).emplaceBlock();
  for (Value input : op->getOperands())
    block.addArgument(input.getType(), op->getLoc());
  return block;
}

IRMapping keops::cloneFormulas(OpBuilder &b, Block &from, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(from.getArguments(), arguments);
  for (Operation &op : from.without_terminator())
    b.clone(op, mapping);
  return mapping;
}

void keops::eraseDeadFormulas(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

Value keops::getOrAddInput(Operation *op, Value input) {
  Block &block = op->getRegion(0).front();
  for (auto [argument, known] : llvm::zip(block.getArguments(), op->getOperands()))
    if (known == input)
      return argument;
  op->insertOperands(op->getNumOperands(), input);
  return block.addArgument(input.getType(), input.getLoc());
}

void keops::removeUnusedInputs(Operation *op) {
  Block &block = op->getRegion(0).front();
  llvm::SmallDenseMap<Value, Value> first;
  for (auto [argument, input] : llvm::zip(block.getArguments(), op->getOperands()))
    if (auto [known, added] = first.try_emplace(input, argument); !added)
      argument.replaceAllUsesWith(known->second);
  llvm::BitVector unused(block.getNumArguments());
  for (BlockArgument argument : block.getArguments())
    unused[argument.getArgNumber()] = argument.use_empty();
  block.eraseArguments(unused);
  op->eraseOperands(unused);
}
