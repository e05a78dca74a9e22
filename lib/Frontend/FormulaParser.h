// Recursive descent over the tokens of one formula; builds operations as it goes. Formulas are in
// FormulaParser.cpp, reductions in ReductionParser.cpp, derivatives in
// OperatorParser.cpp, the door to all in ParseFormula.cpp.
#ifndef KEOPS_LIB_FRONTEND_FORMULAPARSER_H
#define KEOPS_LIB_FRONTEND_FORMULAPARSER_H

#include "FormulaBuilder.h"
#include "TokenStream.h"
#include "Variables.h"
#include "keops/IR/Reduction.h"

namespace keops {

/// The null value and failure mean that an error has been emitted.
class FormulaParser {
public:
  FormulaParser(TokenStream &tokens, FormulaBuilder &build, VariableTable &variables,
                Precision precision, SumsAttr sums)
      : tokens(tokens), build(build), variables(variables), precision(precision), sums(sums) {}

  using Results = llvm::SmallVector<mlir::Value>;
  /// A reduction, a gradient of one, or Fused(...) of several; then the end of the text.
  mlir::FailureOr<Results> parseProgram();

  /// The operators on formulas: Grad, Laplacian, ...
  static std::vector<llvm::StringRef> getOperatorNames();

private:
  /// Counts what is open around the current token, so that no text can exhaust the stack.
  class Nested {
  public:
    explicit Nested(FormulaParser &parser) : parser(parser) { ++parser.nesting; }
    ~Nested() { --parser.nesting; }
    bool isTooDeep(const Token &token) const;

  private:
    FormulaParser &parser;
  };

  // Formulas.
  mlir::Value parseFormula() { return parseComparison(); }
  mlir::Value parseComparison();
  mlir::Value parseBinary(unsigned level);
  mlir::Value parseUnary();
  mlir::Value parseMinus();
  mlir::Value parsePower();
  mlir::Value parseAtom();
  mlir::Value parseNumber(bool negative, size_t begin);
  mlir::Value parseParentheses();
  mlir::Value parseName();
  mlir::Value parseCall();
  mlir::Value parseTableCall(const FormulaInfo &callee);
  mlir::LogicalResult parseArguments(const FormulaInfo *&info, const Token &name, const Token &open,
                                     Results &operands,
                                     llvm::SmallVectorImpl<mlir::Attribute> &attributes);
  mlir::LogicalResult parseArgumentStart(const FormulaInfo &info, const Token &name,
                                         const Token &open, size_t k);
  mlir::FailureOr<mlir::Attribute> parseAttribute(const FormulaInfo &info, size_t k);
  mlir::FailureOr<llvm::SmallVector<int64_t>> parseIntegers(const std::string &expected);
  bool isRunTimeForm(const FormulaInfo &info, size_t k);
  mlir::Value parseConstantCall();
  mlir::Value parseVariableCall();
  mlir::Value createComparison(mlir::Location loc, const Token &op, mlir::Value left,
                               mlir::Value right);
  mlir::Value createBinary(mlir::Location loc, llvm::StringRef name, mlir::Value left,
                           mlir::Value right);
  mlir::Value createPower(mlir::Location loc, mlir::Value base, mlir::Value exponent);
  mlir::Value reportUnknownVariable(const Token &name);
  mlir::Value reportUnknownFunction(const Token &name);

  // Operators on formulas.
  struct Operator;
  struct OperatorCall;
  static llvm::ArrayRef<Operator> getOperators();
  static const Operator *findOperator(llvm::StringRef name);
  mlir::Value parseOperator();
  mlir::LogicalResult parseOperatorVariables(OperatorCall &call, const Token &open);
  mlir::LogicalResult parseOperatorOthers(OperatorCall &call, const Operator &op,
                                          const Token &open);
  mlir::LogicalResult parseTuple(llvm::SmallVectorImpl<mlir::Value> &list,
                                 llvm::function_ref<mlir::Value()> parseOne);
  mlir::Value buildGrad(const OperatorCall &call);
  mlir::Value buildDiff(const OperatorCall &call);
  mlir::Value buildGradMatrix(const OperatorCall &call);
  mlir::Value buildDivergence(const OperatorCall &call);
  mlir::Value buildLaplacian(const OperatorCall &call);
  mlir::Value buildTrace(const OperatorCall &call);
  mlir::Value buildAdjointOperator(const OperatorCall &call);
  mlir::Value buildSumLin(const OperatorCall &call);
  mlir::Value buildSame(const OperatorCall &call);
  mlir::Value createBasis(mlir::Location loc, int64_t dim, int64_t k);
  mlir::Value createTrace(const OperatorCall &call, mlir::Value formula, mlir::Value weights);
  bool isLinear(const OperatorCall &call);

  // What formulas and reductions share: separators of arguments, the last two arguments of Grad.
  mlir::LogicalResult parseSeparator(const Token &open, llvm::StringRef function,
                                     llvm::StringRef expected);
  mlir::FailureOr<Variable> parseGradVariable(llvm::StringRef name);
  mlir::Value parseGradArgument(llvm::StringRef name, const Token &open);
  mlir::Value parseBareVariable(llvm::StringRef name);
  /// A new last argument for a gradient without third argument.
  mlir::Value createImplicitAdjoint(mlir::Location loc, mlir::Value formula, Placement placement);

  // Reductions.
  mlir::FailureOr<Results> parseReductions();
  mlir::FailureOr<Results> parseFused();
  mlir::FailureOr<Results> parseReduction();
  mlir::FailureOr<Results> parseZeroReduction();
  mlir::Value parseDifferentiated(const Token &name);
  mlir::LogicalResult parseSavedForward(const Token &open, llvm::StringRef name,
                                        mlir::Value reduced);
  mlir::Value parseReductionDerivative();
  mlir::Value parseReductionAdjoint(llvm::StringRef name, Placement kept);
  mlir::FailureOr<int64_t> parseReductionNumber(llvm::StringRef name, const Token &open,
                                                llvm::StringRef use, llvm::StringRef what,
                                                int64_t low, int64_t high);
  mlir::FailureOr<int64_t> parseReductionTag(llvm::StringRef name, const Token &open,
                                             llvm::StringRef use);
  mlir::LogicalResult parseReductionNumbers(const ReductionInfo &info, llvm::StringRef name,
                                            const Token &open, ReduceAttr &reduce, int64_t &tag);
  mlir::LogicalResult parseWeight(const ReductionInfo &info, llvm::StringRef name,
                                  Results &formulas);
  mlir::Operation *createMapReduce(mlir::Location loc, ReduceAttr reduce, int64_t tag,
                                   FormulaScope scope, mlir::TypeRange formulas);

  TokenStream &tokens;
  FormulaBuilder &build;
  VariableTable &variables;
  Precision precision;
  SumsAttr sums;
  int64_t nesting = 0, derivativeOrder = 0;
};

/// Largest position that a token list declares by Var(k,...), Vi(k,...), ...; -1 when it declares
/// none.
int64_t findLargestPosition(llvm::ArrayRef<Token> tokens);

} // namespace keops

#endif // KEOPS_LIB_FRONTEND_FORMULAPARSER_H
