// TensorDot: sums of products over pairs of axes of two row-major tensors, with the axes of the
// result permuted. Its adjoints are TensorDots again.
#include "RecordFunctions.h"

#include "keops/Frontend/Limits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <numeric>

using namespace mlir;
using namespace keops;

using Integers = SmallVector<int64_t>;

namespace {
/// An axis of the result or of the sum: its size, and how far a step along it moves in x and y.
struct Axis {
  int64_t size, strideX = 0, strideY = 0;
};

/// A TensorDot with its lists read.
struct Contraction {
  Dims dimsx, dimsy, contx, conty, permutation;

  /// The axes of the result in their final order, and the axes that are summed over.
  SmallVector<Axis> resultAxes() const;
  SmallVector<Axis> sumAxes() const;
  /// For each axis of the result before the permutation: its place after it.
  Integers places() const;
};
} // namespace

static Integers stridesOf(Dims dims) {
  Integers strides(dims.size(), 1);
  for (size_t k = dims.size(); k-- > 1;)
    strides[k - 1] = strides[k] * dims[k];
  return strides;
}

static Integers keptAxes(Dims dims, Dims contracted) {
  Integers kept;
  for (int64_t k = 0; k < static_cast<int64_t>(dims.size()); ++k)
    if (!llvm::is_contained(contracted, k))
      kept.push_back(k);
  return kept;
}

Integers Contraction::places() const {
  if (!permutation.empty())
    return Integers(permutation);
  Integers identity(dimsx.size() + dimsy.size() - contx.size() - conty.size());
  std::iota(identity.begin(), identity.end(), 0);
  return identity;
}

SmallVector<Axis> Contraction::resultAxes() const {
  Integers stridesX = stridesOf(dimsx), stridesY = stridesOf(dimsy), place = places();
  SmallVector<Axis> axes(place.size());
  size_t next = 0;
  for (int64_t k : keptAxes(dimsx, contx))
    axes[place[next++]] = {dimsx[k], stridesX[k], 0};
  for (int64_t k : keptAxes(dimsy, conty))
    axes[place[next++]] = {dimsy[k], 0, stridesY[k]};
  return axes;
}

SmallVector<Axis> Contraction::sumAxes() const {
  Integers stridesX = stridesOf(dimsx), stridesY = stridesOf(dimsy);
  SmallVector<Axis> axes;
  for (auto [x, y] : llvm::zip(contx, conty))
    axes.push_back({dimsx[x], stridesX[x], stridesY[y]});
  return axes;
}

static int64_t sizeOf(ArrayRef<Axis> axes) {
  int64_t size = 1;
  for (const Axis &axis : axes)
    size *= axis.size;
  return size;
}

//===-- The dimension rule ------------------------------------------------------------------===//

LogicalResult keops::checkShape(StringRef name, Where loc, StringRef which, Dims dims,
                                int64_t dim) {
  int64_t product = 1;
  for (int64_t size : dims) {
    if (size < 1 || size > maxDimension || product * size > maxDimension)
      return emitOptionalError(loc, name, ": the ", which,
                               " list of dimensions must be positive with a product of at most ",
                               maxDimension);
    product *= size;
  }
  if (product != dim)
    return emitOptionalError(loc, name, ": the ", which,
                             " list of dimensions must have the product ", dim, ", got ", product);
  return success();
}

static LogicalResult checkAxes(Where loc, StringRef which, Dims axes, Dims dims) {
  for (auto [k, axis] : llvm::enumerate(axes)) {
    if (axis < 0 || axis >= static_cast<int64_t>(dims.size()))
      return emitOptionalError(loc, "TensorDot: axis ", axis, " of the ", which,
                               " tensor does not exist; it has ", dims.size());
    if (llvm::is_contained(axes.take_front(k), axis))
      return emitOptionalError(loc, "TensorDot: axis ", axis, " of the ", which,
                               " tensor is named twice");
  }
  return success();
}

static LogicalResult checkPairs(Where loc, const Contraction &c) {
  if (c.contx.size() != c.conty.size())
    return emitOptionalError(loc, "TensorDot: both lists of axes must be equally long, got ",
                             c.contx.size(), " and ", c.conty.size());
  for (auto [x, y] : llvm::zip(c.contx, c.conty))
    if (c.dimsx[x] != c.dimsy[y])
      return emitOptionalError(loc, "TensorDot: axis ", x, " has size ", c.dimsx[x], " and axis ",
                               y, " has size ", c.dimsy[y], "; they cannot be contracted");
  return success();
}

static LogicalResult checkPermutation(Where loc, const Contraction &c) {
  size_t kept = c.dimsx.size() + c.dimsy.size() - c.contx.size() - c.conty.size();
  Integers sorted(c.permutation);
  llvm::sort(sorted);
  for (auto [k, axis] : llvm::enumerate(sorted))
    if (axis != static_cast<int64_t>(k))
      return emitOptionalError(loc, "TensorDot: the last list is not a permutation");
  if (!sorted.empty() && sorted.size() != kept)
    return emitOptionalError(loc, "TensorDot: the permutation must name ", kept, " axes, got ",
                             sorted.size());
  return success();
}

