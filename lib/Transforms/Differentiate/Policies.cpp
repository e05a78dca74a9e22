// The policies that records of reductions name as their derivative. Each gives a formula whose sum
// has the differential of the reduction while what is read from saved results stands still; or an
// adjoint for the formula itself. Reductions.cpp builds the operations around them.
#include "Differentiate.h"
#include "keops/Frontend/Limits.h"
#include "keops/IR/Reduction.h"
#include "keops/Transforms/Utilities.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace keops;

Value Gradient::read(Value value) { return getOrAddInput(op, value); }

Gradient keops::startGradient(Operation *op, Operation *source, Location loc) {
  Block &block = addBlock(op);
  OpBuilder b = OpBuilder::atBlockBegin(&block);
  IRMapping mapping = cloneFormulas(b, source->getRegion(0).front(), block.getArguments());
  return {b, op, source, mapping, loc};
}

ValueType keops::placed(Value like, Placement placement) {
  ValueType type = getValueType(like);
  return ValueType::get(type.getContext(), type.getDim(), type.getElementType(), placement);
}

MapReduceOp keops::createReduction(OpBuilder &b, Location loc, MapReduceOp like, Placement over,
                                   ReduceAttr reduce, TypeRange results) {
  return MapReduceOp::create(b, loc, results, like.getInputs(), over, b.getArrayAttr({reduce}),
                             like.getPrecision(), like.getSumsAttr(), ScheduleAttr());
}

namespace {
/// One reduction of `source` while its seeds are made.
class Policy {
public:
  Policy(Gradient &g, MapReduceOp source, unsigned number, Value result, Value adjoint);
  /// Appends seeds; false if the record names no policy that exists.
  bool seed(SmallVectorImpl<Seed> &seeds);

private:
  using Method = Seed (Policy::*)();
  Seed seedSum() { return {formulas[0], g.read(adjoint), Value()}; }
  Seed seedMean() { return {perTerm(formulas[0]), g.read(adjoint), Value()}; }
  Seed seedVar();
  Seed seedLogSumExp();
  Seed seedSoftmax();
  Seed seedShiftExp();
  Seed seedSelected();
  Seed seedProd();

  /// Another reduction of the first formula, in front of the gradient.
  MapReduceOp createCompanion(ReductionKind kind, int64_t bestOf, int64_t missing = 0);
  Value productOfOthers(ArrayRef<Value> products);
  Value subtract(Value x, Value y) { return SubtractOp::create(g.b, g.loc, x, y); }
  Value multiply(Value x, Value y) { return MultOp::create(g.b, g.loc, x, y); }
  Value exponential(Value x) { return ExpOp::create(g.b, g.loc, x); }
  /// x divided by the number of terms.
  Value perTerm(Value x);

  Gradient &g;
  MapReduceOp source;
  unsigned number;
  ReduceAttr reduce;
  Value result, adjoint;
  SmallVector<Value> formulas;
};
} // namespace

Policy::Policy(Gradient &g, MapReduceOp source, unsigned number, Value result, Value adjoint)
    : g(g), source(source), number(number), reduce(source.getReduceAttrs()[number]), result(result),
      adjoint(adjoint) {
  for (Value formula : source.getFormulas(number))
    formulas.push_back(g.mapping.lookup(formula));
}

bool Policy::seed(SmallVectorImpl<Seed> &seeds) {
  StringRef name = getReductionInfo(reduce.getKind()).derivative;
  auto method = llvm::StringSwitch<Method>(name)
                    .Case("sum", &Policy::seedSum)
                    .Case("mean", &Policy::seedMean)
                    .Case("var", &Policy::seedVar)
                    .Case("logsumexp", &Policy::seedLogSumExp)
                    .Case("softmax", &Policy::seedSoftmax)
                    .Case("shiftexp", &Policy::seedShiftExp)
                    .Case("selected", &Policy::seedSelected)
                    .Case("prod", &Policy::seedProd)
                    .Default(nullptr);
  if (method)
    seeds.push_back((this->*method)());
  return method || name == "zero";
}

MapReduceOp Policy::createCompanion(ReductionKind kind, int64_t bestOf, int64_t missing) {
  OpBuilder b(g.op);
  auto attr = ReduceAttr::get(b.getContext(), kind, bestOf, missing);
  Value formula = source.getFormulas(number)[0];
  SmallVector<Type> types = {formula.getType()};
  SmallVector<Type> results = getResultTypes(attr, types, source.getKept());
  MapReduceOp op = createReduction(b, source.getLoc(), source, source.getOver(), attr, results);
  Block &block = addBlock(op);
  b.setInsertionPointToStart(&block);
  IRMapping mapping = cloneFormulas(b, source.getBlock(), block.getArguments());
  SmallVector<Value> yielded = {mapping.lookup(formula)};
  if (getReductionInfo(kind).formulas == 2)
    yielded.push_back(createRational(b, op.getLoc(), getValueType(formula).getElementType(), 1, 1));
  YieldOp::create(b, op.getLoc(), yielded);
  return op;
}

Value Policy::perTerm(Value x) {
  auto type =
      ValueType::get(g.b.getContext(), 1, getValueType(x).getElementType(), source.getKept());
  Value size = SizeOp::create(g.b, g.loc, type, source.getOver());
  return DivideOp::create(g.b, g.loc, x, size);
}

/// R = sum((F - m)^2) / N: the mean m does not matter, for the differences add up to zero.
Seed Policy::seedVar() {
  Value mean = createCompanion(ReductionKind::Mean, 0).getResult(0);
  Value centred = subtract(formulas[0], g.read(mean));
  return {perTerm(SquareOp::create(g.b, g.loc, centred)), g.read(adjoint), Value()};
}

