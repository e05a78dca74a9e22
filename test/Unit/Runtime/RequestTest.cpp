// The normal form: what must be equal, what must differ.
#include "TestSupport.h"

using namespace keops;
using namespace keops::test;

TEST(Request, namesAndWhitespaceDoNotMatter) {
  Request first = makeRequest("Sum_Reduction(Exp(-SqDist(x,y))*b,0)");
  Request second = makeRequest("Sum_Reduction( Exp(-SqDist(p , q))\n * w , 0)",
                               {"p = Vi(3)", "q=Vj( 3 )", " w=Vj(1)"});
  EXPECT_EQ(first.getNormalForm(), second.getNormalForm());
}

TEST(Request, argumentsThatSwapRolesDiffer) {
  Request first = makeRequest("Sum_Reduction(x-y,0)", {"x=Vi(3)", "y=Vj(3)"});
  Request second = makeRequest("Sum_Reduction(y-x,0)", {"x=Vi(3)", "y=Vj(3)"});
  EXPECT_NE(first.getNormalForm(), second.getNormalForm());
}

TEST(Request, everyOptionMatters) {
  std::string base = makeRequest().getNormalForm();
  auto change = [&](auto edit) {
    Request request = makeRequest();
    edit(request);
    EXPECT_NE(request.getNormalForm(), base);
  };
  change([](Request &r) { r.dtype = "f64"; });
  change([](Request &r) { r.dtype = "f16"; });
  change([](Request &r) { r.dtype = "bf16"; });
  change([](Request &r) { r.precision = "high"; });
  change([](Request &r) { r.sumScheme = "kahan_scheme"; });
  change([](Request &r) { r.accumulator = "f64"; });
  change([](Request &r) { r.threads = "none"; });
  change([](Request &r) { r.target = "x86-64-v3"; });
  change([](Request &r) { r.schedule = "rows=2"; });
  change([](Request &r) { r.aliases[0] = "x=Vi(4)"; });
  change([](Request &r) { r.aliases.emplace_back("z=Pm(1)"); });
  change([](Request &r) { r.formula = "Sum_Reduction(Exp(-SqDist(x,y))*b,1)"; });
}

TEST(Request, separatedTokensDoNotMeltTogether) {
  auto form = [](const char *formula) { return makeRequest(formula).getNormalForm(); };
  EXPECT_NE(form("x* *y"), form("x**y"));
  EXPECT_NE(form("1 2"), form("12"));
  EXPECT_NE(form("x< =y"), form("x<=y"));
}

TEST(Request, operationsAreNotRenamed) {
  Request first = makeRequest("Sum_Reduction(Exp(Exp),0)", {"Exp=Vi(1)"});
  Request second = makeRequest("Sum_Reduction(Foo(Foo),0)", {"Foo=Vi(1)"});
  EXPECT_NE(first.getNormalForm(), second.getNormalForm());
  Request third = makeRequest("Sum_Reduction(Exp(x),0)", {"x=Vi(1)"});
  EXPECT_EQ(first.getNormalForm(), third.getNormalForm());
}

TEST(Request, unusedArgumentsStayButNameless) {
  Request first = makeRequest("Sum_Reduction(x,0)", {"x=Vi(1)", "u=Vj(2)"});
  Request second = makeRequest("Sum_Reduction(x,0)", {"x=Vi(1)", "unused=Vj(2)"});
  Request third = makeRequest("Sum_Reduction(x,0)", {"x=Vi(1)"});
  EXPECT_EQ(first.getNormalForm(), second.getNormalForm());
  EXPECT_NE(first.getNormalForm(), third.getNormalForm());
}

TEST(Request, optionsCannotImitateFields) {
  Request first = makeRequest();
  first.schedule = "a\nschedule 1 b";
  Request second = makeRequest();
  second.schedule = "a";
  EXPECT_NE(first.getNormalForm(), second.getNormalForm());
}

TEST(Request, wrongTextHasNoNormalForm) {
  EXPECT_EQ(makeRequest("Sum_Reduction(x$y,0)").getNormalForm(), "");
  EXPECT_EQ(makeRequest("Sum_Reduction(x,0)", {"x=Vi(1.2.3)"}).getNormalForm(), "");
}

TEST(Request, argumentNamesFollowPositions) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(makeRequest("", {"x=Vi(3)", "y = Vj(3)"}).getArgumentNames(), (Names{"x", "y"}));
  EXPECT_EQ(makeRequest("", {"y=Vj(1,1)", "x=Vi(0,1)"}).getArgumentNames(), (Names{"x", "y"}));
  EXPECT_EQ(makeRequest("", {"Vi(3)", "y=Vj(3)"}).getArgumentNames(), (Names{"", "y"}));
  EXPECT_EQ(makeRequest("", {"=", "Vi(", "x=Vi(999999999999999999999,1)"}).getArgumentNames(),
            (Names{"", "", "x"}));
}

TEST(Request, refusesWhatNeedsNoParser) {
  auto refuse = [](auto edit) {
    Request request = makeRequest();
    edit(request);
    return getErrorMessage([&] { request.validate(); });
  };
  EXPECT_EQ(refuse([](Request &r) { r.formula.assign(10000000, '('); }),
            "the formula has 10000000 characters; at most 65536 are accepted");
  EXPECT_EQ(refuse([](Request &r) { r.aliases.assign(257, "x=Vi(1)"); }),
            "got 257 aliases; at most 256 are accepted");
  EXPECT_EQ(refuse([](Request &r) { r.dtype = "f8"; }),
            "dtype: expected one of 'f32', 'f64', 'f16', 'bf16'; got 'f8'");
  EXPECT_EQ(refuse([](Request &r) { r.precision = "best"; }),
            "precision: expected one of 'fast', 'default', 'high'; got 'best'");
  EXPECT_EQ(refuse([](Request &r) { r.sumScheme = "best"; }),
            "sum_scheme: expected one of 'auto', 'direct_sum', 'block_sum', 'kahan_scheme'; got "
            "'best'");
  EXPECT_EQ(refuse([](Request &r) { r.accumulator = "f16"; }),
            "dtype_acc: expected one of 'auto', 'f32', 'f64'; got 'f16'");
  EXPECT_EQ(refuse([](Request &r) {
              r.dtype = "f64";
              r.accumulator = "f32";
            }),
            "dtype_acc: terms of type f64 need an accumulator of type f64, got f32");
  EXPECT_EQ(refuse([](Request &r) { r.formula += '\0'; }), "the formula contains a NUL character");
}
