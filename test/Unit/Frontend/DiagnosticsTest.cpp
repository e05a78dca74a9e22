// How errors look: the caret, the window into long formulas, and places found through other
// locations.
#include "TestSupport.h"

#include "mlir/IR/Location.h"

using namespace keops;
using namespace keops::test;

namespace {

TEST_F(FrontendTest, ShowsTheCaretUnderTheFormula) {
  EXPECT_EQ(
      parse("Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)", {"x=Vi(3)", "y=Vj(2)", "g=Pm(1)", "b=Vj(1)"})
          .errors,
      "error: SqDist: operands must have equal dimensions or dimension 1, got 3 and 2\n"
      "  Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0)\n"
      "                     ^~~~~~~~~~~\n");
}

TEST_F(FrontendTest, ShowsAWindowOfALongFormula) {
  std::string left, right;
  for (int k = 0; k < 100; ++k) {
    left += "x+";
    right += "+x";
  }
  std::string errors =
      parse("Sum_Reduction(" + left + "Exq(x)" + right + ",0)", {"x=Vi(3)"}).errors;
  std::string shown = "  ..." + left.substr(160) + "Exq(x)" + right.substr(0, 54) + "...\n";
  EXPECT_EQ(errors, "error: unknown function 'Exq'; did you mean 'Exp'?\n" + shown +
                        std::string(45, ' ') + "^~~\n");
}

TEST_F(FrontendTest, ShowsOneLineForSeveral) {
  EXPECT_EQ(parse("Sum_Reduction(\n\tExq(x),\n0)", {"x=Vi(3)"}).errors,
            "error: unknown function 'Exq'; did you mean 'Exp'?\n  Sum_Reduction(  Exq(x), 0)\n    "
            "              ^~~\n");
}

TEST_F(FrontendTest, FindsPlacesInsideFusedLocations) {
  DiagnosticCollector diagnostics(&context);
  mlir::Location inner = getFormulaLoc(&context, "Exp(x)", 4, 5);
  mlir::Location outer =
      mlir::FusedLoc::get({mlir::UnknownLoc::get(&context), inner}, {}, &context);
  mlir::emitError(mlir::NameLoc::get(mlir::StringAttr::get(&context, "pass"), outer)) << "no";
  EXPECT_TRUE(diagnostics.hasErrors());
  EXPECT_EQ(diagnostics.getErrors(), "error: no\n  Exp(x)\n      ^\n");
}

TEST_F(FrontendTest, NamesFilesAndPrintsNotes) {
  DiagnosticCollector diagnostics(&context);
  mlir::Location file = mlir::FileLineColLoc::get(&context, "a.mlir", 3, 4);
  mlir::emitError(file, "bad").attachNote(getFormulaLoc(&context, "x+y", 2, 3)) << "here";
  EXPECT_EQ(diagnostics.getErrors(), "loc(\"a.mlir\":3:4): error: bad\nnote: here\n  x+y\n    ^\n");
}

} // namespace
