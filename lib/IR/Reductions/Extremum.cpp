// Min, Max and their indices: a running extremum per block, and the index searched once at the end
// in the block that held it, lane by lane. Strict comparisons make NaN terms lose and the first of
// equal terms win.
#include "Families.h"

#include <limits>

using namespace mlir;
using namespace keops;

namespace {
class ExtremumReduction : public Reduction {
public:
  ExtremumReduction(ReduceAttr attr, unsigned width) : Reduction(attr, width) {
    const ReductionInfo &info = getReductionInfo(attr.getKind());
    largest = llvm::is_contained(
        {ReductionKind::Max, ReductionKind::ArgMax, ReductionKind::MaxArgMax}, attr.getKind());
    for (auto [r, result] : llvm::enumerate(info.results))
      (result.index ? indexResult : valueResult) = r;
  }

  Values init(ReductionContext &context, Location loc) override {
    Values state(width, worst(context, loc));
    if (indexResult)
      state.append(width,
                   splatIndex(context.builder(), loc, context.indexType(), zero(context, loc)));
    return state;
  }

  Values summaryInit(ReductionContext &context, Location loc) override {
    return Values(width, worst(context, loc));
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value) override {
    Values next;
    for (unsigned c = 0; c < width; ++c)
      next.push_back(best(context, loc, terms.get(0, c), summary[c]));
    return next;
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value begin, Value end) override {
    Value block = indexResult ? place(context, loc, begin, end) : Value();
    return take(context, loc, state, summary, [&](unsigned) { return block; });
  }

  Values merge(ReductionContext &context, Location loc, ValueRange first,
               ValueRange second) override {
    return take(context, loc, first, second, [&](unsigned c) { return second[width + c]; });
  }

  void finish(ReductionContext &context, Location loc, ValueRange state, Sink sink) override {
    for (unsigned c = 0; c < width; ++c) {
      Value position = arith::ConstantIndexOp::create(context.builder(), loc, c);
      if (valueResult)
        sink(*valueResult, position, state[c], Origin::Chunk);
      if (indexResult)
        sink(*indexResult, position, search(context, loc, state[width + c], c), Origin::Chunk);
    }
  }

private:
  Value zero(ReductionContext &context, Location loc) {
    return arith::ConstantIndexOp::create(context.builder(), loc, 0);
  }
  Value worst(ReductionContext &context, Location loc) {
    double infinity = std::numeric_limits<double>::infinity();
    return createSplat(context.builder(), loc, context.valueType(), largest ? -infinity : infinity);
  }
  Value isBetter(ReductionContext &context, Location loc, Value candidate, Value current) {
    auto predicate = largest ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
    return arith::CmpFOp::create(context.builder(), loc, predicate, candidate, current);
  }
  Value best(ReductionContext &context, Location loc, Value candidate, Value current) {
    return arith::SelectOp::create(context.builder(), loc,
                                   isBetter(context, loc, candidate, current), candidate, current);
  }

  /// The better of `state` and `candidates` by component, with the candidates' block from
  /// `blockOf`.
  Values take(ReductionContext &context, Location loc, ValueRange state, ValueRange candidates,
              function_ref<Value(unsigned)> blockOf) {
    OpBuilder &b = context.builder();
    Values values, blocks;
    for (unsigned c = 0; c < width; ++c) {
      Value better = isBetter(context, loc, candidates[c], state[c]);
      values.push_back(arith::SelectOp::create(b, loc, better, candidates[c], state[c]));
      if (indexResult)
        blocks.push_back(arith::SelectOp::create(b, loc, better, blockOf(c), state[width + c]));
    }
    values.append(blocks);
    return values;
  }

  /// Bits that hold the length of a block.
  static int64_t lengthBits(ReductionContext &context) {
    return llvm::Log2_64_Ceil(context.blockSize() + 1);
  }

  /// A block in one number for all lanes: where it begins, and how long it is.
  Value place(ReductionContext &context, Location loc, Value begin, Value end) {
    OpBuilder &b = context.builder();
    Value bits = arith::ConstantIndexOp::create(b, loc, lengthBits(context));
    Value length = arith::SubIOp::create(b, loc, end, begin);
    Value number = arith::OrIOp::create(b, loc, arith::ShLIOp::create(b, loc, begin, bits), length);
    return splatIndex(b, loc, context.indexType(), number);
  }

  /// The index of the first extremum of component `c` in the block at `place`, lane by lane.
  Value search(ReductionContext &context, Location loc, Value place, unsigned c) {
    OpBuilder &b = context.builder();
    Value blockSize = arith::ConstantIndexOp::create(b, loc, context.blockSize());
    Value end = arith::MinUIOp::create(b, loc, context.size(), blockSize);
    Value one = arith::ConstantIndexOp::create(b, loc, 1), none = zero(context, loc);
    Value missing = arith::ConstantIndexOp::create(b, loc, attr.getMissing());
    Value noIndex = splatIndex(b, loc, context.indexType(), missing);
    auto splat = [&](int64_t number) {
      return splatIndex(b, loc, context.indexType(),
                        arith::ConstantIndexOp::create(b, loc, number));
    };
    int64_t bits = lengthBits(context);
    Value block = arith::ShRUIOp::create(b, loc, place, splat(bits));
    Value length = arith::AndIOp::create(b, loc, place, splat((int64_t(1) << bits) - 1));
    auto loop =
        scf::ForOp::create(b, loc, none, end, one, ValueRange{worst(context, loc), noIndex});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value slot = splatIndex(b, loc, context.indexType(), loop.getInductionVar());
    Value isTerm = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, slot, length);
    // Past the end, and where no term was better than none, the first one is read again.
    Value j = arith::AddIOp::create(b, loc, block,
                                    arith::SelectOp::create(b, loc, isTerm, slot, splat(0)));
    Value term = context.termsAt(j)->get(0, c);
    Value better = arith::AndIOp::create(b, loc, isTerm,
                                         isBetter(context, loc, term, loop.getRegionIterArg(0)));
    Value value = arith::SelectOp::create(b, loc, better, term, loop.getRegionIterArg(0));
    Value index = arith::SelectOp::create(b, loc, better, j, loop.getRegionIterArg(1));
    scf::YieldOp::create(b, loc, ValueRange{value, index});
    return loop.getResult(1);
  }

  bool largest;
  std::optional<unsigned> valueResult, indexResult;
};
} // namespace

std::unique_ptr<Reduction> keops::createExtremumReduction(ReduceAttr attr, unsigned width,
                                                          TypeRange) {
  return std::make_unique<ExtremumReduction>(attr, width);
}
