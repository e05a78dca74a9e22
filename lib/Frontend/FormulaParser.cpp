// Formulas: operators by precedence, numbers, variables, calls of the functions in the generated
// table. Derivatives and other operators on formulas are in OperatorParser.cpp.
#include "FormulaParser.h"

#include "Names.h"
#include "keops/Frontend/Limits.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace keops;

bool FormulaParser::Nested::isTooDeep(const Token &token) const {
  if (parser.nesting <= maxNesting)
    return false;
  parser.tokens.errorAt(token) << "parentheses, calls and signs are nested more than " << maxNesting
                               << " levels deep, which is the limit";
  return true;
}

//===-- Operators ---------------------------------------------------------------------------===//

namespace {
struct BinaryOperator {
  TokenKind token;
  unsigned level; // 0 binds loosest
  StringLiteral function;
};
struct ComparisonOperator {
  TokenKind token;
  bool swapped; // f > g is g < f
  StringLiteral function;
};
} // namespace

static constexpr BinaryOperator binaryOperators[] = {{TokenKind::Pipe, 0, "Scalprod"},
                                                     {TokenKind::Plus, 1, "Add"},
                                                     {TokenKind::Minus, 1, "Subtract"},
                                                     {TokenKind::Star, 2, "Mult"},
                                                     {TokenKind::Slash, 2, "Divide"}};
static constexpr unsigned binaryLevels = 3;
static constexpr ComparisonOperator comparisonOperators[] = {
    {TokenKind::Less, false, "LessThan"},    {TokenKind::LessEqual, false, "LessOrEqual"},
    {TokenKind::Greater, true, "LessThan"},  {TokenKind::GreaterEqual, true, "LessOrEqual"},
    {TokenKind::EqualEqual, false, "Equal"}, {TokenKind::NotEqual, false, "NotEqual"}};

static const ComparisonOperator *findComparison(const Token &token) {
  const auto *op =
      llvm::find_if(comparisonOperators, [&](const auto &row) { return token.is(row.token); });
  return op == std::end(comparisonOperators) ? nullptr : op;
}

static const BinaryOperator *findBinary(const Token &token, unsigned level) {
  const auto *op = llvm::find_if(
      binaryOperators, [&](const auto &row) { return token.is(row.token) && row.level == level; });
  return op == std::end(binaryOperators) ? nullptr : op;
}

Value FormulaParser::parseComparison() {
  size_t begin = tokens.peek().offset;
  Value left = parseBinary(0);
  if (!left || !findComparison(tokens.peek()))
    return left;
  Token op = tokens.take();
  Value right = parseBinary(0);
  if (!right)
    return {};
  if (findComparison(tokens.peek())) {
    tokens.errorAt(tokens.peek())
        << "comparisons cannot be chained; write (f<g)*(g<h) or use parentheses";
    return {};
  }
  return createComparison(tokens.locFrom(begin), op, left, right);
}

Value FormulaParser::createComparison(Location loc, const Token &op, Value left, Value right) {
  const ComparisonOperator *row = findComparison(op);
  if (row->swapped)
    std::swap(left, right);
  return build.create(loc, row->function, {left, right});
}

Value FormulaParser::parseBinary(unsigned level) {
  if (level == binaryLevels)
    return parseUnary();
  size_t begin = tokens.peek().offset;
  Value left = parseBinary(level + 1);
  while (left) {
    const BinaryOperator *op = findBinary(tokens.peek(), level);
    if (!op)
      break;
    tokens.take();
    Value right = parseBinary(level + 1);
    left = right ? createBinary(tokens.locFrom(begin), op->function, left, right) : Value();
  }
  return left;
}

Value FormulaParser::createBinary(Location loc, StringRef name, Value left, Value right) {
  auto constant = left.getDefiningOp<ConstantOp>();
  if (name != "Divide" || !constant || FormulaBuilder::getInteger(left) != 1)
    return build.create(loc, name, {left, right});
  build.eraseConstant(left);
  return build.create(loc, "Inv", {right});
}

Value FormulaParser::parseUnary() {
  return tokens.at(TokenKind::Minus) ? parseMinus() : parsePower();
}

