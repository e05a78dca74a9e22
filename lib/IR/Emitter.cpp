// Pull emission of components, with unrolled and looped vectors.
#include "keops/IR/Emitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace keops;

Emitter::Emitter(OpBuilder &builder, Type type, Leaf leaf, Rows rows, Call call, Scratch scratch,
                 int64_t sums)
    : b(builder), computeType(type), leaf(std::move(leaf)), rowsAtHand(std::move(rows)),
      call(std::move(call)), scratch(std::move(scratch)), sums(sums) {
  scopes.emplace_back();
}

Emitter::Key Emitter::key(Value formula, OpFoldResult k) {
  void *owner = formula.getAsOpaquePointer();
  if (auto constant = getConstantIntValue(k))
    return {owner, {nullptr, *constant}};
  return {owner, {cast<Value>(k).getAsOpaquePointer(), 0}};
}

Value Emitter::once(Key place, function_ref<Value()> emit) {
  for (const Known &scope : llvm::reverse(scopes))
    if (Value known = scope.components.lookup(place))
      return known;
  Value emitted = emit();
  scopes.back().components[place] = emitted;
  return emitted;
}

Value Emitter::component(Value formula, OpFoldResult k) {
  if (getDim(formula) == 1)
    k = b.getIndexAttr(0);
  return once(key(formula, k), [&] {
    if (auto argument = dyn_cast<BlockArgument>(formula))
      return leaf(*this, argument, k);
    return cast<FormulaOpInterface>(formula.getDefiningOp()).emitComponent(*this, k);
  });
}

void Emitter::define(Value formula, Value value) {
  scopes.back().components[key(formula, b.getIndexAttr(0))] = value;
}

Value Emitter::shared(Operation *op, function_ref<Value()> emit) {
  constexpr int64_t noComponent = -1;
  return once({op, {nullptr, noComponent}}, emit);
}

SmallVector<Value> Emitter::components(ValueRange formulas, OpFoldResult k) {
  SmallVector<Value> list;
  for (Value formula : formulas)
    list.push_back(component(formula, k));
  return list;
}

Value Emitter::apply(Operation *op, OpFoldResult k, Body body) {
  SmallVector<Value> operands = components(op->getOperands(), k);
  Value called = call ? call(op, operands, body) : Value();
  return called ? called : body(b, operands);
}

bool Emitter::isNew(void *item) {
  if (llvm::any_of(scopes, [item](const Known &scope) { return scope.prefetched.contains(item); }))
    return false;
  scopes.back().prefetched.insert(item);
  return true;
}

bool Emitter::isFirstUse(Operation *op) { return isNew(op); }

void Emitter::prefetch(Value formula) {
  Operation *op = formula.getDefiningOp();
  if (getDim(formula) == 1)
    component(formula, b.getIndexAttr(0));
  else if (auto table = dyn_cast_or_null<ScratchOpInterface>(op))
    table.prepare(*this);
  else if (op && isNew(formula.getAsOpaquePointer()))
    for (Value operand : op->getOperands())
      prefetch(operand);
}

OpFoldResult Emitter::offset(Location loc, OpFoldResult k, int64_t by) {
  if (by == 0)
    return k;
  if (auto constant = getConstantIntValue(k))
    return b.getIndexAttr(*constant + by);
  Value shift = arith::ConstantIndexOp::create(b, loc, by);
  return arith::AddIOp::create(b, loc, cast<Value>(k), shift).getResult();
}

Value Emitter::select(Location loc, OpFoldResult k, int64_t begin, int64_t end,
                      function_ref<Value()> inside, function_ref<Value()> outside) {
  if (auto constant = getConstantIntValue(k))
    return *constant >= begin && *constant < end ? inside() : outside();
  Value index = cast<Value>(k);
  Value low = arith::ConstantIndexOp::create(b, loc, begin),
        high = arith::ConstantIndexOp::create(b, loc, end);
  Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, index, low);
  Value below = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, high);
  Value within = arith::AndIOp::create(b, loc, above, below);
  auto branch = [this, loc](function_ref<Value()> body) {
    Scope scope(*this);
    Value value = body();
    scf::YieldOp::create(b, loc, value);
  };
  OpBuilder::InsertionGuard guard(b);
  auto choice = scf::IfOp::create(b, loc, computeType, within, /*withElse=*/true);
  b.setInsertionPointToStart(choice.thenBlock());
  branch(inside);
  b.setInsertionPointToStart(choice.elseBlock());
  branch(outside);
  return choice.getResult(0);
}

/// A loop over four terms at a time, for which several partial sums are carried.
static SmallVector<Value> sumLoop(Emitter &emitter, Location loc, int64_t end,
                                  function_ref<Value(OpFoldResult)> term) {
  OpBuilder &b = emitter.builder();
  Value lower = arith::ConstantIndexOp::create(b, loc, 0),
        upper = arith::ConstantIndexOp::create(b, loc, end);
  Value step = arith::ConstantIndexOp::create(b, loc, Emitter::mostSums);
  SmallVector<Value> zeros(emitter.partialSums(), emitter.zero(loc));
  auto loop = scf::ForOp::create(b, loc, lower, upper, step, zeros);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Emitter::Scope scope(emitter);
  SmallVector<Value> sums(loop.getRegionIterArgs());
  for (int64_t u = 0; u < Emitter::mostSums; ++u) {
    Value value = term(emitter.offset(loc, loop.getInductionVar(), u));
    Value &sum = sums[u % sums.size()];
    sum = arith::AddFOp::create(b, loc, sum, value);
  }
  scf::YieldOp::create(b, loc, sums);
  return {loop.result_begin(), loop.result_end()};
}

