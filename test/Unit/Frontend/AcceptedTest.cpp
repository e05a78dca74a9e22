// Formulas that must parse, what they become, and how they are printed.
#include "TestSupport.h"

using namespace keops::test;

namespace {

const Texts aliases = {"x=Vi(3)", "y=Vj(3)", "g=Pm(1)", "b=Vj(1)",
                       "a=Vi(1)", "p=Pm(2)", "s=Pm(9)", "e=Vi(3)"};

/// A formula, and how the printer writes it.
struct Row {
  const char *formula;
  const char *printed;
};

const Row formulas[] = {
    {"Exp(-SqDist(x,y)*g)*b", "Exp(-SqDist(x,y)*g)*b"},
    {"Exp(-g*SqDist(x,y))*b", "Exp(-g*SqDist(x,y))*b"},
    {"Square(p-a)*Exp(a+b)", "(p-a)**2*Exp(a+b)"},
    {"Pow((x|y),2) * ((Elem(p,0) * x) + (Elem(p,1) * y))", "Pow(x|y,2)*(Elem(p,0)*x+Elem(p,1)*y)"},
    {"Inv(IntCst(1)+SqDist(x,y))*a", "1/(1+SqDist(x,y))*a"},
    {"(-(g*SqNorm2(x-y)))+b", "-(g*SqNorm2(x-y))+b"},
    {"Square(p-Var(8,1,1))*Exp(-SqNorm2(y-x))", "(p-Var(8,1,1))**2*Exp(-SqNorm2(y-x))"},
    {"Concat(IntCst(1),y)", "Concat(1,y)"},
    {"Concat(x,y,)", "Concat(x,y)"},
    {" x\t+\n y ", "x+y"},
    // Constants.
    {"3*x", "3*x"},
    {"-3*x", "-3*x"},
    {"-(3)*x", "-(3)*x"},
    {"0.5*x", "0.5*x"},
    {".5*x", "0.5*x"},
    {"1.*x", "1.0*x"},
    {"1e-3*x", "0.001*x"},
    {"-2.5e10*x", "-2.5e+10*x"},
    {"RatCst(2,6)*x", "RatCst(1,3)*x"},
    {"RatCst(1,-3)*x", "RatCst(-1,3)*x"},
    {"RatCst(4,2)*x", "2*x"},
    {"IntInv(3)*x", "RatCst(1,3)*x"},
    {"IntCst(-3)*x", "-3*x"},
    {"IntCst(0)*x", "Zero(1)*x"},
    {"0*x", "Zero(1)*x"},
    {"x+Zero(3)", "x+Zero(3)"},
    // Powers.
    {"x**2", "x**2"},
    {"x**3", "x**3"},
    {"x**-1", "x**-1"},
    {"x**0", "x**0"},
    {"Pow(x,2)", "Pow(x,2)"},
    {"x**0.5", "x**0.5"},
    {"x**-0.5", "x**-0.5"},
    {"x**y", "x**y"},
    {"Powf(x,2)", "Powf(x,2)"},
    {"x**-y", "x**-y"},
    {"-x**2", "-x**2"},
    {"(-x)**2", "(-x)**2"},
    {"x**y**a", "x**y**a"},
    {"(x**y)**a", "(x**y)**a"},
    {"2**3**2", "2**3**2"},
    {"-2**2", "-2**2"},
    {"(-2)**2", "(-2)**2"},
    // Grouping.
    {"x-(y-a)", "x-(y-a)"},
    {"(x-y)-a", "x-y-a"},
    {"x/(y/a)", "x/(y/a)"},
    {"x/y*a", "x/y*a"},
    {"1/x", "1/x"},
    {"2/x", "2/x"},
    {"Divide(1,x)", "Divide(1,x)"},
    {"2*(1/x)", "2*(1/x)"},
    {"x|y+a", "x|y+a"},
    {"(x|y)+a", "(x|y)+a"},
    {"(x|y)|a", "x|y|a"},
    {"x|(y|a)", "x|(y|a)"},
    {"--x", "--x"},
    {"x--y", "x--y"},
    {"- - 3*x", "--3*x"},
    {"Minus(-3)*x", "--3*x"},
    // Functions of every kind of record.
    {"WeightedSqDist(s,x,y)+WeightedSqNorm(x,y)", "WeightedSqDist(s,x,y)+WeightedSqNorm(x,y)"},
    {"Elem(x,0)+Sum(ElemT(a,4,2))", "Elem(x,0)+Sum(ElemT(a,4,2))"},
    {"Extract(x,1,2)*Extract(ExtractT(p,0,5),0,2)", "Extract(x,1,2)*Extract(ExtractT(p,0,5),0,2)"},
    {"Sqrt(Abs(x))+Rsqrt(ReLU(x))+Step(Sign(y))", "Sqrt(Abs(x))+Rsqrt(ReLU(x))+Step(Sign(y))"},
    {"Sin(x)*Cos(x)+Log(Exp(x))+SumT(Norm2(x),3)", "Sin(x)*Cos(x)+Log(Exp(x))+SumT(Norm2(x),3)"},
    // Variables in place.
    {"Var(0,3,0)*Vj(1,3)+Pm(2,1)", "x*y+g"},
    {"Vi(8,3)+Pm(9,1)", "Var(8,3,0)+Var(9,1,2)"},
    // Gradients.
    {"Grad(SqDist(x,y),x,a)", "Grad(SqDist(x,y),x,a)"},
    {"Grad(SqDist(x,y),Var(0,3,0),2*a)", "Grad(SqDist(x,y),x,2*a)"},
    {"Grad(Exp(x),x)", "Grad(Exp(x),x,Var(8,3,1))"},
    {"Grad(Exp(y),y)", "Grad(Exp(y),y,Var(8,3,0))"},
    {"Grad(Grad(x + Var(8,3,1), x, Var(9,3,0)), x, Var(10,3,0))",
     "Grad(Grad(x+Var(8,3,1),x,Var(9,3,0)),x,Var(10,3,0))"},
    {"Grad(Grad(Exp(x),x),x)", "Grad(Grad(Exp(x),x,Var(8,3,1)),x,Var(9,3,1))"},
    {"Grad(Exp(x),x)+Var(8,3,0)", "Grad(Exp(x),x,Var(9,3,1))+Var(8,3,0)"},
};

const Row reductions[] = {
    {"Sum_Reduction(x*b,1)", "Sum_Reduction(x*b,1)"},
    {"Sum_Reduction(x*b,0,)", "Sum_Reduction(x*b,0)"},
    {"MinArgMin_Reduction(SqDist(x,y),0)", "Min_ArgMin_Reduction(SqDist(x,y),0)"},
    {"Max_ArgMax_Reduction(x*y,0)", "Max_ArgMax_Reduction(x*y,0)"},
    {"ArgMin_Reduction(SqDist(x,y),0)", "ArgMin_Reduction(SqDist(x,y),0)"},
    {"KMin_Reduction(SqDist(x,y),5,0)", "KMin_Reduction(SqDist(x,y),5,0)"},
    {"KMin_ArgKMin_Reduction(x-y,5,1)", "KMin_ArgKMin_Reduction(x-y,5,1)"},
    {"LogSumExp_Reduction(-SqDist(x,y),0)", "LogSumExp_Reduction(-SqDist(x,y),0)"},
    {"LogSumExpWeight_Reduction(-SqDist(x,y),0,y)", "LogSumExp_Reduction(-SqDist(x,y),0,y)"},
    {"LogSumExp_Reduction(x-y,0,x)", "LogSumExp_Reduction(x-y,0,x)"},
    {"Max_SumShiftExpWeight_Reduction(a*b,1,y)", "Max_SumShiftExp_Reduction(a*b,1,y)"},
    {"KMaxArgKMax_Reduction(x-y,5,1)", "KMax_ArgKMax_Reduction(x-y,5,1)"},
    {"Fused(Prod_Reduction(x,0),Any_Reduction(x,0),Count_Reduction(x,0),Var_Reduction(y,1))",
     "Fused(Prod_Reduction(x,0),Any_Reduction(x,0),Count_Reduction(x,0),Var_Reduction(y,1))"},
    {"Zero_Reduction(2,1)", "Sum_Reduction(Zero(2),1)"},
    {"Grad(Min_ArgMin_Reduction(x-y,0),y,x)", "Grad(Min_ArgMin_Reduction(x-y,0),y,x)"},
    {"Grad(ArgMin_Reduction(x-y,0),y,x)", "Grad(ArgMin_Reduction(x-y,0),y,x)"},
    {"SoftMax_Reduction(-SqDist(x,y),0,y)", "SumSoftMaxWeight_Reduction(-SqDist(x,y),0,y)"},
    {"Grad(Sum_Reduction(SqDist(x,y),0),y,a)", "Grad(Sum_Reduction(SqDist(x,y),0),y,a)"},
    {"Grad(Sum_Reduction(SqDist(x,y),0),y,2*a+1)", "Grad(Sum_Reduction(SqDist(x,y),0),y,2*a+1)"},
    {"Grad(Sum_Reduction(SqDist(x,y),0),y)", "Grad(Sum_Reduction(SqDist(x,y),0),y,Var(8,1,0))"},
    {"Grad(Grad(Sum_Reduction(SqDist(x,y),0),x,a),y,e)",
     "Grad(Grad(Sum_Reduction(SqDist(x,y),0),x,a),y,e)"},
    {"Fused(Sum_Reduction(x,0),Min_ArgMin_Reduction(y,1))",
     "Fused(Sum_Reduction(x,0),Min_ArgMin_Reduction(y,1))"},
    {"Fused(Sum_Reduction(x,0),Grad(Sum_Reduction(SqDist(x,y),0),x,a),)",
     "Fused(Sum_Reduction(x,0),Grad(Sum_Reduction(SqDist(x,y),0),x,a))"},
};

TEST_F(FrontendTest, AcceptsFormulas) {
  for (const Row &row : formulas)
    EXPECT_EQ(expectRoundTrip("Sum_Reduction(" + std::string(row.formula) + ",0)", aliases),
              "Sum_Reduction(" + std::string(row.printed) + ",0)")
        << row.formula;
}

TEST_F(FrontendTest, AcceptsReductions) {
  for (const Row &row : reductions)
    EXPECT_EQ(expectRoundTrip(row.formula, aliases), row.printed) << row.formula;
}

TEST_F(FrontendTest, AcceptsEveryFormOfAlias) {
  for (const Texts &list : {Texts{"x=Vi(3)", "y=Vj(3)"},
                            {" x = Vi( 0 , 3 ) ", "y=Vj(1,3)"},
                            {"y=Vj(1,3)", "x=Vi(0,3)"},
                            {"x=Var(0,3,0)", "y=Var(1,3,1)"}}) {
    Parsed parsed = parse("Sum_Reduction(x*y,0)", list);
    ASSERT_TRUE(parsed) << list.front() << parsed.errors;
    EXPECT_EQ(print(parsed).aliases, (std::vector<std::string>{"x=Vi(3)", "y=Vj(3)"}));
  }
  EXPECT_TRUE(parse("Sum_Reduction(Var(0,3,0)*Var(1,3,1),0)", {"Vi(3)", "Var(1,3,1)"}));
}

TEST_F(FrontendTest, WarnsOfOldSpelling) {
  Parsed parsed = parse("Sum_Reduction(x*y,0)", {"x=Vx(3)", "y=Vy(3)"});
  EXPECT_TRUE(parsed);
  EXPECT_EQ(parsed.warnings, "warning: Vx is the old spelling of Vi\n  x=Vx(3)\n    ^~~~~\n"
                             "warning: Vy is the old spelling of Vj\n  y=Vy(3)\n    ^~~~~\n");
}

TEST_F(FrontendTest, KeepsUnusedArguments) {
  Parsed parsed = parse("Sum_Reduction(y,0)", {"x=Vi(3)", "y=Vj(2)", "z=Pm(4)"});
  EXPECT_EQ(print(parsed).aliases, (std::vector<std::string>{"x=Vi(3)", "y=Vj(2)", "z=Pm(4)"}));
  // ... but passes into the region what is used, once and in order of position.
  EXPECT_NE(parsed.str().find("(%arg1) : (!keops.value<2xf32, j>)"), std::string::npos)
      << parsed.str();
}

TEST_F(FrontendTest, PassesVariablesInOrderOfPosition) {
  std::string text = parse("Sum_Reduction(b*y*b+x,0)", {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"}).str();
  EXPECT_NE(text.find("(%arg0, %arg1, %arg2) :"), std::string::npos) << text;
}

TEST_F(FrontendTest, MakesOperationsOfTheWrittenPlace) {
  Parsed parsed = parse("Sum_Reduction(Exp(x),0)", {"x=Vi(3)"});
  parsed.module->walk([&](keops::ExpOp op) {
    auto range = mlir::cast<mlir::FileLineColRange>(op.getLoc());
    EXPECT_EQ(range.getFilename().str(), "Sum_Reduction(Exp(x),0)");
    EXPECT_EQ(range.getStartColumn(), 15u);
    EXPECT_EQ(range.getEndColumn(), 21u);
  });
}

} // namespace
