// A GPU as a machine: blocks of a grid take tasks, each thread of a block has one lane of the rows
// of a tile. Loops over tasks become kernels, launched one after another.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOGPU_GRID_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOGPU_GRID_H

#include "../MapReduceToLoops/Storage.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace keops::loops {

/// A function `@f` becomes kernels `@f_0`, `@f_1`, ... of `module`, which take a pointer to
/// keops_launch and are right on grids of any size.
class Grid final : public Machine {
public:
  explicit Grid(mlir::gpu::GPUModuleOp module) : module(module) {}

  void open(Frame &frame, mlir::func::FuncOp source) override;
  void close(Frame &frame) override;
  void describe(llvm::raw_ostream &os) override;
  void forItemsAtHand(Frame &frame, Body body) override;

  void region(Frame &, mlir::Value, int64_t, Body body) override { body(); }
  void forEachTask(Frame &frame, mlir::Value count, mlir::Value counters, int64_t counter,
                   Each body) override;
  void forEachRowTask(Frame &frame, mlir::Value size, int64_t most, mlir::Value counters,
                      int64_t counter, EachPart body) override;
  mlir::Value comesLast(Frame &frame, mlir::Value table, mlir::Value slot,
                        mlir::Value others) override;

  int64_t leastSteps() override { return 2; }
  std::pair<mlir::Value, mlir::Value> divide(Frame &frame, mlir::Value number,
                                             mlir::Value by) override;

  void once(Frame &frame, Body body) override { emitKernel(frame, body); }
  void onceBesideRows(Frame &frame, Body body) override;
  void forAll(Frame &frame, mlir::Value count, Each body) override;
  void inSequence(Frame &frame, Body body) override;

  // A kernel that runs hears nothing from outside.
  bool canBeStopped() override { return false; }
  mlir::Value isStopped(Frame &) override { llvm_unreachable("kernels cannot be stopped"); }

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
  void forEachRow(Frame &frame, mlir::Value count, Each body) override;
  void scatter(Frame &frame, mlir::Value value, mlir::Value count, mlir::Value memref,
               mlir::Value offset, EachElement body) override;

  int64_t componentsOfLoad(mlir::Type element, int64_t components) override;
  mlir::Value allocateStage(Frame &frame, mlir::Type element, int64_t count) override;
  void beginCopy(Frame &frame, const StageCopy &copy) override;
  void waitForCopies(Frame &frame) override;
  void waitForLanes(Frame &frame) override;

private:
  /// A kernel of `body`, with what this uses of the host function repeated inside.
  void emitKernel(Frame &frame, Body body);
  void openKernel(Frame &frame);
  void emitInKernel(Frame &frame, Body body);
  void strideLoop(Frame &frame, mlir::Value first, mlir::Value count, mlir::Value stride,
                  Each body);
  mlir::Value gridSize(Frame &frame);
  /// The row of the tile that element r of a value of this thread stands for.
  mlir::Value rowOf(Frame &frame, int64_t r);
  mlir::Value allocateShared(Frame &frame, mlir::Type element, int64_t count);

  mlir::gpu::GPUModuleOp module;
  /// Computes what all kernels need; vanishes when they have it.
  mlir::func::FuncOp host;
  std::string symbol;
  llvm::SmallVector<std::pair<std::string, int64_t>> launches; ///< kernels and their threads
  mlir::gpu::GPUFuncOp kernel;                                 ///< at hand
  bool mayGoOn = false; ///< whether the next loop over rows may stand in the same kernel
  mlir::Value thread;   ///< index: of the block
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOGPU_GRID_H
