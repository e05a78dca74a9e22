// Look-ahead over lexed tokens and the messages about them.
#include "TokenStream.h"

#include "keops/Frontend/Limits.h"
#include "keops/Frontend/Parser.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace keops;

static Location getRange(StringAttr file, size_t begin, size_t end) {
  // Ranges are never empty: the end of the text is shown as one column.
  end = std::max(end, begin + 1);
  return FileLineColRange::get(file, 1, begin + 1, 1, end + 1);
}

Location keops::getFormulaLoc(MLIRContext *context, StringRef text, size_t begin, size_t end) {
  return getRange(StringAttr::get(context, text), begin, end);
}

TokenStream::TokenStream(MLIRContext *context, StringRef text, StringRef what)
    : context(context), text(text), what(what) {}

LogicalResult TokenStream::lex() {
  if (static_cast<int64_t>(text.size()) > maxFormulaLength)
    return emitError(UnknownLoc::get(context))
           << "the " << what << " has " << text.size() << " characters; at most "
           << maxFormulaLength << " are accepted";
  file = StringAttr::get(context, text);
  Lexer lexer(text);
  do {
    tokens.push_back(lexer.next());
    if (tokens.back().is(TokenKind::Error))
      return errorAt(tokens.back()) << tokens.back().getErrorMessage();
  } while (!tokens.back().is(TokenKind::End));
  return success();
}

Token TokenStream::take() {
  Token token = peek();
  lastEnd = token.offset + token.text.size();
  if (position + 1 < tokens.size())
    ++position;
  return token;
}

bool TokenStream::consume(TokenKind kind) {
  if (!at(kind))
    return false;
  take();
  return true;
}

/// How messages quote a token: its text, shortened, or the name of its kind at the end.
static std::string describe(const Token &token, StringRef what) {
  if (token.is(TokenKind::End))
    return "the end of the " + what.str();
  constexpr size_t longest = 40;
  std::string text(token.text.substr(0, longest));
  return "'" + text + (token.text.size() > longest ? "..." : "") + "'";
}

LogicalResult TokenStream::unexpected(StringRef expected) const {
  if (at(TokenKind::RParen) && expected == "a formula")
    return errorAt(peek()) << "expected a formula before ')'";
  return errorAt(peek()) << "expected " << expected << ", got " << describe(peek(), what);
}

LogicalResult TokenStream::expect(TokenKind kind, StringRef expected) {
  return consume(kind) ? success() : unexpected(expected);
}

LogicalResult TokenStream::expectClosing(const Token &open, StringRef expected) {
  if (consume(TokenKind::RParen))
    return success();
  if (at(TokenKind::End))
    return errorAt(open) << "this '(' is never closed";
  return unexpected(expected);
}

bool TokenStream::hasUnclosed() const {
  auto isOpen = [](const Token &token) { return token.is(TokenKind::LParen); };
  auto isClose = [](const Token &token) { return token.is(TokenKind::RParen); };
  return llvm::count_if(tokens, isOpen) > llvm::count_if(tokens, isClose);
}

std::optional<int64_t> keops::getIntegerValue(const Token &token) {
  uint64_t magnitude;
  if (StringRef(token.text).getAsInteger(10, magnitude) || magnitude > uint64_t(INT64_MAX))
    return std::nullopt;
  return static_cast<int64_t>(magnitude);
}

FailureOr<int64_t> TokenStream::parseInteger(StringRef expected) {
  bool negative = at(TokenKind::Minus) && at(TokenKind::Integer, 1);
  if (negative)
    take();
  if (!at(TokenKind::Integer))
    return unexpected(expected);
  Token token = take();
  std::optional<int64_t> magnitude = getIntegerValue(token);
  if (!magnitude)
    return errorAt(token) << "integer " << describe(token, what) << " is too large: at most "
                          << INT64_MAX << " is accepted";
  return negative ? -*magnitude : *magnitude;
}

Location TokenStream::loc(size_t begin, size_t end) const { return getRange(file, begin, end); }
