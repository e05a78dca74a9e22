// Wrong texts and the exact message for each.
#include "TestSupport.h"

using namespace keops::test;

namespace {

const Texts aliases = {"x=Vi(3)", "y=Vj(3)", "z=Vj(2)", "b=Vj(1)", "a=Vi(1)", "sigma=Pm(1)"};

struct Row {
  const char *text;
  const char *message;
};

const Row formulas[] = {
    // Names.
    {"Exq(x)", "unknown function 'Exq'; did you mean 'Exp'?"},
    {"exp(x)", "unknown function 'exp'; did you mean 'Exp'?"},
    {"SqDits(x,y)", "unknown function 'SqDits'; did you mean 'SqDist'?"},
    {"x*sigme", "unknown variable 'sigme'; did you mean 'sigma'?"},
    {"x*Sigma", "unknown variable 'Sigma'; did you mean 'sigma'?"},
    {"w", "unknown variable 'w'"},
    {"qwertyuiop(x)", "unknown function 'qwertyuiop'"},
    {"Exp", "'Exp' is a function and needs arguments in parentheses"},
    // Dimensions.
    {"SqDist(x,z)", "SqDist: operands must have equal dimensions or dimension 1, got 3 and 2"},
    {"z+x", "Add: operands must have equal dimensions or dimension 1, got 2 and 3"},
    {"(x|z)", "Scalprod: operands must have equal dimensions or dimension 1, got 3 and 2"},
    {"WeightedSqDist(z,x,y)", "WeightedSqDist: weights must have dimension 1, 3 or 9, got 2"},
    {"Elem(x,3)", "Elem: position 3 does not lie within dimension 3"},
    {"Elem(x,-1)", "Elem: position -1 does not lie within dimension 3"},
    {"Extract(x,1,3)", "Extract: 3 components from 1 on do not lie within dimension 3"},
    {"SumT(x,3)", "SumT: the first argument must have dimension 1, got 3"},
    {"SumT(b,0)", "SumT: the dimension must lie between 1 and 1048576, got 0"},
    // Arguments of calls.
    {"Exp()", "Exp takes 1 argument (x), got 0"},
    {"SqDist(x)", "SqDist takes 2 arguments (x, y), got 1"},
    {"SqDist(x,)", "SqDist takes 2 arguments (x, y), got 1"},
    {"Exp(x,y)", "Exp takes 1 argument (x); expected ')', got 'y'"},
    {"Elem(x,y)", "Gather: the position must have dimension 1, got 3"},
    {"Pow(x,y)", "expected an integer (exponent of Pow), got 'y'"},
    {"TensorDot(x,y,3,3)", "TensorDot takes 7 arguments (x, y, dimsx, dimsy, contx, conty, "
                           "permutation), got 4"},
    {"TensorDot(x,y,[3,2],3,[],[])",
     "TensorDot: the first list of dimensions must have the product "
     "3, got 6"},
    {"TensorDot(x,y,3,3,[0],[1])",
     "TensorDot: axis 1 of the second tensor does not exist; it has 1"},
    {"TensorDot(x,z,3,2,0,0)", "TensorDot: axis 0 has size 3 and axis 0 has size 2; they cannot be "
                               "contracted"},
    {"TensorDot(x,y,3,3,[],[],[0,0])", "TensorDot: the last list is not a permutation"},
    {"TensorDot(x,y,[3,],3,[],[],[0])", "TensorDot: the permutation must name 2 axes, got 1"},
    {"TensorDot(x,y,[3,3)", "expected ',' or ']', got ')'"},
    {"Kron(x,y,[3],[1,3])", "Kron: both lists of dimensions must be equally long, got 1 and 2"},
    {"MatVecMult(x,z)", "MatVecMult: the dimension of the matrix must be a multiple of 2, the "
                        "dimension of the vector, got 3"},
    {"SymSqNorm(x,y)", "SymSqNorm: weights must have dimension 9, got 3"},
    {"BSpline(x,b,2)", "BSpline: order 2 needs at least 4 knots, got 3"},
    {"BSpline(x,b,99)", "BSpline: the order must lie between 0 and 32, got 99"},
    {"BSpline(x,b,20)", "BSpline: the order must lie between 0 and 16, got 20"},
    {"Round(x,99)", "Round: the number of digits must lie between -30 and 30, got 99"},
    {"OneHot(x,3)", "OneHot: the first argument must have dimension 1, got 3"},
    {"OneHot(b,0)", "OneHot: the dimension must lie between 1 and 1048576, got 0"},
    {"ComplexAbs(x)", "ComplexAbs: complex vectors have even dimensions, got 3"},
    {"ComplexMult(Concat(z,z),Concat(x,x))",
     "ComplexMult: complex operands must have equal dimensions or dimension 2, got 4 and 6"},
    {"ComplexRealScal(x,z)", "ComplexRealScal: one argument must have dimension 1, got 2"},
    {"ComplexSumT(z,3)", "ComplexSumT: the dimension must be even and at least 2, got 3"},
    {"Elem(x,1.5)", "expected an integer (position of Elem), got '1.5'"},
    {"Vi(3)", "Vi takes 2 integers here (position, dimension), got 1"},
    {"Var(0,3)", "Var takes 3 integers (position, dimension, category), got 2"},
    {"Var(0,3,3)", "Var: the category must be 0 (i), 1 (j) or 2 (parameter), got 3"},
    {"Var(0,4,0)", "argument 0 is declared twice: as Vi of dimension 3 and as Vi of dimension 4"},
    {"Var(9,3,0)", "arguments must be numbered 0, 1, 2, ... without holes: argument 6 is missing, "
                   "argument 9 is used"},
    {"RatCst(1)*x", "expected ',' and a denominator, got ')'"},
    // Operators.
    {"x+", "expected a formula, got ','"},
    {"x y", "expected an operator, ',' or ')', got 'y'"},
    {"*x", "expected a formula, got '*'"},
    {"x < y < b", "comparisons cannot be chained; write (f<g)*(g<h) or use parentheses"},
    {"x $ y", "unexpected character '$'"},
    {"[1,2]", "expected a formula, got '['"},
    {"(x,y)", "expected ')', got ','; a list of formulas has no meaning here"},
    // Zeros and numbers.
    {"x/0", "Divide: division by a literal zero"},
    {"x/0.0", "Divide: division by a literal zero"},
    {"x/Zero(3)", "Divide: division by a literal zero"},
    {"1/IntCst(0)", "Inv: division by a literal zero"},
    {"Inv(0)*x", "Inv: division by a literal zero"},
    {"RatCst(1,0)", "RatCst: division by a literal zero"},
    {"IntInv(0)", "IntInv: division by a literal zero"},
    {"99999999999999999999*x", "the number '99999999999999999999' is too large"},
    {"1e999*x", "the number '1e999' is too large"},
    {"1e39*x", "the number '1e39' is too large"},
    {"1.5.2*x", "malformed number '1.5.2'"},
    // Gradients.
    {"Grad(x)", "Grad: expected ',' and a variable, got ')'"},
    {"Grad(x,x+1,x)", "Grad: the second argument must be a variable"},
    {"Grad(x,Exp(x),x)", "Grad: the second argument must be a variable"},
    {"Grad(x,w,x)", "unknown variable 'w'"},
    {"Grad(x,x,a)", "Grad: the third argument must have the dimension of the first, 3, got 1"},
    {"Diff(x,x)", "Diff: expected ',' and a formula, got ')'"},
    {"Diff(x,x,b)", "Diff: the third argument must have the dimension of the second, 3, got 1"},
    {"Diff(x*y,(x,y),x)", "Diff: expected one vector for each of 2 variables, got 1"},
    {"Divergence(b,x)", "Divergence: expected dimension 3, that of the variable, got 1"},
    {"Laplacian(x,x)", "Laplacian: the first argument must have dimension 1, got 3"},
    {"AdjointOperator(Exp(x),x,x)",
     "AdjointOperator: the first argument must be linear in the variable; this is not"},
    {"TraceOperator(x*x,x)",
     "TraceOperator: the first argument must be linear in the variable; this is not"},
    {"Factorize(x)", "Factorize: expected ',' and a formula, got ')'"},
    {"Grad(x,sigma)", "Grad: for a parameter the third argument cannot be left out"},
    {"Sum_Reduction(x,0)", "Sum_Reduction: a reduction cannot stand inside a formula"},
};

const Row programs[] = {
    {"", "expected a reduction such as Sum_Reduction(F,0), got the end of the formula"},
    {"x+y", "expected a reduction such as Sum_Reduction(F,0), got a formula"},
    {"KMin(x,3,0)", "expected a reduction, got 'KMin'; did you mean 'KMin_Reduction'?"},
    {"Sun_Reduction(x,0)", "unknown reduction 'Sun_Reduction'; did you mean 'Sum_Reduction'?"},
    {"Sum_Reduction(x)",
     "Sum_Reduction(F,tag): expected ',' and the tag (0: result over i, 1: over j), got ')'"},
    {"Sum_Reduction(x,2)",
     "Sum_Reduction: the tag (0: result over i, 1: over j) must lie between 0 and 1, got 2"},
    {"Sum_Reduction(x,0,y)", "too many arguments; expected Sum_Reduction(F,tag)"},
    {"Sum_Reduction(x,0))", "this ')' closes nothing"},
    {"Sum_Reduction(x,0", "this '(' is never closed"},
    {"Sum_Reduction((x,0)", "this '(' is never closed"},
    {"Sum_Reduction(Exp(x,0)", "this '(' is never closed"},
    {"Sum_Reduction(x,0) y", "expected the end of the formula, got 'y'"},
    {"KMin_Reduction(x,0,0)", "KMin_Reduction: the integer K must lie between 1 and 4096, got 0"},
    {"KMin_Reduction(x,5000,0)",
     "KMin_Reduction: the integer K must lie between 1 and 4096, got 5000"},
    {"KMin_Reduction(Vi(6,1000000),4000,0)",
     "K times the dimension of the formula must be at most 1048576, got 4000 times 1000000"},
    {"Max_SumShiftExp_Reduction(x,0)",
     "Max_SumShiftExp_Reduction: the first formula must have dimension 1, got 3"},
    {"LogSumExp_Reduction(x,0,Concat(a,b))", "LogSumExp_Reduction: the second formula must have "
                                             "dimension 1 or that of the first, 3, got 2"},
    {"Zero_Reduction(0,0)", "Zero: dimensions go from 1 to 1048576, got 0"},
    {"Zero_Reduction(3,2)",
     "Zero_Reduction: the tag (0: result over i, 1: over j) must lie between 0 and 1, got 2"},
    {"SoftMax_Reduction(a,0)",
     "SoftMax_Reduction needs a second formula: SoftMax_Reduction(F,tag,G)"},
    {"Grad(Sum_Reduction(a*b,0),x,b)",
     "Grad: the third argument must depend on i alone, like the reduction's result, got j"},
    {"Grad(Fused(Sum_Reduction(x,0),Sum_Reduction(y,0)),x,a)",
     "Grad: expected a reduction with one result, got 2"},
    {"Fused()", "expected a reduction such as Sum_Reduction(F,0), got ')'"},
};

const Row badAliases[] = {
    {"", "expected a declaration such as x=Vi(3), x=Vj(3) or x=Pm(3), got the end of the alias"},
    {"x", "expected a declaration such as x=Vi(3), x=Vj(3) or x=Pm(3), got 'x'"},
    {"x=Vk(3)", "expected a declaration such as x=Vi(3), x=Vj(3) or x=Pm(3), got 'Vk'"},
    {"x=Vi", "expected '(', got the end of the alias"},
    {"x=Vi(", "expected an integer, got the end of the alias"},
    {"x=Vi(3", "this '(' is never closed"},
    {"x=Vi()", "expected an integer, got ')'"},
    {"x=Vi(1,2,3)", "Vi takes 1 or 2 integers ([position,] dimension), got 3"},
    {"x=Vi(0)", "dimensions go from 1 to 1048576, got 0"},
    {"x=Vi(-3)", "dimensions go from 1 to 1048576, got -3"},
    {"x=Vi(1000000000)", "dimensions go from 1 to 1048576, got 1000000000"},
    {"x=Vi(256,3)", "argument numbers go from 0 to 255, got 256"},
    {"x=Vi(3) y", "expected the end of the alias, got 'y'"},
    {"2x=Vi(3)", "malformed number '2x'"},
};

TEST_F(FrontendTest, RefusesFormulas) {
  for (const Row &row : formulas)
    EXPECT_EQ(errorOf("Sum_Reduction(" + std::string(row.text) + ",0)", aliases), row.message)
        << row.text;
}

TEST_F(FrontendTest, RefusesPrograms) {
  for (const Row &row : programs)
    EXPECT_EQ(errorOf(row.text, aliases), row.message) << row.text;
}

TEST_F(FrontendTest, RefusesAliases) {
  for (const Row &row : badAliases)
    EXPECT_EQ(errorOf("Sum_Reduction(1,0)", {row.text}), row.message) << row.text;
  EXPECT_EQ(errorOf("Sum_Reduction(1,0)", {"x=Vi(3)", "x=Vj(3)"}),
            "the name 'x' is given to argument 0 and to argument 1");
  EXPECT_EQ(errorOf("Sum_Reduction(1,0)", {"x=Vi(0,3)", "y=Vj(0,3)"}),
            "argument 0 is declared twice: as Vi of dimension 3 and as Vj of dimension 3");
}

TEST_F(FrontendTest, PointsToTheParenthesisThatIsOpen) {
  EXPECT_EQ(parse("Sum_Reduction(Exp((x+y),0)", aliases).errors, "error: this '(' is never closed\n"
                                                                 "  Sum_Reduction(Exp((x+y),0)\n"
                                                                 "                   ^\n");
}

TEST_F(FrontendTest, TreatsControlCharactersAsErrors) {
  EXPECT_EQ(errorOf(std::string("Sum_Reduction(x\0y,0)", 20), aliases),
            "unexpected control character 0x00");
  EXPECT_EQ(errorOf("Sum_Reduction(\xc3\xa9,0)", aliases),
            "a formula is ASCII text; unexpected byte 0xc3");
}

} // namespace
