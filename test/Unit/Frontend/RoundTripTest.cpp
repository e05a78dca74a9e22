// Random formulas survive printing and parsing; random damage gives a module or one error, never a
// crash.
#include "RandomFormula.h"
#include "TestSupport.h"

using namespace keops::test;

namespace {

TEST_F(FrontendTest, RoundTripsRandomFormulas) {
  for (unsigned seed = 1; seed <= 1500 && !HasFailure(); ++seed) {
    RandomFormula random(seed);
    std::string text = random.program();
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    Parsed parsed = parse(text, RandomFormula::aliases());
    // A random quotient may divide by zero; nothing else may be wrong with what the generator
    // writes.
    if (parsed)
      expectRoundTrip(text, RandomFormula::aliases());
    else
      EXPECT_NE(parsed.errors.find("literal zero"), std::string::npos) << parsed.errors;
  }
}

TEST_F(FrontendTest, SurvivesRandomDamage) {
  for (unsigned seed = 1; seed <= 3000 && !HasFailure(); ++seed) {
    RandomFormula random(seed);
    std::string text = random.damage(random.program());
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    Parsed parsed = parse(text, RandomFormula::aliases());
    if (parsed)
      expectRoundTrip(text, RandomFormula::aliases());
    else
      EXPECT_EQ(parsed.errors.rfind("error: ", 0), 0u) << parsed.errors;
  }
}

} // namespace
