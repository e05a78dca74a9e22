// Declaration of arguments, in aliases and inside formulas.
#include "Variables.h"

#include "keops/Frontend/Limits.h"

using namespace mlir;
using namespace keops;

//===-- The table ---------------------------------------------------------------------------===//

static std::string describe(const Variable &variable) {
  return (getCategoryName(variable.placement) + " of dimension " + Twine(variable.dim)).str();
}

LogicalResult VariableTable::declare(Location loc, const Variable &variable) {
  auto [known, added] = variables.try_emplace(variable.position, variable);
  if (known->second.dim != variable.dim || known->second.placement != variable.placement)
    return emitError(loc) << "argument " << variable.position << " is declared twice: as "
                          << describe(known->second) << " and as " << describe(variable);
  if (variable.name.empty())
    return success();
  if (known->second.name.empty())
    known->second.name = variable.name;
  auto [place, fresh] = positions.try_emplace(variable.name, variable.position);
  if (!fresh && place->second != variable.position)
    return emitError(loc) << "the name '" << variable.name << "' is given to argument "
                          << place->second << " and to argument " << variable.position;
  return success();
}

const Variable *VariableTable::find(StringRef name) const {
  auto place = positions.find(name);
  return place == positions.end() ? nullptr : &variables.at(place->second);
}

LogicalResult VariableTable::checkComplete(Location loc) const {
  int64_t expected = 0;
  for (const auto &[position, variable] : variables) {
    if (position != expected)
      return emitError(loc) << "arguments must be numbered 0, 1, 2, ... without holes: argument "
                            << expected << " is missing, argument " << variables.rbegin()->first
                            << " is used";
    ++expected;
  }
  return success();
}

SmallVector<StringRef> VariableTable::getNames() const {
  SmallVector<StringRef> names;
  for (const auto &entry : positions)
    names.push_back(entry.getKey());
  llvm::sort(names);
  return names;
}

//===-- Names of categories -----------------------------------------------------------------===//

static constexpr Placement placementOfCategory[] = {Placement::I, Placement::J, Placement::P};

StringRef keops::getCategoryName(Placement placement) {
  return placement == Placement::I ? "Vi" : placement == Placement::J ? "Vj" : "Pm";
}

int64_t keops::getCategory(Placement placement) {
  return placement == Placement::I ? 0 : placement == Placement::J ? 1 : 2;
}

static std::optional<Placement> findPlacement(StringRef keyword) {
  if (keyword == "Vi" || keyword == "Vx")
    return Placement::I;
  if (keyword == "Vj" || keyword == "Vy")
    return Placement::J;
  if (keyword == "Pm")
    return Placement::P;
  return std::nullopt;
}

bool keops::isVariableKeyword(StringRef name) { return name == "Var" || findPlacement(name); }

//===-- Syntax ------------------------------------------------------------------------------===//

static LogicalResult checkVariable(Location loc, const Variable &variable) {
  if (variable.position < 0 || variable.position >= maxArguments)
    return emitError(loc) << "argument numbers go from 0 to " << maxArguments - 1 << ", got "
                          << variable.position;
  if (variable.dim < 1 || variable.dim > maxDimension)
    return emitError(loc) << "dimensions go from 1 to " << maxDimension << ", got " << variable.dim;
  return success();
}

static FailureOr<SmallVector<int64_t>> parseIntegerList(TokenStream &tokens) {
  Token open = tokens.peek();
  if (failed(tokens.expect(TokenKind::LParen, "'('")))
    return failure();
  SmallVector<int64_t> list;
  do {
    if (!list.empty() && tokens.at(TokenKind::RParen))
      break;
    FailureOr<int64_t> number = tokens.parseInteger("an integer");
    if (failed(number))
      return failure();
    list.push_back(*number);
  } while (tokens.consume(TokenKind::Comma));
  if (failed(tokens.expectClosing(open)))
    return failure();
  return list;
}

FailureOr<Variable> keops::parseVariable(TokenStream &tokens,
                                         std::optional<int64_t> implicitPosition) {
  Token keyword = tokens.take();
  StringRef name = keyword.text;
  FailureOr<SmallVector<int64_t>> list = parseIntegerList(tokens);
  if (failed(list))
    return failure();
  Location loc = tokens.locFrom(keyword.offset);
  ArrayRef<int64_t> numbers = *list;
  std::optional<Placement> placement = findPlacement(name);
  if (!placement) {
    if (numbers.size() != 3)
      return emitError(loc) << "Var takes 3 integers (position, dimension, category), got "
                            << numbers.size();
    if (numbers[2] < 0 || numbers[2] > 2)
      return emitError(loc) << "Var: the category must be 0 (i), 1 (j) or 2 (parameter), got "
                            << numbers[2];
    placement = placementOfCategory[numbers[2]];
    numbers = numbers.drop_back();
  } else if (numbers.size() > 2 || (numbers.size() == 1 && !implicitPosition)) {
    return emitError(loc) << name << " takes "
                          << (implicitPosition ? "1 or 2 integers ([position,] dimension)"
                                               : "2 integers here (position, dimension)")
                          << ", got " << numbers.size();
  }
  if (name == "Vx" || name == "Vy")
    emitWarning(loc) << name << " is the old spelling of " << getCategoryName(*placement);
  int64_t position = numbers.size() == 1 ? *implicitPosition : numbers[0];
  Variable variable{position, numbers.back(), *placement, ""};
  if (failed(checkVariable(loc, variable)))
    return failure();
  return variable;
}

LogicalResult keops::parseAlias(MLIRContext *context, StringRef text, int64_t index,
                                VariableTable &table) {
  TokenStream tokens(context, text, "alias");
  if (failed(tokens.lex()))
    return failure();
  std::string name;
  if (tokens.at(TokenKind::Identifier) && tokens.at(TokenKind::Equal, 1)) {
    name = tokens.take().text;
    tokens.take();
  }
  if (!tokens.at(TokenKind::Identifier) || !isVariableKeyword(tokens.peek().text))
    return tokens.unexpected("a declaration such as x=Vi(3), x=Vj(3) or x=Pm(3)");
  FailureOr<Variable> variable = parseVariable(tokens, index);
  if (failed(variable) || failed(tokens.expect(TokenKind::End, "the end of the alias")))
    return failure();
  variable->name = name;
  return table.declare(tokens.locFrom(0), *variable);
}
