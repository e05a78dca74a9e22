// Writes the schedule that CostModel.cpp prefers, or the one that is forced, into each map_reduce.
#include "keops/Transforms/CostModel.h"
#include "keops/Transforms/Passes.h"

#include "llvm/ADT/StringSwitch.h"

namespace keops {
#define GEN_PASS_DEF_KEOPSCHOOSESCHEDULE
#include "keops/Transforms/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

namespace {
/// The fields of a schedule, editable by name.
struct Fields {
  explicit Fields(ScheduleAttr attr)
      : rows(attr.getRows()), lanes(attr.getLanes()), block(attr.getBlock()),
        blocks(attr.getBlocks()), chunk(attr.getChunk()), split(attr.getSplit()),
        panel(attr.getPanel()), stages(attr.getStages()), narrow(attr.getNarrow()),
        calls(attr.getCalls()) {}
  ScheduleAttr get(MLIRContext *context) const {
    return ScheduleAttr::get(context, rows, lanes, block, blocks, chunk, split, panel, stages,
                             narrow != 0, calls != 0);
  }
  int64_t rows, lanes, block, blocks, chunk, split, panel, stages, narrow, calls;
};

/// A field by name, its smallest value, and the largest that gives code of a sensible size.
struct Field {
  int64_t *value;
  int64_t smallest, largest;
};
} // namespace

static Field findField(Fields &fields, StringRef name, int64_t mostLanes) {
  return llvm::StringSwitch<Field>(name)
      .Case("rows", {&fields.rows, 1, 8})
      .Case("lanes", {&fields.lanes, 1, mostLanes})
      .Case("block", {&fields.block, 1, 4096})
      .Case("blocks", {&fields.blocks, 1, 4096})
      .Case("chunk", {&fields.chunk, 1, 64})
      .Case("split", {&fields.split, 1, 16384})
      .Case("panel", {&fields.panel, 1, 64})
      .Case("stages", {&fields.stages, 1, 2})
      .Case("narrow", {&fields.narrow, 0, 1})
      .Case("calls", {&fields.calls, 0, 1})
      .Default({nullptr, 0, 0});
}

/// Sets the fields that `force` names, e.g. "rows=2,block=16".
static LogicalResult applyForced(Operation *op, StringRef force, int64_t mostLanes,
                                 Fields &fields) {
  SmallVector<StringRef> settings;
  force.split(settings, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef setting : settings) {
    auto [name, text] = setting.split('=');
    Field field = findField(fields, name.trim(), mostLanes);
    int64_t value;
    if (!field.value)
      return mlir::emitError(op->getLoc(), "schedule: expected rows, lanes, block, blocks, chunk, "
                                           "split, panel, stages, narrow or calls, got '")
             << name << "'";
    if (text.trim().getAsInteger(10, value) || value < field.smallest || value > field.largest)
      return mlir::emitError(op->getLoc(), "schedule: expected an integer from ")
             << field.smallest << " to " << field.largest << " for '" << name << "', got '" << text
             << "'";
    *field.value = value;
  }
  return success();
}

namespace {
struct ChooseSchedulePass : keops::impl::KeopsChooseScheduleBase<ChooseSchedulePass> {
  using Base = keops::impl::KeopsChooseScheduleBase<ChooseSchedulePass>;
  using Base::Base;

  void runOnOperation() override {
    RegisterModel model = gpu ? getThreadModel() : getRegisterModel(lanes32);
    WalkResult result = getOperation()->walk([&](MapReduceOp op) {
      return failed(schedule(op, model)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
    getOperation()->walk([](MapOp op) { op.setCalls(isLarge(op.getBlock())); });
  }

  LogicalResult schedule(MapReduceOp op, const RegisterModel &model) {
    Fields fields(op.getSchedule().value_or(chooseSchedule(op, model)));
    if (failed(applyForced(op, force, model.lanesAreThreads ? 1024 : 64, fields)))
      return failure();
    op.setScheduleAttr(fields.get(&getContext()));
    if (explain)
      mlir::emitRemark(op.getLoc(), "schedule: ")
          << op.getScheduleAttr() << "; one row keeps " << estimateLiveVectors(op, fields.chunk)
          << " vectors alive, the target has " << model.registers << " registers; "
          << estimateCost(op) << " operations per pair, code of " << estimateCode(op.getBlock());
    return success();
  }
};
} // namespace
