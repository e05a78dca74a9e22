// Soft dynamic time warping on a matrix of costs: the recursion over its cells, backwards for the
// gradient, and both along several directions at once for the derivatives of the gradient. All of
// it are loops; the table is kept in scratch memory.
#include "RecordFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <array>
#include <limits>

using namespace mlir;
using namespace keops;

//===-- Numbers and their derivatives along directions --------------------------------------===//

namespace {
/// A number and its mixed derivatives: part S belongs to the directions in the bit set S. Null is
/// zero.
using Jet = SmallVector<Value>;

/// Writes arithmetic on jets. Products run over all ways to share the directions of a part.
class JetWriter {
public:
  JetWriter(Emitter &emitter, Location loc, unsigned directions)
      : emitter(emitter), b(emitter.builder()), loc(loc), size(1u << directions) {}

  Value number(double value) { return createSplat(b, loc, emitter.type(), value); }
  Value infinity() { return number(std::numeric_limits<double>::infinity()); }
  Jet constant(double value);
  Jet add(const Jet &x, const Jet &y);
  Jet multiply(const Jet &x, const Jet &y);

  /// A soft minimum, and its derivatives with respect to what it is the minimum of.
  struct Minimum {
    Jet value;
    std::array<Jet, 3> weights;
  };
  Minimum softMinimum(const std::array<Jet, 3> &of);

  unsigned getSize() const { return size; }

private:
  Value plus(Value x, Value y);
  Value minus(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value times(Value x, Value y);
  /// sum of x[T with `with`] y[S without T] over the subsets T of S.
  Value convolve(const Jet &x, const Jet &y, unsigned s, unsigned with);
  /// The parts that belong to no direction.
  void startMinimum(const std::array<Jet, 3> &of, Minimum &minimum);

  Emitter &emitter;
  OpBuilder &b;
  Location loc;
  unsigned size;
};
} // namespace

Value JetWriter::plus(Value x, Value y) {
  return x && y ? arith::AddFOp::create(b, loc, x, y).getResult() : x ? x : y;
}

Value JetWriter::times(Value x, Value y) {
  return x && y ? arith::MulFOp::create(b, loc, x, y).getResult() : Value();
}

Jet JetWriter::constant(double value) {
  Jet jet(size, number(0));
  jet[0] = number(value);
  return jet;
}

Jet JetWriter::add(const Jet &x, const Jet &y) {
  Jet sum;
  for (auto [left, right] : llvm::zip(x, y))
    sum.push_back(plus(left, right));
  return sum;
}

Value JetWriter::convolve(const Jet &x, const Jet &y, unsigned s, unsigned with) {
  Value sum;
  for (unsigned t = s;; t = (t - 1) & s) {
    sum = plus(sum, times(x[t | with], y[s & ~t]));
    if (t == 0)
      return sum;
  }
}

Jet JetWriter::multiply(const Jet &x, const Jet &y) {
  Jet product;
  for (unsigned s = 0; s < size; ++s)
    product.push_back(convolve(x, y, s, 0));
  return product;
}

/// Stable for any costs: what is subtracted before the exponential is the minimum where that is
/// finite. Without a finite predecessor all weights are 0.
void JetWriter::startMinimum(const std::array<Jet, 3> &of, Minimum &minimum) {
  Value least = of[0][0];
  for (const Jet &jet : ArrayRef(of).drop_front())
    least = arith::MinimumFOp::create(b, loc, least, jet[0]);
  Value isInfinite = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                                           math::AbsFOp::create(b, loc, least), infinity());
  Value shift = arith::SelectOp::create(b, loc, isInfinite, number(0), least), sum;
  for (auto [jet, weight] : llvm::zip(of, minimum.weights)) {
    weight.assign(size, Value());
    weight[0] = math::ExpOp::create(b, loc, minus(shift, jet[0]));
    sum = plus(sum, weight[0]);
  }
  minimum.value.assign(size, Value());
  minimum.value[0] = minus(shift, math::LogOp::create(b, loc, sum));
  Value isEmpty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, number(0));
  Value divisor = arith::SelectOp::create(b, loc, isEmpty, number(1), sum);
  for (Jet &weight : minimum.weights)
    weight[0] = arith::DivFOp::create(b, loc, weight[0], divisor);
}

