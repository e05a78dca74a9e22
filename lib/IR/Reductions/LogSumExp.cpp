// Log-sum-exp, soft-max sums and their raw state (m, s), with a lazy maximum: sums of exp(F - m) *
// G, where m follows the largest F only when that has grown by more than 2^24, so that rescaling is
// rare. A block's F are stored, then summed against the new m. A vector F has a maximum for each
// component, a scalar F one for all components of G.
#include "Families.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace keops;

namespace {
/// Growth of the maximum that is tolerated before sums are rescaled: terms stay below 2^24, far
/// from overflow.
const double patience = 24 * std::log(2.0);

/// State: the lazy maxima; the true maxima if raw; the sums.
class LogSumExpReduction : public Reduction {
public:
  LogSumExpReduction(ReduceAttr attr, unsigned width, bool scalarF)
      : Reduction(attr, width), scalarF(scalarF), maxima(scalarF ? 1 : width),
        normalised(attr.getKind() == ReductionKind::SumSoftMaxWeight),
        raw(attr.getKind() == ReductionKind::MaxSumShiftExp) {}

  SmallVector<ScratchArray> scratch(int64_t blockSize) const override {
    return SmallVector<ScratchArray>(maxima, {false, blockSize, /*passing=*/true});
  }

  Values init(ReductionContext &context, Location loc) override {
    Values state(firstSum(), number(context, loc, -infinity));
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::init(context, loc, state);
    return state;
  }

  Values summaryInit(ReductionContext &context, Location loc) override {
    return Values(maxima, number(context, loc, -infinity));
  }

  Values summarise(ReductionContext &context, Location loc, ValueRange summary, Terms &terms, Value,
                   Value slot) override {
    Values next;
    for (unsigned k = 0; k < maxima; ++k) {
      Value f = terms.get(0, k);
      context.store(loc, f, k, slot);
      next.push_back(larger(context, loc, f, summary[k]));
    }
    return next;
  }

  Values absorb(ReductionContext &context, Location loc, ValueRange state, ValueRange summary,
                Value begin, Value end) override {
    Values next = raise(context, loc, state, summary);
    if (raw)
      for (unsigned k = 0; k < maxima; ++k)
        next[maxima + k] = larger(context, loc, summary[k], state[maxima + k]);
    Values bases;
    for (unsigned k = 0; k < maxima; ++k)
      bases.push_back(reference(context, loc, next[k]));
    Values block = sumBlock(context, loc, bases, begin, end);
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::add(context, loc, slotsOf(next, s), block[s]);
    return next;
  }

  /// With one maximum for all components all chunks have the same weights. Settled are the factor
  /// of the sums and the maximum if that has grown; the true maximum if raw; the sum of the
  /// weights.
  Settled settle(ReductionContext &context, Location loc, ValueRange state, Value begin,
                 Value end) override {
    if (!scalarF)
      return {};
    Value block = blockMaximum(context, loc, begin, end);
    Growth growth = grow(context, loc, state, block);
    Value next = raisedMaximum(context, loc, state[0], block, growth.grown[0]);
    Value base = reference(context, loc, next);
    Settled settled{growth.any, {exponential(context, loc, state[0], base), next}};
    if (raw)
      settled.values.push_back(larger(context, loc, block, state[1]));
    settled.values.push_back(weighBlock(context, loc, base, begin, end));
    return settled;
  }

  Values adjust(ReductionContext &context, Location loc, ValueRange state,
                const Settled &settled) override {
    Values next(state.begin(), state.end());
    if (!settled.changes)
      return next;
    next[0] = settled.values[1];
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::scale(context, loc, slotsOf(next, s), settled.values[0]);
    return next;
  }

  Values absorbChunk(ReductionContext &context, Location loc, ValueRange state,
                     const Settled &settled, Value begin, Value end) override {
    if (!scalarF)
      return Reduction::absorbChunk(context, loc, state, settled, begin, end);
    Values next(state.begin(), state.end());
    if (raw)
      next[1] = settled.values[2];
    Values block = sumWeighted(context, loc, begin, end);
    if (normalised)
      block.push_back(settled.values.back());
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
    Values next(first.begin(), first.end()), other(second.begin(), second.end());
    for (unsigned k = 0; k < firstSum(); ++k)
      next[k] = larger(context, loc, other[k], next[k]);
    Values scaleFirst, scaleSecond;
    for (unsigned k = 0; k < maxima; ++k) {
      Value base = reference(context, loc, next[k]);
      scaleFirst.push_back(exponential(context, loc, first[k], base));
      scaleSecond.push_back(exponential(context, loc, second[k], base));
    }
    for (unsigned s = 0; s < sums(); ++s) {
      CompensatedSum::scale(context, loc, slotsOf(next, s), scaleFirst[maximumOf(s)]);
      CompensatedSum::scale(context, loc, slotsOf(other, s), scaleSecond[maximumOf(s)]);
      CompensatedSum::merge(context, loc, slotsOf(next, s), slotsOf(other, s));
    }
    return next;
  }