/// R = log(sum(exp(F) G)): the formula is exp(F - R) G.
Seed Policy::seedLogSumExp() {
  Value weight = exponential(subtract(formulas[0], g.read(result)));
  return {multiply(weight, formulas[1]), g.read(adjoint), Value()};
}

/// R = sum(exp(F) G) / sum(exp(F)): the formula is exp(F - L) (G - R), L the log of the divisor.
Seed Policy::seedSoftmax() {
  Value logSum = createCompanion(ReductionKind::LogSumExp, 0).getResult(0);
  Value weight = exponential(subtract(formulas[0], g.read(logSum)));
  Value centred = subtract(formulas[1], g.read(result));
  return {multiply(weight, centred), g.read(adjoint), Value()};
}

/// R = (m, sum(exp(F - m) G)) as what m + log(s) and quotients of s are made from: m stands still.
Seed Policy::seedShiftExp() {
  Value maximum = ElemOp::create(g.b, g.loc, g.read(result), 0);
  Value weight = exponential(subtract(formulas[0], maximum));
  int64_t dim = getDim(result) - 1;
  Value sums = ExtractOp::create(g.b, g.loc, g.read(adjoint), 1, dim);
  return {multiply(weight, formulas[1]), sums, Value()};
}

static ReductionKind withIndices(ReductionKind kind) {
  switch (kind) {
  case ReductionKind::Min:
    return ReductionKind::MinArgMin;
  case ReductionKind::Max:
    return ReductionKind::MaxArgMax;
  case ReductionKind::KMin:
    return ReductionKind::KMinArgKMin;
  case ReductionKind::KMax:
    return ReductionKind::KMaxArgKMax;
  default:
    return kind;
  }
}

/// The selected terms receive the adjoint, in one visit of all pairs that compares indices. What
/// was not found has the index -1, which is no row.
Seed Policy::seedSelected() {
  Value found = createCompanion(withIndices(reduce.getKind()), reduce.getBestOf(), /*missing=*/-1)
                    .getResult(1);
  Value indices = g.read(found);
  // With one index, what it selects is all that counts.
  if (getDim(indices) == 1)
    return {formulas[0], g.read(adjoint), indices};
  Value adjoints = ScatterAtOp::create(g.b, g.loc, indices, g.read(adjoint), getDim(formulas[0]));
  return {formulas[0], adjoints, indices};
}

/// How many more derivatives will be taken of the one that is built in front of `op`, at most.
static int64_t countLaterDerivatives(Operation *op) {
  while (!isa<GradOp, DiffOp>(op))
    op = op->getNextNode();
  llvm::SmallPtrSet<Operation *, 8> dependents = {op};
  int64_t count = 0;
  while ((op = op->getNextNode()))
    if (llvm::any_of(op->getOperands(),
                     [&](Value operand) { return dependents.contains(operand.getDefiningOp()); })) {
      dependents.insert(op);
      count += isa<GradOp, DiffOp>(op);
    }
  return std::min(count, maxDerivativeOrder);
}

/// The product of the terms but this one, F: `products[k]` is that of the nonzero terms if exactly
/// k are zero. A zero term gets products[1], and a polynomial that vanishes with F for the
/// derivatives to come, each of which takes another zero term out.
Value Policy::productOfOthers(ArrayRef<Value> products) {
  Value f = formulas[0], one = createRational(g.b, g.loc, getValueType(f).getElementType(), 1, 1);
  Value divisor = WhereOp::create(g.b, g.loc, f, f, one);
  Value quotient = DivideOp::create(g.b, g.loc, products[0], divisor), series = products.back();
  for (Value product : llvm::reverse(products.drop_front().drop_back()))
    series = subtract(product, multiply(f, series));
  return WhereOp::create(g.b, g.loc, f, quotient, series);
}

/// A term receives the product of the others, which is no quotient where a term is zero.
Seed Policy::seedProd() {
  bool isProduct = reduce.getKind() == ReductionKind::Prod;
  int64_t count = isProduct ? 1 : reduce.getBestOf(), later = countLaterDerivatives(g.op);
  int64_t dim = getDim(formulas[0]);
  Value all =
      g.read(createCompanion(ReductionKind::ProdWithoutZeros, count + 1 + later).getResult(0));
  auto part = [&](Value of, int64_t k) -> Value {
    return ExtractOp::create(g.b, g.loc, of, k * dim, dim);
  };
  SmallVector<Value> products;
  for (int64_t k = 0; k <= count + later; ++k)
    products.push_back(part(all, k));
  Value sum;
  for (int64_t k = 0; k < count; ++k) {
    Value term =
        multiply(part(g.read(adjoint), k), productOfOthers(ArrayRef(products).slice(k, later + 2)));
    sum = sum ? AddOp::create(g.b, g.loc, sum, term).getResult() : term;
  }
  return {formulas[0], sum, Value()};
}

LogicalResult keops::seedReductions(Gradient &g, MapReduceOp source, const Adjoints &adjoints,
                                    SmallVectorImpl<Seed> &seeds) {
  unsigned result = 0;
  for (auto [r, reduce] : llvm::enumerate(source.getReduceAttrs())) {
    const ReductionInfo &info = getReductionInfo(reduce.getKind());
    for (unsigned k = 0; k < info.results.size(); ++k, ++result) {
      Value adjoint = adjoints.lookup(source.getResult(result));
      if (adjoint && !Policy(g, source, r, source.getResult(result), adjoint).seed(seeds))
        return mlir::emitError(g.loc, "Grad: ")
               << info.name << "_Reduction has no gradient"
               << info.derivative.drop_front(StringRef("none").size());
    }
  }
  return success();
}
