// Memory as the lowering to loops sees it: the workspace and its regions, rows of arrays, and
// vectors stored in one piece.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_STORAGE_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_STORAGE_H

#include "Machine.h"

namespace keops::loops {

/// A size in bytes that is linear in the run-time sizes: constant + perMember * members of a team,
/// and for each item at hand perItem + perI * M + perJ * N + perBlockI * blocks of i + perBlockJ *
/// blocks of j.
struct LinearSize {
  int64_t constant = 0, perMember = 0, perItem = 0, perI = 0, perJ = 0, perBlockI = 0,
          perBlockJ = 0;
  /// For one item: `each` bytes for every row of `rows`, or once for a parameter.
  static LinearSize ofRows(Placement rows, int64_t each);
  /// `each` bytes for every block of the kept index.
  static LinearSize ofBlocks(Placement kept, int64_t each);
  /// At least `each` bytes for every member, whole lines of the cache that no other member writes.
  static LinearSize ofMembers(int64_t each);
  LinearSize operator+(const LinearSize &other) const {
    return {constant + other.constant,  perMember + other.perMember, perItem + other.perItem,
            perI + other.perI,          perJ + other.perJ,           perBlockI + other.perBlockI,
            perBlockJ + other.perBlockJ};
  }
};

/// The states of all pieces of a map_reduce. Few tiles are cut into pieces: into at most `split`
/// all together and KEOPS_MOST_PIECES each, of at least `leastTerms` terms.
struct PieceSize {
  Placement kept;
  int64_t tileRows, leastTerms, split;
  int64_t bytes; ///< of a piece
};

/// Into how many pieces a tile with so many terms may be cut, at least one.
mlir::Value countUsefulPieces(Frame &frame, mlir::Value terms, int64_t leastTerms);

class Functions;

/// One of the work tables of a run (include/keops-c/program.h).
struct WorkTable {
  mlir::Value blockCount, mostTerms; ///< index
  mlir::Value blocks, intervals;     ///< !llvm.ptr to 64-bit integers
};

/// An item of the batch.
struct Item {
  mlir::Value number; ///< index: among all items
  mlir::Value atHand; ///< index: among those whose workspace exists at the same time
};

/// Elements of a memref that are brought near the members.
struct StageCopy {
  mlir::Value from, begin; ///< memref<?xT> and index
  mlir::Value to, at;      ///< a stage and index
  mlir::Value count;       ///< index
  int64_t most;            ///< which it may be
  int64_t together;        ///< so many stand where one load takes them, here and there
};

/// Values that every part of the lowering needs, made once at the start of the function.
struct Frame {
  Frame(mlir::OpBuilder &b, mlir::Location loc, Machine &machine, Functions &functions,
        int64_t inputCount, int64_t outputCount)
      : b(b), loc(loc), machine(machine), functions(functions), inputCount(inputCount),
        outputCount(outputCount) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  Machine &machine;
  Functions &functions; ///< what large formulas call
  int64_t inputCount, outputCount;
  mlir::Value args;             ///< !llvm.ptr to keops_args
  mlir::Value inputs, outputs;  ///< !llvm.ptr to keops_array
  mlir::Value sizeI, sizeJ;     ///< index
  mlir::Value members;          ///< i32: of a team
  mlir::Value workspace;        ///< memref<?xi8>
  mlir::Value items;            ///< index: of the batch
  mlir::Value itemsAtOnce;      ///< index: those that the workspace has room for
  mlir::Value itemOffsets;      ///< !llvm.ptr to 64-bit integers
  WorkTable workI, workJ;       ///< of reductions that keep i, that keep j
  mlir::Value termsI, termsJ;   ///< memref<?xi64>: the terms of each row, null where none asks
  mlir::Value firstItem;        ///< index: of the items at hand
  mlir::Value itemsAtHand;      ///< index
  mlir::Value member;           ///< index: the member at hand among those of a team
  int64_t lanes = 1;            ///< of the tiles at hand
  int64_t liveValues = 0;       ///< numbers that a lane keeps in the loop over them, as estimated
  mlir::Value scratch;          ///< memref<?xT>, null where no formula keeps a table
  int64_t scratchPerMember = 0; ///< elements

