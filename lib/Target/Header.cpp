// Writes the C header of an ahead-of-time program: one function on plain arrays, with shapes in
// words.
#include "keops/Conversion/Manifest.h"
#include "keops/Target/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace keops;

/// C has no portable names for f16 and bf16: their bits are passed.
static StringRef cType(StringRef element) {
  return StringSwitch<StringRef>(element)
      .Case("f32", "float")
      .Case("f64", "double")
      .Cases({"f16", "bf16"}, "uint16_t")
      .Default("int64_t");
}

/// What the C type does not say about the elements.
static StringRef elementText(StringRef element) {
  return StringSwitch<StringRef>(element)
      .Case("f16", " bit patterns of float16 (IEEE 754 binary16)")
      .Case("bf16", " bit patterns of bfloat16")
      .Default("");
}

static std::string rowsOf(char placement) {
  return placement == 'i' ? "M x " : placement == 'j' ? "N x " : "";
}

static std::string shapeText(const ManifestOutput &output) {
  std::string text = rowsOf(output.placement);
  interleave(
      output.shape, [&](int64_t extent) { text += std::to_string(extent); },
      [&] { text += " x "; });
  return text;
}

/// A parameter name: the formula's name, or a number where there is none.
static std::string parameterName(StringRef name, StringRef fallback, size_t number) {
  return name == "-" ? (fallback + Twine(number)).str() : name.str();
}

std::string keops::emitHeader(StringRef text, StringRef formula, const CompileOptions &options) {
  Manifest manifest = Manifest::parse(text);
  std::string guard = "KEOPS_PROGRAM_" + StringRef(manifest.symbol).upper() + "_H", out;
  raw_string_ostream os(out);
  os << "/* " << formula << "\n *\n * All arrays are contiguous and row-major; M and N may be 0.\n";
  SmallVector<std::string> parameters = {"int64_t M", "int64_t N"};
  for (auto [k, input] : enumerate(manifest.inputs)) {
    std::string name = parameterName(input.name, "in", k);
    os << " *   " << name << ": " << rowsOf(input.placement) << input.dim
       << elementText(input.element) << "\n";
    parameters.push_back(("const " + cType(input.element) + " *" + name).str());
  }
  for (auto [k, output] : enumerate(manifest.outputs)) {
    std::string name = "out_" + output.name + (k ? std::to_string(k) : "");
    os << " *   " << name << ": " << shapeText(output) << elementText(output.element)
       << ", written\n";
    parameters.push_back((cType(output.element) + " *" + name).str());
  }
  parameters.push_back("int32_t threads");
  os << " *   threads: "
     << (options.threads ? "at least 1; link with -lomp (LLVM's OpenMP runtime)"
                         : "ignored; link with -lm")
     << "\n * Returns 0, or 2 when there is no memory for the workspace. */\n"
     << "#ifndef " << guard << "\n#define " << guard
     << "\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "int32_t " << manifest.symbol << "_call(" << join(parameters, ", ") << ");\n\n"
     << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return out;
}