/// With m the minimum of v_a and w_a = exp(m - v_a): dm = sum of w_a dv_a and dw_a = w_a (dm -
/// dv_a), along the last direction of each part.
JetWriter::Minimum JetWriter::softMinimum(const std::array<Jet, 3> &of) {
  Minimum minimum;
  startMinimum(of, minimum);
  for (unsigned s = 1; s < size; ++s) {
    unsigned last = 1u << llvm::Log2_32(s), others = s & ~last;
    for (auto [jet, weight] : llvm::zip(of, minimum.weights))
      minimum.value[s] = plus(minimum.value[s], convolve(jet, weight, others, last));
    for (auto [jet, weight] : llvm::zip(of, minimum.weights)) {
      Jet gap;
      for (unsigned t = 0; t < size; ++t)
        gap.push_back(t && t <= s ? minus(minimum.value[t], jet[t]) : Value());
      weight[s] = convolve(gap, weight, others, last);
    }
  }
  return minimum;
}

/// Where `count` components from `offset` on lie in what `all` concatenates.
static std::pair<Value, int64_t> findPart(Value all, int64_t offset, int64_t count) {
  while (auto both = all.getDefiningOp<ConcatOp>()) {
    int64_t first = getDim(both.getX());
    if (offset < first && offset + count > first)
      break;
    all = offset < first ? both.getX() : both.getY();
    offset -= offset < first ? 0 : first;
  }
  return {all, offset};
}

//===-- The table ---------------------------------------------------------------------------===//

namespace {
using Values = SmallVector<Value>;

/// Writes the loops over the cells of one operation. Row 0 and column 0 of the table stand in front
/// of the matrix: no path comes from there but the one that starts at its corner.
class TableWriter {
public:
  TableWriter(Emitter &emitter, Operation *op, Value matrices, int64_t rows, int64_t columns,
              unsigned directions)
      : emitter(emitter), b(emitter.builder()), op(op), loc(op->getLoc()), matrices(matrices),
        rows(rows), columns(columns), directions(directions), jets(emitter, loc, directions) {}

