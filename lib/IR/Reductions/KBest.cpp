// The K smallest or largest terms: a sorted list in scratch memory per lane. A block is looked at
// again only when one of its terms beats the last entry of some lane; insertion is stable, so equal
// terms stay in order of index.
#include "Families.h"

#include <limits>

using namespace mlir;
using namespace keops;

namespace {
class KBestReduction : public Reduction {
public:
  KBestReduction(ReduceAttr attr, unsigned width) : Reduction(attr, width) {
    assert(width == 1 && "K-best lists are made one component at a time");
    largest = llvm::is_contained(
        {ReductionKind::KMax, ReductionKind::ArgKMax, ReductionKind::KMaxArgKMax}, attr.getKind());
    for (auto [r, result] : llvm::enumerate(getReductionInfo(attr.getKind()).results))
      (result.index ? indexResult : valueResult) = r;
  }

  SmallVector<ScratchArray> scratch(int64_t blockSize) const override {
    return {
        {false, attr.getBestOf()}, {true, attr.getBestOf()}, {false, blockSize, /*passing=*/true}};
  }

  Values init(ReductionContext &context, Location loc) override {
    OpBuilder &b = context.builder();
    Value noIndex =
        splatIndex(b, loc, context.indexType(), constant(context, loc, attr.getMissing()));
    forEachEntry(context, loc, {}, [&](Value k, ValueRange) -> Values {
      context.store(loc, worst(context, loc), Entries, k);
      context.store(loc, noIndex, Indices, k);
      return {};
    });
    return {worst(context, loc)};
  }

  Values summaryInit(ReductionContext &context, Location loc) override {
    return {worst(context, loc)};
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value slot) override {
    Value term = terms.get(0, 0);
    context.store(loc, term, Block, slot);
    return {better(context, loc, term, summary[0])};
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value begin, Value end) override {
    return {ifAnyBetter(context, loc, summary[0], state[0],
                        [&] { return insertBlock(context, loc, state[0], begin, end); })};
  }

  Values merge(ReductionContext &context, Location loc, ValueRange first, ValueRange) override {
    return forEachEntry(context, loc, {first[0]}, [&](Value k, ValueRange worst) -> Values {
      Value term = context.load(loc, Entries, k, ReductionContext::Piece::Other);
      return {ifAnyBetter(context, loc, term, worst[0], [&] {
        return insert(context, loc, term,
                      context.load(loc, Indices, k, ReductionContext::Piece::Other));
      })};
    });
  }

  void finish(ReductionContext &context, Location loc, ValueRange, Sink sink) override {
    forEachEntry(context, loc, {}, [&](Value k, ValueRange) -> Values {
      if (valueResult)
        sink(*valueResult, k, context.load(loc, Entries, k), Origin::Chunk);
      if (indexResult)
        sink(*indexResult, k, context.load(loc, Indices, k), Origin::Chunk);
      return {};
    });
  }

private:
  enum Array : unsigned { Entries, Indices, Block };

  Value constant(ReductionContext &context, Location loc, int64_t k) {
    return arith::ConstantIndexOp::create(context.builder(), loc, k);
  }
  Value worst(ReductionContext &context, Location loc) {
    double infinity = std::numeric_limits<double>::infinity();
    return createSplat(context.builder(), loc, context.valueType(), largest ? -infinity : infinity);
  }
  Value isBetter(ReductionContext &context, Location loc, Value a, Value b) {
    auto predicate = largest ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
    return arith::CmpFOp::create(context.builder(), loc, predicate, a, b);
  }
  Value better(ReductionContext &context, Location loc, Value a, Value b) {
    return arith::SelectOp::create(context.builder(), loc, isBetter(context, loc, a, b), a, b);
  }

  /// A loop over the K entries that carries `values`.
  Values forEachEntry(ReductionContext &context, Location loc, ValueRange values,
                      function_ref<Values(Value, ValueRange)> body) {
    return forRange(context, loc, constant(context, loc, 0),
                    constant(context, loc, attr.getBestOf()), values, body);
  }

  /// then() if a is better than b in any lane, else b.
  Value ifAnyBetter(ReductionContext &context, Location loc, Value a, Value b,
                    function_ref<Value()> then) {
    OpBuilder &builder = context.builder();
    Value any = anyLane(builder, loc, isBetter(context, loc, a, b));
    auto branch = scf::IfOp::create(builder, loc, b.getType(), any, /*withElse=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(builder, loc, b);
    builder.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(builder, loc, then());
    return branch.getResult(0);
  }

  Value insertBlock(ReductionContext &context, Location loc, Value worst, Value begin, Value end) {
    OpBuilder &b = context.builder();
    Value terms = arith::SubIOp::create(b, loc, end, begin);
    return forRange(context, loc, constant(context, loc, 0), terms, {worst},
                    [&](Value slot, ValueRange carried) -> Values {
                      Value term = context.load(loc, Block, slot);
                      return {ifAnyBetter(context, loc, term, carried[0], [&] {
                        Value j = arith::AddIOp::create(b, loc, begin, slot);
                        return insert(context, loc, term,
                                      splatIndex(b, loc, context.indexType(), j));
                      })};
                    })
        .front();
  }

  /// Inserts by bubbling: each entry keeps the better of itself and what is carried. Once an entry
  /// is displaced, all after it move down, equal ones too, or ties would leave the order of their
  /// indices. Returns the new last entry.
  Value insert(ReductionContext &context, Location loc, Value term, Value index) {
    OpBuilder &b = context.builder();
    Value none =
        isBetter(context, loc, term, term); // false in every lane: nothing is displaced yet
    forEachEntry(context, loc, {term, index, none}, [&](Value k, ValueRange carried) -> Values {
      Value entry = context.load(loc, Entries, k), entryIndex = context.load(loc, Indices, k);
      Value moves =
          arith::OrIOp::create(b, loc, carried[2], isBetter(context, loc, carried[0], entry));
      context.store(loc, arith::SelectOp::create(b, loc, moves, carried[0], entry), Entries, k);
      context.store(loc, arith::SelectOp::create(b, loc, moves, carried[1], entryIndex), Indices,
                    k);
      return {arith::SelectOp::create(b, loc, moves, entry, carried[0]),
              arith::SelectOp::create(b, loc, moves, entryIndex, carried[1]), moves};
    });
    return context.load(loc, Entries, constant(context, loc, attr.getBestOf() - 1));
  }

  bool largest;
  std::optional<unsigned> valueResult, indexResult;
};
} // namespace

std::unique_ptr<Reduction> keops::createKBestReduction(ReduceAttr attr, unsigned width, TypeRange) {
  return std::make_unique<KBestReduction>(attr, width);
}
