// Stands in for libkeops-compiler.so in the tests of the runtime: "objects" are one line of text,
// "linking" picks a function below. What a formula contains decides what happens:
//   bad    a user error            fault  an internal fault          Wait   a program that only
//   ends when cancelled Pair   two outputs, the second of indices Broken   a program with a fault
//   other sum_j exp(-g |x_i - y_j|^2) b_j
// The file `$KEOPS_FAKE_LOG`, if set, gets one line for each compilation, so that tests can count
// them.
#include "keops-c/program.h"
#include "keops/Runtime/CompilerInterface.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

template <typename T>
T load(const keops_array &array, int64_t row, int64_t component) {
  return static_cast<const T *>(
      array.data)[row * array.row_stride + component * array.component_stride];
}

/// Arguments x, y and then either b, or g and b.
template <typename T, int dimension, bool hasScale>
int32_t gauss(const keops_args *args) {
  const keops_array &x = args->inputs[0], &y = args->inputs[1];
  const keops_array &b = args->inputs[hasScale ? 3 : 2];
  T scale = hasScale ? load<T>(args->inputs[2], 0, 0) : T(1);
  for (int64_t i = 0; i < args->size_i; ++i) {
    T sum = 0;
    for (int64_t j = 0; j < args->size_j; ++j) {
      T distance = 0;
      for (int d = 0; d < dimension; ++d) {
        T difference = load<T>(x, i, d) - load<T>(y, j, d);
        distance += difference * difference;
      }
      sum += std::exp(-distance * scale) * load<T>(b, j, 0);
    }
    static_cast<T *>(args->outputs[0].data)[i * args->outputs[0].row_stride] = sum;
  }
  return KEOPS_STEP_OK;
}

int32_t waitUntilCancelled(const keops_args *args) {
  const int32_t *cancel = args->cancel;
  while (!(cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED)) &&
         !(args->poll && args->poll(args->poll_data))) {
    timespec pause{0, 1000000};
    nanosleep(&pause, nullptr);
  }
  return KEOPS_STEP_CANCELLED;
}

/// values[i] = x[i], indices[i] = i.
template <typename T>
int32_t pair(const keops_args *args) {
  for (int64_t i = 0; i < args->size_i; ++i) {
    static_cast<T *>(args->outputs[0].data)[i] = load<T>(args->inputs[0], i, 0);
    static_cast<int64_t *>(args->outputs[1].data)[i] = i;
  }
  return KEOPS_STEP_OK;
}

int32_t stopWithFault(const keops_args *) { return KEOPS_STEP_FAULT; }

using Entry = int32_t (*)(const keops_args *);

template <typename T>
Entry chooseGauss(int dimension, bool hasScale) {
  static const Entry entries[2][3] = {{gauss<T, 1, false>, gauss<T, 2, false>, gauss<T, 3, false>},
                                      {gauss<T, 1, true>, gauss<T, 2, true>, gauss<T, 3, true>}};
  return dimension >= 1 && dimension <= 3 ? entries[hasScale][dimension - 1] : nullptr;
}

void reply(KeopsBytesCallback callback, const std::string &text, void *user) {
  callback(text.data(), text.size(), user);
}

std::string describeInputs(const KeopsCompileRequest *request, int &firstDimension) {
  std::string lines;
  for (int32_t k = 0; k < request->aliasCount; ++k) {
    char name[32] = "-", category[8] = "";
    int dimension = 1;
    std::sscanf(request->aliases[k], " %31[a-z] = V%7[ij](%d)", name, category, &dimension);
    if (!*category)
      std::sscanf(request->aliases[k], " %31[a-z] = P%7[m](%d)", name, category, &dimension);
    const char *letter = *category == 'm' ? "p" : category;
    if (k == 0)
      firstDimension = dimension;
    lines += std::string("input ") + letter + " " + std::to_string(dimension) + " " +
             request->dtype + " " + name + "\n";
  }
  return lines;
}

