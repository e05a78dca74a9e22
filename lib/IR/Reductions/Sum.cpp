// Sums in two levels: plain sums within a block and a step of blocks, compensated sums between
// steps.
#include "Families.h"

using namespace mlir;
using namespace keops;

//===-- Compensated sums, shared with log-sum-exp -------------------------------------------===//

static Value add(ReductionContext &context, Location loc, Value a, Value b) {
  return arith::AddFOp::create(context.builder(), loc, a, b);
}
static Value sub(ReductionContext &context, Location loc, Value a, Value b) {
  return arith::SubFOp::create(context.builder(), loc, a, b);
}

/// Adds `value` to slots {.., total, error} by Knuth's two-sum (TAOCP vol. 2, 4.2.2, theorem B).
static void twoSum(ReductionContext &context, Location loc, MutableArrayRef<Value> slots,
                   Value value) {
  Value total = add(context, loc, slots[1], value);
  Value back = sub(context, loc, total, slots[1]);
  Value lostOfTotal = sub(context, loc, slots[1], sub(context, loc, total, back));
  Value lostOfValue = sub(context, loc, value, back);
  slots[1] = total;
  slots[2] = add(context, loc, slots[2], add(context, loc, lostOfTotal, lostOfValue));
}

void CompensatedSum::init(ReductionContext &context, Location loc, Reduction::Values &state) {
  state.append(slots, createSplat(context.builder(), loc, context.valueType(), 0.0));
}

void CompensatedSum::add(ReductionContext &context, Location loc, MutableArrayRef<Value> slots,
                         Value block) {
  slots[0] = ::add(context, loc, slots[0], block);
}

void CompensatedSum::flush(ReductionContext &context, Location loc, MutableArrayRef<Value> slots) {
  twoSum(context, loc, slots, slots[0]);
  slots[0] = createSplat(context.builder(), loc, context.valueType(), 0.0);
}

void CompensatedSum::scale(ReductionContext &context, Location loc, MutableArrayRef<Value> slots,
                           Value factor) {
  for (Value &slot : slots)
    slot = arith::MulFOp::create(context.builder(), loc, slot, factor);
}

void CompensatedSum::merge(ReductionContext &context, Location loc, MutableArrayRef<Value> into,
                           ValueRange other) {
  twoSum(context, loc, into, other[1]);
  into[2] = ::add(context, loc, into[2], other[2]);
}

/// An infinite or NaN total makes the error NaN; the total alone is then the IEEE sum.
Value CompensatedSum::finish(ReductionContext &context, Location loc, ValueRange slots) {
  OpBuilder &b = context.builder();
  Value sum = ::add(context, loc, slots[1], slots[2]);
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
    return Values(width, createSplat(context.builder(), loc, context.valueType(), 0.0));
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value) override {
    Values next;
    for (unsigned c = 0; c < width; ++c)
      next.push_back(add(context, loc, summary[c], terms.get(0, c)));
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
    for (unsigned c = 0; c < width; ++c)
      sink(0, arith::ConstantIndexOp::create(context.builder(), loc, c),
           CompensatedSum::finish(context, loc,
                                  state.slice(c * CompensatedSum::slots, CompensatedSum::slots)));
  }

private:
  static MutableArrayRef<Value> slotsOf(Values &state, unsigned c) {
    return MutableArrayRef<Value>(state).slice(c * CompensatedSum::slots, CompensatedSum::slots);
  }
};
} // namespace

std::unique_ptr<Reduction> keops::createSumReduction(ReduceAttr attr, unsigned width) {
  return std::make_unique<SumReduction>(attr, width);
}
