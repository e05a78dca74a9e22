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
    if (words[0] == "symbol")
      manifest.symbol = words[1].str();
    else if (words[0] == "input")
      manifest.inputs.push_back({words[1][0], number(words[2]), words[3].str(), words[4].str()});
    else if (words[0] == "output") {
      ManifestOutput output{words[1][0], words[2].str(), words[3].str(), {}};
      for (StringRef extent : drop_begin(words, 4))
        output.shape.push_back(number(extent));
      manifest.outputs.push_back(output);
    } else if (words[0] == "kernel") {
      manifest.kernels.push_back({words[1].str(), number(words[2])});
    } else if (words[0] == "workspace") {
      int64_t *next[] = {&manifest.workspaceConstant, &manifest.workspacePerThread,
                         &manifest.workspacePerItem,  &manifest.workspacePerI,
                         &manifest.workspacePerJ,     &manifest.workspacePerBlockI,
                         &manifest.workspacePerBlockJ};
      for (auto [field, word] : zip(next, drop_begin(words)))
        *field = number(word);
    }
  }
  return manifest;
}
