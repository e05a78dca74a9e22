// Memory as the CPU lowering sees it: the workspace and its regions, rows of arrays, and vectors
// stored in one piece.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_STORAGE_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_STORAGE_H

#include "keops/IR/Keops.h"

namespace keops::cpu {

/// A size in bytes that is linear in the run-time sizes: constant + perI * M + perJ * N + perThread
/// * threads.
struct LinearSize {
  int64_t constant = 0, perI = 0, perJ = 0, perThread = 0;
  LinearSize operator+(const LinearSize &other) const {
    return {constant + other.constant, perI + other.perI, perJ + other.perJ,
            perThread + other.perThread};
  }
};

class Functions;

/// Values that every part of the lowering needs, made once at the start of the function.
struct Frame {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value sizeI, sizeJ;     ///< index
  mlir::Value threads;          ///< i32
  mlir::Value workspace;        ///< memref<?xi8>
  mlir::Value context;          ///< !llvm.ptr to keops_args
  bool parallel;                ///< OpenMP or a plain loop
  Functions &functions;         ///< what large formulas call
  mlir::Value scratch;          ///< memref<?xT>, null where no formula keeps a table
  mlir::Value scratchBase;      ///< index: where the region of the thread at hand begins
  mlir::Value scratchPerThread; ///< index

  mlir::Value index(int64_t k);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value ceilDiv(mlir::Value x, int64_t by);
  mlir::Value size(Placement placement) { return placement == Placement::I ? sizeI : sizeJ; }
};

/// The size of an index as a number, rounded to the element type of `type`, over all its lanes.
mlir::Value splatSize(Frame &frame, mlir::Type type, Placement index);

/// Hands out regions of the workspace, each aligned to 64 bytes, and remembers the total for the
/// manifest.
class Workspace {
public:
  explicit Workspace(Frame &frame);
  /// A memref<?xT> over a new region of `bytes`.
  mlir::Value allocate(mlir::Type element, LinearSize bytes);
  LinearSize total() const { return used; }

private:
  Frame &frame;
  mlir::Value offset;
  LinearSize used;
};

/// Rows that can be read one component at a time: an argument, an output, or a region of the
/// workspace. What is stored as f16 or bf16 is f32 to those who read and write.
struct Rows {
  mlir::Value memref; ///< rank 2, any strides
  mlir::Value load(Frame &frame, mlir::Value row, mlir::OpFoldResult component) const;
  void store(Frame &frame, mlir::Value value, mlir::Value row, mlir::Value component) const;
};
/// The workspace region as `dim` components per row.
Rows asRows(Frame &frame, mlir::Value region, int64_t dim);

/// Rows in a new region of the workspace for a value of function level, wherever it is placed.
Rows allocateRows(Frame &frame, Workspace &workspace, ValueType type);

/// Reads and writes vector<RxLxT> as R * L consecutive elements from `offset` on.
mlir::Value loadVector(Frame &frame, mlir::Type type, mlir::Value memref, mlir::Value offset);
void storeVector(Frame &frame, mlir::Value value, mlir::Value memref, mlir::Value offset);
/// Reads one element per lane; `offsets` holds 64-bit integers in the shape of `type`.
mlir::Value gatherVector(Frame &frame, mlir::Type type, mlir::Value memref, mlir::Value offsets);

/// A memref<?xi64> of task counters, one for each parallelFor of a region.
mlir::Value allocateCounters(Frame &frame, Workspace &workspace, int64_t count);
/// Sets `count` counters to zero and emits `body` to be run by all threads of a team at once; a
/// plain sequence without threads.
void parallelRegion(Frame &frame, mlir::Value counters, int64_t count,
                    llvm::function_ref<void()> body);
/// Inside a parallel region: body(k) for k in [0, count), each by whichever thread is free; all are
/// done at its end. Uses element `counter` of the region's counters.
void parallelFor(Frame &frame, mlir::Value count, mlir::Value counters, int64_t counter,
                 llvm::function_ref<void(mlir::Value)> body);
/// A sequential loop that carries values.
llvm::SmallVector<mlir::Value> sequentialFor(
    Frame &frame, mlir::Value begin, mlir::Value end, int64_t step, mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
/// The same loop in steps of one, carrying nothing.
void sequentialFor(Frame &frame, mlir::Value begin, mlir::Value end,
                   llvm::function_ref<void(mlir::Value)> body);
/// body(k) for each component, unrolled when there are few.
void forEachComponent(Frame &frame, int64_t dim, llvm::function_ref<void(mlir::OpFoldResult)> body);
/// A component number as a value of type index.
mlir::Value toValue(Frame &frame, mlir::OpFoldResult k);

} // namespace keops::cpu

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_STORAGE_H