  /// The value of the last cell; only the row before is kept.
  Value writeValue();
  /// Leaves in part 0 of each cell how often it is passed, differentiated along all directions.
  void writePlan();
  /// Where the plan of a cell of the matrix lies.
  Value positionOf(OpFoldResult cell);

private:
  using Body = function_ref<Values(Value, ValueRange)>;
  /// Carries values through body(k, carried) for k = 1 ... count, or backwards.
  Values forEach(int64_t count, bool backwards, ValueRange init, Body body);
  Value index(int64_t k) { return arith::ConstantIndexOp::create(b, loc, k); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value before(Value k) { return arith::SubIOp::create(b, loc, k, index(1)); }
  Value multiply(Value x, int64_t by) { return arith::MulIOp::create(b, loc, x, index(by)); }

  /// The costs of cell (i, j), counted from 1, and their derivatives.
  Jet costsOf(Value i, Value j);
  Value readMatrix(unsigned number, Value cell);
  Value cellAt(Value i, Value j);
  /// The numbers from which the plan is pushed to the row above, behind the table.
  Value slotAt(Value j) {
    return add(index((rows + 1) * (columns + 1) * jets.getSize()), multiply(j, jets.getSize()));
  }
  Jet load(Value position);
  void store(const Jet &jet, Value position);

  void writeBorder();
  void writeForward();
  void writeBackward();
  void writeBackwardRow(Value i);

  Emitter &emitter;
  OpBuilder &b;
  Operation *op;
  Location loc;
  Value matrices;
  int64_t rows, columns;
  unsigned directions;
  JetWriter jets;
};
} // namespace

Values TableWriter::forEach(int64_t count, bool backwards, ValueRange init, Body body) {
  auto loop = scf::ForOp::create(b, loc, index(1), index(count + 1), index(1), init);
  OpBuilder::InsertionGuard guard(b);
  // A loop that carries nothing is born with its terminator.
  if (init.empty())
    b.setInsertionPoint(loop.getBody()->getTerminator());
  else
    b.setInsertionPointToStart(loop.getBody());
  Emitter::Scope scope(emitter);
  Value k = loop.getInductionVar();
  if (backwards)
    k = arith::SubIOp::create(b, loc, index(count + 1), k);
  Values next = body(k, loop.getRegionIterArgs());
  if (!init.empty())
    scf::YieldOp::create(b, loc, next);
  return {loop.result_begin(), loop.result_end()};
}

Value TableWriter::readMatrix(unsigned number, Value cell) {
  int64_t cells = rows * columns;
  auto [from, offset] = findPart(matrices, number * cells, cells);
  return emitter.component(from, emitter.offset(loc, cell, offset));
}

Jet TableWriter::costsOf(Value i, Value j) {
  Value cell = add(multiply(before(i), columns), before(j));
  Jet costs(jets.getSize());
  costs[0] = readMatrix(0, cell);
  for (unsigned d = 0; d < directions; ++d)
    costs[1u << d] = readMatrix(d + 1, cell);
  return costs;
}

Value TableWriter::cellAt(Value i, Value j) {
  return multiply(add(multiply(i, columns + 1), j), jets.getSize());
}

Jet TableWriter::load(Value position) {
  Jet jet;
  for (unsigned s = 0; s < jets.getSize(); ++s)
    jet.push_back(emitter.load(op, add(position, index(s))));
  return jet;
}

void TableWriter::store(const Jet &jet, Value position) {
  for (auto [s, part] : llvm::enumerate(jet))
    emitter.store(op, part, add(position, index(s)));
}

/// Both neighbours that lie in the row at hand are carried.
Value TableWriter::writeValue() {
  emitter.prefetch(matrices);
  forEach(columns, false, {}, [&](Value j, ValueRange) -> Values {
    emitter.store(op, jets.infinity(), before(j));
    return {};
  });
  forEach(rows, false, {jets.number(0)}, [&](Value i, ValueRange corner) -> Values {
    Values start = {corner[0], jets.infinity()};
    forEach(columns, false, start, [&](Value j, ValueRange carried) -> Values {
      Jet above = {emitter.load(op, before(j))};
      auto minimum = jets.softMinimum({Jet{carried[0]}, above, Jet{carried[1]}});
      Value cell = jets.add(costsOf(i, j), minimum.value)[0];
      emitter.store(op, cell, before(j));
      return {above[0], cell};
    });
    return {jets.infinity()};
  });
  return emitter.load(op, index(columns - 1));
}

void TableWriter::writeBorder() {
  double infinity = std::numeric_limits<double>::infinity();
  store(jets.constant(0), cellAt(index(0), index(0)));
  forEach(columns, false, {}, [&](Value j, ValueRange) -> Values {
    store(jets.constant(infinity), cellAt(index(0), j));
    store(jets.constant(0), slotAt(j));
    return {};
  });
  forEach(rows, false, {}, [&](Value i, ValueRange) -> Values {
    store(jets.constant(infinity), cellAt(i, index(0)));
    return {};
  });
}

void TableWriter::writeForward() {
  forEach(rows, false, {}, [&](Value i, ValueRange) -> Values {
    forEach(columns, false, {}, [&](Value j, ValueRange) -> Values {
      Jet diagonal = load(cellAt(before(i), before(j))), above = load(cellAt(before(i), j)),
          left = load(cellAt(i, before(j)));
      auto minimum = jets.softMinimum({diagonal, above, left});
      store(jets.add(costsOf(i, j), minimum.value), cellAt(i, j));
      return {};
    });
    return {};
  });
}

/// The cells before (i, j) receive what (i, j) has, by weight. Its own value has been read for the
/// last time, so that the plan takes its place.
void TableWriter::writeBackwardRow(Value i) {
  unsigned size = jets.getSize();
  Values none(2 * size, jets.number(0));
  forEach(columns, true, none, [&](Value j, ValueRange carried) -> Values {
    Jet fromRight(carried.take_front(size)), toDiagonal(carried.drop_front(size));
    Jet plan = jets.add(load(slotAt(j)), fromRight);
    Jet diagonal = load(cellAt(before(i), before(j))), above = load(cellAt(before(i), j)),
        left = load(cellAt(i, before(j)));
    auto weights = jets.softMinimum({diagonal, above, left}).weights;
    store(jets.add(jets.multiply(plan, weights[1]), toDiagonal), slotAt(j));
    emitter.store(op, plan.back(), cellAt(i, j));
    Values next = jets.multiply(plan, weights[2]);
    llvm::append_range(next, jets.multiply(plan, weights[0]));
    return next;
  });
}

void TableWriter::writeBackward() {
  // Every path ends in the last cell.
  emitter.store(op, jets.number(1), slotAt(index(columns)));
  forEach(rows, true, {}, [&](Value i, ValueRange) -> Values {
    writeBackwardRow(i);
    return {};
  });
}

void TableWriter::writePlan() {
  emitter.prefetch(matrices);
  writeBorder();
  writeForward();
  writeBackward();
}

Value TableWriter::positionOf(OpFoldResult cell) {
  if (auto constant = getConstantIntValue(cell))
    return cellAt(index(*constant / columns + 1), index(*constant % columns + 1));
  Value k = cast<Value>(cell), width = index(columns), one = index(1);
  Value i = arith::DivUIOp::create(b, loc, k, width), j = arith::RemUIOp::create(b, loc, k, width);
  return cellAt(add(i, one), add(j, one));
}

//===-- The operations ----------------------------------------------------------------------===//

static LogicalResult checkMatrix(StringRef name, Where loc, int64_t rows, int64_t columns) {
  if (failed(checkBetween(name, loc, "number of rows", rows, 1, maxCells)) ||
      failed(checkBetween(name, loc, "number of columns", columns, 1, maxCells)))
    return failure();
  return checkBetween(name, loc, "product of both dimensions", rows * columns, 1, maxCells);
}

LogicalResult keops::inferWarping(StringRef name, Where loc, SoftDTWOp::Adaptor adaptor,
                                  Types &types) {
  int64_t rows = adaptor.getRows(), columns = adaptor.getColumns(), dim = getDim(adaptor.getX());
  if (failed(checkMatrix(name, loc, rows, columns)))
    return failure();
  if (dim != rows * columns)
    return emitOptionalError(loc, name, ": expected ", rows * columns, " costs for ", rows,
                             " rows and ", columns, " columns, got dimension ", dim);
  return inferResult(name, loc, adaptor.getOperands(), 1, types);
}

Value SoftDTWOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return TableWriter(emitter, *this, getX(), getRows(), getColumns(), 0).writeValue();
}
int64_t SoftDTWOp::getScratchSize() { return getColumns(); }
void SoftDTWOp::prepare(Emitter &emitter) {
  emitter.component(getResult(), emitter.builder().getIndexAttr(0));
}

