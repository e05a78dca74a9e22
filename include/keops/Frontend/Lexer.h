// Cuts formula text into tokens. The parser reads them in the compiler library; the runtime reads
// them to normalise a request for the cache key. Depends on the standard library alone, allocates
// nothing and does not recurse.
#ifndef KEOPS_FRONTEND_LEXER_H
#define KEOPS_FRONTEND_LEXER_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keops {

enum class TokenKind : uint8_t {
  Integer,    // 12
  Float,      // 0.5  .5  1.  1e-3
  Identifier, // SqDist  x_1
  LParen,
  RParen,
  LBracket,
  RBracket,
  Comma,
  Plus,
  Minus,
  Star,
  StarStar,
  Slash,
  Pipe,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  EqualEqual,
  NotEqual,
  Equal, // only in aliases: x=Vi(3)
  End,
  Error
};

/// How messages call a kind of token: "integer", "identifier", "'**'", "end of formula" ...
std::string_view getTokenKindName(TokenKind kind);

struct Token {
  TokenKind kind = TokenKind::End;
  /// The bytes of the token inside the lexed text; empty at the end.
  std::string_view text;
  /// Where the token starts, in bytes from 0.
  size_t offset = 0;
  /// Error tokens: what is wrong, without the text. Static storage.
  std::string_view problem;

  bool is(TokenKind other) const { return kind == other; }
  /// Error tokens: the whole sentence, e.g. "unexpected character '$'".
  std::string getErrorMessage() const;
};

/// Reads tokens one after another. After the end, or after an error, it keeps on returning that
/// same token kind, so a loop over it ends.
class Lexer {
public:
  explicit Lexer(std::string_view source) : source(source) {}

  Token next();

private:
  void skipSpace();
  Token take(TokenKind kind, size_t length);
  Token fail(std::string_view problem, size_t length);
  Token lexNumber();
  Token lexIdentifier();
  Token lexPunctuation();
  char peek(size_t ahead = 0) const {
    return position + ahead < source.size() ? source[position + ahead] : '\0';
  }

  std::string_view source;
  size_t position = 0;
  Token failure;
};

} // namespace keops

#endif // KEOPS_FRONTEND_LEXER_H
