// The reductions. A record states names, shapes and policy; loops stand in one file per family in lib/IR/Reductions.
#ifndef KEOPS_OPS_REDUCTIONS_TD
#define KEOPS_OPS_REDUCTIONS_TD

include "mlir/IR/EnumAttr.td"

// One result of a reduction: its name in the manifest, whether it holds indices (or counts), and its logical shape per
// kept row in terms of D (dimension of the first formula), G (of the second) and K: "D", "KD", "max(D,G)" or "1+G".
class Keops_Result<string resultName, bit isIndex, string resultShape> {
  string name = resultName;
  bit index = isIndex;
  string shape = resultShape;
}
class Keops_ValueOf<string name, string shape = "D"> : Keops_Result<name, 0, shape>;
class Keops_IndexOf<string name, string shape = "D"> : Keops_Result<name, 1, shape>;

class Keops_Reduction<string reductionName, int number>
    : I32EnumAttrCase<!subst("_", "", reductionName), number, reductionName> {
  string name = reductionName;      // as in "<name>_Reduction(...)"
  string family = ?;                // the C++ class in lib/IR/Reductions that carries it out
  list<string> aliases = [];        // other spellings in formulas
  int formulas = 1;                 // how many formulas it reads
  bit optionalWeight = 0;           // a missing second formula means the constant 1
  bit scalarFormula = 0;            // the first formula must have dimension 1
  bit takesK = 0;                   // has an integer parameter K
  bit sums = 0;                     // honours sum_scheme and dtype_acc
  list<Keops_Result> results = [];
  string derivative = ?;            // a policy of lib/Transforms/Differentiate/Policies.cpp, or "none: reason"
  string summaryText = ?;
}

def Keops_SumReduction : Keops_Reduction<"Sum", 0> {
  let family = "SumReduction";
  let sums = 1;
  let results = [Keops_ValueOf<"sum">];
  let derivative = "sum";
  let summaryText = "sum of all terms; 0 over an empty range";
}


class Keops_Extremum<string name, int number, list<Keops_Result> rs, string what> : Keops_Reduction<name, number> {
  let family = "ExtremumReduction";
  let results = rs;
  let derivative = "selected";
  let summaryText = what # "; NaN terms are ignored, the first of equal terms wins";
}
def Keops_MinReduction : Keops_Extremum<"Min", 1, [Keops_ValueOf<"min">], "smallest term, +inf over an empty range">;
def Keops_MaxReduction : Keops_Extremum<"Max", 2, [Keops_ValueOf<"max">], "largest term, -inf over an empty range">;
def Keops_ArgMinReduction
    : Keops_Extremum<"ArgMin", 3, [Keops_IndexOf<"argmin">], "index of the smallest term, 0 over an empty range"> {
  let derivative = "zero";
}
def Keops_ArgMaxReduction
    : Keops_Extremum<"ArgMax", 4, [Keops_IndexOf<"argmax">], "index of the largest term, 0 over an empty range"> {
  let derivative = "zero";
}
def Keops_MinArgMinReduction
    : Keops_Extremum<"Min_ArgMin", 5, [Keops_ValueOf<"min">, Keops_IndexOf<"argmin">], "smallest term and its index"> {
  let aliases = ["MinArgMin"];
}
def Keops_MaxArgMaxReduction
    : Keops_Extremum<"Max_ArgMax", 6, [Keops_ValueOf<"max">, Keops_IndexOf<"argmax">], "largest term and its index"> {
  let aliases = ["MaxArgMax"];
}

class Keops_KBest<string name, int number, list<Keops_Result> rs, string what> : Keops_Reduction<name, number> {
  let family = "KBestReduction";
  let takesK = 1;
  let results = rs;
  let derivative = "selected";
  let summaryText = what # "; equal terms in order of index, NaN terms ignored";
}
class Keops_KMin<string name, int number, list<Keops_Result> rs, string what>
    : Keops_KBest<name, number, rs, what # " in increasing order, missing terms +inf with index 0">;
class Keops_KMax<string name, int number, list<Keops_Result> rs, string what>
    : Keops_KBest<name, number, rs, what # " in decreasing order, missing terms -inf with index 0">;
def Keops_KMinReduction : Keops_KMin<"KMin", 7, [Keops_ValueOf<"kmin", "KD">], "the K smallest terms">;
def Keops_ArgKMinReduction
    : Keops_KMin<"ArgKMin", 8, [Keops_IndexOf<"argkmin", "KD">], "indices of the K smallest terms"> {
  let derivative = "zero";
}
def Keops_KMinArgKMinReduction
    : Keops_KMin<"KMin_ArgKMin", 9, [Keops_ValueOf<"kmin", "KD">, Keops_IndexOf<"argkmin", "KD">],
                 "the K smallest terms and their indices"> {
  let aliases = ["KMinArgKMin"];
}

