// Log-sum-exp and soft-max sums with a lazy maximum: sums of exp(F - m) * G, where m follows the
// largest F only when that has grown by more than 2^24, so that rescaling is rare. A block's F are
// stored, then summed against the new m.
#include "Families.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace keops;

namespace {
/// Growth of the maximum that is tolerated before sums are rescaled: terms stay below 2^24, far
/// from overflow.
const double patience = 24 * std::log(2.0);

class LogSumExpReduction : public Reduction {
public:
  LogSumExpReduction(ReduceAttr attr, unsigned width)
      : Reduction(attr, width), normalised(attr.getKind() == ReductionKind::SumSoftMaxWeight) {}

  SmallVector<ScratchArray> scratch(int64_t blockSize) const override {
    return {{false, blockSize}};
  }

  Values init(ReductionContext &context, Location loc) override {
    Values state = {number(context, loc, -infinity)};
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::init(context, loc, state);
    return state;
  }

  Values summaryInit(ReductionContext &context, Location loc) override {
    return {number(context, loc, -infinity)};
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value slot) override {
    OpBuilder &b = context.builder();
    Value f = terms.get(0, 0);
    context.store(loc, f, 0, slot);
    Value larger = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, f, summary[0]);
    return {arith::SelectOp::create(b, loc, larger, f, summary[0])};
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value begin, Value end) override {
    Values next = raise(context, loc, state, summary[0]);
    Values block = sumBlock(context, loc, reference(context, loc, next[0]), begin, end);
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::add(context, loc, slotsOf(next, s), block[s]);
    return next;
  }

  Values flush(ReductionContext &context, Location loc, ValueRange state) override {
    Values next(state.begin(), state.end());
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::flush(context, loc, slotsOf(next, s));
    return next;
  }

  Values merge(ReductionContext &context, Location loc, ValueRange first,
               ValueRange second) override {
    OpBuilder &b = context.builder();
    Values next(first.begin(), first.end()), other(second.begin(), second.end());
    Value larger = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, other[0], next[0]);
    Value maximum = arith::SelectOp::create(b, loc, larger, other[0], next[0]);
    Value base = reference(context, loc, maximum);
    Value scaleFirst = exponential(context, loc, next[0], base);
    Value scaleSecond = exponential(context, loc, other[0], base);
    next[0] = maximum;
    for (unsigned s = 0; s < sums(); ++s) {
      CompensatedSum::scale(context, loc, slotsOf(next, s), scaleFirst);
      CompensatedSum::scale(context, loc, slotsOf(other, s), scaleSecond);
      CompensatedSum::merge(context, loc, slotsOf(next, s), slotsOf(other, s));
    }
    return next;
  }

  void finish(ReductionContext &context, Location loc, ValueRange state, Sink sink) override {
    OpBuilder &b = context.builder();
    Values values(state.begin(), state.end());
    auto total = [&](unsigned s) {
      return CompensatedSum::finish(context, loc, slotsOf(values, s));
    };
    Value all = normalised ? total(width) : Value();
    for (unsigned c = 0; c < width; ++c) {
      Value result = normalised ? arith::DivFOp::create(b, loc, total(c), all).getResult()
                                : arith::AddFOp::create(b, loc, state[0],
                                                        math::LogOp::create(b, loc, total(c)));
      sink(0, arith::ConstantIndexOp::create(b, loc, c), result);
    }
  }

