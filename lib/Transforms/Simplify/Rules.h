// What the files of simplification rules share: the form of a rule, and exact rational numbers.
#ifndef KEOPS_LIB_TRANSFORMS_SIMPLIFY_RULES_H
#define KEOPS_LIB_TRANSFORMS_SIMPLIFY_RULES_H

#include "keops/IR/Keops.h"
#include "keops/Transforms/Utilities.h"

#include "mlir/IR/PatternMatch.h"

#include <optional>
#include <string>

namespace keops {

/// A rule returns the formula that replaces `op`, or null before having built anything. A scalar
/// may stand for a vector of equal components: it is repeated to the dimension of `op`.
template <typename OpTy>
struct Rule : mlir::OpRewritePattern<OpTy> {
  using Function = mlir::Value (*)(OpTy, mlir::OpBuilder &);
  Rule(mlir::MLIRContext *context, Function function, llvm::StringRef name)
      : mlir::OpRewritePattern<OpTy>(context), function(function) {
    this->setDebugName(name);
  }

  mlir::LogicalResult matchAndRewrite(OpTy op, mlir::PatternRewriter &rewriter) const override {
    mlir::Value formula = function(op, rewriter);
    if (!formula)
      return mlir::failure();
    rewriter.replaceOp(op, broadcastTo(rewriter, op.getLoc(), formula, getDim(op.getResult())));
    return mlir::success();
  }
  Function function;
};

/// The name of the C++ function of a rule.
template <auto rule>
llvm::StringRef getFunctionName() {
  // "... [rule = &addZero]" from Clang, "... [with auto rule = addZero; ...]" from GCC, which also
  // writes the arguments of templates.
  llvm::StringRef text = __PRETTY_FUNCTION__;
  text.consume_front(text.substr(0, text.find("rule = ") + 7));
  text.consume_front("&");
  return text.take_until([](char c) { return c == ';' || c == ']' || c == '<'; });
}

/// A rule is known by its function and by the operation that it replaces: multiplyZero.mult.
template <auto rule, typename OpTy>
void addRule(mlir::RewritePatternSet &patterns, mlir::Value (*)(OpTy, mlir::OpBuilder &)) {
  llvm::StringRef operation = OpTy::getOperationName();
  operation.consume_front("keops.");
  static const std::string name = (getFunctionName<rule>() + "." + operation).str();
  patterns.add<Rule<OpTy>>(patterns.getContext(), rule, name);
}

template <auto... rules>
void addRules(mlir::RewritePatternSet &patterns) {
  (addRule<rules>(patterns, rules), ...);
}

void populateZeroRules(mlir::RewritePatternSet &patterns);
void populateConstantRules(mlir::RewritePatternSet &patterns);
void populateSignRules(mlir::RewritePatternSet &patterns);
void populateVectorRules(mlir::RewritePatternSet &patterns);

//===-- Exact numbers -----------------------------------------------------------------------===//

/// A quotient in lowest terms, the denominator positive.
struct Number {
  int64_t numerator;
  int64_t denominator;
  bool is(int64_t n, int64_t d = 1) const { return numerator == n && denominator == d; }
};

/// The value of an integer or rational constant; decimal numbers and zeros of any dimension are
/// left out.
std::optional<Number> getNumber(mlir::Value value);
/// Exact arithmetic; nothing when the result does not fit.
std::optional<Number> makeNumber(int64_t numerator, int64_t denominator);
std::optional<Number> addNumbers(std::optional<Number> a, std::optional<Number> b);
std::optional<Number> multiplyNumbers(std::optional<Number> a, std::optional<Number> b);
std::optional<Number> negateNumber(std::optional<Number> a);
std::optional<Number> invertNumber(std::optional<Number> a);
std::optional<Number> raiseNumber(std::optional<Number> a, int64_t exponent);
/// A constant formula beside `op`.
mlir::Value createNumber(mlir::OpBuilder &b, mlir::Operation *op, const Number &number);

} // namespace keops

#endif // KEOPS_LIB_TRANSFORMS_SIMPLIFY_RULES_H