  mlir::Value index(int64_t k);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y);
  mlir::Value rem(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value ceilDiv(mlir::Value x, int64_t by);
  mlir::Value ceilDiv(mlir::Value x, mlir::Value by);
  /// Rows of an item.
  mlir::Value size(Placement placement);
  const WorkTable &work(Placement kept) { return kept == Placement::I ? workI : workJ; }
  mlir::Value &terms(Placement kept) { return kept == Placement::I ? termsI : termsJ; }
  Item item(mlir::Value atHand) { return {add(firstItem, atHand), atHand}; }
  /// Element `at` of a memref<?xi64> or behind a !llvm.ptr, as an index. Tables of the caller are
  /// pointers: every parallel region would take along the five fields of a descriptor.
  mlir::Value loadIndex(mlir::Value table, mlir::Value at);
  /// The address of an element behind a !llvm.ptr.
  mlir::Value address(mlir::Type element, mlir::Value pointer, mlir::Value at);
  void storeIndex(mlir::Value number, mlir::Value memref, mlir::Value at);
  /// Where the elements of the member at hand begin in a region that has so many for each.
  mlir::Value ownElements(int64_t perMember) { return mul(member, index(perMember)); }
};

/// Reads the sizes in keops_args, whose pointer stands in the frame.
void readArguments(Frame &frame);

/// Hands out regions of the workspace, each aligned to 64 bytes, and remembers the total for the
/// manifest.
class Workspace {
public:
  explicit Workspace(Frame &frame);
  /// A memref<?xT> over a new region of `bytes`.
  mlir::Value allocate(mlir::Type element, LinearSize bytes);
  /// The same for the pieces of each item at hand.
  mlir::Value allocate(mlir::Type element, const PieceSize &pieces);
  /// Lines of the manifest.
  void describe(llvm::raw_ostream &os) const;

private:
  mlir::Value bytesOf(const LinearSize &size);
  mlir::Value countPieces(const PieceSize &pieces);
  mlir::Value takeRegion(mlir::Type element, mlir::Value bytes);

  Frame &frame;
  mlir::Value offset;
  LinearSize used;
  llvm::SmallVector<PieceSize> allPieces;
};

/// Rows that can be read one component at a time: an argument, an output, or a region of the
/// workspace. What is stored as f16 or bf16 is f32 to those who read and write.
class Rows {
public:
  Rows() = default;
  /// Elements of a memref<?xT>, `itemLength` for an item.
  static Rows inWorkspace(mlir::Value region, mlir::Value rowLength, mlir::Value itemLength);
  /// The argument or output with this number, arguments first.
  static Rows ofCaller(int64_t array, mlir::Type storage);
  bool isSame(const Rows &other) const { return region == other.region && array == other.array; }
  /// The rows of one item, which alone can be read and written.
  Rows of(Frame &frame, const Item &item) const;
  mlir::Value load(Frame &frame, mlir::Value row, mlir::OpFoldResult component) const;
  void store(Frame &frame, mlir::Value value, mlir::Value row, mlir::Value component) const;

private:
  mlir::Value offset(Frame &frame, mlir::Value row, mlir::Value component) const;

  mlir::Value region; ///< null for arrays of the caller
  mlir::Value itemLength;
  int64_t array = -1;
  mlir::Type storage;                     ///< elements of that array
  mlir::Value begin;                      ///< of the item: index in the region, or !llvm.ptr
  mlir::Value rowStride, componentStride; ///< index; the latter null where it is one
};

/// Values that can be read by rows. At function level: arguments, outputs, results of maps over p
/// and of map_reduce.
using RowTable = llvm::DenseMap<mlir::Value, Rows>;

/// Rows in a new region of the workspace for a value of function level, wherever it is placed.
Rows allocateRows(Frame &frame, Workspace &workspace, ValueType type);

/// A scalar in all lanes of `type`, which may be a scalar type.
mlir::Value splat(Frame &frame, mlir::Type type, mlir::Value scalar);

/// A memref<?xi64> of task counters, one for each loop over tasks of a region, and one more.
mlir::Value allocateCounters(Frame &frame, Workspace &workspace, int64_t count);
void unlessStopped(Frame &frame, llvm::function_ref<void()> body);
/// A sequential loop that carries values.
llvm::SmallVector<mlir::Value> sequentialFor(
    Frame &frame, mlir::Value begin, mlir::Value end, int64_t step, mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
/// The same loop in steps of one, carrying nothing.
void sequentialFor(Frame &frame, mlir::Value begin, mlir::Value end,
                   llvm::function_ref<void(mlir::Value)> body);
/// body() if `condition` holds.
void onlyIf(Frame &frame, mlir::Value condition, llvm::function_ref<void()> body);
/// body(k) for each component, unrolled when there are few.
void forEachComponent(Frame &frame, int64_t dim, llvm::function_ref<void(mlir::OpFoldResult)> body);
/// A component number as a value of type index.
mlir::Value toValue(Frame &frame, mlir::OpFoldResult k);

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_STORAGE_H
