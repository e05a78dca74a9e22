// The table of reductions from their records, and the shapes that follow from it.
#include "keops/IR/Reduction.h"

#include "Families.h"

using namespace mlir;
using namespace keops;

ArrayRef<ReductionInfo> keops::getReductionTable() {
  static const SmallVector<ReductionInfo> table = {
#define KEOPS_REDUCTION_ROWS
#include "keops/IR/KeopsReductions.inc"
  };
  return table;
}

const ReductionInfo &keops::getReductionInfo(ReductionKind kind) {
  // Canonical rows come first and in the order of their numbers.
  return getReductionTable()[static_cast<uint32_t>(kind)];
}

const ReductionInfo *keops::findReduction(StringRef name) {
  for (const ReductionInfo &info : getReductionTable())
    if (info.name == name)
      return &info;
  return nullptr;
}

int64_t keops::getReducedDim(TypeRange formulas) {
  int64_t dim = 1;
  for (Type formula : formulas)
    dim = std::max(dim, cast<ValueType>(formula).getDim());
  return dim;
}

SmallVector<int64_t> keops::getResultShape(const ResultInfo &result, ReduceAttr reduce,
                                           TypeRange formulas) {
  int64_t dim = getReducedDim(formulas);
  if (result.shape == "1+G")
    return {1 + dim};
  if (result.shape != "KD")
    return {dim};
  return dim == 1 ? SmallVector<int64_t>{reduce.getBestOf()}
                  : SmallVector<int64_t>{reduce.getBestOf(), dim};
}

SmallVector<Type> keops::getResultTypes(ReduceAttr reduce, TypeRange formulas, Placement kept) {
  SmallVector<Type> types;
  Type element = cast<ValueType>(formulas[0]).getElementType();
  for (const ResultInfo &result : getReductionInfo(reduce.getKind()).results) {
    int64_t size = 1;
    for (int64_t extent : getResultShape(result, reduce, formulas))
      size *= extent;
    Type resultElement = result.index ? IntegerType::get(reduce.getContext(), 64) : element;
    types.push_back(ValueType::get(reduce.getContext(), size, resultElement, kept));
  }
  return types;
}

Reduction::Values keops::forRange(ReductionContext &context, Location loc, Value begin, Value end,
                                  ValueRange carried,
                                  function_ref<Reduction::Values(Value, ValueRange)> body) {
  OpBuilder &b = context.builder();
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, begin, end, one, carried);
  OpBuilder::InsertionGuard guard(b);
  // A loop that carries nothing is born with its terminator.
  b.setInsertionPointToStart(loop.getBody());
  Reduction::Values next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(b, loc, next);
  return {loop.result_begin(), loop.result_end()};
}

Reduction::Values
keops::forEachTerm(ReductionContext &context, Location loc, Value begin, Value end,
                   ValueRange carried,
                   function_ref<Reduction::Values(Value, Value, ValueRange)> body) {
  return forRange(context, loc, begin, end, carried, [&](Value j, ValueRange before) {
    return body(j, arith::SubIOp::create(context.builder(), loc, j, begin), before);
  });
}

Reduction::Values Reduction::absorbChunk(ReductionContext &context, Location loc, ValueRange state,
                                         const Settled &, Value begin, Value end) {
  Values summary =
      forEachTerm(context, loc, begin, end, summaryInit(context, loc),
                  [&](Value j, Value slot, ValueRange before) {
                    return summarise(context, loc, before, *context.termsAt(j), j, slot);
                  });
  return absorb(context, loc, state, summary, begin, end);
}

std::unique_ptr<Reduction> Reduction::create(ReduceAttr attr, unsigned width, TypeRange formulas) {
  switch (attr.getKind()) {
#define KEOPS_REDUCTION_FAMILY(kind, family)                                                       \
  case ReductionKind::kind:                                                                        \
    return create##family(attr, width, formulas);
#include "keops/IR/KeopsReductions.inc"
  }
  llvm_unreachable("every reduction kind has a family");
}