/// Pairs first; there are one, two or four.
static Value addAll(OpBuilder &b, Location loc, SmallVector<Value> parts) {
  for (; parts.size() > 1; parts.truncate(parts.size() / 2))
    for (size_t k = 0; k < parts.size() / 2; ++k)
      parts[k] = arith::AddFOp::create(b, loc, parts[2 * k], parts[2 * k + 1]);
  return parts.front();
}

Value Emitter::sum(Location loc, int64_t dim, ValueRange reads,
                   function_ref<Value(OpFoldResult)> term) {
  SmallVector<Value> parts;
  int64_t looped = dim > unrollLimit ? dim / mostSums * mostSums : 0;
  if (looped) {
    for (Value read : reads)
      prefetch(read);
    parts = {addAll(b, loc, sumLoop(*this, loc, looped, term))};
  }
  for (int64_t k = looped; k < dim; ++k) {
    Value value = term(b.getIndexAttr(k));
    parts = {parts.empty() ? value : arith::AddFOp::create(b, loc, parts[0], value).getResult()};
  }
  return parts[0];
}

SmallVector<Value> Emitter::fold(Location loc, int64_t begin, int64_t end, ValueRange init,
                                 ValueRange reads,
                                 function_ref<SmallVector<Value>(OpFoldResult, ValueRange)> body) {
  SmallVector<Value> carried(init);
  if (end - begin <= unrollLimit) {
    for (int64_t k = begin; k < end; ++k)
      carried = body(b.getIndexAttr(k), carried);
    return carried;
  }
  for (Value read : reads)
    prefetch(read);
  Value lower = arith::ConstantIndexOp::create(b, loc, begin),
        upper = arith::ConstantIndexOp::create(b, loc, end),
        step = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, lower, upper, step, carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Scope scope(*this);
  scf::YieldOp::create(b, loc, body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return {loop.result_begin(), loop.result_end()};
}

Value Emitter::number(Location loc, OpFoldResult k) {
  if (auto constant = getConstantIntValue(k))
    return keops::createSplat(b, loc, computeType, static_cast<double>(*constant));
  return keops::createSplat(b, loc, computeType, cast<Value>(k));
}

static APFloat toFloat(int64_t number, const llvm::fltSemantics &semantics) {
  APFloat value(semantics);
  value.convertFromAPInt(APInt(64, number, /*isSigned=*/true), /*IsSigned=*/true,
                         APFloat::rmNearestTiesToEven);
  return value;
}

/// Rounds once: quotients are formed in quadruple precision, where 64-bit integers are exact.
static APFloat roundNumber(Attribute number, const llvm::fltSemantics &semantics) {
  bool inexact;
  if (auto real = dyn_cast<FloatAttr>(number)) {
    APFloat value = real.getValue();
    value.convert(semantics, APFloat::rmNearestTiesToEven, &inexact);
    return value;
  }
  auto rational = dyn_cast<RationalAttr>(number);
  int64_t numerator = rational ? rational.getNumerator() : cast<IntegerAttr>(number).getInt();
  APFloat value = toFloat(numerator, APFloat::IEEEquad());
  if (rational)
    value.divide(toFloat(rational.getDenominator(), APFloat::IEEEquad()),
                 APFloat::rmNearestTiesToEven);
  value.convert(semantics, APFloat::rmNearestTiesToEven, &inexact);
  return value;
}

static Value createSplat(OpBuilder &b, Location loc, Type type, const APFloat &number) {
  TypedAttr scalar = FloatAttr::get(getElementTypeOrSelf(type), number);
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, number));
  return arith::ConstantOp::create(b, loc, scalar);
}

Value Emitter::constant(Location loc, Attribute number) {
  const auto &semantics = cast<FloatType>(getElementTypeOrSelf(computeType)).getFloatSemantics();
  return ::createSplat(b, loc, computeType, roundNumber(number, semantics));
}

Value Emitter::zero(Location loc) { return keops::createSplat(b, loc, computeType, 0.0); }

Value keops::createSplat(OpBuilder &b, Location loc, Type type, double number) {
  bool inexact;
  APFloat value(number);
  value.convert(cast<FloatType>(getElementTypeOrSelf(type)).getFloatSemantics(),
                APFloat::rmNearestTiesToEven, &inexact);
  return ::createSplat(b, loc, type, value);
}

Value keops::createSplat(OpBuilder &b, Location loc, Type type, Value index) {
  Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  Value number = arith::SIToFPOp::create(b, loc, getElementTypeOrSelf(type), integer);
  return isa<VectorType>(type) ? vector::BroadcastOp::create(b, loc, type, number).getResult()
                               : number;
}

Value keops::createIntegerPower(OpBuilder &b, Location loc, Value x, int64_t exponent) {
  constexpr int64_t longestProduct = 8;
  if (std::abs(exponent) > longestProduct)
    return math::PowFOp::create(b, loc, x,
                                createSplat(b, loc, x.getType(), static_cast<double>(exponent)));
  Value one = createSplat(b, loc, x.getType(), 1.0), power, square = x;
  for (int64_t rest = std::abs(exponent); rest > 0; rest /= 2) {
    if (rest % 2)
      power = power ? arith::MulFOp::create(b, loc, power, square).getResult() : square;
    if (rest > 1)
      square = arith::MulFOp::create(b, loc, square, square);
  }
  if (!power)
    return one;
  return exponent < 0 ? arith::DivFOp::create(b, loc, one, power).getResult() : power;
}
