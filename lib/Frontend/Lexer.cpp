// The tokens of parity.md's grammar plus float literals, == and !=. Whitespace, newlines included,
// only separates. Character classes are written out because <cctype> follows the locale.
#include "keops/Frontend/Lexer.h"

#include <cstdio>

namespace keops {

namespace {

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isNamePart(char c) { return isNameStart(c) || isDigit(c); }
bool isPrintable(char c) { return c >= ' ' && c <= '~'; }

constexpr std::string_view kindNames[] = {
    "integer", "float",          "identifier", "'('", "')'", "'['",  "']'", "','",  "'+'",  "'-'",
    "'*'",     "'**'",           "'/'",        "'|'", "'<'", "'<='", "'>'", "'>='", "'=='", "'!='",
    "'='",     "end of formula", "error"};
static_assert(sizeof(kindNames) / sizeof(kindNames[0]) == size_t(TokenKind::Error) + 1,
              "one name for each kind of token");

/// Length of the number at the start of `text`, and whether it is a float; `valid` is false when an
/// exponent has no digits or when letters, digits or a second point follow.
struct NumberScan {
  size_t length = 0;
  bool isFloat = false;
  bool valid = true;
};

NumberScan scanNumber(std::string_view text) {
  auto at = [&](size_t i) { return i < text.size() ? text[i] : '\0'; };
  NumberScan scan;
  size_t i = 0;
  while (isDigit(at(i)))
    ++i;
  if (at(i) == '.') {
    scan.isFloat = true;
    ++i;
    while (isDigit(at(i)))
      ++i;
  }
  if (at(i) == 'e' || at(i) == 'E') {
    scan.isFloat = true;
    i += at(i + 1) == '+' || at(i + 1) == '-' ? 2 : 1;
    scan.valid = isDigit(at(i));
    while (isDigit(at(i)))
      ++i;
  }
  while (isNamePart(at(i)) || at(i) == '.') {
    scan.valid = false;
    ++i;
  }
  scan.length = i;
  return scan;
}

} // namespace

std::string_view getTokenKindName(TokenKind kind) { return kindNames[size_t(kind)]; }

std::string Token::getErrorMessage() const {
  if (text.size() == 1 && !isPrintable(text[0])) {
    char code[8];
    std::snprintf(code, sizeof(code), "0x%02x", unsigned(static_cast<unsigned char>(text[0])));
    return std::string(problem) + " " + code;
  }
  constexpr size_t longest = 40;
  std::string shown(text.substr(0, longest));
  return std::string(problem) + " '" + shown + (text.size() > longest ? "..." : "") + "'";
}

void Lexer::skipSpace() {
  while (position < source.size() && isSpace(source[position]))
    ++position;
}

Token Lexer::take(TokenKind kind, size_t length) {
  Token token{kind, source.substr(position, length), position, {}};
  position += length;
  return token;
}

Token Lexer::fail(std::string_view problem, size_t length) {
  failure = {TokenKind::Error, source.substr(position, length), position, problem};
  return failure;
}

Token Lexer::lexNumber() {
  NumberScan scan = scanNumber(source.substr(position));
  if (!scan.valid)
    return fail("malformed number", scan.length);
  return take(scan.isFloat ? TokenKind::Float : TokenKind::Integer, scan.length);
}

Token Lexer::lexIdentifier() {
  size_t length = 1;
  while (isNamePart(peek(length)))
    ++length;
  return take(TokenKind::Identifier, length);
}

Token Lexer::lexPunctuation() {
  char c = source[position];
  bool equalFollows = peek(1) == '=';
  switch (c) {
  case '(':
    return take(TokenKind::LParen, 1);
  case ')':
    return take(TokenKind::RParen, 1);
  case '[':
    return take(TokenKind::LBracket, 1);
  case ']':
    return take(TokenKind::RBracket, 1);
  case ',':
    return take(TokenKind::Comma, 1);
  case '+':
    return take(TokenKind::Plus, 1);
  case '-':
    return take(TokenKind::Minus, 1);
  case '*':
    return peek(1) == '*' ? take(TokenKind::StarStar, 2) : take(TokenKind::Star, 1);
  case '/':
    return take(TokenKind::Slash, 1);
  case '|':
    return take(TokenKind::Pipe, 1);
  case '<':
    return equalFollows ? take(TokenKind::LessEqual, 2) : take(TokenKind::Less, 1);
  case '>':
    return equalFollows ? take(TokenKind::GreaterEqual, 2) : take(TokenKind::Greater, 1);
  case '=':
    return equalFollows ? take(TokenKind::EqualEqual, 2) : take(TokenKind::Equal, 1);
  case '!':
    if (equalFollows)
      return take(TokenKind::NotEqual, 2);
    break;
  default:
    break;
  }
  if (static_cast<unsigned char>(c) >= 0x80)
    return fail("a formula is ASCII text; unexpected byte", 1);
  return fail(isPrintable(c) ? "unexpected character" : "unexpected control character", 1);
}

Token Lexer::next() {
  if (failure.is(TokenKind::Error))
    return failure;
  skipSpace();
  if (position == source.size())
    return take(TokenKind::End, 0);
  char c = source[position];
  if (isDigit(c) || (c == '.' && isDigit(peek(1))))
    return lexNumber();
  return isNameStart(c) ? lexIdentifier() : lexPunctuation();
}

} // namespace keops