class Keops_Exponentials<string name, int number> : Keops_Reduction<name, number> {
  let family = "LogSumExpReduction";
  let formulas = 2;
  let sums = 1;
}
def Keops_LogSumExpReduction : Keops_Exponentials<"LogSumExp", 10> {
  let aliases = ["LogSumExpWeight"];
  let optionalWeight = 1;
  let results = [Keops_ValueOf<"logsumexp", "max(D,G)">];
  let derivative = "logsumexp";
  let summaryText = "log of the sum of exp(F) * G without overflow, component by component; -inf over an empty range";
}
def Keops_SumSoftMaxWeightReduction : Keops_Exponentials<"SumSoftMaxWeight", 11> {
  let aliases = ["SoftMax"];
  let results = [Keops_ValueOf<"softmax", "max(D,G)">];
  let derivative = "softmax";
  let summaryText = "sum of exp(F) * G divided by the sum of exp(F), component by component; NaN over an empty range";
}

def Keops_ProdReduction : Keops_Reduction<"Prod", 12> {
  let family = "ProdReduction";
  let results = [Keops_ValueOf<"prod">];
  let derivative = "prod";
  let summaryText = "product of all terms; 1 over an empty range";
}
// What the derivatives of Prod need: the product of the others, also where terms are zero.
def Keops_ProdWithoutZerosReduction : Keops_Reduction<"Prod_WithoutZeros", 13> {
  let family = "ProdReduction";
  let takesK = 1;
  let results = [Keops_ValueOf<"prods", "KD">];
  let derivative = "prod";
  let summaryText = "for each k from 0 to K-1: the product of the nonzero terms if exactly k terms are zero, otherwise 0";
}

def Keops_KMaxReduction : Keops_KMax<"KMax", 14, [Keops_ValueOf<"kmax", "KD">], "the K largest terms">;
def Keops_ArgKMaxReduction
    : Keops_KMax<"ArgKMax", 15, [Keops_IndexOf<"argkmax", "KD">], "indices of the K largest terms"> {
  let derivative = "zero";
}
def Keops_KMaxArgKMaxReduction
    : Keops_KMax<"KMax_ArgKMax", 16, [Keops_ValueOf<"kmax", "KD">, Keops_IndexOf<"argkmax", "KD">],
                 "the K largest terms and their indices"> {
  let aliases = ["KMaxArgKMax"];
}

class Keops_Counting<string name, int number, Keops_Result result> : Keops_Reduction<name, number> {
  let family = "CountReduction";
  let results = [result];
  let derivative = "zero";
}
def Keops_AnyReduction : Keops_Counting<"Any", 17, Keops_ValueOf<"any">> {
  let summaryText = "1 if any term is not zero, else 0; NaN is not zero";
}
def Keops_AllReduction : Keops_Counting<"All", 18, Keops_ValueOf<"all">> {
  let summaryText = "1 if no term is zero, else 0; 1 over an empty range";
}
def Keops_CountReduction : Keops_Counting<"Count", 19, Keops_IndexOf<"count">> {
  let summaryText = "number of terms that are not zero, as a 64-bit integer";
}

def Keops_MeanReduction : Keops_Reduction<"Mean", 20> {
  let family = "SumReduction";
  let sums = 1;
  let results = [Keops_ValueOf<"mean">];
  let derivative = "mean";
  let summaryText = "mean of all terms; NaN over an empty range";
}
def Keops_VarReduction : Keops_Reduction<"Var", 21> {
  let family = "VarReduction";
  let results = [Keops_ValueOf<"var">];
  let derivative = "var";
  let summaryText = "variance of all terms about their mean (ddof 0), in one pass; NaN over an empty range";
}

def Keops_MaxSumShiftExpReduction : Keops_Exponentials<"Max_SumShiftExp", 22> {
  let aliases = ["Max_SumShiftExpWeight"];
  let optionalWeight = 1;
  let scalarFormula = 1;
  let results = [Keops_ValueOf<"maxsumshiftexp", "1+G">];
  let derivative = "shiftexp";
  let summaryText = "m, the largest F, then the sums of exp(F - m) * G; -inf and 0 over an empty range";
}

#endif // KEOPS_OPS_REDUCTIONS_TD
