// The outermost level of a formula text: reductions, gradients of reductions, and Fused.
#include "FormulaParser.h"

#include "Names.h"
#include "keops/Frontend/Limits.h"

using namespace mlir;
using namespace keops;

FailureOr<FormulaParser::Results> FormulaParser::parseProgram() {
  FailureOr<Results> results = parseReductions();
  if (failed(results))
    return failure();
  if (tokens.at(TokenKind::RParen))
    return tokens.errorAt(tokens.peek()) << "this ')' closes nothing";
  if (failed(tokens.expect(TokenKind::End, "the end of the formula")))
    return failure();
  return results;
}

FailureOr<FormulaParser::Results> FormulaParser::parseReductions() {
  Token name = tokens.peek();
  bool call = name.is(TokenKind::Identifier) && tokens.at(TokenKind::LParen, 1);
  StringRef text = name.text;
  if (call && text == "Fused")
    return parseFused();
  if (call && llvm::is_contained({"Grad", "Diff", "Grad_WithSavedForward", "Diff_WithSavedForward"},
                                 text)) {
    if (Value derivative = parseReductionDerivative())
      return Results{derivative};
    return failure();
  }
  if (call && text == "Zero_Reduction")
    return parseZeroReduction();
  if (call && text.ends_with(reductionSuffix))
    return parseReduction();
  if (call && !findFormula(text) && findReduction(text))
    return tokens.errorAt(name) << "expected a reduction, got '" << text << "'; did you mean '"
                                << text << reductionSuffix << "'?";
  if (name.is(TokenKind::End) || name.is(TokenKind::RParen))
    return tokens.unexpected("a reduction such as Sum_Reduction(F,0)");
  return tokens.errorAt(name) << "expected a reduction such as Sum_Reduction(F,0), got a formula";
}

FailureOr<FormulaParser::Results> FormulaParser::parseFused() {
  Nested nested(*this);
  Token name = tokens.take(), open = tokens.take();
  if (nested.isTooDeep(name))
    return failure();
  Results all;
  do {
    if (!all.empty() && tokens.at(TokenKind::RParen))
      break;
    FailureOr<Results> results = parseReductions();
    if (failed(results))
      return failure();
    all.append(*results);
  } while (tokens.consume(TokenKind::Comma));
  if (failed(tokens.expectClosing(open)))
    return failure();
  return all;
}

//===-- One reduction -----------------------------------------------------------------------===//

/// "KMin_Reduction(F,K,tag)".
static std::string describeUse(const ReductionInfo &info, StringRef name) {
  return (name + "(F" + (info.takesK ? ",K" : "") + ",tag" +
          (info.formulas == 2 ? (info.optionalWeight ? "[,G]" : ",G") : "") + ")")
      .str();
}

FailureOr<FormulaParser::Results> FormulaParser::parseReduction() {
  Token name = tokens.peek();
  StringRef text = name.text;
  const ReductionInfo *info = findReduction(text.drop_back(reductionSuffix.size()));
  if (!info) {
    reportUnknownFunction(name);
    return failure();
  }
  tokens.take();
  Token open = tokens.take();
  FormulaScope scope;
  Results formulas;
  ReduceAttr reduce;
  int64_t tag = 0;
  {
    FormulaBuilder::ScopeGuard guard(build, scope);
    Value formula = parseFormula();
    if (!formula)
      return failure();
    formulas.push_back(formula);
    if (info->scalarFormula && getDim(formula) != 1)
      return emitError(tokens.locFrom(name.offset))
             << text << ": the first formula must have dimension 1, got " << getDim(formula);
    if (failed(parseReductionNumbers(*info, text, open, reduce, tag)) ||
        failed(parseWeight(*info, text, formulas)) || failed(tokens.expectClosing(open)))
      return failure();
    build.createYield(tokens.locFrom(name.offset), formulas);
  }
  TypeRange types = TypeRange(ValueRange(formulas));
  Operation *op =
      createMapReduce(tokens.locFrom(name.offset), reduce, tag, std::move(scope), types);
  if (!op)
    return failure();
  return Results(op->getResults());
}

/// Zero_Reduction(dim,tag) is the sum of zeros.
FailureOr<FormulaParser::Results> FormulaParser::parseZeroReduction() {
  Token name = tokens.take(), open = tokens.take();
  StringRef use = "Zero_Reduction(dim,tag)";
  Location loc = tokens.locFrom(name.offset);
  FailureOr<int64_t> dim = tokens.parseInteger("the dimension"), tag;
  if (failed(dim) || failed(tag = parseReductionTag(name.text, open, use)) ||
      failed(tokens.expectClosing(open)))
    return failure();
  FormulaScope scope;
  SmallVector<Value> formulas;
  {
    FormulaBuilder::ScopeGuard guard(build, scope);
    formulas.push_back(build.createZero(loc, *dim));
    if (!formulas.front())
      return failure();
    build.createYield(loc, formulas);
  }
  auto reduce = ReduceAttr::get(loc.getContext(), ReductionKind::Sum);
  Operation *op =
      createMapReduce(loc, reduce, *tag, std::move(scope), TypeRange(ValueRange(formulas)));
  if (!op)
    return failure();
  return Results(op->getResults());
}

