// One registration with pthread_atfork for all mutexes of the runtime.
#include "keops/Runtime/ForkSafety.h"

#include <atomic>
#include <pthread.h>
#include <vector>

namespace keops {

namespace {

struct Registry {
  std::mutex guard;
  std::vector<std::mutex *> mutexes;
  std::atomic<uint64_t> generation{0};
};

Registry &getRegistry();

void lockAll() {
  Registry &registry = getRegistry();
  registry.guard.lock();
  for (std::mutex *mutex : registry.mutexes)
    mutex->lock();
}

void unlockAll() {
  Registry &registry = getRegistry();
  for (std::mutex *mutex : registry.mutexes)
    mutex->unlock();
  registry.guard.unlock();
}

void enterChild() {
  ++getRegistry().generation;
  unlockAll();
}

Registry &getRegistry() {
  static Registry *registry = [] {
    pthread_atfork(lockAll, unlockAll, enterChild);
    return new Registry;
  }();
  return *registry;
}

} // namespace

std::mutex &createForkSafeMutex() {
  auto *mutex = new std::mutex;
  Registry &registry = getRegistry();
  std::lock_guard lock(registry.guard);
  registry.mutexes.push_back(mutex);
  return *mutex;
}

uint64_t getForkGeneration() { return getRegistry().generation; }

} // namespace keops
