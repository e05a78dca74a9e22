// Reads a manifest that this compiler wrote.
#include "keops/Conversion/Manifest.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace keops;

static int64_t number(StringRef text) {
  int64_t value = 0;
  text.getAsInteger(10, value);
  return value;
}

int64_t ManifestOutput::components() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

Manifest Manifest::parse(StringRef text) {
  Manifest manifest;
  SmallVector<StringRef> lines;
  text.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    SmallVector<StringRef> words;
    line.split(words, ' ', -1, /*KeepEmpty=*/false);
    auto is = [&](StringRef item, size_t count) {
      return words[0] == item && words.size() > count;
    };
    if (words.empty())
      continue;
    if (is("symbol", 1))
      manifest.symbol = words[1].str();
    else if (is("input", 4))
      manifest.inputs.push_back({words[1][0], number(words[2]), words[3].str(), words[4].str()});
    else if (is("output", 3)) {
      ManifestOutput output{words[1][0], words[2].str(), words[3].str(), {}};
      for (StringRef extent : drop_begin(words, 4))
        output.shape.push_back(number(extent));
      manifest.outputs.push_back(output);
    } else if (is("kernel", 2)) {
      manifest.kernels.push_back({words[1].str(), number(words[2])});
    } else if (words[0] == "workspace") {
      int64_t *next[] = {&manifest.workspaceConstant, &manifest.workspacePerThread,
                         &manifest.workspacePerItem,  &manifest.workspacePerI,
                         &manifest.workspacePerJ,     &manifest.workspacePerBlockI,
                         &manifest.workspacePerBlockJ};
      for (auto [field, word] : zip(next, drop_begin(words)))
        *field = number(word);
    } else if (words[0] == "pieces") {
      manifest.pieces.push_back(
          {words[1][0], number(words[2]), number(words[3]), number(words[4]), number(words[5])});
    }
  }
  return manifest;
}
