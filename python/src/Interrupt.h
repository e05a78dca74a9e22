// Lets Ctrl-C end a run: the poll callback of the C API asks Python for pending signals.
#ifndef KEOPS_PYTHON_INTERRUPT_H
#define KEOPS_PYTHON_INTERRUPT_H

#include <Python.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace keops::python {

/// Releases the GIL for its lifetime and answers polls. Only Python's main thread can receive
/// signals, so in other threads there is nothing to poll.
class InterruptibleRun {
public:
  InterruptibleRun();
  ~InterruptibleRun() { PyEval_RestoreThread(state); }
  InterruptibleRun(const InterruptibleRun &) = delete;
  InterruptibleRun &operator=(const InterruptibleRun &) = delete;

  using PollFunction = int32_t (*)(void *);
  PollFunction getPoll() const { return isMainThread ? poll : nullptr; }

private:
  static int32_t poll(void *data);
  bool checkSignals();

  using Clock = std::chrono::steady_clock;
  unsigned long thread;
  bool isMainThread;
  std::atomic<bool> isInterrupted = false;
  Clock::time_point lastCheck;
  PyThreadState *state;
};

/// Remembers the calling thread as Python's main one: at import, and again in the child of a fork.
void adoptMainThread();

} // namespace keops::python

#endif // KEOPS_PYTHON_INTERRUPT_H
