// Polls come once a tile, which may be every few microseconds; the GIL is taken every twentieth
// millisecond only.
#include "Interrupt.h"

namespace keops::python {

namespace {
constexpr auto checkInterval = std::chrono::milliseconds(20);
std::atomic<unsigned long> mainThread{0};
} // namespace

void adoptMainThread() { mainThread = PyThread_get_thread_ident(); }

InterruptibleRun::InterruptibleRun()
    : thread(PyThread_get_thread_ident()), isMainThread(thread == mainThread),
      state(PyEval_SaveThread()) {}

int32_t InterruptibleRun::poll(void *data) {
  auto *run = static_cast<InterruptibleRun *>(data);
  // A program may poll from its worker threads too; those have no Python state and
  // hear what the first thread found.
  if (PyThread_get_thread_ident() != run->thread)
    return run->isInterrupted;
  Clock::time_point now = Clock::now();
  if (run->lastCheck == Clock::time_point())
    run->lastCheck = now;
  if (!run->isInterrupted && now - run->lastCheck >= checkInterval) {
    run->isInterrupted = run->checkSignals();
    run->lastCheck = Clock::now();
  }
  return run->isInterrupted;
}

bool InterruptibleRun::checkSignals() {
  PyEval_RestoreThread(state);
  // A raised KeyboardInterrupt stays in the thread state until the run is over.
  bool isRaised = PyErr_CheckSignals() != 0;
  state = PyEval_SaveThread();
  return isRaised;
}

} // namespace keops::python