LogicalResult keops::inferTensorDot(StringRef name, Where loc, TensorDotOp::Adaptor a,
                                    Types &types) {
  // While an operation is being parsed, its defaults are not set yet.
  DenseI64ArrayAttr permutation = a.getPermutationAttr();
  Contraction c{a.getDimsx(), a.getDimsy(), a.getContx(), a.getConty(),
                permutation ? permutation.asArrayRef() : Dims()};
  if (failed(checkShape(name, loc, "first", c.dimsx, getDim(a.getX()))) ||
      failed(checkShape(name, loc, "second", c.dimsy, getDim(a.getY()))) ||
      failed(checkAxes(loc, "first", c.contx, c.dimsx)) ||
      failed(checkAxes(loc, "second", c.conty, c.dimsy)) || failed(checkPairs(loc, c)) ||
      failed(checkPermutation(loc, c)))
    return failure();
  int64_t summed = sizeOf(c.sumAxes());
  int64_t dim = getDim(a.getX()) / summed * (getDim(a.getY()) / summed);
  if (failed(checkBetween(name, loc, "dimension of the result", dim, 1, maxDimension)))
    return failure();
  return inferResult(name, loc, a.getOperands(), dim, types);
}

//===-- Emission ----------------------------------------------------------------------------===//

namespace {
/// Positions in x and y.
struct Positions {
  OpFoldResult x, y;
};
} // namespace

static OpFoldResult addIndices(OpBuilder &b, Location loc, OpFoldResult x, OpFoldResult y) {
  std::optional<int64_t> cx = getConstantIntValue(x), cy = getConstantIntValue(y);
  if (cx && cy)
    return b.getIndexAttr(*cx + *cy);
  if (cx == 0 || cy == 0)
    return cx == 0 ? y : x;
  return arith::AddIOp::create(b, loc, getValueOrCreateConstantIndexOp(b, loc, x),
                               getValueOrCreateConstantIndexOp(b, loc, y))
      .getResult();
}

/// The coordinate of the row-major index k along an axis of this size, `inner` cells apart, times
/// a stride.
static Value stepAlong(OpBuilder &b, Location loc, Value k, int64_t inner, int64_t size,
                       int64_t stride) {
  auto constant = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };
  Value at = inner == 1 ? k : arith::DivUIOp::create(b, loc, k, constant(inner)).getResult();
  at = arith::RemUIOp::create(b, loc, at, constant(size));
  return stride == 1 ? at : arith::MulIOp::create(b, loc, at, constant(stride)).getResult();
}

/// Where the row-major index `k` over `axes` lies in x and in y.
static Positions locate(OpBuilder &b, Location loc, ArrayRef<Axis> axes, OpFoldResult k) {
  std::optional<int64_t> constant = getConstantIntValue(k);
  Positions at{b.getIndexAttr(0), b.getIndexAttr(0)};
  int64_t inner = 1;
  for (const Axis &axis : llvm::reverse(axes)) {
    auto move = [&](OpFoldResult &position, int64_t stride) {
      if (stride == 0 || axis.size == 1)
        return;
      OpFoldResult step = constant
                              ? OpFoldResult(b.getIndexAttr(*constant / inner % axis.size * stride))
                              : stepAlong(b, loc, cast<Value>(k), inner, axis.size, stride);
      position = addIndices(b, loc, position, step);
    };
    move(at.x, axis.strideX);
    move(at.y, axis.strideY);
    inner *= axis.size;
  }
  return at;
}

Value TensorDotOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  OpBuilder &b = emitter.builder();
  Location loc = getLoc();
  Contraction c{getDimsx(), getDimsy(), getContx(), getConty(), getPermutation()};
  SmallVector<Axis> summed = c.sumAxes();
  Positions base = locate(b, loc, c.resultAxes(), k);
  return emitter.sum(loc, sizeOf(summed), getOperands(), [&](OpFoldResult t) -> Value {
    Positions step = locate(b, loc, summed, t);
    Value x = emitter.component(getX(), addIndices(b, loc, base.x, step.x));
    Value y = emitter.component(getY(), addIndices(b, loc, base.y, step.y));
    return arith::MulFOp::create(b, loc, x, y);
  });
}

int64_t TensorDotOp::getTermCount() {
  int64_t count = 1;
  for (int64_t axis : getContx())
    count *= getDimsx()[axis];
  return count;
}

//===-- Adjoints ----------------------------------------------------------------------------===//

/// The adjoint of one operand: e is contracted with the other operand over the axes that the result
/// has from it; what is left are the own axes, in some order.
Value TensorDotOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  bool first = operand == 0;
  Contraction c{getDimsx(), getDimsy(), getContx(), getConty(), getPermutation()};
  Dims ownCont = first ? c.contx : c.conty, otherCont = first ? c.conty : c.contx;
  Integers ownKept = keptAxes(first ? c.dimsx : c.dimsy, ownCont);
  Integers otherKept = keptAxes(first ? c.dimsy : c.dimsx, otherCont);
  Integers place = c.places(), dims, contracted;
  for (const Axis &axis : c.resultAxes())
    dims.push_back(axis.size);
  Dims ownPlaces = Dims(place).slice(first ? 0 : otherKept.size(), ownKept.size());
  Dims otherPlaces = Dims(place).slice(first ? ownKept.size() : 0, otherKept.size());
  // Left over: the own axes of e in the order of e, then the contracted axes in that of the other.
  SmallVector<std::pair<int64_t, int64_t>> ownInOrder;
  for (auto [at, axis] : llvm::zip(ownPlaces, ownKept))
    ownInOrder.emplace_back(at, axis);
  llvm::sort(ownInOrder);
  Integers permutation;
  for (auto [at, axis] : ownInOrder)
    permutation.push_back(axis);
  for (int64_t axis : keptAxes(first ? c.dimsy : c.dimsx, otherKept))
    permutation.push_back(ownCont[llvm::find(otherCont, axis) - otherCont.begin()]);
  return TensorDotOp::create(b, getLoc(), adjoint, getOperand(1 - operand), dims,
                             first ? c.dimsy : c.dimsx, otherPlaces, otherKept, permutation);
}
