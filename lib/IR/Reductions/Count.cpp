// Any, All and Count: how many terms are not zero. A block is counted in the computing type, which
// is exact for so few, the whole in 64-bit integers.
#include "Families.h"

using namespace mlir;
using namespace keops;

namespace {
class CountReduction : public Reduction {
public:
  using Reduction::Reduction;

  Values init(ReductionContext &context, Location loc) override {
    return Values(width,
                  splat(context, loc, arith::ConstantIndexOp::create(context.builder(), loc, 0)));
  }

  Values summaryInit(ReductionContext &context, Location loc) override {
    return Values(width, number(context, loc, 0));
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value) override {
    OpBuilder &b = context.builder();
    Values next;
    for (unsigned c = 0; c < width; ++c) {
      Value isSet = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, terms.get(0, c),
                                          number(context, loc, 0));
      next.push_back(addValues(b, loc, summary[c], choose(context, loc, isSet)));
    }
    return next;
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value, Value) override {
    Values block;
    for (Value count : summary)
      block.push_back(arith::FPToSIOp::create(context.builder(), loc, context.indexType(), count));
    return merge(context, loc, state, block);
  }

  Values merge(ReductionContext &context, Location loc, ValueRange first,
               ValueRange second) override {
    Values next;
    for (auto [x, y] : llvm::zip(first, second))
      next.push_back(arith::AddIOp::create(context.builder(), loc, x, y));
    return next;
  }

  void finish(ReductionContext &context, Location loc, ValueRange state, Sink sink) override {
    for (unsigned c = 0; c < width; ++c)
      sink(0, arith::ConstantIndexOp::create(context.builder(), loc, c),
           result(context, loc, state[c]), Origin::Chunk);
  }

private:
  Value result(ReductionContext &context, Location loc, Value count) {
    OpBuilder &b = context.builder();
    if (attr.getKind() == ReductionKind::Count)
      return count;
    bool all = attr.getKind() == ReductionKind::All;
    Value bound = all ? context.size() : arith::ConstantIndexOp::create(b, loc, 1).getResult();
    return choose(context, loc,
                  arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, count,
                                        splat(context, loc, bound)));
  }

  Value splat(ReductionContext &context, Location loc, Value index) {
    return splatIndex(context.builder(), loc, context.indexType(), index);
  }
  /// 1 where `condition` holds, else 0.
  Value choose(ReductionContext &context, Location loc, Value condition) {
    return arith::SelectOp::create(context.builder(), loc, condition, number(context, loc, 1),
                                   number(context, loc, 0));
  }
};
} // namespace

std::unique_ptr<Reduction> keops::createCountReduction(ReduceAttr attr, unsigned width, TypeRange) {
  return std::make_unique<CountReduction>(attr, width);
}
