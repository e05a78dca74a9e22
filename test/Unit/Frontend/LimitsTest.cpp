// No text exhausts stack, memory or patience: each limit has one message with both numbers.
#include "TestSupport.h"

#include "keops/Frontend/Limits.h"

using namespace keops;
using namespace keops::test;

namespace {

const Texts aliases = {"x=Vi(1)", "y=Vj(1)"};

std::string repeat(const std::string &text, int64_t count) {
  std::string all;
  for (int64_t k = 0; k < count; ++k)
    all += text;
  return all;
}

std::string reduce(const std::string &formula) { return "Sum_Reduction(" + formula + ",0)"; }

const char *tooDeep =
    "parentheses, calls and signs are nested more than 200 levels deep, which is the limit";
const char *tooMany = "the formula has more than 10000 operations, which is the limit";

TEST_F(FrontendTest, LimitsLength) {
  std::string large = reduce(repeat("x+", 5000000) + "x");
  EXPECT_EQ(errorOf(large, aliases), "the formula has " + std::to_string(large.size()) +
                                         " characters; at most 65536 are accepted");
  EXPECT_EQ(errorOf(reduce("x"), {repeat("x", 70000)}),
            "the alias has 70000 characters; at most 65536 are accepted");
}

TEST_F(FrontendTest, LimitsNestingOfEveryKind) {
  EXPECT_EQ(errorOf(reduce(repeat("(", 100000) + "x" + repeat(")", 100000)), aliases),
            "the formula has 200018 characters; at most 65536 are accepted");
  for (int64_t depth : {int64_t(201), int64_t(5000)}) {
    EXPECT_EQ(errorOf(reduce(repeat("(", depth) + "x" + repeat(")", depth)), aliases), tooDeep);
    EXPECT_EQ(errorOf(reduce(repeat("Exp(", depth) + "x" + repeat(")", depth)), aliases), tooDeep);
    EXPECT_EQ(errorOf(reduce(repeat("-", depth) + "x"), aliases), tooDeep);
    EXPECT_EQ(errorOf(reduce(repeat("x**", depth) + "x"), aliases), tooDeep);
    for (const std::string &nested : {reduce(repeat("Grad(", depth) + "x"),
                                      repeat("Grad(", depth) + "x", repeat("Diff(", depth) + "x"})
      EXPECT_EQ(errorOf(nested, aliases),
                "derivatives are nested to order 17; at most 16 is accepted");
    EXPECT_EQ(errorOf(repeat("Fused(", depth) + "x", aliases), tooDeep);
    EXPECT_EQ(errorOf(reduce(repeat("(", depth)), aliases), tooDeep);
  }
}

TEST_F(FrontendTest, AcceptsNestingUpToTheLimit) {
  EXPECT_TRUE(parse(reduce(repeat("(", 200) + "x" + repeat(")", 200)), aliases));
  expectRoundTrip(reduce(repeat("Exp(", 200) + "x" + repeat(")", 200)), aliases);
  expectRoundTrip(reduce(repeat("-", 200) + "x"), aliases);
  expectRoundTrip(reduce(repeat("x**", 200) + "x"), aliases);
}

TEST_F(FrontendTest, LimitsOperations) {
  expectRoundTrip(reduce("x" + repeat("+x", 9000)), aliases);
  EXPECT_EQ(errorOf(reduce("x" + repeat("+x", 10001)), aliases), tooMany);
  EXPECT_EQ(errorOf(reduce("1" + repeat("*2", 6000)), aliases), tooMany);
  EXPECT_EQ(errorOf(reduce("x" + repeat("**2+1", 6000)), aliases), tooMany);
}

TEST_F(FrontendTest, LimitsDimensions) {
  EXPECT_EQ(errorOf(reduce("Vi(2,1000000000)"), aliases),
            "dimensions go from 1 to 1048576, got 1000000000");
  EXPECT_EQ(errorOf(reduce("Zero(1000000000)"), aliases),
            "Zero: dimensions go from 1 to 1048576, got 1000000000");
  EXPECT_EQ(errorOf(reduce("SumT(x,1000000000)"), aliases),
            "SumT: the dimension must lie between 1 and 1048576, got 1000000000");
  EXPECT_EQ(errorOf(reduce("ExtractT(x,0,2000000)"), aliases),
            "the result has dimension 2000000; at most 1048576 is accepted");
  EXPECT_EQ(errorOf(reduce("Concat(Zero(1048576),x)"), aliases),
            "the result has dimension 1048577; at most 1048576 is accepted");
  EXPECT_EQ(
      errorOf(reduce("Extract(x,9223372036854775807,9223372036854775807)"), aliases).substr(0, 9),
      "Extract: ");
}

TEST_F(FrontendTest, LimitsArguments) {
  EXPECT_EQ(errorOf(reduce("1"), Texts(300, "Vi(3)")),
            "a formula takes at most 256 arguments, got 300");
  EXPECT_TRUE(parse(reduce("1"), Texts(256, "Vi(3)")));
  EXPECT_EQ(errorOf(reduce("Grad(Var(0,3,0),Var(0,3,0))"), Texts(256, "Vi(3)")),
            "a formula takes at most 256 arguments");
  EXPECT_EQ(errorOf(reduce("Var(256,1,0)"), aliases), "argument numbers go from 0 to 255, got 256");
}

} // namespace