private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// One sum per component of G, and the sum of the weights for soft-max.
  unsigned sums() const { return width + (normalised ? 1 : 0); }
  static MutableArrayRef<Value> slotsOf(Values &state, unsigned s) {
    return MutableArrayRef<Value>(state).slice(1 + s * CompensatedSum::slots,
                                               CompensatedSum::slots);
  }
  Value number(ReductionContext &context, Location loc, double value) {
    return createSplat(context.builder(), loc, context.valueType(), value);
  }

  /// exp(f - base). The difference was computed here, so that log2(e) may be folded except at
  /// precision high.
  Value exponential(ReductionContext &context, Location loc, Value f, Value base) {
    OpBuilder &b = context.builder();
    Value difference = arith::SubFOp::create(b, loc, f, base);
    if (context.precision() == Precision::High)
      return math::ExpOp::create(b, loc, difference);
    Value log2e = number(context, loc, std::log2(std::exp(1.0)));
    return math::Exp2Op::create(b, loc, arith::MulFOp::create(b, loc, difference, log2e));
  }

  /// What is subtracted for a maximum `m`: m itself, or 0 while no term was finite, so that -inf -
  /// -inf never happens.
  Value reference(ReductionContext &context, Location loc, Value m) {
    OpBuilder &b = context.builder();
    Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, m,
                                       number(context, loc, -infinity));
    return arith::SelectOp::create(b, loc, none, number(context, loc, 0.0), m);
  }

  /// Follows the block's maximum where it has grown beyond patience, and rescales the sums.
  Values raise(ReductionContext &context, Location loc, ValueRange state, Value blockMaximum) {
    OpBuilder &b = context.builder();
    Value bound = arith::AddFOp::create(b, loc, state[0], number(context, loc, patience));
    Value grown = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, blockMaximum, bound);
    SmallVector<Type> types(state.getTypes());
    auto branch = scf::IfOp::create(b, loc, types, anyLane(b, loc, grown), /*withElse=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, loc, state);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, loc, rescale(context, loc, state, grown, blockMaximum));
    return {branch.result_begin(), branch.result_end()};
  }

  Values rescale(ReductionContext &context, Location loc, ValueRange state, Value grown,
                 Value blockMaximum) {
    OpBuilder &b = context.builder();
    // The maximum stays finite, so that a term of +inf gives exp(+inf) = +inf and not exp(inf -
    // inf).
    bool isDouble = getElementTypeOrSelf(context.valueType()).isF64();
    Value largest =
        number(context, loc,
               isDouble ? std::numeric_limits<double>::max() : std::numeric_limits<float>::max());
    Value isFinite =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, blockMaximum, largest);
    Value capped = arith::SelectOp::create(b, loc, isFinite, blockMaximum, largest);
    Value maximum = arith::SelectOp::create(b, loc, grown, capped, state[0]);
    Value factor = exponential(context, loc, state[0], reference(context, loc, maximum));
    Values next(state.begin(), state.end());
    next[0] = maximum;
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::scale(context, loc, slotsOf(next, s), factor);
    return next;
  }

  /// The sums of one block against a settled maximum.
  Values sumBlock(ReductionContext &context, Location loc, Value base, Value begin, Value end) {
    OpBuilder &b = context.builder();
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Values zeros(sums(), number(context, loc, 0.0));
    auto loop = scf::ForOp::create(b, loc, begin, end, one, zeros);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value j = loop.getInductionVar();
    Value f = context.load(loc, 0, arith::SubIOp::create(b, loc, j, begin));
    Value weight = exponential(context, loc, f, base);
    std::unique_ptr<Terms> terms = context.termsAt(j);
    Values next;
    for (unsigned c = 0; c < width; ++c) {
      Value product = arith::MulFOp::create(b, loc, weight, terms->get(1, c));
      next.push_back(arith::AddFOp::create(b, loc, loop.getRegionIterArg(c), product));
    }
    if (normalised)
      next.push_back(arith::AddFOp::create(b, loc, loop.getRegionIterArg(width), weight));
    scf::YieldOp::create(b, loc, next);
    return {loop.result_begin(), loop.result_end()};
  }

  bool normalised;
};
} // namespace

std::unique_ptr<Reduction> keops::createLogSumExpReduction(ReduceAttr attr, unsigned width) {
  return std::make_unique<LogSumExpReduction>(attr, width);
}
