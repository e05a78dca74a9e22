// The tokens of one text with look-ahead, locations and the errors that concern tokens alone.
// Between Lexer and Parser.
#ifndef KEOPS_LIB_FRONTEND_TOKENSTREAM_H
#define KEOPS_LIB_FRONTEND_TOKENSTREAM_H

#include "keops/Frontend/Lexer.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <vector>

namespace keops {

class TokenStream {
public:
  /// `what` names the text in messages: "formula" or "alias".
  TokenStream(mlir::MLIRContext *context, llvm::StringRef text, llvm::StringRef what);

  /// Cuts the whole text into tokens; refuses texts that are too long and malformed tokens.
  mlir::LogicalResult lex();

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  bool at(TokenKind kind, size_t ahead = 0) const { return peek(ahead).is(kind); }
  Token take();
  bool consume(TokenKind kind);
  /// Takes `kind` or reports what was found instead of `expected`.
  mlir::LogicalResult expect(TokenKind kind, llvm::StringRef expected);
  /// Takes the ')' that closes `open`; an end of text is reported at the opening one.
  mlir::LogicalResult expectClosing(const Token &open, llvm::StringRef expected = "',' or ')'");
  /// Takes an integer with an optional sign.
  mlir::FailureOr<int64_t> parseInteger(llvm::StringRef expected);

  /// Location of the bytes [begin, end), of a token, and of everything from `begin` to the last
  /// token taken.
  mlir::Location loc(size_t begin, size_t end) const;
  mlir::Location loc(const Token &token) const {
    return loc(token.offset, token.offset + token.text.size());
  }
  mlir::Location locFrom(size_t begin) const { return loc(begin, lastEnd); }
  size_t getLastEnd() const { return lastEnd; }

  /// Reports an error at a token and returns failure.
  mlir::InFlightDiagnostic errorAt(const Token &token) const { return mlir::emitError(loc(token)); }
  /// "expected A, got B" at the next token.
  mlir::LogicalResult unexpected(llvm::StringRef expected) const;

  /// Whether the whole text opens more parentheses than it closes.
  bool hasUnclosed() const;
  llvm::ArrayRef<Token> getTokens() const { return tokens; }

private:
  mlir::MLIRContext *context;
  llvm::StringRef text, what;
  mlir::StringAttr file; ///< the text as the file name of locations, hashed once
  std::vector<Token> tokens;
  size_t position = 0, lastEnd = 0;
};

/// The magnitude of an integer token; nothing when it does not fit into 63 bits.
std::optional<int64_t> getIntegerValue(const Token &token);

} // namespace keops

#endif // KEOPS_LIB_FRONTEND_TOKENSTREAM_H