Value FormulaParser::parseMinus() {
  Nested nested(*this);
  Token sign = tokens.peek();
  if (nested.isTooDeep(sign))
    return {};
  tokens.take();
  // A sign before a number belongs to the number, unless the number is the base of a power: -2**2
  // is -(2**2).
  bool numberFollows = tokens.at(TokenKind::Integer) || tokens.at(TokenKind::Float);
  if (numberFollows && !tokens.at(TokenKind::StarStar, 1))
    return parseNumber(/*negative=*/true, sign.offset);
  Value operand = parseUnary();
  return operand ? build.create(tokens.locFrom(sign.offset), "Minus", {operand}) : Value();
}

Value FormulaParser::parsePower() {
  size_t begin = tokens.peek().offset;
  Value base = parseAtom();
  if (!base || !tokens.at(TokenKind::StarStar))
    return base;
  Nested nested(*this);
  if (nested.isTooDeep(tokens.peek()))
    return {};
  tokens.take();
  Value exponent = parseUnary();
  return exponent ? createPower(tokens.locFrom(begin), base, exponent) : Value();
}

Value FormulaParser::createPower(Location loc, Value base, Value exponent) {
  std::optional<int64_t> integer = FormulaBuilder::getInteger(exponent);
  if (!integer)
    return build.create(loc, "Powf", {base, exponent});
  build.eraseConstant(exponent);
  if (*integer == 2)
    return build.create(loc, "Square", {base});
  return build.create(loc, "Pow", {base}, build.builder().getI64IntegerAttr(*integer));
}

//===-- Atoms -------------------------------------------------------------------------------===//

Value FormulaParser::parseAtom() {
  switch (tokens.peek().kind) {
  case TokenKind::Integer:
  case TokenKind::Float:
    return parseNumber(/*negative=*/false, tokens.peek().offset);
  case TokenKind::LParen:
    return parseParentheses();
  case TokenKind::Identifier:
    return tokens.at(TokenKind::LParen, 1) ? parseCall() : parseName();
  default:
    (void)tokens.unexpected("a formula");
    return {};
  }
}

Value FormulaParser::parseNumber(bool negative, size_t begin) {
  Token token = tokens.take();
  Location loc = tokens.locFrom(begin);
  if (token.is(TokenKind::Integer)) {
    std::optional<int64_t> magnitude = getIntegerValue(token);
    if (magnitude)
      return build.createInteger(loc, negative ? -*magnitude : *magnitude);
  } else {
    double magnitude;
    if (!StringRef(token.text).getAsDouble(magnitude) && build.isFinite(magnitude))
      return build.createFloat(loc, negative ? -magnitude : magnitude);
  }
  tokens.errorAt(token) << "the number '" << StringRef(token.text).take_front(40)
                        << "' is too large";
  return {};
}

Value FormulaParser::parseParentheses() {
  Nested nested(*this);
  Token open = tokens.peek();
  if (nested.isTooDeep(open))
    return {};
  tokens.take();
  Value inner = parseFormula();
  if (!inner)
    return {};
  if (tokens.at(TokenKind::Comma)) {
    if (tokens.hasUnclosed())
      tokens.errorAt(open) << "this '(' is never closed";
    else
      tokens.errorAt(tokens.peek())
          << "expected ')', got ','; a list of formulas has no meaning here";
    return {};
  }
  return succeeded(tokens.expectClosing(open, "an operator or ')'")) ? inner : Value();
}

Value FormulaParser::parseName() {
  Token name = tokens.take();
  const Variable *variable = variables.find(name.text);
  return variable ? build.createVariable(tokens.loc(name), *variable) : reportUnknownVariable(name);
}

Value FormulaParser::reportUnknownVariable(const Token &name) {
  StringRef text = name.text;
  if (findFormula(text))
    tokens.errorAt(name) << "'" << text << "' is a function and needs arguments in parentheses";
  else
    tokens.errorAt(name) << "unknown variable '" << text.take_front(60) << "'"
                         << suggestName(text, variables.getNames());
  return {};
}

Value FormulaParser::reportUnknownFunction(const Token &name) {
  StringRef text = name.text;
  StringRef kind = text.ends_with(reductionSuffix) ? "reduction" : "function";
  tokens.errorAt(name) << "unknown " << kind << " '" << text.take_front(60) << "'"
                       << suggestName(text, variables.getNames());
  return {};
}