Value SoftDTWOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  Value plan = SoftDTWPlanOp::create(b, getLoc(), getX(), getRows(), getColumns());
  return MultOp::create(b, getLoc(), plan, adjoint);
}
Value SoftDTWOp::buildTangent(OpBuilder &b, ValueRange tangents) {
  Value plan = SoftDTWPlanOp::create(b, getLoc(), getX(), getRows(), getColumns());
  return ScalprodOp::create(b, getLoc(), plan, tangents[0]);
}

LogicalResult keops::inferWarpingPlan(StringRef name, Where loc, SoftDTWPlanOp::Adaptor adaptor,
                                      Types &types) {
  int64_t rows = adaptor.getRows(), columns = adaptor.getColumns(), dim = getDim(adaptor.getX());
  if (failed(checkMatrix(name, loc, rows, columns)))
    return failure();
  int64_t cells = rows * columns;
  if (dim % cells != 0)
    return emitOptionalError(loc, name, ": expected matrices of ", cells,
                             " components, got dimension ", dim);
  if (failed(checkBetween(name, loc, "number of directions", dim / cells - 1, 0,
                          SoftDTWPlanOp::mostDirections)))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), cells, types);
}

int64_t SoftDTWPlanOp::getDirectionCount() {
  return getDim(getX()) / (getRows() * getColumns()) - 1;
}
/// The table with its border, and one more row.
int64_t SoftDTWPlanOp::getScratchSize() {
  return (getRows() + 2) * (getColumns() + 1) << getDirectionCount();
}

