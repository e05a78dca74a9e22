// Sums and means in two levels: plain sums within a block and a step of blocks, compensated sums
// between steps.
#include "Families.h"

using namespace mlir;
using namespace keops;

//===-- Compensated sums, shared with log-sum-exp -------------------------------------------===//

/// Wide accumulators take every term, unless the caller wants partial sums of the terms' type.
SumTypes SumTypes::get(ReductionContext &context) {
  SumsAttr sums = context.sums();
  bool wide = sums && sums.getAccumulator() == Accumulator::F64;
  Type total = wide ? context.wideType() : context.valueType();
  bool narrowBlocks = sums && sums.getScheme() == SumScheme::BlockSum;
  return {narrowBlocks ? context.valueType() : total, total};
}

Value keops::toFloatType(OpBuilder &b, Location loc, Value value, Type type) {
  unsigned from = getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth(),
           to = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtFOp::create(b, loc, type, value);
  if (from > to)
    return arith::TruncFOp::create(b, loc, type, value);
  return value;
}

Value keops::addValues(OpBuilder &b, Location loc, Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, y);
}

void keops::addCompensated(OpBuilder &b, Location loc, Value &total, Value &error, Value value) {
  auto sub = [&](Value x, Value y) -> Value { return arith::SubFOp::create(b, loc, x, y); };
  Value sum = addValues(b, loc, total, value);
  Value back = sub(sum, total);
  Value lostOfTotal = sub(total, sub(sum, back));
  Value lostOfValue = sub(value, back);
  total = sum;
  error = addValues(b, loc, error, addValues(b, loc, lostOfTotal, lostOfValue));
}

void CompensatedSum::init(ReductionContext &context, Location loc, Reduction::Values &state) {
  SumTypes types = SumTypes::get(context);
  for (Type type : {types.partial, types.total, types.total})
    state.push_back(createSplat(context.builder(), loc, type, 0.0));
}

void CompensatedSum::add(ReductionContext &context, Location loc, MutableArrayRef<Value> slots,
                         Value block) {
  slots[0] = addValues(context.builder(), loc, slots[0], block);
}

void CompensatedSum::flush(ReductionContext &context, Location loc, MutableArrayRef<Value> slots) {
  OpBuilder &b = context.builder();
  addCompensated(b, loc, slots[1], slots[2], toFloatType(b, loc, slots[0], slots[1].getType()));
  slots[0] = createSplat(b, loc, slots[0].getType(), 0.0);
}

void CompensatedSum::scale(ReductionContext &context, Location loc, MutableArrayRef<Value> slots,
                           Value factor) {
  OpBuilder &b = context.builder();
  for (Value &slot : slots)
    slot = arith::MulFOp::create(b, loc, slot, toFloatType(b, loc, factor, slot.getType()));
}

void CompensatedSum::merge(ReductionContext &context, Location loc, MutableArrayRef<Value> into,
                           ValueRange other) {
  addCompensated(context.builder(), loc, into[1], into[2], other[1]);
  into[2] = addValues(context.builder(), loc, into[2], other[2]);
}

/// An infinite or NaN total makes the error NaN; the total alone is then the IEEE sum.
Value CompensatedSum::finish(ReductionContext &context, Location loc, ValueRange slots) {
  OpBuilder &b = context.builder();
  Value sum = addValues(b, loc, slots[1], slots[2]);
  Value ordered = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, slots[2], slots[2]);
  return arith::SelectOp::create(b, loc, ordered, sum, slots[1]);
}

Value keops::anyLane(OpBuilder &b, Location loc, Value mask) {
  auto type = dyn_cast<VectorType>(mask.getType());
  if (!type)
    return mask;
  Value any;
  for (int64_t row = 0; row < (type.getRank() == 2 ? type.getDimSize(0) : 1); ++row) {
    Value lanes =
        type.getRank() == 2 ? vector::ExtractOp::create(b, loc, mask, row).getResult() : mask;
    any = any ? arith::OrIOp::create(b, loc, any, lanes).getResult() : lanes;
  }
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
}

Value keops::number(ReductionContext &context, Location loc, double value) {
  return createSplat(context.builder(), loc, context.valueType(), value);
}

Value keops::splatIndex(OpBuilder &b, Location loc, Type type, Value index) {
  Value number = index;
  if (index.getType().isIndex())
    number = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  if (isa<VectorType>(type))
    return vector::BroadcastOp::create(b, loc, type, number);
  return number;
}

//===-- The reduction -----------------------------------------------------------------------===//

namespace {
class SumReduction : public Reduction {
public:
  using Reduction::Reduction;

  Values init(ReductionContext &context, Location loc) override {
    Values state;
    for (unsigned c = 0; c < width; ++c)
      CompensatedSum::init(context, loc, state);
    return state;
  }

  Values summaryInit(ReductionContext &context, Location loc) override {
    return Values(width, createSplat(context.builder(), loc, SumTypes::get(context).partial, 0.0));
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value) override {
    OpBuilder &b = context.builder();
    Values next;
    for (unsigned c = 0; c < width; ++c) {
      Value term = toFloatType(b, loc, terms.get(0, c), summary[c].getType());
      next.push_back(addValues(b, loc, summary[c], term));
    }
    return next;
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value, Value) override {
    Values next(state.begin(), state.end());
    for (unsigned c = 0; c < width; ++c)
      CompensatedSum::add(context, loc, slotsOf(next, c), summary[c]);
    return next;
  }

  Values flush(ReductionContext &context, Location loc, ValueRange state) override {
    Values next(state.begin(), state.end());
    for (unsigned c = 0; c < width; ++c)
      CompensatedSum::flush(context, loc, slotsOf(next, c));
    return next;
  }

  Values merge(ReductionContext &context, Location loc, ValueRange first,
               ValueRange second) override {
    Values next(first.begin(), first.end());
    for (unsigned c = 0; c < width; ++c)
      CompensatedSum::merge(context, loc, slotsOf(next, c),
                            second.slice(c * CompensatedSum::slots, CompensatedSum::slots));
    return next;
  }

  void finish(ReductionContext &context, Location loc, ValueRange state, Sink sink) override {
    OpBuilder &b = context.builder();
    for (unsigned c = 0; c < width; ++c) {
      Value sum = CompensatedSum::finish(
          context, loc, state.slice(c * CompensatedSum::slots, CompensatedSum::slots));
      if (attr.getKind() == ReductionKind::Mean)
        sum =
            arith::DivFOp::create(b, loc, sum, createSplat(b, loc, sum.getType(), context.size()));
      sink(0, arith::ConstantIndexOp::create(b, loc, c),
           toFloatType(b, loc, sum, context.valueType()), Origin::Chunk);
    }
  }

private:
  static MutableArrayRef<Value> slotsOf(Values &state, unsigned c) {
    return MutableArrayRef<Value>(state).slice(c * CompensatedSum::slots, CompensatedSum::slots);
  }
};
} // namespace

std::unique_ptr<Reduction> keops::createSumReduction(ReduceAttr attr, unsigned width, TypeRange) {
  return std::make_unique<SumReduction>(attr, width);
}
