// A reduction of one formula, callable on arrays: holds a compiled program for each dtype it was
// called with.
#ifndef KEOPS_PYTHON_REDUCTION_H
#define KEOPS_PYTHON_REDUCTION_H

#include "Buffer.h"
#include "Status.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace keops::python {

struct ProgramDeleter {
  void operator()(keopsProgram program) const { keopsProgramDestroy(program); }
};
using ProgramPtr = std::unique_ptr<keopsProgram_s, ProgramDeleter>;

class Reduction {
public:
  Reduction(std::string formula, std::vector<std::string> aliases, const std::string &precision,
            std::string schedule, std::string caller, const std::string &sumScheme,
            const std::string &accumulator, bool isComplex, nb::tuple tensorTypes,
            nb::object makeTensor);

  /// Computes. `out` is None, an array, or a tuple of arrays; `ranges` is None or a tuple of six
  /// arrays of int64. NotImplemented where PyTorch must be asked: about gradients and autocast, of
  /// which `isDetached` says that there are none, and about numbers that are not what lies in
  /// memory. `device` says where to compute: None for where the arrays are, "cpu", "cuda" for any
  /// GPU, "cuda:1"; arrays of the host are copied there, and results back. `stream` is the number
  /// of one for arrays on a GPU, or None; PyTorch's tensors have none but PyTorch's.
  nb::object compute(const nb::tuple &arguments, nb::handle out, nb::handle ranges, bool isDetached,
                     nb::handle device, nb::handle stream);
  /// The shape of the batch that arguments have together, or NotImplemented as for compute().
  nb::object findBatch(const nb::tuple &arguments, bool isDetached, nb::handle device);
  /// The same with the arguments one by one, which costs Python two tables more.
  nb::object run(const nb::args &arguments, nb::handle out, nb::handle ranges) {
    return compute(arguments, out, ranges, false, nb::none(), nb::none());
  }

  /// What arguments must be and what results are, for arrays of this dtype: a list of (category,
  /// dimension, name), and one of (category, dtype, shape of a row, name). They are the same
  /// everywhere; the program of a GPU is asked where arrays lie there, so that no other is needed.
  nb::tuple describe(const std::string &dtype, int32_t gpu);

  /// The program as text after a stage of the compiler.
  std::string dump(const std::string &stage, const std::string &dtype) const;

  /// None before the first call; otherwise where the latest program came from, and its compile
  /// time.
  nb::object getCompileInfo() const;

  /// For the garbage collector.
  nb::handle getMakeTensor() const { return makeTensor; }
  void forgetMakeTensor() { makeTensor = nb::none(); }

private:
  struct Call;
  keopsProgramOptions getOptions(keopsDType dtype) const;
  keopsProgram getProgram(keopsDType dtype, Device device = {Device::cpu, 0});
  ProgramPtr &findProgram(keopsDType dtype, Device device);

  std::string formula;
  std::vector<std::string> aliases;
  std::vector<const char *> aliasPointers;
  std::string schedule;
  std::string caller;
  keopsPrecision precision;
  keopsSumScheme sumScheme;
  keopsAccumulator accumulator;
  bool isComplex;           ///< results that are made here are arrays of complex numbers
  nb::tuple tensorTypes;    ///< of the library that is computed with; none: NumPy's arrays
  const Exchange *exchange; ///< of the first type, where it has one
  nb::object makeTensor;    ///< else a function of shape and name of a dtype makes the results
  ProgramPtr programs[KEOPS_BF16 + 1];
  std::map<std::pair<keopsDType, int32_t>, ProgramPtr> onGpus; ///< by type and device
  int latest = -1;
};

} // namespace keops::python

#endif // KEOPS_PYTHON_REDUCTION_H
