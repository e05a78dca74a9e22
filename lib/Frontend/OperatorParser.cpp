// Operators on formulas: Grad, Diff and what is made of them (divergence, Laplacian, matrices of
// derivatives), the operators of linear maps, and Factorize. Grad and Diff become operations that
// Differentiate removes; all others become formulas of those here.
#include "FormulaParser.h"

#include "Names.h"
#include "keops/Frontend/Limits.h"

using namespace mlir;
using namespace keops;

/// The arguments of an operator: F, its variables, and the formulas after them.
struct FormulaParser::OperatorCall {
  StringRef name;
  Location loc;
  Value formula;
  SmallVector<Value> variables, others;

  Value variable() const { return variables.front(); }
  Value other(size_t k) const { return k < others.size() ? others[k] : Value(); }
};

/// `order` says how many derivatives the operator takes, `others` how many formulas may follow the
/// variable, `required` how many of them must. Negative `others`: there is no variable.
struct FormulaParser::Operator {
  StringLiteral name;
  int64_t order;
  unsigned required, others;
  bool takesVariable;
  Value (FormulaParser::*build)(const OperatorCall &);
};

ArrayRef<FormulaParser::Operator> FormulaParser::getOperators() {
  static constexpr Operator table[] = {
      {"Grad", 1, 0, 1, true, &FormulaParser::buildGrad},
      {"Diff", 1, 1, 1, true, &FormulaParser::buildDiff},
      {"GradMatrix", 1, 0, 0, true, &FormulaParser::buildGradMatrix},
      {"Divergence", 1, 0, 0, true, &FormulaParser::buildDivergence},
      {"Laplacian", 2, 0, 0, true, &FormulaParser::buildLaplacian},
      {"TraceOperator", 0, 0, 1, true, &FormulaParser::buildTrace},
      {"AdjointOperator", 0, 1, 1, true, &FormulaParser::buildAdjointOperator},
      {"SumLinOperator", 0, 0, 2, true, &FormulaParser::buildSumLin},
      {"Factorize", 0, 1, 1, false, &FormulaParser::buildSame},
      {"AutoFactorize", 0, 0, 0, false, &FormulaParser::buildSame}};
  return table;
}

const FormulaParser::Operator *FormulaParser::findOperator(StringRef name) {
  const Operator *row =
      llvm::find_if(getOperators(), [&](const Operator &op) { return op.name == name; });
  return row == getOperators().end() ? nullptr : row;
}

std::vector<StringRef> FormulaParser::getOperatorNames() {
  std::vector<StringRef> names;
  for (const Operator &op : getOperators())
    names.push_back(op.name);
  return names;
}

//===-- Arguments ---------------------------------------------------------------------------===//

LogicalResult FormulaParser::parseSeparator(const Token &open, StringRef function,
                                            StringRef expected) {
  if (tokens.consume(TokenKind::Comma))
    return success();
  if (tokens.at(TokenKind::RParen))
    return tokens.errorAt(tokens.peek())
           << function << ": expected ',' and " << expected << ", got ')'";
  return tokens.expectClosing(open, "an operator, ',' or ')'");
}

FailureOr<Variable> FormulaParser::parseGradVariable(StringRef name) {
  Token first = tokens.peek();
  FailureOr<Variable> variable = failure();
  if (first.is(TokenKind::Identifier) && isVariableKeyword(first.text) &&
      tokens.at(TokenKind::LParen, 1)) {
    variable = parseVariable(tokens, std::nullopt);
    if (failed(variable) || failed(variables.declare(tokens.locFrom(first.offset), *variable)))
      return failure();
  } else if (const Variable *known =
                 first.is(TokenKind::Identifier) ? variables.find(first.text) : nullptr) {
    tokens.take();
    variable = *known;
  } else if (first.is(TokenKind::Identifier) && !tokens.at(TokenKind::LParen, 1)) {
    reportUnknownVariable(first);
    return failure();
  }
  bool ends =
      tokens.at(TokenKind::Comma) || tokens.at(TokenKind::RParen) || tokens.at(TokenKind::End);
  if (succeeded(variable) && ends)
    return variable;
  return tokens.errorAt(first) << name << ": the second argument must be a variable";
}

Value FormulaParser::parseGradArgument(StringRef name, const Token &open) {
  if (failed(parseSeparator(open, name, "a variable")))
    return {};
  return parseBareVariable(name);
}

Value FormulaParser::parseBareVariable(StringRef name) {
  size_t begin = tokens.peek().offset;
  FailureOr<Variable> variable = parseGradVariable(name);
  return succeeded(variable) ? build.createVariable(tokens.locFrom(begin), *variable) : Value();
}

/// (a,b,...) with `parseOne` for each element.
LogicalResult FormulaParser::parseTuple(SmallVectorImpl<Value> &list,
                                        llvm::function_ref<Value()> parseOne) {
  Token open = tokens.take();
  do {
    list.push_back(parseOne());
    if (!list.back())
      return failure();
  } while (tokens.consume(TokenKind::Comma) && !tokens.at(TokenKind::RParen));
  return tokens.expectClosing(open);
}