static TableWriter planWriter(Emitter &emitter, SoftDTWPlanOp op) {
  return TableWriter(emitter, op, op.getX(), op.getRows(), op.getColumns(), op.getDirectionCount());
}

void SoftDTWPlanOp::prepare(Emitter &emitter) {
  if (emitter.isFirstUse(*this))
    planWriter(emitter, *this).writePlan();
}
Value SoftDTWPlanOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  prepare(emitter);
  return emitter.load(*this, planWriter(emitter, *this).positionOf(k));
}

//===-- Derivatives of the plan -------------------------------------------------------------===//

/// The plan is the gradient of SoftDTW, differentiated along directions: a symmetric form in them,
/// so that an adjoint takes the place of a direction.
static Value createPlan(SoftDTWPlanOp like, OpBuilder &b, ArrayRef<Value> matrices) {
  Value all = matrices.front();
  for (Value matrix : matrices.drop_front())
    all = ConcatOp::create(b, like.getLoc(), all, matrix);
  return SoftDTWPlanOp::create(b, like.getLoc(), all, like.getRows(), like.getColumns());
}

static SmallVector<Value> split(SoftDTWPlanOp op, OpBuilder &b, Value all) {
  int64_t cells = op.getRows() * op.getColumns(), count = op.getDirectionCount() + 1;
  SmallVector<Value> matrices;
  for (int64_t k = 0; k < count; ++k) {
    auto [from, offset] = findPart(all, k * cells, cells);
    matrices.push_back(getDim(from) == cells
                           ? from
                           : ExtractOp::create(b, op.getLoc(), from, offset, cells).getResult());
  }
  return matrices;
}

Value SoftDTWPlanOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  SmallVector<Value> matrices = split(*this, b, getX());
  if (getDim(adjoint) < getDim(getResult()))
    adjoint = SumTOp::create(b, getLoc(), adjoint, getDim(getResult()));
  Value all;
  for (size_t k = 0; k < matrices.size(); ++k) {
    SmallVector<Value> chosen = matrices;
    if (k > 0)
      chosen.erase(chosen.begin() + k);
    chosen.push_back(adjoint);
    Value part = createPlan(*this, b, chosen);
    all = all ? ConcatOp::create(b, getLoc(), all, part).getResult() : part;
  }
  return all;
}

Value SoftDTWPlanOp::buildTangent(OpBuilder &b, ValueRange tangents) {
  SmallVector<Value> matrices = split(*this, b, getX()), moved = split(*this, b, tangents[0]);
  Value sum;
  for (size_t k = 0; k < matrices.size(); ++k) {
    if (isZero(moved[k]))
      continue;
    SmallVector<Value> chosen = matrices;
    if (k > 0)
      chosen[k] = moved[k];
    else
      chosen.push_back(moved[0]);
    Value term = createPlan(*this, b, chosen);
    sum = sum ? AddOp::create(b, getLoc(), sum, term).getResult() : term;
  }
  return sum;
}