FailureOr<int64_t> FormulaParser::parseReductionNumber(StringRef name, const Token &open,
                                                       StringRef use, StringRef what, int64_t low,
                                                       int64_t high) {
  if (failed(parseSeparator(open, use, what)))
    return failure();
  size_t begin = tokens.peek().offset;
  FailureOr<int64_t> number = tokens.parseInteger(what);
  if (succeeded(number) && (*number < low || *number > high))
    return emitError(tokens.locFrom(begin)) << name << ": " << what << " must lie between " << low
                                            << " and " << high << ", got " << *number;
  return number;
}

FailureOr<int64_t> FormulaParser::parseReductionTag(StringRef name, const Token &open,
                                                    StringRef use) {
  return parseReductionNumber(name, open, use, "the tag (0: result over i, 1: over j)", 0, 1);
}

LogicalResult FormulaParser::parseReductionNumbers(const ReductionInfo &info, StringRef name,
                                                   const Token &open, ReduceAttr &reduce,
                                                   int64_t &tag) {
  std::string use = describeUse(info, name);
  FailureOr<int64_t> bestOf = 0, category;
  if (info.takesK &&
      failed(bestOf = parseReductionNumber(name, open, use, "the integer K", 1, maxBestOf)))
    return failure();
  if (failed(category = parseReductionTag(name, open, use)))
    return failure();
  tag = *category;
  reduce = ReduceAttr::get(build.builder().getContext(), info.kind, *bestOf, 0);
  return success();
}

LogicalResult FormulaParser::parseWeight(const ReductionInfo &info, StringRef name,
                                         Results &formulas) {
  bool more = tokens.consume(TokenKind::Comma) && !tokens.at(TokenKind::RParen);
  if (more && info.formulas == 1)
    return emitError(tokens.loc(tokens.peek()))
           << "too many arguments; expected " << describeUse(info, name);
  if (info.formulas == 1)
    return success();
  if (!more && !info.optionalWeight)
    return emitError(tokens.loc(tokens.peek()))
           << name << " needs a second formula: " << describeUse(info, name);
  Value weight = more ? parseFormula() : build.createInteger(tokens.loc(tokens.peek()), 1);
  tokens.consume(TokenKind::Comma);
  if (!weight)
    return failure();
  int64_t dim = getDim(formulas.front());
  if (dim != 1 && getDim(weight) != 1 && getDim(weight) != dim)
    return emitError(weight.getLoc())
           << name << ": the second formula must have dimension 1 or that of the first, " << dim
           << ", got " << getDim(weight);
  formulas.push_back(weight);
  return success();
}

Operation *FormulaParser::createMapReduce(Location loc, ReduceAttr reduce, int64_t tag,
                                          FormulaScope scope, TypeRange formulas) {
  Builder &b = build.builder();
  Placement kept = tag == 0 ? Placement::I : Placement::J;
  int64_t size = reduce.getBestOf();
  if (size && size * cast<ValueType>(formulas.front()).getDim() > maxDimension) {
    emitError(loc) << "K times the dimension of the formula must be at most " << maxDimension
                   << ", got " << size << " times " << cast<ValueType>(formulas.front()).getDim();
    return nullptr;
  }
  OperationState state(loc, MapReduceOp::getOperationName());
  state.addAttribute("over", PlacementAttr::get(b.getContext(), otherIndex(kept)));
  state.addAttribute("reductions", b.getArrayAttr(reduce));
  state.addAttribute("precision", PrecisionAttr::get(b.getContext(), precision));
  if (sums)
    state.addAttribute("sums", sums);
  SmallVector<Type> results = getResultTypes(reduce, formulas, kept);
  return build.createRegionOp(state, std::move(scope), results);
}

//===-- The gradient of a reduction ---------------------------------------------------------===//

/// The result that has a gradient: the values of a reduction that gives values and indices.
static Value findDifferentiable(ArrayRef<Value> results) {
  if (results.size() == 1)
    return results.front();
  Operation *op = results.front().getDefiningOp();
  SmallVector<Value> values(llvm::make_filter_range(results, [&](Value result) {
    return result.getDefiningOp() != op || !getValueType(result).getElementType().isInteger();
  }));
  return values.size() == 1 && values.front().getDefiningOp() == op ? values.front() : Value();
}