/// The variable of an operator; Diff takes several in parentheses.
LogicalResult FormulaParser::parseOperatorVariables(OperatorCall &call, const Token &open) {
  if (failed(parseSeparator(open, call.name, "a variable")))
    return failure();
  if (call.name == "Diff" && tokens.at(TokenKind::LParen))
    return parseTuple(call.variables, [&] { return parseBareVariable(call.name); });
  call.variables.push_back(parseBareVariable(call.name));
  return success(call.variables.front() != Value());
}

LogicalResult FormulaParser::parseOperatorOthers(OperatorCall &call, const Operator &op,
                                                 const Token &open) {
  for (unsigned k = 0; k < op.others; ++k) {
    bool ends = tokens.at(TokenKind::RParen) ||
                (tokens.at(TokenKind::Comma) && tokens.at(TokenKind::RParen, 1));
    if (ends && k >= op.required)
      break;
    if (failed(parseSeparator(open, call.name, "a formula")))
      return failure();
    if (call.variables.size() > 1 && tokens.at(TokenKind::LParen)) {
      if (failed(parseTuple(call.others, [&] { return parseFormula(); })))
        return failure();
      continue;
    }
    call.others.push_back(parseFormula());
    if (!call.others.back())
      return failure();
  }
  tokens.consume(TokenKind::Comma);
  return tokens.expectClosing(open);
}

Value FormulaParser::parseOperator() {
  Token name = tokens.take(), open = tokens.take();
  const Operator &op = *findOperator(name.text);
  derivativeOrder += op.order;
  if (derivativeOrder > maxDerivativeOrder) {
    tokens.errorAt(name) << "derivatives are nested to order " << derivativeOrder << "; at most "
                         << maxDerivativeOrder << " is accepted";
    return {};
  }
  OperatorCall call{name.text, tokens.loc(name), parseFormula(), {}, {}};
  derivativeOrder -= op.order;
  if (!call.formula || (op.takesVariable && failed(parseOperatorVariables(call, open))) ||
      failed(parseOperatorOthers(call, op, open)))
    return {};
  call.loc = tokens.locFrom(name.offset);
  return (this->*op.build)(call);
}

//===-- Derivatives -------------------------------------------------------------------------===//

Value FormulaParser::createImplicitAdjoint(Location loc, Value formula, Placement placement) {
  int64_t position =
      std::max(findLargestPosition(tokens.getTokens()) + 1, variables.getNextPosition());
  Variable adjoint{position, getDim(formula), placement, ""};
  if (position >= maxArguments) {
    emitError(loc) << "a formula takes at most " << maxArguments << " arguments";
    return {};
  }
  if (failed(variables.declare(loc, adjoint)))
    return {};
  return build.createVariable(loc, adjoint);
}

Value FormulaParser::buildGrad(const OperatorCall &call) {
  Placement placement = getValueType(call.variable()).getPlacement();
  Value adjoint = call.other(0);
  if (!adjoint && placement == Placement::P)
    emitError(call.loc) << "Grad: for a parameter the third argument cannot be left out";
  else if (!adjoint)
    adjoint = createImplicitAdjoint(call.loc, call.formula, otherIndex(placement));
  return adjoint ? build.createGrad(call.loc, call.formula, call.variable(), adjoint) : Value();
}

Value FormulaParser::buildDiff(const OperatorCall &call) {
  if (call.variables.size() != call.others.size()) {
    emitError(call.loc) << "Diff: expected one vector for each of " << call.variables.size()
                        << " variables, got " << call.others.size();
    return {};
  }
  Value sum;
  for (auto [variable, tangent] : llvm::zip(call.variables, call.others)) {
    Value term = build.createDiff(call.loc, call.formula, variable, tangent);
    sum = sum && term ? build.create(call.loc, "Add", {sum, term}) : term;
    if (!sum)
      return {};
  }
  return sum;
}

/// The k-th unit vector.
Value FormulaParser::createBasis(Location loc, int64_t dim, int64_t k) {
  Builder &b = build.builder();
  Value one = build.createInteger(loc, 1);
  if (dim == 1 || !one)
    return one;
  return build.create(loc, "ElemT", {one}, {b.getI64IntegerAttr(dim), b.getI64IntegerAttr(k)});
}

Value FormulaParser::buildGradMatrix(const OperatorCall &call) {
  Value rows;
  for (int64_t k = 0, dim = getDim(call.formula); k < dim; ++k) {
    Value basis = createBasis(call.loc, dim, k);
    Value row = basis ? build.createGrad(call.loc, call.formula, call.variable(), basis) : Value();
    rows = rows && row ? build.create(call.loc, "Concat", {rows, row}) : row;
    if (!rows)
      return {};
  }
  return rows;
}

