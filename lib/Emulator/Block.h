// The threads of one block as fibers, from barrier to barrier. Emulate.cpp runs one after another.
#ifndef KEOPS_LIB_EMULATOR_BLOCK_H
#define KEOPS_LIB_EMULATOR_BLOCK_H

#include "Fiber.h"
#include "Races.h"

#include "keops-c/emulator.h"

#include <string>
#include <vector>

namespace keops::emulator {

/// How a run is going: a KEOPS_STEP_ code, and the sentence that goes with KEOPS_STEP_FAULT.
struct Outcome {
  int32_t step = KEOPS_STEP_OK;
  std::string fault;
};

/// One kernel on one launch, by so many blocks, which may be run in any order, each once. Other
/// kernels of the launch may have had more or fewer.
class KernelRun {
public:
  KernelRun(const keops_emulated_kernel &kernel, const keops_launch &launch, int64_t blocks,
            FiberPool &fibers);
  ~KernelRun();

  /// Runs a block to its end, or to a fault. The fibers of a block that was not finished must not
  /// be used again.
  void runBlock(int64_t block);
  const Outcome &getOutcome() const { return outcome; }

private:
  /// An asynchronous copy that has begun.
  struct Copy {
    void *to;
    const void *from;
    size_t bytes;
    bool isWatched;
  };
  struct Thread : keops_thread {
    KernelRun *run = nullptr;
    Fiber *fiber = nullptr;
    int32_t waitsAt = 0;
    std::vector<Copy> copies;
  };

  static void startThread(void *thread);
  static void waitAtBarrier(keops_thread *thread, int32_t which);
  static void noteAccess(keops_thread *thread, const void *address, int64_t bytes, int32_t kind);
  static void beginCopy(keops_thread *thread, void *to, const void *from, int64_t bytes,
                        int32_t isWatched);
  static void finishCopies(keops_thread *thread);
  /// Runs `body` for a thread, which does not go on if that finds a fault.
  template <typename Body>
  static void check(Thread &thread, Body body);

  void beginThreads(int64_t block);
  void runPhase();
  bool isCancelled() const;
  /// Whether the threads have met: all at one barrier, or all at the end.
  void checkMeeting();
  void note(const Thread &thread, const void *address, uintptr_t bytes, int32_t kind);
  void noteCopy(const Thread &thread, const Copy &copy);
  void checkCopy(const Thread &thread, const Copy &copy);
  void checkEnd(const Thread &thread);
  bool isShared(uintptr_t address) const;
  std::string formatAddress(uintptr_t address) const;
  void fail(const std::string &what);
  std::string describe(const Conflict &conflict, const Thread &thread, bool isWrite) const;

  const keops_emulated_kernel &kernel;
  const keops_launch &launch;
  int64_t blocks;
  FiberPool &fibers;
  std::vector<Thread> threads;
  char *shared;
  int64_t phase = 0, done = 0;
  Order order;
  Shadow sharedShadow, globalShadow;
  Outcome outcome;
};

} // namespace keops::emulator

#endif // KEOPS_LIB_EMULATOR_BLOCK_H
