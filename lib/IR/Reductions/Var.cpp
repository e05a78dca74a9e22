// Variances in one pass. A block's terms are stored, averaged, and squared about their average; the
// averages and squares of two groups combine by the rule of Chan, Golub and LeVeque (1979), which
// for a group of one term is Welford's.
#include "Families.h"

using namespace mlir;
using namespace keops;

namespace {
/// A group of terms: how many (as a number), their mean and the sum of squares about it, each with
/// what additions have rounded away.
struct Group {
  Value count, mean, meanError, squares, squaresError;
};

/// State: the number of terms as a 64-bit integer, then four values per component.
class VarReduction : public Reduction {
public:
  using Reduction::Reduction;

  SmallVector<ScratchArray> scratch(int64_t blockSize) const override {
    return SmallVector<ScratchArray>(width, {false, blockSize, /*passing=*/true});
  }

  Values init(ReductionContext &context, Location loc) override {
    Value zero = arith::ConstantIndexOp::create(context.builder(), loc, 0);
    Values state = {splatIndex(context.builder(), loc, context.indexType(), zero)};
    state.append(4 * width, number(context, loc, 0));
    return state;
  }

  Values summaryInit(ReductionContext &context, Location loc) override {
    return Values(width, number(context, loc, 0));
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value slot) override {
    Values next;
    for (unsigned c = 0; c < width; ++c) {
      Value term = terms.get(0, c);
      context.store(loc, term, c, slot);
      next.push_back(addValues(context.builder(), loc, summary[c], term));
    }
    return next;
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value begin, Value end) override {
    OpBuilder &b = context.builder();
    Value size = arith::SubIOp::create(b, loc, end, begin);
    Value count = createSplat(b, loc, context.valueType(), size);
    Values means;
    for (unsigned c = 0; c < width; ++c)
      means.push_back(arith::DivFOp::create(b, loc, summary[c], count));
    Values squares = squareBlock(context, loc, means, size);
    Values block = {splatIndex(b, loc, context.indexType(), size)};
    Value none = number(context, loc, 0);
    for (unsigned c = 0; c < width; ++c)
      block.append({means[c], none, squares[c], none});
    return merge(context, loc, state, block);
  }

  Values merge(ReductionContext &context, Location loc, ValueRange first,
               ValueRange second) override {
    OpBuilder &b = context.builder();
    Values next = {arith::AddIOp::create(b, loc, first[0], second[0])};
    for (unsigned c = 0; c < width; ++c) {
      Group all =
          combine(context, loc, groupOf(context, loc, first, c), groupOf(context, loc, second, c));
      next.append({all.mean, all.meanError, all.squares, all.squaresError});
    }
    return next;
  }

  void finish(ReductionContext &context, Location loc, ValueRange state, Sink sink) override {
    OpBuilder &b = context.builder();
    for (unsigned c = 0; c < width; ++c) {
      Group group = groupOf(context, loc, state, c);
      Value squares = CompensatedSum::finish(
          context, loc, Values{group.squares, group.squares, group.squaresError});
      sink(0, arith::ConstantIndexOp::create(b, loc, c),
           arith::DivFOp::create(b, loc, squares, group.count), Origin::Chunk);
    }
  }

private:
  Group groupOf(ReductionContext &context, Location loc, ValueRange state, unsigned c) {
    Value count = arith::SIToFPOp::create(context.builder(), loc, context.valueType(), state[0]);
    ValueRange own = state.slice(1 + 4 * c, 4);
    return {count, own[0], own[1], own[2], own[3]};
  }

  /// An empty group beside an empty one has weight 0 / 0, which counts as 0.
  Group combine(ReductionContext &context, Location loc, Group a, const Group &other) {
    OpBuilder &b = context.builder();
    auto mul = [&](Value x, Value y) -> Value { return arith::MulFOp::create(b, loc, x, y); };
    Value count = addValues(b, loc, a.count, other.count);
    Value share = arith::DivFOp::create(
        b, loc, other.count, arith::MaximumFOp::create(b, loc, count, number(context, loc, 1)));
    Value distance =
        arith::SubFOp::create(b, loc, arith::SubFOp::create(b, loc, other.mean, a.mean),
                              arith::SubFOp::create(b, loc, a.meanError, other.meanError));
    Value between = mul(mul(distance, distance), mul(a.count, share));
    addCompensated(b, loc, a.mean, a.meanError, mul(distance, share));
    addCompensated(b, loc, a.squares, a.squaresError, other.squares);
    addCompensated(b, loc, a.squares, a.squaresError, between);
    a.squaresError = addValues(b, loc, a.squaresError, other.squaresError);
    a.count = count;
    return a;
  }

  /// The squares of a block's terms about their means.
  Values squareBlock(ReductionContext &context, Location loc, ArrayRef<Value> means, Value size) {
    OpBuilder &b = context.builder();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Values zeros(width, number(context, loc, 0));
    return forRange(context, loc, zero, size, zeros, [&](Value slot, ValueRange before) {
      Values next;
      for (unsigned c = 0; c < width; ++c) {
        Value term = context.load(loc, c, slot);
        Value distance = arith::SubFOp::create(b, loc, term, means[c]);
        Value square = arith::MulFOp::create(b, loc, distance, distance);
        next.push_back(addValues(b, loc, before[c], square));
      }
      return next;
    });
  }
};
} // namespace

std::unique_ptr<Reduction> keops::createVarReduction(ReduceAttr attr, unsigned width, TypeRange) {
  return std::make_unique<VarReduction>(attr, width);
}