/// A reduction without derivative rule says why in its record.
static LogicalResult checkDifferentiable(Location loc, StringRef name, Value value) {
  auto op = value.getDefiningOp<MapReduceOp>();
  if (!op)
    return success();
  const ReductionInfo &info = getReductionInfo(op.getReduceAttrs().front().getKind());
  StringRef reason = info.derivative;
  if (reason.consume_front("none"))
    return emitError(loc) << name << ": " << info.name << reductionSuffix << " has no derivative"
                          << reason;
  return success();
}

/// The reduction that is differentiated, and its opening parenthesis behind it.
Value FormulaParser::parseDifferentiated(const Token &name) {
  if (++derivativeOrder > maxDerivativeOrder) {
    tokens.errorAt(name) << "derivatives are nested to order " << derivativeOrder << "; at most "
                         << maxDerivativeOrder << " is accepted";
    return {};
  }
  FailureOr<Results> results = parseReductions();
  --derivativeOrder;
  if (failed(results))
    return {};
  Value reduced = findDifferentiable(*results);
  if (!reduced) {
    emitError(tokens.locFrom(name.offset))
        << name.text << ": expected a reduction with one result, got " << results->size();
    return {};
  }
  if (failed(checkDifferentiable(tokens.locFrom(name.offset), name.text, reduced)))
    return {};
  return reduced;
}

/// The result of the reduction that a caller has kept. Results are computed once in a program, so
/// that it is read and left alone.
LogicalResult FormulaParser::parseSavedForward(const Token &open, StringRef name, Value reduced) {
  if (failed(parseSeparator(open, name, "the result of the reduction")))
    return failure();
  Value saved = parseReductionAdjoint(name, getValueType(reduced).getPlacement());
  if (saved && getDim(saved) != getDim(reduced))
    return emitError(saved.getLoc())
           << name << ": the fourth argument must have the dimension of "
           << "the reduction, " << getDim(reduced) << ", got " << getDim(saved);
  return success(saved != Value());
}

/// Grad(R,v[,e]), Diff(R,v,u), and both with the saved result at the end.
Value FormulaParser::parseReductionDerivative() {
  Nested nested(*this);
  Token name = tokens.take(), open = tokens.take();
  StringRef text = name.text;
  bool forward = text.starts_with("Diff");
  Value reduced = nested.isTooDeep(name) ? Value() : parseDifferentiated(name);
  Value argument = reduced ? parseGradArgument(text, open) : Value();
  if (!argument || (forward && failed(parseSeparator(open, text, "a tangent"))))
    return {};
  Placement place = getValueType(forward ? argument : reduced).getPlacement();
  bool given = forward || (tokens.consume(TokenKind::Comma) && !tokens.at(TokenKind::RParen));
  Value vector = given ? parseReductionAdjoint(text, place)
                       : createImplicitAdjoint(tokens.loc(name), reduced, place);
  bool saved = text.ends_with("_WithSavedForward");
  if (!vector || (saved && failed(parseSavedForward(open, text, reduced))))
    return {};
  tokens.consume(TokenKind::Comma);
  if (failed(tokens.expectClosing(open)))
    return {};
  Location loc = tokens.locFrom(name.offset);
  return forward ? build.createDiff(loc, reduced, argument, vector)
                 : build.createGrad(loc, reduced, argument, vector);
}

/// Adjoints and tangents stand outside all loops: a bare argument is used as it is, a formula
/// becomes a map over the rows.
Value FormulaParser::parseReductionAdjoint(StringRef name, Placement kept) {
  size_t begin = tokens.peek().offset;
  FormulaScope scope;
  Value formula;
  {
    FormulaBuilder::ScopeGuard guard(build, scope);
    formula = parseFormula();
    if (!formula)
      return {};
    build.createYield(tokens.locFrom(begin), formula);
  }
  Location loc = tokens.locFrom(begin);
  ValueType type = getValueType(formula);
  if (join(type.getPlacement(), kept) != kept) {
    emitError(loc) << name << ": the third argument must depend on " << stringifyPlacement(kept)
                   << " alone, like the "
                   << (name.starts_with("Diff") ? "variable" : "reduction's result") << ", got "
                   << stringifyPlacement(type.getPlacement());
    return {};
  }
  for (auto &[position, argument] : scope.arguments)
    if (formula == argument)
      return build.createVariable(loc, variables.get(position));
  OperationState state(loc, MapOp::getOperationName());
  state.addAttribute("over", PlacementAttr::get(loc.getContext(), kept));
  Type result = ValueType::get(loc.getContext(), type.getDim(), type.getElementType(), kept);
  Operation *op = build.createRegionOp(state, std::move(scope), result);
  return op ? op->getResult(0) : Value();
}
