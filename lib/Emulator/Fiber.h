// Functions that stop in their middle and go on later, each on a stack of its own: the threads of
// an emulated block (Block.cpp).
#ifndef KEOPS_LIB_EMULATOR_FIBER_H
#define KEOPS_LIB_EMULATOR_FIBER_H

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ucontext.h>
#include <vector>

namespace keops::emulator {

class Fiber {
public:
  using Body = void (*)(void *data);

  Fiber(char *stack, size_t bytes);
  /// Its stack refers to it.
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  /// Has `body(data)` begin with the next resume().
  void begin(Body body, void *data);
  /// Goes on where the body stands, until it suspends itself or is done.
  void resume();
  /// Called by the body: back to who resumed it.
  void suspend();
  bool isDone() const { return !body; }

private:
  static void enter();
  void loop();

  char *stack;
  size_t bytes;
  Body body = nullptr;
  void *data = nullptr;
  bool hasStarted = false;
  ucontext_t outer, inner;
  std::jmp_buf outside, inside;
  /// What AddressSanitizer keeps of a stack that is left; unused without it.
  void *outerShadow = nullptr, *innerShadow = nullptr;
  const void *outerStack = nullptr;
  size_t outerBytes = 0;
};

/// As many fibers as the largest block so far had threads. Stacks lie in one mapping, each behind a
/// page that must not be touched.
class FiberPool {
public:
  ~FiberPool();
  /// The first `count` fibers; throws std::bad_alloc.
  void reserve(size_t count);
  Fiber &operator[](size_t index) { return *fibers[index]; }
  /// Whether the bytes are on a stack, so that no other thread has to do with them.
  bool contains(const void *address) const;

private:
  void release();

  char *memory = nullptr;
  size_t mapped = 0;
  std::vector<std::unique_ptr<Fiber>> fibers;
};

} // namespace keops::emulator

#endif // KEOPS_LIB_EMULATOR_FIBER_H
