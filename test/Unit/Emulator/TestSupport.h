// Shared by the tests of the emulator: kernels as text become programs, arrays become arguments.
#ifndef KEOPS_TEST_EMULATOR_TESTSUPPORT_H
#define KEOPS_TEST_EMULATOR_TESTSUPPORT_H

#include "keops-c/program.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace keops {
class LinkedProgram;
} // namespace keops

namespace keops::test {

/// Replaces every `from` of a text.
std::string replace(std::string text, const std::string &from, const std::string &to);

/// The two arrays, the sizes and the knobs that a test sets; the rest follows.
struct Arguments {
  std::vector<float> x, y, out;
  int64_t items = 1, itemsAtOnce = 1;
  int32_t blocks = 3;
  const int32_t *cancel = nullptr;
  int32_t (*poll)(void *) = nullptr;
  void *pollData = nullptr;
};

/// One kernel of 128 threads that reads x (M rows) and y (N rows) and writes one output. `body` is
/// what it does, with these names defined: %launch, %x, %y, %out (pointers), %m, %n
/// (sizes), %thread, %block, %threads, %blocks, %first, %step (where the thread begins to go
/// through rows, and how far it steps), %c0, %c1.
class KernelProgram {
public:
  enum Watch { Silent, Races };

  /// `arrays` are the kernel's workgroup attributions.
  KernelProgram(const std::string &body, Watch watch, const std::string &arrays = "");
  ~KernelProgram();

  /// Returns a KEOPS_STEP_ code.
  int32_t run(Arguments &arguments) const;

private:
  std::unique_ptr<LinkedProgram> linked;
};

} // namespace keops::test

#endif // KEOPS_TEST_EMULATOR_TESTSUPPORT_H
