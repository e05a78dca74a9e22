// The CPU as a machine: an OpenMP team that takes tasks from counters, or one thread for programs
// that must not need a thread runtime; lanes are those of vector registers.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_TEAM_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_TEAM_H

#include "../MapReduceToLoops/Storage.h"

namespace keops::loops {

/// A function `@f` becomes `@f_body(keops_args, workspace)`.
class Team final : public Machine {
public:
  explicit Team(bool parallel) : parallel(parallel) {}

  void open(Frame &frame, mlir::func::FuncOp source) override;
  void close(Frame &frame) override;
  void describe(llvm::raw_ostream &) override {}
  void forItemsAtHand(Frame &frame, Body body) override;

  void region(Frame &frame, mlir::Value counters, int64_t count, Body body) override;
  void forEachTask(Frame &frame, mlir::Value count, mlir::Value counters, int64_t counter,
                   Each body) override;
  void forEachRowTask(Frame &frame, mlir::Value size, int64_t most, mlir::Value counters,
                      int64_t counter, EachPart body) override;
  mlir::Value comesLast(Frame &frame, mlir::Value table, mlir::Value slot,
                        mlir::Value others) override;

  int64_t leastSteps() override { return 16; }
  std::pair<mlir::Value, mlir::Value> divide(Frame &frame, mlir::Value number,
                                             mlir::Value by) override {
    return {frame.div(number, by), frame.rem(number, by)};
  }

  void once(Frame &, Body body) override { body(); }
  void onceBesideRows(Frame &, Body body) override { body(); }
  void forAll(Frame &frame, mlir::Value count, Each body) override {
    sequentialFor(frame, frame.index(0), count, body);
  }
  void inSequence(Frame &, Body body) override { body(); }

  bool canBeStopped() override { return true; }
  mlir::Value isStopped(Frame &frame) override;

  mlir::Type tileType(int64_t rows, int64_t lanes, mlir::Type element) override;
  int64_t rowsOf(Frame &frame, mlir::Type type) override;
  mlir::Value load(Frame &frame, mlir::Type type, mlir::Value memref, mlir::Value offset,
                   int64_t stride) override;
  void store(Frame &frame, mlir::Value value, mlir::Value memref, mlir::Value offset) override;
  mlir::Value gather(Frame &frame, mlir::Type type, mlir::Value memref,
                     mlir::Value offsets) override;
  mlir::Value join(Frame &frame, mlir::Type type, mlir::ValueRange parts) override;
  mlir::Value part(Frame &frame, mlir::Type type, mlir::Value whole, int64_t number) override;
  mlir::Value numberRows(Frame &frame, mlir::Type type) override;
  void forEachRow(Frame &frame, mlir::Value count, Each body) override {
    sequentialFor(frame, frame.index(0), count, body);
  }
  void scatter(Frame &frame, mlir::Value value, mlir::Value count, mlir::Value memref,
               mlir::Value offset, EachElement body) override;

  // Caches are as quick as any memory of one's own.
  int64_t componentsOfLoad(mlir::Type, int64_t) override { return 1; }
  mlir::Value allocateStage(Frame &, mlir::Type, int64_t) override { return {}; }
  void beginCopy(Frame &, const StageCopy &) override {}
  void waitForCopies(Frame &) override {}
  void waitForLanes(Frame &) override {}

private:
  bool parallel;
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_TEAM_H
