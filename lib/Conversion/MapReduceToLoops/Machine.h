// What runs the loops of a program: a team of CPU threads with vector registers (MapReduceToCPU),
// or the blocks of a grid with the registers of their threads (MapReduceToGPU). All else about a
// map_reduce is written once, in this folder.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_MACHINE_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_MACHINE_H

#include "keops/IR/Keops.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace keops::loops {

struct Frame;
struct Item;
struct StageCopy;
class Workspace;

/// A team's members take tasks; one member has the lanes of a tile: rows of the kept index that are
/// computed side by side.
class Machine {
public:
  using Body = llvm::function_ref<void()>;
  using Each = llvm::function_ref<void(mlir::Value)>;
  using EachPart = llvm::function_ref<void(const Item &, mlir::Value begin, mlir::Value end)>;
  using EachElement = llvm::function_ref<void(mlir::Value row, mlir::Value element)>;

  virtual ~Machine() = default;

  //===-- The program
  //---------------------------------------------------------------------------===//

  /// Opens the function that takes the place of `source`, and sets in the frame where its
  /// arguments, arrays and workspace stand.
  virtual void open(Frame &frame, mlir::func::FuncOp source) = 0;
  virtual void close(Frame &frame) = 0;
  /// Lines of the manifest about the machine.
  virtual void describe(llvm::raw_ostream &os) = 0;
  /// body() for as many items at a time as the workspace has room for.
  virtual void forItemsAtHand(Frame &frame, Body body) = 0;

  //===-- Teams
  //---------------------------------------------------------------------------------===//

  /// Emits `body` to be run by all members of a team at once. It numbers its tasks by `count`
  /// counters and waits for all of one loop before the next.
  virtual void region(Frame &frame, mlir::Value counters, int64_t count, Body body) = 0;
  /// Inside a region: body(k) for k in [0, count), each by one member; all are done at its end.
  virtual void forEachTask(Frame &frame, mlir::Value count, mlir::Value counters, int64_t counter,
                           Each body) = 0;
  /// Inside a region: body(item, begin, end) for parts of at most `most` of `size` rows of each
  /// item at hand.
  virtual void forEachRowTask(Frame &frame, mlir::Value size, int64_t most, mlir::Value counters,
                              int64_t counter, EachPart body) = 0;
  /// Inside a task: i1, whether this member is the last of `others` + 1 to come here with `slot`.
  /// It then sees what the others wrote before. `table` (memref<?xi64>) is zero before.
  virtual mlir::Value comesLast(Frame &frame, mlir::Value table, mlir::Value slot,
                                mlir::Value others) = 0;

  /// How many steps of the reduced index are worth a task of their own.
  virtual int64_t leastSteps() = 0;
  /// Quotient and rest of numbers of tasks.
  virtual std::pair<mlir::Value, mlir::Value> divide(Frame &frame, mlir::Value number,
                                                     mlir::Value by) = 0;

  //===-- Work too short for a team
  //-------------------------------------------------------------===//

  virtual void once(Frame &frame, Body body) = 0;
  /// The same, in any order with the loop over rows that follows, if one does.
  virtual void onceBesideRows(Frame &frame, Body body) = 0;
  /// Inside once: body(k) for k in [0, count), in any order.
  virtual void forAll(Frame &frame, mlir::Value count, Each body) = 0;
  /// Inside once: work that goes one step after the other.
  virtual void inSequence(Frame &frame, Body body) = 0;

  //===-- Ends before the end
  //-------------------------------------------------------------------===//

  /// Whether a run that is cancelled ends in the middle of a program.
  virtual bool canBeStopped() = 0;
  /// i1: whether the run was cancelled. It is asked so seldom that the answer costs nothing, and so
  /// often that a run ends within a tenth of a second.
  virtual mlir::Value isStopped(Frame &frame) = 0;

  //===-- Lanes
  //---------------------------------------------------------------------------------===//

  /// The values that one member has of `rows` x `lanes` rows.
  virtual mlir::Type tileType(int64_t rows, int64_t lanes, mlir::Type element) = 0;
  /// The rows that values of this type stand for; of a scalar, all that a member has at a time.
  virtual int64_t rowsOf(Frame &frame, mlir::Type type) = 0;
  /// Reads and writes such values; those of all rows are consecutive elements from `offset` on, or
  /// stand `stride` elements apart.
  virtual mlir::Value load(Frame &frame, mlir::Type type, mlir::Value memref, mlir::Value offset,
                           int64_t stride = 1) = 0;
  virtual void store(Frame &frame, mlir::Value value, mlir::Value memref, mlir::Value offset) = 0;
  /// Reads one element per row; `offsets` holds 64-bit integers in the shape of `type`.
  virtual mlir::Value gather(Frame &frame, mlir::Type type, mlir::Value memref,
                             mlir::Value offsets) = 0;
  /// Values of several tiles, one after another, as one value of `type`; and one of them.
  virtual mlir::Value join(Frame &frame, mlir::Type type, mlir::ValueRange parts) = 0;
  virtual mlir::Value part(Frame &frame, mlir::Type type, mlir::Value whole, int64_t number) = 0;
  /// The numbers of the rows in the tile, as 64-bit integers.
  virtual mlir::Value numberRows(Frame &frame, mlir::Type type) = 0;
  /// body(row) for all `count` rows of a tile, which this member alone reads back.
  virtual void forEachRow(Frame &frame, mlir::Value count, Each body) = 0;
  /// body(row, element) for the first `count` rows. `memref` has room for `value` at `offset`.
  virtual void scatter(Frame &frame, mlir::Value value, mlir::Value count, mlir::Value memref,
                       mlir::Value offset, EachElement body) = 0;

  //===-- Memory close to a member
  //--------------------------------------------------------------===//

  /// Of rows with so many components, how many a lane takes by one load: packed rows are padded to
  /// a multiple, and so many stand side by side where kept rows are packed. One, where a load takes
  /// a component of many rows.
  virtual int64_t componentsOfLoad(mlir::Type element, int64_t components) = 0;
  /// Inside a task: room for `count` elements that all lanes read quickly; null where there is
  /// none, or where the caches are as quick.
  virtual mlir::Value allocateStage(Frame &frame, mlir::Type element, int64_t count) = 0;
  /// Has all lanes begin a copy; its elements are not there before waitForCopies().
  virtual void beginCopy(Frame &frame, const StageCopy &copy) = 0;
  virtual void waitForCopies(Frame &frame) = 0;
  /// What lanes wrote into a stage is there, and what they read from it was read.
  virtual void waitForLanes(Frame &frame) = 0;
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_MACHINE_H
