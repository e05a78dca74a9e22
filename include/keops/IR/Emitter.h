// Pulls components out of formulas and writes them as arith, math and scf operations, for scalars
// and vectors alike. The operations of lib/IR say what a component is; lib/Conversion says what
// leaves and types are.
#ifndef KEOPS_IR_EMITTER_H
#define KEOPS_IR_EMITTER_H

#include "keops/IR/Keops.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <functional>

namespace keops {

/// Emits formulas at the insertion point of a builder. Each (value, component) is emitted once per
/// scope, so that a formula is a graph and not a tree in the output as well.
class Emitter {
public:
  /// Gives component `k` of a block argument (a variable, or a hoisted value).
  using Leaf = std::function<mlir::Value(Emitter &, mlir::BlockArgument, mlir::OpFoldResult k)>;

  /// Vectors of at most this dimension are unrolled, longer ones become loops.
  static constexpr int64_t unrollLimit = 16;
  /// So many additions need not wait for each other.
  static constexpr int64_t mostSums = 4;

  /// What is known of the rows at hand: over how many rows of an index the row of the other one is
  /// reduced, in the computing type, and which row of an index this is, as 64-bit integers in the
  /// shape of the computing type.
  struct Rows {
    std::function<mlir::Value(Placement)> size;
    std::function<mlir::Value(Placement)> position;
  };

  /// Writes the value of an elementwise operation from components of its operands.
  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)>;
  /// Puts `body` elsewhere and calls it, or says by null that it shall be written in place.
  using Call = std::function<mlir::Value(mlir::Operation *, mlir::ValueRange operands, Body body)>;

  /// The memory of operations that keep a table (ScratchOpInterface); `position` has type index.
  struct Scratch {
    std::function<mlir::Value(mlir::Operation *, mlir::Value position)> load;
    std::function<void(mlir::Operation *, mlir::Value value, mlir::Value position)> store;
  };

  /// `sums`: how many partial sums of a long sum grow side by side, at most `mostSums`.
  Emitter(mlir::OpBuilder &builder, mlir::Type type, Leaf leaf, Rows rows, Call call,
          Scratch scratch, int64_t sums = mostSums);

  mlir::OpBuilder &builder() { return b; }
  int64_t partialSums() const { return sums; }
  /// The type of every component: f32, vector<16xf32>, vector<3x16xf32>, ...
  mlir::Type type() const { return computeType; }

  /// Component `k` of `formula`. `k` is an IntegerAttr or a value of type index.
  mlir::Value component(mlir::Value formula, mlir::OpFoldResult k);
  /// Component `k` of each operand; operands of dimension 1 are broadcast.
  llvm::SmallVector<mlir::Value> components(mlir::ValueRange formulas, mlir::OpFoldResult k);
  /// Takes `value` for component 0 of `formula`, which has dimension 1.
  void define(mlir::Value formula, mlir::Value value);
  /// What all components of `op` need, which `emit` writes where it is first asked for.
  mlir::Value shared(mlir::Operation *op, llvm::function_ref<mlir::Value()> emit);
  /// Component `k` of the elementwise operation `op`, which `body` computes.
  mlir::Value apply(mlir::Operation *op, mlir::OpFoldResult k, Body body);
  /// The sum over `dim` components of term(k). `reads` lists what the term reads: their scalars are
  /// computed before a loop opens.
  mlir::Value sum(mlir::Location loc, int64_t dim, mlir::ValueRange reads,
                  llvm::function_ref<mlir::Value(mlir::OpFoldResult)> term);
  /// Carries values through body(k, carried) for k in [begin, end), in this order; `reads` as
  /// above.
  llvm::SmallVector<mlir::Value>
  fold(mlir::Location loc, int64_t begin, int64_t end, mlir::ValueRange init,
       mlir::ValueRange reads,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpFoldResult, mlir::ValueRange)>
           body);
  /// If `k` lies in [begin, end) the first value, otherwise the second; both are emitted only where
  /// needed.
  mlir::Value select(mlir::Location loc, mlir::OpFoldResult k, int64_t begin, int64_t end,
                     llvm::function_ref<mlir::Value()> inside,
                     llvm::function_ref<mlir::Value()> outside);
  /// The component index `k + by`.
  mlir::OpFoldResult offset(mlir::Location loc, mlir::OpFoldResult k, int64_t by);
  /// A number (integer, float or rational attribute), rounded once to the computing type.
  mlir::Value constant(mlir::Location loc, mlir::Attribute number);
  mlir::Value zero(mlir::Location loc);
  /// The component index `k` as a number of the computing type.
  mlir::Value number(mlir::Location loc, mlir::OpFoldResult k);
  mlir::Value size(Placement over) { return rowsAtHand.size(over); }
  mlir::Value position(Placement index) { return rowsAtHand.position(index); }
  /// Emits component 0 of everything of dimension 1 that `formula` is built from, and fills the
  /// tables that it reads, so that this is outside later loops.
  void prefetch(mlir::Value formula);
  /// Whether this is the first time that `op` is asked for its table here.
  bool isFirstUse(mlir::Operation *op);
  mlir::Value load(mlir::Operation *op, mlir::Value position) { return scratch.load(op, position); }
  void store(mlir::Operation *op, mlir::Value value, mlir::Value position) {
    scratch.store(op, value, position);
  }

  /// While alive, emitted components are remembered apart and then forgotten: needed inside loop
  /// bodies and branches.
  class Scope {
  public:
    explicit Scope(Emitter &emitter) : emitter(emitter) { emitter.scopes.emplace_back(); }
    ~Scope() { emitter.scopes.pop_back(); }

  private:
    Emitter &emitter;
  };

private:
  using Key = std::pair<void *, std::pair<void *, int64_t>>;
  static Key key(mlir::Value formula, mlir::OpFoldResult k);
  mlir::Value once(Key place, llvm::function_ref<mlir::Value()> emit);

  mlir::OpBuilder &b;
  mlir::Type computeType;
  Leaf leaf;
  Rows rowsAtHand;
  Call call;
  Scratch scratch;
  int64_t sums;
  struct Known {
    llvm::DenseMap<Key, mlir::Value> components;
    llvm::DenseSet<void *> prefetched; ///< formulas, and operations whose table is filled
  };
  bool isNew(void *item);
  llvm::SmallVector<Known> scopes;
};

/// A number splat over all lanes of `type`.
mlir::Value createSplat(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, double number);
/// An index, which is not negative, as a number over all lanes of `type`.
mlir::Value createSplat(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, mlir::Value index);
/// x to an integer power: products for small exponents, pow beyond.
mlir::Value createIntegerPower(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
                               int64_t exponent);

} // namespace keops

#endif // KEOPS_IR_EMITTER_H
