// Validation, normal form and argument names of a request.
#include "keops/Runtime/Request.h"
#include "keops/Frontend/Lexer.h"
#include "keops/Frontend/Limits.h"
#include "keops/Runtime/Error.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <unordered_map>

namespace keops {

namespace {

/// Longer names than these only appear in attacks on the cache key.
constexpr size_t maxOptionLength = 4096;

void checkChoice(std::string_view option, const std::string &value,
                 std::initializer_list<std::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end())
    return;
  std::string expected;
  for (std::string_view choice : choices)
    expected += concat(expected.empty() ? "" : ", ", "'", choice, "'");
  raiseUserError(option, ": expected one of ", expected, "; got '", value.substr(0, 80), "'");
}

void checkText(std::string_view what, const std::string &text, size_t limit) {
  if (text.size() > limit)
    raiseUserError(what, " has ", text.size(), " characters; at most ", limit, " are accepted");
  if (text.find('\0') != std::string::npos)
    raiseUserError(what, " contains a NUL character");
}

/// Renames arguments in their order of appearance.
class Renamer {
public:
  void declare(std::string_view name) { names.try_emplace(name, ""); }

  /// The name to write for an identifier of the formula.
  std::string rename(std::string_view name) {
    auto found = names.find(name);
    if (found == names.end())
      return std::string(name);
    // '$' cannot start an identifier, so nothing in the text can collide.
    if (found->second.empty())
      found->second = concat('$', used++);
    return found->second;
  }

  /// The name to write in the alias itself; unused arguments have none.
  std::string getAliasName(std::string_view name) const {
    auto found = names.find(name);
    return found == names.end() || found->second.empty() ? "_" : found->second;
  }

private:
  std::unordered_map<std::string_view, std::string> names;
  size_t used = 0;
};

/// The name before the '=' of an alias, or nothing: "x = Vi(3)".
std::optional<std::string_view> getAliasName(std::string_view alias) {
  Lexer lexer(alias);
  Token name = lexer.next();
  if (!name.is(TokenKind::Identifier) || !lexer.next().is(TokenKind::Equal))
    return std::nullopt;
  return name.text;
}

/// Tokens separated by single spaces; `rename` maps identifiers that are no function names. Empty
/// on a lexer error.
template <typename Rename>
std::optional<std::string> joinTokens(std::string_view text, Rename rename) {
  std::string joined;
  Lexer lexer(text);
  for (Token token = lexer.next(); !token.is(TokenKind::End);) {
    if (token.is(TokenKind::Error))
      return std::nullopt;
    Token following = lexer.next();
    // A name before '(' is an operation even where an argument has that name too.
    bool isName = token.is(TokenKind::Identifier) && !following.is(TokenKind::LParen);
    joined += isName ? rename(token.text) : std::string(token.text);
    joined += ' ';
    token = following;
  }
  return joined;
}

/// One field of the normal form. The length makes any content unambiguous.
void appendField(std::string &form, std::string_view name, const std::string &value) {
  form += concat(name, ' ', value.size(), ' ', value, '\n');
}

/// The explicit position in "x=Vi(0,3)" or "Var(0,3,0)"; nothing in "x=Vi(3)".
std::optional<size_t> getExplicitPosition(std::string_view alias) {
  Lexer lexer(alias);
  Token token = lexer.next();
  while (!token.is(TokenKind::LParen) && !token.is(TokenKind::End) && !token.is(TokenKind::Error))
    token = lexer.next();
  Token first = lexer.next();
  if (!first.is(TokenKind::Integer) || !lexer.next().is(TokenKind::Comma))
    return std::nullopt;
  size_t position = 0;
  auto [end, code] =
      std::from_chars(first.text.data(), first.text.data() + first.text.size(), position);
  if (code != std::errc() || position >= size_t(maxArguments))
    return std::nullopt;
  return position;
}

} // namespace

void Request::validate() const {
  checkText("the formula", formula, maxFormulaLength);
  if (aliases.size() > size_t(maxArguments))
    raiseUserError("got ", aliases.size(), " aliases; at most ", maxArguments, " are accepted");
  for (size_t k = 0; k < aliases.size(); ++k)
    checkText(concat("alias ", k), aliases[k], maxOptionLength);
  checkChoice("dtype", dtype, {"f32", "f64", "f16", "bf16"});
  checkChoice("precision", precision, {"fast", "default", "high"});
  checkChoice("threads", threads, {"openmp", "none"});
  checkText("the target", target, maxOptionLength);
  checkText("the schedule", schedule, maxOptionLength);
  checkChoice("sum_scheme", sumScheme, {"auto", "direct_sum", "block_sum", "kahan_scheme"});
  checkChoice("dtype_acc", accumulator, {"auto", "f32", "f64"});
  if (dtype == "f64" && accumulator == "f32")
    raiseUserError("dtype_acc: terms of type f64 need an accumulator of type f64, got f32");
}

std::string Request::getNormalForm() const {
  Renamer renamer;
  for (const std::string &alias : aliases)
    if (auto name = getAliasName(alias))
      renamer.declare(*name);
  auto text = joinTokens(formula, [&](std::string_view name) { return renamer.rename(name); });
  if (!text)
    return {};
  std::string form = "keops request 2\n";
  appendField(form, "formula", *text);
  for (const std::string &alias : aliases) {
    auto written =
        joinTokens(alias, [&](std::string_view name) { return renamer.getAliasName(name); });
    if (!written)
      return {};
    appendField(form, "alias", *written);
  }
  appendField(form, "dtype", dtype);
  appendField(form, "precision", precision);
  appendField(form, "threads", threads);
  appendField(form, "target", target);
  if (isForDevice)
    appendField(form, "machine", "device");
  appendField(form, "schedule", schedule);
  appendField(form, "sum_scheme", sumScheme);
  appendField(form, "dtype_acc", accumulator);
  return form;
}

std::vector<std::string> Request::getArgumentNames() const {
  std::vector<std::string> names;
  for (size_t k = 0; k < aliases.size(); ++k) {
    size_t position = getExplicitPosition(aliases[k]).value_or(k);
    auto name = getAliasName(aliases[k]);
    if (!name)
      continue;
    if (names.size() <= position)
      names.resize(position + 1);
    names[position] = *name;
  }
  return names;
}

} // namespace keops
