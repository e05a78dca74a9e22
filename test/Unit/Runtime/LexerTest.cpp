// Tokens, their places, and what is refused.
#include "keops/Frontend/Lexer.h"

#include "gtest/gtest.h"

#include <string>
#include <vector>

using namespace keops;

static std::vector<Token> lex(std::string_view text) {
  Lexer lexer(text);
  std::vector<Token> tokens;
  do
    tokens.push_back(lexer.next());
  while (!tokens.back().is(TokenKind::End) && !tokens.back().is(TokenKind::Error));
  return tokens;
}

static std::string spell(std::string_view text) {
  std::string result;
  for (const Token &token : lex(text))
    result += std::string(getTokenKindName(token.kind)) + " ";
  return result;
}

static Token lexOne(std::string_view text) { return lex(text).front(); }

TEST(Lexer, readsEveryPunctuation) {
  EXPECT_EQ(spell("( ) [ ] , + - * ** / | < <= > >= == != ="),
            "'(' ')' '[' ']' ',' '+' '-' '*' '**' '/' '|' '<' '<=' '>' '>=' '==' '!=' '=' "
            "end of formula ");
}

TEST(Lexer, takesTheLongestOperator) {
  EXPECT_EQ(spell("a***b"), "identifier '**' '*' identifier end of formula ");
  EXPECT_EQ(spell("a<==b"), "identifier '<=' '=' identifier end of formula ");
}

TEST(Lexer, tellsIntegersFromFloats) {
  for (const char *text : {"0", "12", "007"})
    EXPECT_EQ(lexOne(text).kind, TokenKind::Integer) << text;
  for (const char *text : {"0.5", ".5", "1.", "1e-3", "2E+10", "1.5e3", "3e0"})
    EXPECT_EQ(lexOne(text).kind, TokenKind::Float) << text;
}

TEST(Lexer, refusesMalformedNumbers) {
  for (const char *text : {"1e", "1e+", "2x", "1.2.3", "1..2", "1e5x", "1_000"}) {
    Token token = lexOne(text);
    EXPECT_EQ(token.kind, TokenKind::Error) << text;
    EXPECT_EQ(token.getErrorMessage(), std::string("malformed number '") + text + "'");
  }
}

TEST(Lexer, keepsTextAndOffset) {
  std::vector<Token> tokens = lex(" Exp(\n\tx_1 )");
  ASSERT_EQ(tokens.size(), 5u);
  EXPECT_EQ(tokens[0].text, "Exp");
  EXPECT_EQ(tokens[0].offset, 1u);
  EXPECT_EQ(tokens[2].text, "x_1");
  EXPECT_EQ(tokens[2].offset, 7u);
  EXPECT_EQ(tokens[4].offset, 12u);
}

TEST(Lexer, namesTheUnexpectedCharacter) {
  EXPECT_EQ(lexOne("$").getErrorMessage(), "unexpected character '$'");
  EXPECT_EQ(lexOne("!x").getErrorMessage(), "unexpected character '!'");
  EXPECT_EQ(lexOne("\x01").getErrorMessage(), "unexpected control character 0x01");
  EXPECT_EQ(lexOne(std::string_view("\0", 1)).getErrorMessage(),
            "unexpected control character 0x00");
  EXPECT_EQ(lexOne("\xc3\xa9").getErrorMessage(), "a formula is ASCII text; unexpected byte 0xc3");
}

TEST(Lexer, staysAtTheEndAndAtAnError) {
  Lexer ended("");
  EXPECT_TRUE(ended.next().is(TokenKind::End));
  EXPECT_TRUE(ended.next().is(TokenKind::End));
  Lexer failed("x ? y");
  failed.next();
  EXPECT_TRUE(failed.next().is(TokenKind::Error));
  EXPECT_TRUE(failed.next().is(TokenKind::Error));
}

TEST(Lexer, readsEveryByteWithoutFault) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const char text[2] = {char(first), char(second)};
      EXPECT_LE(lex({text, 2}).size(), 3u);
    }
}
