// Products of all terms, or of the nonzero ones beside a count of zeros. A product of many terms
// may leave the range of its type, as in NumPy.
#include "Families.h"

using namespace mlir;
using namespace keops;

namespace {
/// State: a product per component, then the numbers of zeros if they are wanted.
class ProdReduction : public Reduction {
public:
  ProdReduction(ReduceAttr attr, unsigned width)
      : Reduction(attr, width), countsZeros(attr.getKind() == ReductionKind::ProdWithoutZeros) {}

  Values init(ReductionContext &context, Location loc) override {
    return identity(context, loc, createZeros(context, loc));
  }

  /// Zeros of one block are counted in the computing type, which is exact for so few.
  Values summaryInit(ReductionContext &context, Location loc) override {
    return identity(context, loc, number(context, loc, 0));
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value) override {
    OpBuilder &b = context.builder();
    Values products, zeros;
    for (unsigned c = 0; c < width; ++c) {
      Value term = terms.get(0, c), one = number(context, loc, 1), none = number(context, loc, 0);
      if (countsZeros) {
        Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, term, none);
        Value counted = arith::SelectOp::create(b, loc, isZero, one, none);
        zeros.push_back(addValues(b, loc, summary[width + c], counted));
        term = arith::SelectOp::create(b, loc, isZero, one, term);
      }
      products.push_back(arith::MulFOp::create(b, loc, summary[c], term));
    }
    products.append(zeros);
    return products;
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value, Value) override {
    Values block(summary.begin(), summary.end());
    for (unsigned z = width; z < block.size(); ++z)
      block[z] = arith::FPToSIOp::create(context.builder(), loc, context.indexType(), block[z]);
    return merge(context, loc, state, block);
  }

  Values merge(ReductionContext &context, Location loc, ValueRange first,
               ValueRange second) override {
    Values next;
    for (unsigned k = 0; k < first.size(); ++k)
      next.push_back(
          k < width
              ? arith::MulFOp::create(context.builder(), loc, first[k], second[k]).getResult()
              : arith::AddIOp::create(context.builder(), loc, first[k], second[k]).getResult());
    return next;
  }

  void finish(ReductionContext &context, Location loc, ValueRange state, Sink sink) override {
    OpBuilder &b = context.builder();
    int64_t count = countsZeros ? attr.getBestOf() : width;
    for (int64_t k = 0; k < count; ++k) {
      Value position = arith::ConstantIndexOp::create(b, loc, k);
      sink(0, position, countsZeros ? ifZeros(context, loc, state, k) : state[k], Origin::Chunk);
    }
  }

private:
  /// The product of the nonzero terms of a single component if there are `wanted` zeros, else 0.
  Value ifZeros(ReductionContext &context, Location loc, ValueRange state, int64_t wanted) {
    OpBuilder &b = context.builder();
    Value count =
        splatIndex(b, loc, context.indexType(), arith::ConstantIndexOp::create(b, loc, wanted));
    Value equal = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, state[1], count);
    return arith::SelectOp::create(b, loc, equal, state[0], number(context, loc, 0));
  }

  Value createZeros(ReductionContext &context, Location loc) {
    Value zero = arith::ConstantIndexOp::create(context.builder(), loc, 0);
    return splatIndex(context.builder(), loc, context.indexType(), zero);
  }
  Values identity(ReductionContext &context, Location loc, Value noZeros) {
    Values values(width, number(context, loc, 1));
    if (countsZeros)
      values.append(width, noZeros);
    return values;
  }

  bool countsZeros;
};
} // namespace

std::unique_ptr<Reduction> keops::createProdReduction(ReduceAttr attr, unsigned width, TypeRange) {
  return std::make_unique<ProdReduction>(attr, width);
}