//===-- Calls -------------------------------------------------------------------------------===//

Value FormulaParser::parseCall() {
  Nested nested(*this);
  Token name = tokens.peek();
  StringRef text = name.text;
  if (nested.isTooDeep(name))
    return {};
  if (const FormulaInfo *info = findFormula(text))
    return parseTableCall(*info);
  if (isVariableKeyword(text))
    return parseVariableCall();
  if (text == "IntCst" || text == "IntInv" || text == "RatCst" || text == "Zero")
    return parseConstantCall();
  if (findOperator(text))
    return parseOperator();
  if (text == "Fused" ||
      (text.ends_with(reductionSuffix) && findReduction(text.drop_back(reductionSuffix.size())))) {
    tokens.errorAt(name) << text << ": a reduction cannot stand inside a formula";
    return {};
  }
  return reportUnknownFunction(name);
}

/// "Elem takes 2 arguments (x, position)".
static std::string describeSignature(const FormulaInfo &info) {
  SmallVector<StringRef> names;
  info.operandNames.split(names, ',');
  for (StringRef &name : names)
    name = name.trim();
  return (info.name + " takes " + Twine(names.size()) +
          (names.size() == 1 ? " argument (" : " arguments (") + llvm::join(names, ", ") + ")")
      .str();
}

/// "an integer (position of Elem)", "a list of integers (dimsx of TensorDot)".
static std::string describeInteger(const FormulaInfo &info, size_t k) {
  SmallVector<StringRef> names;
  info.operandNames.split(names, ',');
  StringRef what = info.operands[k] == 'n' ? "an integer (" : "a list of integers (";
  return (what + names[k].trim() + " of " + info.name + ")").str();
}

/// Takes the ',' before argument k of a call; reports a call that ends too early.
LogicalResult FormulaParser::parseArgumentStart(const FormulaInfo &info, const Token &name,
                                                const Token &open, size_t k) {
  if (k > 0 && !tokens.at(TokenKind::RParen) && !tokens.consume(TokenKind::Comma))
    return tokens.expectClosing(open);
  if (tokens.at(TokenKind::RParen))
    return tokens.errorAt(name) << describeSignature(info) << ", got " << k;
  return success();
}

/// One argument that is no formula, as the operation's attribute.
FailureOr<Attribute> FormulaParser::parseAttribute(const FormulaInfo &info, size_t k) {
  Builder &b = build.builder();
  if (info.operands[k] == 'n') {
    FailureOr<int64_t> number = tokens.parseInteger(describeInteger(info, k));
    if (failed(number))
      return failure();
    return Attribute(b.getI64IntegerAttr(*number));
  }
  FailureOr<SmallVector<int64_t>> list = parseIntegers(describeInteger(info, k));
  if (failed(list))
    return failure();
  return Attribute(b.getDenseI64ArrayAttr(*list));
}

/// [2,3] or (2,3) or Ind(2,3); a single integer may stand alone.
FailureOr<SmallVector<int64_t>> FormulaParser::parseIntegers(const std::string &expected) {
  bool named = tokens.at(TokenKind::Identifier) && StringRef(tokens.peek().text) == "Ind";
  if (named)
    tokens.take();
  bool brackets = !named && tokens.at(TokenKind::LBracket);
  if (!brackets && !tokens.at(TokenKind::LParen)) {
    FailureOr<int64_t> number = tokens.parseInteger(expected);
    if (failed(number))
      return failure();
    return SmallVector<int64_t>{*number};
  }
  TokenKind closing = brackets ? TokenKind::RBracket : TokenKind::RParen;
  SmallVector<int64_t> list;
  for (tokens.take(); !tokens.at(closing);) {
    FailureOr<int64_t> number = tokens.parseInteger(expected);
    if (failed(number))
      return failure();
    list.push_back(*number);
    if (!tokens.consume(TokenKind::Comma) && !tokens.at(closing))
      return tokens.unexpected(brackets ? "',' or ']'" : "',' or ')'");
  }
  tokens.take();
  return list;
}