  void finish(ReductionContext &context, Location loc, ValueRange state, Sink sink) override {
    Values values(state.begin(), state.end());
    if (raw)
      return finishRaw(context, loc, values, sink);
    for (unsigned c = 0; c < width; ++c) {
      Value sum = total(context, loc, values, c);
      Value result =
          normalised ? divide(context, loc, sum, total(context, loc, values, width + maximumOf(c)))
                     : logarithm(context, loc, state[maximumOf(c)], sum);
      sink(0, position(context, loc, c), result, Origin::Chunk);
    }
  }

private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// One sum per component of the result, and the sums of the weights for soft-max.
  unsigned sums() const { return width + (normalised ? maxima : 0); }
  unsigned firstSum() const { return raw ? 2 * maxima : maxima; }
  unsigned maximumOf(unsigned sum) const { return maxima == 1 ? 0 : sum % width; }
  MutableArrayRef<Value> slotsOf(Values &state, unsigned s) const {
    return MutableArrayRef<Value>(state).slice(firstSum() + s * CompensatedSum::slots,
                                               CompensatedSum::slots);
  }
  Value total(ReductionContext &context, Location loc, Values &state, unsigned s) const {
    return CompensatedSum::finish(context, loc, slotsOf(state, s));
  }

  static Value position(ReductionContext &context, Location loc, unsigned k) {
    return arith::ConstantIndexOp::create(context.builder(), loc, k);
  }
  Value larger(ReductionContext &context, Location loc, Value candidate, Value current) {
    OpBuilder &b = context.builder();
    Value isLarger = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, candidate, current);
    return arith::SelectOp::create(b, loc, isLarger, candidate, current);
  }
  Value divide(ReductionContext &context, Location loc, Value x, Value y) {
    OpBuilder &b = context.builder();
    return toFloatType(b, loc, arith::DivFOp::create(b, loc, x, y), context.valueType());
  }
  /// maximum + log(sum)
  Value logarithm(ReductionContext &context, Location loc, Value maximum, Value sum) {
    OpBuilder &b = context.builder();
    Value log = math::LogOp::create(b, loc, sum);
    return toFloatType(b, loc, addValues(b, loc, toFloatType(b, loc, maximum, log.getType()), log),
                       context.valueType());
  }

  /// (m, s) where s refers to the true maximum. An infinite one refers to the largest finite
  /// number, so that m + log(s) holds for it too.
  void finishRaw(ReductionContext &context, Location loc, Values &state, Sink sink) {
    OpBuilder &b = context.builder();
    sink(0, position(context, loc, 0), state[1], Origin::Result);
    Value base = reference(context, loc, capped(context, loc, state[1]));
    Value scale = exponential(context, loc, state[0], base);
    for (unsigned c = 0; c < width; ++c) {
      Value sum = total(context, loc, state, c);
      Value scaled = arith::MulFOp::create(b, loc, sum, toFloatType(b, loc, scale, sum.getType()));
      sink(0, position(context, loc, 1 + c), toFloatType(b, loc, scaled, context.valueType()),
           Origin::Chunk);
    }
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

  /// Which maxima have grown beyond patience in which lanes, and whether any has.
  struct Growth {
    Values grown;
    Value any;
  };
  Growth grow(ReductionContext &context, Location loc, ValueRange state, ValueRange blockMaxima) {
    OpBuilder &b = context.builder();
    Values grown;
    Value any;
    for (unsigned k = 0; k < maxima; ++k) {
      Value bound = addValues(b, loc, state[k], number(context, loc, patience));
      grown.push_back(
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, blockMaxima[k], bound));
      any = any ? arith::OrIOp::create(b, loc, any, grown[k]).getResult() : grown[k];
    }
    return {grown, anyLane(b, loc, any)};
  }

