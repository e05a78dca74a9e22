// Generates one JSON document with all records: the numeric tests, the completeness test and Python
// read it.
#include "Generators.h"
#include "Record.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static json::Array strings(std::vector<StringRef> list) {
  json::Array array;
  for (StringRef s : list)
    array.push_back(s.str());
  return array;
}

static json::Object describe(const OpRecord &op, const RecordKeeper &records) {
  json::Array operands;
  for (const Operand &operand : op.operands)
    operands.push_back(
        json::Object{{"name", operand.name}, {"kind", std::string(1, operand.kind)}});
  json::Array derivatives;
  for (const std::string &derivative : derivativeTexts(op, records))
    derivatives.push_back(derivative);
  json::Object object{{"name", op.formulaName().str()},
                      {"mnemonic", op.mnemonic()},
                      {"kind", op.kind()},
                      {"summary", op.summary().str()},
                      {"method", op.def.getValueAsString("pythonMethod").str()},
                      {"operands", std::move(operands)},
                      {"derivatives", std::move(derivatives)},
                      {"reference", op.def.getValueAsString("reference").str()},
                      {"edgeCases", op.def.getValueAsString("edgeCases").str()},
                      {"domain", strings(op.def.getValueAsListOfStrings("domain"))},
                      {"points", strings(op.def.getValueAsListOfStrings("points"))},
                      {"maxUlp", op.def.getValueAsString("maxUlp").str()},
                      {"maxUlpHigh", op.def.getValueAsString("maxUlpHigh").str()}};
  if (op.isComposite())
    object["expansion"] = expansionText(op, records);
  return object;
}

static json::Object describeReduction(const Record &r) {
  json::Array results;
  for (const Record *result : r.getValueAsListOfDefs("results"))
    results.push_back(json::Object{{"name", result->getValueAsString("name").str()},
                                   {"index", result->getValueAsBit("index")},
                                   {"shape", result->getValueAsString("shape").str()}});
  return json::Object{{"name", r.getValueAsString("name").str()},
                      {"aliases", strings(r.getValueAsListOfStrings("aliases"))},
                      {"summary", r.getValueAsString("summaryText").str()},
                      {"derivative", r.getValueAsString("derivative").str()},
                      {"takesK", r.getValueAsBit("takesK")},
                      {"formulas", r.getValueAsInt("formulas")},
                      {"sums", r.getValueAsBit("sums")},
                      {"results", std::move(results)}};
}

void emitJson(const RecordKeeper &records, raw_ostream &os) {
  json::Array operations, reductionList;
  for (const OpRecord &op : formulaOperations(records))
    operations.push_back(describe(op, records));
  for (const Record *r : reductions(records))
    reductionList.push_back(describeReduction(*r));
  json::Object document{{"operations", std::move(operations)},
                        {"reductions", std::move(reductionList)}};
  os << formatv("{0:2}", json::Value(std::move(document))) << "\n";
}
