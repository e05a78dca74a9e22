// The layout of scratch memory, and reads and writes in it.
#include "Scratch.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

ScratchLayout::ScratchLayout(Block &block) {
  for (Operation &op : block)
    if (auto table = dyn_cast<ScratchOpInterface>(op)) {
      offsets[&op] = total;
      total += table.getScratchSize();
    }
}

Emitter::Scratch loops::scratchOf(Frame &frame, const ScratchLayout &layout, Type type) {
  auto addressOf = [&frame, &layout, type](Operation *op, Value position) {
    Value number = frame.add(frame.index(layout.offsets.lookup(op)), position);
    Value begin = frame.ownElements(frame.scratchPerMember);
    return frame.add(begin, frame.mul(number, frame.index(frame.machine.rowsOf(frame, type))));
  };
  return {[&frame, addressOf, type](Operation *op, Value position) -> Value {
            return frame.machine.load(frame, type, frame.scratch, addressOf(op, position));
          },
          [&frame, addressOf](Operation *op, Value value, Value position) {
            frame.machine.store(frame, value, frame.scratch, addressOf(op, position));
          }};
}

/// Numbers that the formulas of a map or map_reduce keep.
static int64_t numbersOf(Frame &frame, Operation *op) {
  ScratchLayout layout(op->getRegion(0).front());
  auto reduce = dyn_cast<MapReduceOp>(op);
  ScheduleAttr schedule = reduce ? *reduce.getSchedule() : ScheduleAttr();
  return layout.total * (reduce ? schedule.getRows() * schedule.getLanes() * schedule.getPanel()
                                : frame.machine.rowsOf(frame, frame.b.getF64Type()));
}

void loops::allocateScratch(Frame &frame, Workspace &workspace, func::FuncOp function) {
  int64_t numbers = 0;
  Type element;
  for (Operation &op : function.getBody().front())
    if (isa<MapOp, MapReduceOp>(op) && numbersOf(frame, &op) > 0) {
      numbers = std::max(numbers, numbersOf(frame, &op));
      Operation *yield = op.getRegion(0).front().getTerminator();
      element = getValueType(yield->getOperand(0)).getElementType();
    }
  if (numbers == 0)
    return;
  int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
  LinearSize size = LinearSize::ofMembers(numbers * elementBytes);
  frame.scratch = workspace.allocate(element, size);
  frame.scratchPerMember = size.perMember / elementBytes;
}
