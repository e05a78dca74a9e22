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
        blocks(attr.getBlocks()), chunk(attr.getChunk()), split(attr.getSplit()) {}
  ScheduleAttr get(MLIRContext *context) const {
    return ScheduleAttr::get(context, rows, lanes, block, blocks, chunk, split);
  }
  /// A field by name, and the largest value that gives code of a sensible size.
  std::pair<int64_t *, int64_t> find(StringRef name) {
    return llvm::StringSwitch<std::pair<int64_t *, int64_t>>(name)
        .Case("rows", {&rows, 8})
        .Case("lanes", {&lanes, 64})
        .Case("block", {&block, 4096})
        .Case("blocks", {&blocks, 4096})
        .Case("chunk", {&chunk, 64})
        .Case("split", {&split, 4096})
        .Default({nullptr, 0});
  }
  int64_t rows, lanes, block, blocks, chunk, split;
};
} // namespace

/// Sets the fields that `force` names, e.g. "rows=2,block=16".
static LogicalResult applyForced(Operation *op, StringRef force, Fields &fields) {
  SmallVector<StringRef> settings;
  force.split(settings, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef setting : settings) {
    auto [name, text] = setting.split('=');
    auto [field, largest] = fields.find(name.trim());
    int64_t value;
    if (!field)
      return mlir::emitError(op->getLoc(),
                             "schedule: expected rows, lanes, block, blocks, chunk or split, got '")
             << name << "'";
    if (text.trim().getAsInteger(10, value) || value < 1 || value > largest)
      return mlir::emitError(op->getLoc(), "schedule: expected an integer from 1 to ")
             << largest << " for '" << name << "', got '" << text << "'";
    *field = value;
  }
  return success();
}

namespace {
struct ChooseSchedulePass : keops::impl::KeopsChooseScheduleBase<ChooseSchedulePass> {
  using Base = keops::impl::KeopsChooseScheduleBase<ChooseSchedulePass>;
  using Base::Base;

  void runOnOperation() override {
    RegisterModel model = getRegisterModel(lanes32);
    WalkResult result = getOperation()->walk([&](MapReduceOp op) {
      return failed(schedule(op, model)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  LogicalResult schedule(MapReduceOp op, const RegisterModel &model) {
    Fields fields(op.getSchedule().value_or(chooseSchedule(op, model)));
    if (failed(applyForced(op, force, fields)))
      return failure();
    op.setScheduleAttr(fields.get(&getContext()));
    if (explain)
      mlir::emitRemark(op.getLoc(), "schedule: ")
          << op.getScheduleAttr() << "; one row keeps " << estimateLiveVectors(op, fields.chunk)
          << " vectors alive, the target has " << model.registers << " registers; "
          << estimateCost(op) << " operations per pair";
    return success();
  }
};
} // namespace