void countCompilation() {
  if (const char *path = std::getenv("KEOPS_FAKE_LOG"))
    if (FILE *file = std::fopen(path, "a")) {
      std::fputs("compiled\n", file);
      std::fclose(file);
    }
}

int32_t compile(const KeopsCompileRequest *request, KeopsBytesCallback object,
                KeopsBytesCallback manifest, KeopsBytesCallback error, void *user) {
  std::string formula = request->formula;
  countCompilation();
  if (formula.find("bad") != std::string::npos) {
    reply(error, "unknown name 'bad'\n  " + formula + "\n  ^", user);
    return 1;
  }
  if (formula.find("fault") != std::string::npos) {
    reply(error, "no rule for this operation", user);
    return 2;
  }
  if (formula.find("slow") != std::string::npos) {
    timespec pause{0, 50000000};
    nanosleep(&pause, nullptr);
  }
  int dimension = 1;
  std::string inputs = describeInputs(request, dimension);
  bool isPair = formula.find("Pair") != std::string::npos;
  auto contains = [&](const char *word) { return formula.find(word) != std::string::npos; };
  const char *kind = isPair               ? "pair"
                     : contains("Wait")   ? "wait"
                     : contains("Broken") ? "broken"
                                          : "gauss";
  reply(object,
        std::string(kind) + " " + request->dtype + " " + std::to_string(dimension) + " " +
            std::to_string(request->aliasCount > 3),
        user);
  std::string dtype = request->dtype;
  std::string outputs = isPair ? "output i " + dtype + " values 1\noutput i i64 indices 1\n"
                               : "output i " + dtype + " Sum 1\n";
  reply(manifest,
        "keops-program 3\nsymbol " + std::string(request->symbol) + "\n" + inputs + outputs +
            "workspace 64 0 0 8 8 0 0\ncost 20\n",
        user);
  return 0;
}

int32_t dump(const KeopsCompileRequest *request, const char *stage, KeopsBytesCallback text,
             KeopsBytesCallback error, void *user) {
  if (std::strcmp(stage, "keops") != 0) {
    reply(error, std::string("unknown stage '") + stage + "'", user);
    return 1;
  }
  reply(text, std::string("keops.map_reduce @") + request->symbol + " " + request->formula + "\n",
        user);
  return 0;
}

void *link(const char *object, size_t size, const char *symbol, void *openMP, void **entry,
           KeopsBytesCallback error, void *user) {
  char kind[16] = "", dtype[8] = "";
  int dimension = 0, hasScale = 0;
  std::string text(object, size);
  if (std::sscanf(text.c_str(), "%15s %7s %d %d", kind, dtype, &dimension, &hasScale) != 4) {
    reply(error, "not an object", user);
    return nullptr;
  }
  bool isSingle = std::strcmp(dtype, "f32") == 0;
  Entry chosen = nullptr;
  if (!std::strcmp(kind, "gauss"))
    chosen = isSingle ? chooseGauss<float>(dimension, hasScale)
                      : chooseGauss<double>(dimension, hasScale);
  if (!std::strcmp(kind, "wait"))
    chosen = waitUntilCancelled;
  if (!std::strcmp(kind, "broken"))
    chosen = stopWithFault;
  if (!std::strcmp(kind, "pair"))
    chosen = isSingle ? pair<float> : pair<double>;
  *entry = reinterpret_cast<void *>(chosen);
  return new int(0);
}

void unlink(void *handle) { delete static_cast<int *>(handle); }

const char *getFault() { return "a data race that was planted"; }

} // namespace

extern "C" __attribute__((visibility("default")))
const KeopsCompilerInterface keopsCompilerInterface = {KEOPS_COMPILER_INTERFACE_VERSION,
                                                       compile,
                                                       dump,
                                                       link,
                                                       unlink,
                                                       "0.0-fake",
                                                       "fake processor",
                                                       getFault};
