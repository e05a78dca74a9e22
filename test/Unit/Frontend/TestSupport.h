// Parses texts for the tests: to IR text, to an error message, through the printer and back.
#ifndef KEOPS_TEST_UNIT_FRONTEND_TESTSUPPORT_H
#define KEOPS_TEST_UNIT_FRONTEND_TESTSUPPORT_H

#include "keops/Frontend/Diagnostics.h"
#include "keops/Frontend/Parser.h"
#include "keops/Frontend/Printer.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <string>
#include <vector>

namespace keops::test {

using Texts = std::vector<std::string>;

/// What one attempt to parse gave: a module, or messages.
struct Parsed {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string errors, warnings;

  explicit operator bool() const { return static_cast<bool>(module); }
  /// The module without locations.
  std::string str() const {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (module)
      const_cast<mlir::OwningOpRef<mlir::ModuleOp> &>(module)->print(os);
    return text;
  }
};

class FrontendTest : public ::testing::Test {
protected:
  FrontendTest() : context(mlir::MLIRContext::Threading::DISABLED) {}

  Parsed parse(const std::string &formula, const Texts &aliases) {
    DiagnosticCollector diagnostics(&context);
    std::vector<llvm::StringRef> views(aliases.begin(), aliases.end());
    mlir::Type f32 = mlir::Float32Type::get(&context);
    auto module = parseFormula(formula, views, f32, "f", Precision::Default, &context);
    Parsed parsed{nullptr, diagnostics.getErrors(), diagnostics.getWarnings()};
    if (mlir::succeeded(module))
      parsed.module = std::move(*module);
    EXPECT_EQ(static_cast<bool>(parsed), parsed.errors.empty()) << formula << "\n" << parsed.errors;
    return parsed;
  }

  FormulaText print(Parsed &parsed) {
    DiagnosticCollector diagnostics(&context);
    mlir::FailureOr<FormulaText> text = printFormula(*parsed.module);
    EXPECT_TRUE(mlir::succeeded(text)) << diagnostics.getErrors() << parsed.str();
    return mlir::succeeded(text) ? *text : FormulaText();
  }

  /// parse(print(parse(t))) equals parse(t), and print is a fixed point from then on. Returns the
  /// printed formula.
  std::string expectRoundTrip(const std::string &formula, const Texts &aliases) {
    Parsed first = parse(formula, aliases);
    EXPECT_TRUE(first) << formula << "\n" << first.errors;
    if (!first)
      return "";
    FormulaText text = print(first);
    Parsed second = parse(text.formula, text.aliases);
    EXPECT_EQ(first.str(), second.str()) << formula << "\n"
                                         << text.formula << "\n"
                                         << second.errors;
    if (second) {
      EXPECT_EQ(print(second).formula, text.formula);
    }
    return text.formula;
  }

  /// The first line of the error, without "error: ".
  std::string errorOf(const std::string &formula, const Texts &aliases) {
    Parsed parsed = parse(formula, aliases);
    llvm::StringRef line = llvm::StringRef(parsed.errors).split('\n').first;
    EXPECT_TRUE(line.consume_front("error: ")) << formula << ": " << parsed.errors;
    return line.str();
  }

  mlir::MLIRContext context;
};

} // namespace keops::test

#endif // KEOPS_TEST_UNIT_FRONTEND_TESTSUPPORT_H
