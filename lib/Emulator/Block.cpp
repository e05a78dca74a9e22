// A phase lets every thread run to its next barrier, or to its end. The order of the threads turns
// round from phase to phase, so that a result which depends on it shows.
#include "Block.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

using namespace keops::emulator;

static constexpr size_t sharedAlignment = 64;
/// On a GPU the memory of a block holds what others left.
static constexpr int garbage = 0xA5;

KernelRun::KernelRun(const keops_emulated_kernel &kernel, const keops_launch &launch,
                     int64_t blocks, FiberPool &fibers)
    : kernel(kernel), launch(launch), blocks(blocks), fibers(fibers),
      threads(size_t(kernel.threads)) {
  fibers.reserve(threads.size());
  shared = static_cast<char *>(
      ::operator new(size_t(kernel.shared_bytes), std::align_val_t(sharedAlignment)));
}

KernelRun::~KernelRun() { ::operator delete(shared, std::align_val_t(sharedAlignment)); }

void KernelRun::startThread(void *data) {
  auto *thread = static_cast<Thread *>(data);
  thread->run->kernel.run(&thread->run->launch, thread);
  ++thread->run->done;
}

void KernelRun::waitAtBarrier(keops_thread *caller, int32_t which) {
  auto *thread = static_cast<Thread *>(caller);
  thread->waitsAt = which;
  thread->fiber->suspend();
}

void KernelRun::noteAccess(keops_thread *caller, const void *address, int64_t bytes, int32_t kind) {
  auto *thread = static_cast<Thread *>(caller);
  KernelRun &run = *thread->run;
  if (run.fibers.contains(address))
    return;
  // No exception may pass through compiled code or leave a fiber.
  try {
    run.note(*thread, reinterpret_cast<uintptr_t>(address), uintptr_t(bytes), kind);
  } catch (const std::bad_alloc &) {
    run.outcome.step = KEOPS_STEP_NO_MEMORY;
  }
  if (run.outcome.step != KEOPS_STEP_OK)
    thread->fiber->suspend(); // for good
}

bool KernelRun::isShared(uintptr_t address) const {
  return address - reinterpret_cast<uintptr_t>(shared) < uintptr_t(kernel.shared_bytes);
}

void KernelRun::note(const Thread &thread, uintptr_t address, uintptr_t bytes, int32_t kind) {
  if (kind == KEOPS_ACCESS_ATOMIC)
    return order.synchronise(thread.thread, {isShared(address) ? thread.block : -1, address});
  bool isWrite = kind == KEOPS_ACCESS_WRITE;
  Shadow &shadow = isShared(address) ? sharedShadow : globalShadow;
  Conflict conflict;
  if (shadow.note(order, order.now(thread.thread), address, bytes, isWrite, conflict))
    fail(describe(conflict, thread, isWrite));
}

std::string KernelRun::formatAddress(uintptr_t address) const {
  char text[64];
  if (isShared(address))
    std::snprintf(text, sizeof(text), "byte %zu of workgroup memory",
                  address - reinterpret_cast<uintptr_t>(shared));
  else
    std::snprintf(text, sizeof(text), "address 0x%zx", address);
  return text;
}

std::string KernelRun::describe(const Conflict &conflict, const Thread &thread,
                                bool isWrite) const {
  auto name = [](int64_t thread, int64_t block) {
    return "thread " + std::to_string(thread) + " of block " + std::to_string(block);
  };
  const Actor &earlier = conflict.earlier;
  return "data race at " + formatAddress(conflict.address) + ": " +
         name(thread.thread, thread.block) + (isWrite ? " writes" : " reads") + " what " +
         name(earlier.thread(), earlier.block()) + (conflict.wasWrite ? " wrote" : " read") +
         (earlier.block() == thread.block ? ", with no barrier between the two"
                                          : ", and nothing orders the two blocks");
}

void KernelRun::fail(const std::string &what) {
  outcome.step = KEOPS_STEP_FAULT;
  outcome.fault = "kernel '" + std::string(kernel.name) + "': " + what;
}

void KernelRun::beginThreads(int64_t block) {
  for (size_t k = 0; k < threads.size(); ++k) {
    Thread &thread = threads[k];
    static_cast<keops_thread &>(thread) = {int64_t(k), block,         blocks,    kernel.threads,
                                           shared,     waitAtBarrier, noteAccess};
    thread.run = this;
    thread.fiber = &fibers[k];
    thread.fiber->begin(startThread, &thread);
  }
}

void KernelRun::runPhase() {
  for (size_t k = 0; k < threads.size() && outcome.step == KEOPS_STEP_OK; ++k)
    threads[phase % 2 ? threads.size() - 1 - k : k].fiber->resume();
}

void KernelRun::checkMeeting() {
  auto isDone = [](const Thread &thread) { return thread.fiber->isDone(); };
  auto waiting = std::find_if_not(threads.begin(), threads.end(), isDone);
  if (waiting == threads.end())
    return;
  auto other = std::find_if(threads.begin(), threads.end(), [&](const Thread &thread) {
    return isDone(thread) || thread.waitsAt != waiting->waitsAt;
  });
  if (other == threads.end())
    return;
  fail("divergent barrier in block " + std::to_string(waiting->block) + ": thread " +
       std::to_string(waiting->thread) + " waits at barrier " + std::to_string(waiting->waitsAt) +
       ", thread " + std::to_string(other->thread) +
       (isDone(*other) ? " has returned" : " at barrier " + std::to_string(other->waitsAt)));
}

bool KernelRun::isCancelled() const {
  const keops_args &args = launch.args;
  return (args.cancel && *static_cast<const volatile int32_t *>(args.cancel)) ||
         (args.poll && args.poll(args.poll_data));
}

void KernelRun::runBlock(int64_t block) {
  std::memset(shared, garbage, size_t(kernel.shared_bytes));
  sharedShadow.clear();
  order.beginBlock(block);
  beginThreads(block);
  done = phase = 0;
  for (; outcome.step == KEOPS_STEP_OK && done < kernel.threads; ++phase) {
    runPhase();
    order.passBarrier();
    if (outcome.step == KEOPS_STEP_OK)
      checkMeeting();
    if (outcome.step == KEOPS_STEP_OK && isCancelled())
      outcome.step = KEOPS_STEP_CANCELLED;
  }
}
