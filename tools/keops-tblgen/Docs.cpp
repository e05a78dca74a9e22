// Generates the operations page from the records.
#include "Generators.h"
#include "Record.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static std::string signature(const OpRecord &op) {
  SmallVector<std::string> names;
  for (const Operand &operand : op.operands)
    names.push_back(operand.name);
  return op.formulaName().str() + "(" + join(names, ", ") + ")";
}

static std::string cell(StringRef text) {
  std::string out = text.str();
  for (size_t at = 0; (at = out.find('|', at)) != std::string::npos; at += 2)
    out.replace(at, 1, "\\|");
  return out.empty() ? "none" : out;
}

static void emitSection(StringRef title, StringRef kind, const RecordKeeper &records,
                        raw_ostream &os) {
  bool composite = kind == "composite";
  os << "\n## " << title << "\n\n| formula | value | " << (composite ? "stands for" : "derivative")
     << " | error bound (ULP, default / high) | special cases |\n|---|---|---|---|---|\n";
  for (const OpRecord &op : formulaOperations(records)) {
    if (kind != op.kind())
      continue;
    std::string meaning =
        composite ? expansionText(op, records) : join(derivativeTexts(op, records), "; ");
    os << "| `" << signature(op) << "` | " << cell(op.summary()) << " | `" << cell(meaning)
       << "` | " << op.def.getValueAsString("maxUlp") << " / "
       << op.def.getValueAsString("maxUlpHigh") << " | "
       << cell(op.def.getValueAsString("edgeCases")) << " |\n";
  }
}

void emitDocs(const RecordKeeper &records, raw_ostream &os) {
  os << "# Operations and reductions\n\nGenerated from the records in `dialects/Keops/Ops`; do not "
        "edit.\n"
     << "Derivatives are partial derivatives (elementwise operations) or adjoints of the incoming "
        "gradient `e`.\n"
     << "Bounds hold for stored arguments; `dim` means half a unit of the sum of magnitudes for "
        "each term, besides the rounding of the terms.\n";
  emitSection("Elementwise", "elementwise", records, os);
  emitSection("Vectors", "structural", records, os);
  emitSection("Composites", "composite", records, os);
  os << "\n## Reductions\n\nD is the dimension of the first formula, G that of the second. The "
        "derivatives are explained in `docs/rationale/reductions.md`. `Zero_Reduction(dim,tag)` is "
        "another spelling of `Sum_Reduction(Zero(dim),tag)`.\n\n| name | results per row "
        "| value | derivative |\n|---|---|---|---|\n";
  for (const Record *r : reductions(records)) {
    SmallVector<std::string> results;
    for (const Record *result : r->getValueAsListOfDefs("results"))
      results.push_back(
          (result->getValueAsString("name") + " (" + result->getValueAsString("shape") + ")")
              .str());
    os << "| `" << r->getValueAsString("name") << "_Reduction` | " << join(results, ", ") << " | "
       << cell(r->getValueAsString("summaryText")) << " | "
       << cell(r->getValueAsString("derivative")) << " |\n";
  }
}
