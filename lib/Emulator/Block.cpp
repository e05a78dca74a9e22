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

template <typename Body>
void KernelRun::check(Thread &thread, Body body) {
  Outcome &outcome = thread.run->outcome;
  // No exception may pass through compiled code or leave a fiber.
  try {
    body(*thread.run);
  } catch (const std::bad_alloc &) {
    outcome.step = KEOPS_STEP_NO_MEMORY;
  }
  if (outcome.step != KEOPS_STEP_OK)
    thread.fiber->suspend(); // for good
}

void KernelRun::startThread(void *data) {
  auto *thread = static_cast<Thread *>(data);
  thread->run->kernel.run(&thread->run->launch, thread);
  check(*thread, [&](KernelRun &run) { run.checkEnd(*thread); });
  ++thread->run->done;
}

void KernelRun::waitAtBarrier(keops_thread *caller, int32_t which) {
  auto *thread = static_cast<Thread *>(caller);
  thread->waitsAt = which;
  thread->fiber->suspend();
  // Copies that the thread has not waited for may as well happen behind the barrier.
  check(*thread, [&](KernelRun &run) {
    for (const Copy &copy : thread->copies)
      run.noteCopy(*thread, copy);
  });
}

void KernelRun::noteAccess(keops_thread *caller, const void *address, int64_t bytes, int32_t kind) {
  auto *thread = static_cast<Thread *>(caller);
  check(*thread, [&](KernelRun &run) { run.note(*thread, address, uintptr_t(bytes), kind); });
}

//===-- Asynchronous copies -----------------------------------------------------------------===//

void KernelRun::beginCopy(keops_thread *caller, void *to, const void *from, int64_t bytes,
                          int32_t isWatched) {
  auto *thread = static_cast<Thread *>(caller);
  Copy copy = {to, from, size_t(bytes), isWatched != 0};
  check(*thread, [&](KernelRun &run) { run.checkCopy(*thread, copy); });
  check(*thread, [&](KernelRun &run) {
    run.noteCopy(*thread, copy);
    thread->copies.push_back(copy);
  });
}

/// As late as possible, so that who reads before finds what was there before.
void KernelRun::finishCopies(keops_thread *caller) {
  auto *thread = static_cast<Thread *>(caller);
  for (const Copy &copy : thread->copies)
    std::memcpy(copy.to, copy.from, copy.bytes);
  thread->copies.clear();
}

void KernelRun::noteCopy(const Thread &thread, const Copy &copy) {
  if (!copy.isWatched)
    return;
  note(thread, copy.from, copy.bytes, KEOPS_ACCESS_READ);
  note(thread, copy.to, copy.bytes, KEOPS_ACCESS_WRITE);
}

static std::string nameThread(int64_t thread, int64_t block) {
  return "thread " + std::to_string(thread) + " of block " + std::to_string(block);
}

/// This CPU copies what a GPU does not.
void KernelRun::checkCopy(const Thread &thread, const Copy &copy) {
  auto to = reinterpret_cast<uintptr_t>(copy.to), from = reinterpret_cast<uintptr_t>(copy.from);
  bool hasSize = copy.bytes == 4 || copy.bytes == 8 || copy.bytes == 16;
  if (!hasSize || (to | from) % copy.bytes || !isShared(to) || isShared(from))
    fail(nameThread(thread.thread, thread.block) + " copies " + std::to_string(copy.bytes) +
         " bytes asynchronously from " + formatAddress(from) + " to " + formatAddress(to) +
         ", expected 4, 8 or 16 from global to workgroup memory, aligned to as many");
}

void KernelRun::checkEnd(const Thread &thread) {
  if (!thread.copies.empty())
    fail(nameThread(thread.thread, thread.block) +
         " ends without having waited for the copies that it began");
}

bool KernelRun::isShared(uintptr_t address) const {
  return address - reinterpret_cast<uintptr_t>(shared) < uintptr_t(kernel.shared_bytes);
}

void KernelRun::note(const Thread &thread, const void *where, uintptr_t bytes, int32_t kind) {
  if (fibers.contains(where))
    return;
  auto address = reinterpret_cast<uintptr_t>(where);
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
  const Actor &earlier = conflict.earlier;
  return "data race at " + formatAddress(conflict.address) + ": " +
         nameThread(thread.thread, thread.block) + (isWrite ? " writes" : " reads") + " what " +
         nameThread(earlier.thread(), earlier.block()) + (conflict.wasWrite ? " wrote" : " read") +
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
    static_cast<keops_thread &>(thread) = {int64_t(k),     block,     blocks,
                                           kernel.threads, shared,    waitAtBarrier,
                                           noteAccess,     beginCopy, finishCopies};
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
