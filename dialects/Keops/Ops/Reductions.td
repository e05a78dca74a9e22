// The reductions. A record states names, shapes and policy; the loops stand in one file per family in lib/IR/Reductions.
#ifndef KEOPS_OPS_REDUCTIONS_TD
#define KEOPS_OPS_REDUCTIONS_TD

include "mlir/IR/EnumAttr.td"

// One result of a reduction: its name in the manifest, whether it holds indices, and its logical shape per kept row
// in terms of D (dimension of the first formula), G (of the second) and K.
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
  list<Keops_Result> results = [];
  string derivative = ?;            // "sum", "logsumexp", "softmax", or "none: reason"
  string summaryText = ?;
}

def Keops_SumReduction : Keops_Reduction<"Sum", 0> {
  let family = "SumReduction";
  let results = [Keops_ValueOf<"sum">];
  let derivative = "sum";
  let summaryText = "sum of all terms; 0 over an empty range";
}

class Keops_Extremum<string name, int number, list<Keops_Result> rs, string what> : Keops_Reduction<name, number> {
  let family = "ExtremumReduction";
  let results = rs;
  let derivative = "none: extrema have no derivative rule yet";
  let summaryText = what # "; NaN terms are ignored, the first of equal terms wins";
}
def Keops_MinReduction : Keops_Extremum<"Min", 1, [Keops_ValueOf<"min">], "smallest term, +inf over an empty range">;
def Keops_MaxReduction : Keops_Extremum<"Max", 2, [Keops_ValueOf<"max">], "largest term, -inf over an empty range">;
def Keops_ArgMinReduction
    : Keops_Extremum<"ArgMin", 3, [Keops_IndexOf<"argmin">], "index of the smallest term, 0 over an empty range">;
def Keops_ArgMaxReduction
    : Keops_Extremum<"ArgMax", 4, [Keops_IndexOf<"argmax">], "index of the largest term, 0 over an empty range">;
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
  let derivative = "none: the K smallest terms have no derivative rule yet";
  let summaryText = what # " in increasing order; equal terms in order of index, NaN terms ignored, missing terms +inf with index 0";
}
def Keops_KMinReduction : Keops_KBest<"KMin", 7, [Keops_ValueOf<"kmin", "KD">], "the K smallest terms">;
def Keops_ArgKMinReduction : Keops_KBest<"ArgKMin", 8, [Keops_IndexOf<"argkmin", "KD">], "indices of the K smallest terms">;
def Keops_KMinArgKMinReduction
    : Keops_KBest<"KMin_ArgKMin", 9, [Keops_ValueOf<"kmin", "KD">, Keops_IndexOf<"argkmin", "KD">],
                  "the K smallest terms and their indices"> {
  let aliases = ["KMinArgKMin"];
}

def Keops_LogSumExpReduction : Keops_Reduction<"LogSumExp", 10> {
  let family = "LogSumExpReduction";
  let aliases = ["LogSumExpWeight"];
  let formulas = 2;
  let optionalWeight = 1;
  let scalarFormula = 1;
  let results = [Keops_ValueOf<"logsumexp", "G">];
  let derivative = "logsumexp";
  let summaryText = "log of the sum of exp(F) * G without overflow; -inf over an empty range";
}
def Keops_SumSoftMaxWeightReduction : Keops_Reduction<"SumSoftMaxWeight", 11> {
  let family = "LogSumExpReduction";
  let aliases = ["SoftMax"];
  let formulas = 2;
  let scalarFormula = 1;
  let results = [Keops_ValueOf<"softmax", "G">];
  let derivative = "softmax";
  let summaryText = "sum of exp(F) * G divided by the sum of exp(F); NaN over an empty range";
}

#endif // KEOPS_OPS_REDUCTIONS_TD
