// Look-up and spelling suggestions over the generated tables of functions and reductions.
#include "Names.h"

#include "FormulaParser.h"

#include "keops/IR/Reduction.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace keops;

/// Names that the parser itself understands, besides operators.
static constexpr StringLiteral builtinNames[] = {"Vi",
                                                 "Vj",
                                                 "Pm",
                                                 "Var",
                                                 "IntCst",
                                                 "RatCst",
                                                 "IntInv",
                                                 "Zero",
                                                 "Ind",
                                                 "Fused",
                                                 "Grad_WithSavedForward",
                                                 "Diff_WithSavedForward"};

const FormulaInfo *keops::findFormula(StringRef name) {
  static const llvm::StringMap<const FormulaInfo *> index = [] {
    llvm::StringMap<const FormulaInfo *> map;
    for (const FormulaInfo &info : getFormulaTable())
      map[info.name] = &info;
    return map;
  }();
  return index.lookup(name);
}

static std::vector<std::string> getAllNames() {
  std::vector<std::string> names(std::begin(builtinNames), std::end(builtinNames));
  for (StringRef name : FormulaParser::getOperatorNames())
    names.push_back(name.str());
  for (const FormulaInfo &info : getFormulaTable())
    names.push_back(info.name.str());
  for (const ReductionInfo &info : getReductionTable())
    names.push_back((info.name + reductionSuffix).str());
  return names;
}

std::string keops::suggestName(StringRef misspelt, ArrayRef<StringRef> aliases) {
  constexpr size_t longestName = 64;
  if (misspelt.size() > longestName)
    return "";
  std::vector<std::string> names = getAllNames();
  names.insert(names.end(), aliases.begin(), aliases.end());
  unsigned nearest = std::max<unsigned>(1, misspelt.size() / 3) + 1;
  std::string best;
  for (const std::string &name : names) {
    // A change of case alone is the nearest of all.
    unsigned distance = StringRef(name).equals_insensitive(misspelt)
                            ? 0
                            : misspelt.edit_distance(name, true, nearest);
    if (name.size() <= 1 && distance > 0)
      continue;
    if (distance < nearest) {
      nearest = distance;
      best = name;
    }
  }
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}