/// The trace of the derivative of F, with weights unless they are null.
Value FormulaParser::createTrace(const OperatorCall &call, Value formula, Value weights) {
  int64_t dim = getDim(call.variable());
  if (getDim(formula) != dim || (weights && getDim(weights) != dim)) {
    emitError(call.loc) << call.name << ": expected dimension " << dim
                        << ", that of the variable, got "
                        << (getDim(formula) != dim ? getDim(formula) : getDim(weights));
    return {};
  }
  Value sum;
  for (int64_t k = 0; k < dim; ++k) {
    Value basis = createBasis(call.loc, dim, k);
    Value column = basis ? build.createDiff(call.loc, formula, call.variable(), basis) : Value();
    Attribute position = build.builder().getI64IntegerAttr(k);
    Value term = column ? build.create(call.loc, "Elem", {column}, position) : Value();
    Value weight = term && weights ? build.create(call.loc, "Elem", {weights}, position) : Value();
    if (weight)
      term = build.create(call.loc, "Mult", {weight, term});
    sum = sum && term ? build.create(call.loc, "Add", {sum, term}) : term;
    if (!sum)
      return {};
  }
  return sum;
}

Value FormulaParser::buildDivergence(const OperatorCall &call) {
  return createTrace(call, call.formula, {});
}

Value FormulaParser::buildLaplacian(const OperatorCall &call) {
  if (getDim(call.formula) != 1) {
    emitError(call.loc) << "Laplacian: the first argument must have dimension 1, got "
                        << getDim(call.formula);
    return {};
  }
  Value one = build.createInteger(call.loc, 1);
  Value gradient = one ? build.createGrad(call.loc, call.formula, call.variable(), one) : Value();
  return gradient ? createTrace(call, gradient, {}) : Value();
}

//===-- Linear maps -------------------------------------------------------------------------===//

namespace {
enum class Dependence { None, Linear, Other };
} // namespace

static Dependence combine(Operation *op, ArrayRef<Dependence> operands) {
  if (llvm::is_contained(operands, Dependence::Other))
    return Dependence::Other;
  int64_t linear = llvm::count(operands, Dependence::Linear);
  if (linear == 0)
    return Dependence::None;
  const FormulaInfo *info = getFormulaInfo(op);
  StringRef linearity = info ? info->linearity : StringRef();
  bool isLinear = linearity == "all" || (linearity == "each" && linear == 1) ||
                  (linearity == "first" && linear == 1 && operands[0] == Dependence::Linear);
  return isLinear ? Dependence::Linear : Dependence::Other;
}

/// The first operation on the way from the variable to the formula that is not linear, or null.
static Operation *findNonlinear(Value formula, Value variable) {
  llvm::DenseMap<Value, Dependence> known;
  known[variable] = Dependence::Linear;
  Operation *last = formula.getDefiningOp(), *guilty = nullptr;
  if (!last)
    return nullptr;
  for (Operation &op : *last->getBlock()) {
    SmallVector<Dependence> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known.lookup(operand));
    for (Value result : op.getResults())
      known[result] = combine(&op, operands);
    if (!guilty && known.lookup(op.getResult(0)) == Dependence::Other)
      guilty = &op;
    if (&op == last)
      break;
  }
  return known.lookup(formula) == Dependence::Other ? guilty : nullptr;
}

bool FormulaParser::isLinear(const OperatorCall &call) {
  Operation *guilty = findNonlinear(call.formula, call.variable());
  if (!guilty)
    return true;
  emitError(guilty->getLoc()) << call.name
                              << ": the first argument must be linear in the variable; this is not";
  return false;
}

Value FormulaParser::buildTrace(const OperatorCall &call) {
  return isLinear(call) ? createTrace(call, call.formula, call.other(0)) : Value();
}

Value FormulaParser::buildAdjointOperator(const OperatorCall &call) {
  return isLinear(call) ? build.createGrad(call.loc, call.formula, call.variable(), call.other(0))
                        : Value();
}

/// The sum of all wl[k] M[k,l] wr[l] for the matrix M of the map; missing weights are 1.
Value FormulaParser::buildSumLin(const OperatorCall &call) {
  if (!isLinear(call))
    return {};
  auto ones = [&](int64_t dim) -> Value {
    Value one = build.createInteger(call.loc, 1);
    return one ? build.create(call.loc, "SumT", {one}, build.builder().getI64IntegerAttr(dim))
               : Value();
  };
  Value left = call.other(0) ? call.other(0) : ones(getDim(call.formula));
  Value right = call.other(1) ? call.other(1) : ones(getDim(call.variable()));
  Value image =
      left && right ? build.createDiff(call.loc, call.formula, call.variable(), right) : Value();
  return image ? build.create(call.loc, "Scalprod", {left, image}) : Value();
}

/// What Factorize asks for, common subexpression elimination does everywhere.
Value FormulaParser::buildSame(const OperatorCall &call) { return call.formula; }
