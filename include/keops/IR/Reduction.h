// What a reduction is: its row in the table of records, and how its loops are written.
// Implementations: one file per family in lib/IR/Reductions. Consumer: MapReduceToLoops.
#ifndef KEOPS_IR_REDUCTION_H
#define KEOPS_IR_REDUCTION_H

#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"

#include <memory>
#include <optional>

namespace keops {

/// One result of a reduction, as its record states it. `shape` is "D", "KD", "max(D,G)" or "1+G".
struct ResultInfo {
  llvm::StringRef name;
  bool index;
  llvm::StringRef shape;
};

/// The record of a reduction under one of its spellings.
struct ReductionInfo {
  llvm::StringRef name;
  ReductionKind kind;
  unsigned formulas;   ///< how many yielded formulas it reads
  bool optionalWeight; ///< a missing second formula means the constant 1
  bool scalarFormula;  ///< the first formula has dimension 1
  bool takesK;         ///< has the parameter K
  bool sums;           ///< honours #keops.sums
  llvm::StringRef derivative;
  llvm::SmallVector<ResultInfo> results;
};

/// All spellings, canonical names first.
llvm::ArrayRef<ReductionInfo> getReductionTable();
/// The canonical row of `kind`.
const ReductionInfo &getReductionInfo(ReductionKind kind);
/// The row with this spelling (without "_Reduction"), or null.
const ReductionInfo *findReduction(llvm::StringRef name);
/// The components that a reduction runs through: a formula of dimension 1 is repeated.
int64_t getReducedDim(mlir::TypeRange formulas);
/// Logical shape of a result per kept row, e.g. {K} or {K, D}.
llvm::SmallVector<int64_t> getResultShape(const ResultInfo &result, ReduceAttr reduce,
                                          mlir::TypeRange formulas);
/// Types of all results of `reduce` over formulas of the given types, placed on `kept`.
llvm::SmallVector<mlir::Type> getResultTypes(ReduceAttr reduce, mlir::TypeRange formulas,
                                             Placement kept);

/// The formulas of one reduction at one reduced index, as components of the computing type.
class Terms {
public:
  virtual ~Terms() = default;
  /// Component `c` (counted within the chunk of components that is being reduced) of formula `f`;
  /// of a formula of dimension 1 always its only component.
  virtual mlir::Value get(unsigned f, unsigned c) = 0;
};

/// What a reduction may ask of the loops around it.
class ReductionContext {
public:
  virtual ~ReductionContext() = default;
  virtual mlir::OpBuilder &builder() = 0;
  /// f32 or f64 lanes, e.g. vector<3x16xf32>, 64-bit integers of the same shape, and f64.
  virtual mlir::Type valueType() = 0;
  virtual mlir::Type indexType() = 0;
  virtual mlir::Type wideType() = 0;
  /// Element `position` (type index) of scratch array `array` of the piece at hand, or of the other
  /// piece in merge.
  enum class Piece { Own, Other };
  virtual mlir::Value load(mlir::Location loc, unsigned array, mlir::Value position,
                           Piece piece = Piece::Own) = 0;
  virtual void store(mlir::Location loc, mlir::Value value, unsigned array,
                     mlir::Value position) = 0;
  /// The formulas at a reduced index that is the same for all lanes (type index) or differs by lane
  /// (indexType()).
  virtual std::unique_ptr<Terms> termsAt(mlir::Value j) = 0;
  /// Number of terms (type index), and terms per block.
  virtual mlir::Value size() = 0;
  virtual int64_t blockSize() = 0;
  virtual Precision precision() = 0;
  /// What the caller wants of sums; null for no wish.
  virtual SumsAttr sums() = 0;
};

/// An array in memory private to one piece: `count` elements of valueType() or indexType(). What
/// passes is needed within a block only, and of valueType().
struct ScratchArray {
  bool index;
  int64_t count;
  bool passing = false;
};

/// One reduction over one chunk of `width` components. State and summary are lists of values of
/// valueType(), indexType() or wideType(), carried through loops; longer state lives in scratch
/// memory.
///
///     state = init
///     for each step of `blocks` blocks:
///       for each block: summary = summaryInit; for each term: summary = summarise(...); state =
///       absorb(...) state = flush(state)
///     state = merge(states of the pieces, in order); results = finish(state)
///
/// Where all chunks of components are reduced within each block, it is settled once, the chunks'
/// states are adjusted if that asks for it, and then each state = absorbChunk(...).
class Reduction {
public:
  Reduction(ReduceAttr attr, unsigned width) : attr(attr), width(width) {}
  virtual ~Reduction() = default;
  static std::unique_ptr<Reduction> create(ReduceAttr attr, unsigned width,
                                           mlir::TypeRange formulas);

  using Values = llvm::SmallVector<mlir::Value>;
  /// The memory that the state needs beside its registers.
  virtual llvm::SmallVector<ScratchArray> scratch(int64_t blockSize) const { return {}; }
  /// The state before the first term.
  virtual Values init(ReductionContext &context, mlir::Location loc) = 0;
  virtual Values summaryInit(ReductionContext &context, mlir::Location loc) = 0;
  /// Adds the term at reduced index `j`, the `slot`-th of its block.
  virtual Values summarise(ReductionContext &context, mlir::Location loc, mlir::ValueRange summary,
                           Terms &terms, mlir::Value j, mlir::Value slot) = 0;
  /// Adds a finished block of the reduced indices [begin, end).
  virtual Values absorb(ReductionContext &context, mlir::Location loc, mlir::ValueRange state,
                        mlir::ValueRange summary, mlir::Value begin, mlir::Value end) = 0;
  /// What all chunks need of a block.
  struct Settled {
    mlir::Value changes; ///< i1: whether states must be adjusted before it, null for never
    Values values;
  };
  /// Of the block [begin, end), given the state of one chunk before it.
  virtual Settled settle(ReductionContext &context, mlir::Location loc, mlir::ValueRange state,
                         mlir::Value begin, mlir::Value end) {
    return {};
  }
  virtual Values adjust(ReductionContext &context, mlir::Location loc, mlir::ValueRange state,
                        const Settled &settled) {
    return Values(state.begin(), state.end());
  }
  /// Adds a settled block to the state of one chunk: unless overridden, summarises and absorbs it.
  virtual Values absorbChunk(ReductionContext &context, mlir::Location loc, mlir::ValueRange state,
                             const Settled &settled, mlir::Value begin, mlir::Value end);
  virtual Values flush(ReductionContext &context, mlir::Location loc, mlir::ValueRange state) {
    return Values(state.begin(), state.end());
  }
  /// Combines the states of two pieces of the reduced index, `second` holding the larger indices.
  virtual Values merge(ReductionContext &context, mlir::Location loc, mlir::ValueRange first,
                       mlir::ValueRange second) = 0;
  /// Receives component `position` (an index value) of result number `result`. Positions count from
  /// the chunk's first component, or from the result's where all chunks share it.
  enum class Origin { Chunk, Result };
  using Sink = llvm::function_ref<void(unsigned result, mlir::Value position, mlir::Value value,
                                       Origin origin)>;
  virtual void finish(ReductionContext &context, mlir::Location loc, mlir::ValueRange state,
                      Sink sink) = 0;

protected:
  ReduceAttr attr;
  unsigned width;
};

} // namespace keops

#endif // KEOPS_IR_REDUCTION_H