  /// Follows the block's maxima where one has grown beyond patience, and rescales the sums.
  Values raise(ReductionContext &context, Location loc, ValueRange state, ValueRange blockMaxima) {
    OpBuilder &b = context.builder();
    Growth growth = grow(context, loc, state, blockMaxima);
    SmallVector<Type> types(state.getTypes());
    auto branch = scf::IfOp::create(b, loc, types, growth.any, /*withElse=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, loc, state);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, loc, rescale(context, loc, state, growth.grown, blockMaxima));
    return {branch.result_begin(), branch.result_end()};
  }

  /// The maximum stays finite, so that a term of +inf gives exp(+inf) = +inf and not exp(inf -
  /// inf).
  Value capped(ReductionContext &context, Location loc, Value maximum) {
    OpBuilder &b = context.builder();
    bool isDouble = getElementTypeOrSelf(context.valueType()).isF64();
    Value largest =
        number(context, loc,
               isDouble ? std::numeric_limits<double>::max() : std::numeric_limits<float>::max());
    Value isFinite = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, maximum, largest);
    return arith::SelectOp::create(b, loc, isFinite, maximum, largest);
  }

  Value raisedMaximum(ReductionContext &context, Location loc, Value before, Value block,
                      Value grown) {
    return arith::SelectOp::create(context.builder(), loc, grown, capped(context, loc, block),
                                   before);
  }

  Values rescale(ReductionContext &context, Location loc, ValueRange state, ArrayRef<Value> grown,
                 ValueRange blockMaxima) {
    Values next(state.begin(), state.end()), factors;
    for (unsigned k = 0; k < maxima; ++k) {
      next[k] = raisedMaximum(context, loc, state[k], blockMaxima[k], grown[k]);
      factors.push_back(exponential(context, loc, state[k], reference(context, loc, next[k])));
    }
    for (unsigned s = 0; s < sums(); ++s)
      CompensatedSum::scale(context, loc, slotsOf(next, s), factors[maximumOf(s)]);
    return next;
  }

  /// The sums of one block against settled maxima.
  Values sumBlock(ReductionContext &context, Location loc, ArrayRef<Value> bases, Value begin,
                  Value end) {
    return forEachTerm(context, loc, begin, end, zeros(context, loc, sums()),
                       [&](Value j, Value slot, ValueRange before) {
                         Values weights;
                         for (unsigned k = 0; k < maxima; ++k)
                           weights.push_back(
                               exponential(context, loc, context.load(loc, k, slot), bases[k]));
                         return addWeighted(context, loc, before, weights, j);
                       });
  }

  Values zeros(ReductionContext &context, Location loc, unsigned count) {
    return Values(count, createSplat(context.builder(), loc, SumTypes::get(context).partial, 0.0));
  }

  /// Adds the weights, those of components times G, to as many sums.
  Values addWeighted(ReductionContext &context, Location loc, ValueRange before,
                     ArrayRef<Value> weights, Value j) {
    OpBuilder &b = context.builder();
    std::unique_ptr<Terms> terms = context.termsAt(j);
    Values next;
    for (auto [s, sum] : llvm::enumerate(before)) {
      Value term = weights[maximumOf(s)];
      if (s < width)
        term = arith::MulFOp::create(b, loc, term, terms->get(1, s));
      next.push_back(addValues(b, loc, sum, toFloatType(b, loc, term, sum.getType())));
    }
    return next;
  }

  //===-- Chunks that share weights ---------------------------------------------------------===//

  Value blockMaximum(ReductionContext &context, Location loc, Value begin, Value end) {
    return forEachTerm(context, loc, begin, end, number(context, loc, -infinity),
                       [&](Value j, Value, ValueRange before) -> Values {
                         Value f = context.termsAt(j)->get(0, 0);
                         return {larger(context, loc, f, before[0])};
                       })
        .front();
  }

  /// Keeps the weights of a block, and returns their sum.
  Value weighBlock(ReductionContext &context, Location loc, Value base, Value begin, Value end) {
    return forEachTerm(context, loc, begin, end, zeros(context, loc, 1),
                       [&](Value j, Value slot, ValueRange before) -> Values {
                         Value f = context.termsAt(j)->get(0, 0);
                         Value weight = exponential(context, loc, f, base);
                         context.store(loc, weight, 0, slot);
                         return {addValues(
                             context.builder(), loc, before[0],
                             toFloatType(context.builder(), loc, weight, before[0].getType()))};
                       })
        .front();
  }

  /// The sums of the components of one chunk.
  Values sumWeighted(ReductionContext &context, Location loc, Value begin, Value end) {
    return forEachTerm(context, loc, begin, end, zeros(context, loc, width),
                       [&](Value j, Value slot, ValueRange before) {
                         return addWeighted(context, loc, before, context.load(loc, 0, slot), j);
                       });
  }

  bool scalarF;
  unsigned maxima; ///< as many as F has components
  bool normalised, raw;
};
} // namespace

std::unique_ptr<Reduction> keops::createLogSumExpReduction(ReduceAttr attr, unsigned width,
                                                           TypeRange formulas) {
  bool scalarF = cast<ValueType>(formulas[0]).getDim() == 1;
  return std::make_unique<LogSumExpReduction>(attr, width, scalarF);
}
