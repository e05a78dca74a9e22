// The layout of scratch memory, and reads and writes in it.
#include "Scratch.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace keops;
using namespace keops::cpu;

ScratchLayout::ScratchLayout(Block &block) {
  for (Operation &op : block)
    if (auto table = dyn_cast<ScratchOpInterface>(op)) {
      offsets[&op] = total;
      total += table.getScratchSize();
    }
}

static int64_t lanesOf(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}

Emitter::Scratch cpu::scratchOf(Frame &frame, const ScratchLayout &layout, Type type) {
  auto addressOf = [&frame, &layout, type](Operation *op, Value position) {
    Value number = frame.add(frame.index(layout.offsets.lookup(op)), position);
    Value begin = frame.ownElements(frame.scratchPerThread);
    return frame.add(begin, frame.mul(number, frame.index(lanesOf(type))));
  };
  return {[&frame, addressOf, type](Operation *op, Value position) -> Value {
            Value address = addressOf(op, position);
            if (isa<VectorType>(type))
              return loadVector(frame, type, frame.scratch, address);
            return memref::LoadOp::create(frame.b, frame.loc, frame.scratch, address);
          },
          [&frame, addressOf, type](Operation *op, Value value, Value position) {
            Value address = addressOf(op, position);
            if (isa<VectorType>(type))
              storeVector(frame, value, frame.scratch, address);
            else
              memref::StoreOp::create(frame.b, frame.loc, value, frame.scratch, address);
          }};
}

/// Numbers that the formulas of a map or map_reduce keep.
static int64_t numbersOf(Operation *op) {
  ScratchLayout layout(op->getRegion(0).front());
  auto reduce = dyn_cast<MapReduceOp>(op);
  return reduce ? layout.total * reduce.getSchedule()->getRows() * reduce.getSchedule()->getLanes()
                : layout.total;
}

void cpu::allocateScratch(Frame &frame, Workspace &workspace, func::FuncOp function) {
  int64_t numbers = 0;
  Type element;
  for (Operation &op : function.getBody().front())
    if (isa<MapOp, MapReduceOp>(op) && numbersOf(&op) > 0) {
      numbers = std::max(numbers, numbersOf(&op));
      Operation *yield = op.getRegion(0).front().getTerminator();
      element = getValueType(yield->getOperand(0)).getElementType();
    }
  if (numbers == 0)
    return;
  int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
  LinearSize size = LinearSize::ofThreads(numbers * elementBytes);
  frame.scratch = workspace.allocate(element, size);
  frame.scratchPerThread = size.perThread / elementBytes;
}
