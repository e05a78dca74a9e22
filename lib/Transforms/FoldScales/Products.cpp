// Products are taken apart and put together again, so that what depends on p, i or j alone is
// multiplied outside the loop, and scalars before vectors.
#include "FoldScales.h"

#include <array>

using namespace mlir;
using namespace keops;

//===-- Divisions ---------------------------------------------------------------------------===//

/// f / g with g outside the loop is f * (1 / g): the inverse is taken once per row.
static void invertDivisors(Block &block) {
  for (DivideOp op : llvm::make_early_inc_range(block.getOps<DivideOp>())) {
    Value f = op.getX(), g = op.getY();
    if (!inLoop(op.getResult()) || inLoop(g) || getDim(g) > getDim(f))
      continue;
    OpBuilder b(op);
    std::optional<double> constant = getScale(g);
    Value inverse =
        constant && *constant != 0
            ? createScale(b, op.getLoc(), getValueType(g).getElementType(), 1 / *constant)
            : InvOp::create(b, op.getLoc(), g).getResult();
    op.getResult().replaceAllUsesWith(MultOp::create(b, op.getLoc(), f, inverse));
    op.erase();
  }
}

//===-- Products ----------------------------------------------------------------------------===//

namespace {
/// A product in groups: one partial product per placement, for scalars and for vectors, and a
/// constant.
class Product {
public:
  Product(OpBuilder &b, Location loc, Type elementType)
      : b(b), loc(loc), elementType(elementType) {}

  void addFactor(Value factor);
  void addScale(double factor) { scale *= factor; }
  /// The product, with as few multiplications in the loop as the placements allow.
  Value build();

private:
  using Groups = std::array<Value, 4>; ///< by placement: p, i, j, ij
  static constexpr std::array<unsigned, 3> outside = {1, 2, 0};
  static constexpr unsigned pair = 3;

  void multiplyInto(Value &group, Value factor) {
    group = group ? MultOp::create(b, loc, group, factor).getResult() : factor;
  }
  Value *findHome();
  void placeScale();
  void placeScalars();

  OpBuilder &b;
  Location loc;
  Type elementType;
  Groups scalars, vectors;
  double scale = 1;
};
} // namespace

void Product::addFactor(Value factor) {
  if (std::optional<double> constant = getScale(factor))
    return addScale(*constant);
  Groups &groups = getDim(factor) == 1 ? scalars : vectors;
  multiplyInto(groups[static_cast<unsigned>(getValueType(factor).getPlacement())], factor);
}

/// The partial product outside the loop that a parameter may join, or null.
Value *Product::findHome() {
  for (Groups *groups : {&scalars, &vectors})
    for (unsigned k : outside)
      if ((*groups)[k])
        return &(*groups)[k];
  return nullptr;
}

/// The constant joins a group outside the loop, else the scalars of the pair, which are fewer than
/// the components.
void Product::placeScale() {
  if (scale == 1)
    return;
  Value *home = findHome();
  if (!home)
    home = scalars[pair] ? &scalars[pair] : &vectors[pair];
  *home = multiplyScale(b, loc, *home, scale);
}

/// Scalars join vectors of their own placement, parameters whatever is outside the loop.
void Product::placeScalars() {
  if (scalars[0]) {
    Value parameter = std::exchange(scalars[0], Value());
    if (Value *home = findHome())
      multiplyInto(*home, parameter);
    else
      scalars[0] = parameter;
  }
  for (unsigned k : {1u, 2u})
    if (scalars[k] && vectors[k])
      vectors[k] = MultOp::create(b, loc, std::exchange(scalars[k], Value()), vectors[k]);
}

Value Product::build() {
  placeScale();
  placeScalars();
  Value result;
  for (Groups *groups : {&scalars, &vectors}) {
    Value group;
    for (unsigned k : {pair, 2u, 1u, 0u})
      if (Value factor = (*groups)[k])
        multiplyInto(group, factor);
    if (group)
      multiplyInto(result, group);
  }
  return result;
}

/// Whether `value` is a product in the loop that only the product around it reads.
static bool isInner(Value value) {
  if (!inLoop(value) || !value.hasOneUse() ||
      !isa_and_nonnull<MultOp, MinusOp>(value.getDefiningOp()))
    return false;
  return isa<MultOp, MinusOp>(*value.user_begin());
}

/// The factors of a product, from left to right; signs and constants end up in its scale.
static void collectFactors(Value root, Product &product) {
  SmallVector<Value> pending = {root};
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    if (value != root && !isInner(value)) {
      product.addFactor(value);
    } else if (auto minus = value.getDefiningOp<MinusOp>()) {
      product.addScale(-1);
      pending.push_back(minus.getX());
    } else {
      auto mult = value.getDefiningOp<MultOp>();
      pending.append({mult.getY(), mult.getX()});
    }
  }
}

void keops::regroupProducts(Block &block) {
  invertDivisors(block);
  SmallVector<Operation *> roots;
  for (Operation &op : block)
    if (isa<MultOp, MinusOp>(op) && inLoop(op.getResult(0)) && !isInner(op.getResult(0)))
      roots.push_back(&op);
  for (Operation *op : roots) {
    if (isa<MinusOp>(op) && !isInner(op->getOperand(0)))
      continue;
    OpBuilder b(op);
    Product product(b, op->getLoc(), getElementType(op));
    collectFactors(op->getResult(0), product);
    op->replaceAllUsesWith(ValueRange(product.build()));
  }
}
