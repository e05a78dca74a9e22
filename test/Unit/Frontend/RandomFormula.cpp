// Draws formulas by recursive choice among the forms of the grammar.
#include "RandomFormula.h"

namespace keops::test {

std::vector<std::string> RandomFormula::aliases() {
  return {"x=Vi(3)", "y=Vj(3)", "g=Pm(1)", "b=Vj(1)", "a=Vi(1)", "p=Pm(3)"};
}

std::string RandomFormula::leaf(int dim) {
  if (dim == 3)
    return pick({"x", "y", "p", "Zero(3)", "Var(6,3,0)", "Vj(1,3)", "Pm(5,3)"});
  return pick({"g", "b", "a", "2", "-1", "0", "1", "0.25", "-1e-3", "1e30", "RatCst(1,3)",
               "RatCst(-7,2)", "IntInv(5)", "IntCst(-4)", "Zero(1)", "Var(3,1,1)"});
}

std::string RandomFormula::scalar(int depth) {
  switch (below(13)) {
  case 8:
    return "Elem(" + formula(3, depth) + "," + pick({"a*1", "b", "g"}) + ")";
  case 9:
    return "TensorDot(" + formula(3, depth) + "," + formula(3, depth) + ",[3],(3,),[0],Ind(0))";
  case 10:
    return "(" + formula(1, depth) + spaced(pick({"<", "<=", ">", ">=", "==", "!="})) +
           formula(1, depth) + ")";
  case 11:
    return pick({"Max", "ArgMin", "Sum", "SqNorm2"}) + "(" + formula(3, depth) + ")";
  case 0:
    return "SqDist(" + formula(3, depth) + "," + formula(3, depth) + ")";
  case 1:
    return "Elem(" + formula(3, depth) + "," + std::to_string(below(3)) + ")";
  case 2:
    return "(" + formula(3, depth) + "|" + formula(3, depth) + ")";
  case 3:
    return "Sum(" + formula(3, depth) + ")";
  case 4:
    return "Norm2(" + formula(3, depth) + ")";
  case 5:
    return "Extract(" + formula(3, depth) + ",1,1)";
  case 6:
    return "Grad(" + formula(3, depth) + "," + pick({"a", "b", "g"}) + "," + formula(3, depth) +
           ")";
  case 7:
    return "WeightedSqNorm(" + formula(below(2) ? 3 : 1, depth) + "," + formula(3, depth) + ")";
  default:
    return "Scalprod(" + formula(1, depth) + "," + formula(3, depth) + ")";
  }
}

std::string RandomFormula::formula(int dim, int depth) {
  if (depth == 0 || below(8) == 0)
    return leaf(dim);
  --depth;
  if (dim == 1 && below(3) == 0)
    return scalar(depth);
  switch (below(15)) {
  case 12:
    return "IfElse(" + formula(1, depth) + "," + formula(dim, depth) + "," + formula(1, depth) +
           ")";
  case 13:
    return "Round(" + formula(dim, depth) + "," + pick({"0", "2", "-1"}) + ")";
  case 14:
    return "Diff(" + formula(dim, depth) + "," +
           (dim == 3 ? "x," + formula(3, depth) : "a," + formula(1, depth)) + ")";
  case 0:
    return spaced("-") + formula(dim, depth);
  case 1:
    return "(" + formula(dim, depth) + ")";
  case 2:
    return "(" + formula(dim, depth) + ")" + spaced("**") +
           pick({"2", "3", "-1", "0", "0.5", "-0.5", "1"});
  case 3:
    return "(" + formula(dim, depth) + ")**" + formula(1, 0);
  case 4:
    return pick({"Exp", "Log", "Sqrt", "Minus", "Inv", "Square", "Sin", "ReLU"}) + "(" +
           pick({"x", "y"}) + "*" + formula(1, depth) + (dim == 3 ? ")" : "|p)");
  case 5:
    return (dim == 3 ? "Concat(" + formula(1, depth) + ",Extract(" + formula(3, depth) + ",0,2))"
                     : formula(1, depth));
  case 6:
    return pick({"Add", "Mult", "Subtract", "Powf"}) + "(" + formula(dim, depth) + "," +
           formula(1, depth) + ")";
  case 7:
    return "(" + formula(dim, depth) + ")/" + pick({"g", "2", "0.5", "Sum(x)"});
  case 8:
    return "Grad(" + formula(1, depth) + "," +
           (dim == 3 ? pick({"x", "y", "p"}) : pick({"a", "b"})) + "," + formula(1, depth) + ")";
  default:
    return formula(dim, depth) + spaced(pick({"+", "-", "*"})) + formula(below(2) ? dim : 1, depth);
  }
}

std::string RandomFormula::spaced(const std::string &text) {
  return below(4) ? text : " " + text + "\t";
}

std::string RandomFormula::reduction() {
  std::string tag = std::to_string(below(2));
  switch (below(5)) {
  case 0:
    return pick({"KMin", "ArgKMin", "KMax_ArgKMax"}) + "_Reduction(" + formula(3, 3) + ",4," + tag +
           ")";
  case 1:
    return pick({"LogSumExp", "SumSoftMaxWeight", "SoftMax"}) + "_Reduction(" + formula(1, 3) +
           "," + tag + "," + formula(3, 3) + ")";
  case 2:
    return pick({"LogSumExp", "Max_SumShiftExp"}) + "_Reduction(" + formula(1, 4) + "," + tag + ")";
  case 3:
    return pick({"Min", "Max_ArgMax", "ArgMin", "MinArgMin", "Prod", "Count", "Any", "Var"}) +
           "_Reduction(" + formula(3, 4) + "," + tag + ")";
  default:
    return pick({"Sum", "Mean"}) + "_Reduction(" + formula(below(2) ? 1 : 3, 5) + "," + tag + ")";
  }
}

std::string RandomFormula::program() {
  switch (below(5)) {
  case 0:
    return "Fused(" + reduction() + "," + reduction() + ")";
  case 1:
    return "Grad(Sum_Reduction(" + formula(1, 4) + ",0)," + pick({"x", "y", "p"}) + ",a*2)";
  case 2:
    return "Grad(Sum_Reduction(" + formula(3, 4) + ",1),x,y)";
  default:
    return reduction();
  }
}

std::string RandomFormula::damage(std::string text) {
  const std::string characters = "()+-*/|,<>=.0123456789eExyVi_ []!$\n";
  for (int k = below(3) + 1; k > 0 && !text.empty(); --k) {
    int place = below(text.size());
    switch (below(4)) {
    case 0:
      text.erase(place, below(4) + 1);
      break;
    case 1:
      text.insert(place, text.substr(place, below(12)));
      break;
    case 2:
      std::swap(text[place], text[below(text.size())]);
      break;
    default:
      text[place] = characters[below(characters.size())];
    }
  }
  return text;
}

} // namespace keops::test