/// Whether a formula stands where argument k should be an integer, and is welcome there.
bool FormulaParser::isRunTimeForm(const FormulaInfo &info, size_t k) {
  return info.operands[k] == 'n' && !info.runTimeForm.empty() && !tokens.at(TokenKind::Minus) &&
         !((tokens.at(TokenKind::Integer) || tokens.at(TokenKind::Float)) &&
           (tokens.at(TokenKind::RParen, 1) || tokens.at(TokenKind::Comma, 1)));
}

LogicalResult FormulaParser::parseArguments(const FormulaInfo *&info, const Token &name,
                                            const Token &open, Results &operands,
                                            SmallVectorImpl<Attribute> &attributes) {
  for (size_t k = 0; k < info->operands.size(); ++k) {
    bool optional = info->operands[k] == 'o';
    if (optional && (tokens.at(TokenKind::RParen) ||
                     (tokens.at(TokenKind::Comma) && tokens.at(TokenKind::RParen, 1))))
      break;
    if (failed(parseArgumentStart(*info, name, open, k)))
      return failure();
    if (isRunTimeForm(*info, k))
      info = findFormula(info->runTimeForm);
    if (info->operands[k] == 'v') {
      operands.push_back(parseFormula());
      if (!operands.back())
        return failure();
      continue;
    }
    FailureOr<Attribute> attribute = parseAttribute(*info, k);
    if (failed(attribute))
      return failure();
    attributes.push_back(*attribute);
  }
  return success();
}

Value FormulaParser::parseTableCall(const FormulaInfo &callee) {
  Token name = tokens.take(), open = tokens.take();
  Results operands;
  SmallVector<Attribute> attributes;
  const FormulaInfo *info = &callee;
  if (failed(parseArguments(info, name, open, operands, attributes)))
    return {};
  tokens.consume(TokenKind::Comma);
  if (tokens.at(TokenKind::Integer) && tokens.hasUnclosed()) {
    // Exp(x,0) inside Sum_Reduction(Exp(x,0): the tag of the reduction was meant.
    tokens.errorAt(open) << "this '(' is never closed";
    return {};
  }
  if (!tokens.at(TokenKind::RParen) && !tokens.at(TokenKind::End)) {
    tokens.errorAt(tokens.peek()) << describeSignature(*info) << "; expected ')', got '"
                                  << StringRef(tokens.peek().text) << "'";
    return {};
  }
  if (failed(tokens.expectClosing(open)))
    return {};
  return build.create(tokens.locFrom(name.offset), *info, operands, attributes);
}

Value FormulaParser::parseVariableCall() {
  size_t begin = tokens.peek().offset;
  FailureOr<Variable> variable = parseVariable(tokens, std::nullopt);
  Location loc = tokens.locFrom(begin);
  if (failed(variable) || failed(variables.declare(loc, *variable)))
    return {};
  return build.createVariable(loc, *variable);
}

Value FormulaParser::parseConstantCall() {
  Token name = tokens.take(), open = tokens.take();
  StringRef text = name.text;
  FailureOr<int64_t> first = tokens.parseInteger("an integer"), second = 1;
  if (failed(first))
    return {};
  if (text == "RatCst" && (failed(tokens.expect(TokenKind::Comma, "',' and a denominator")) ||
                           failed(second = tokens.parseInteger("an integer"))))
    return {};
  tokens.consume(TokenKind::Comma);
  if (failed(tokens.expectClosing(open, "')'")))
    return {};
  Location loc = tokens.locFrom(name.offset);
  if (text == "Zero")
    return build.createZero(loc, *first);
  if (text == "IntInv")
    std::swap(*first, *second);
  if (*second != 0)
    return build.createRational(loc, *first, *second);
  emitError(loc) << text << ": division by a literal zero";
  return {};
}

int64_t keops::findLargestPosition(ArrayRef<Token> tokens) {
  int64_t largest = -1;
  for (size_t k = 0; k + 3 < tokens.size(); ++k)
    if (tokens[k].is(TokenKind::Identifier) && isVariableKeyword(tokens[k].text) &&
        tokens[k + 1].is(TokenKind::LParen) && tokens[k + 2].is(TokenKind::Integer) &&
        tokens[k + 3].is(TokenKind::Comma))
      if (std::optional<int64_t> position = getIntegerValue(tokens[k + 2]))
        largest = std::max(largest, *position);
  return largest;
}
