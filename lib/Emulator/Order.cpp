// Vector clocks, with one hand for a whole block where its barriers allow that.
#include "Order.h"

#include <algorithm>

using namespace keops::emulator;

template <typename Key>
static void joinHands(std::map<Key, uint32_t> &hands, const std::map<Key, uint32_t> &others) {
  for (const auto &[key, time] : others)
    hands[key] = std::max(hands[key], time);
}

template <typename Key>
static bool isPast(const std::map<Key, uint32_t> &hands, const Key &key, uint32_t time) {
  auto found = hands.find(key);
  return found != hands.end() && time < found->second;
}

void Order::Clock::join(const Clock &other) {
  joinHands(blocks, other.blocks);
  joinHands(threads, other.threads);
}

bool Order::Clock::covers(const Actor &earlier) const {
  return isPast(blocks, earlier.block(), earlier.time()) ||
         isPast(threads, {earlier.block(), earlier.thread()}, earlier.time());
}

void Order::beginBlock(int64_t newBlock) {
  block = newBlock;
  passBarrier();
  known = {};
}

void Order::passBarrier() {
  for (const auto &[thread, clock] : acquired)
    known.join(clock);
  acquired.clear();
  phaseBegin = ++time;
}

void Order::synchronise(int64_t thread, const Place &place) {
  Clock &clock = released[place], &mine = acquired[thread];
  mine.join(clock);
  clock.join(mine);
  clock.join(known);
  clock.blocks[block] = phaseBegin;
  clock.threads[{block, thread}] = ++time;
}

bool Order::isKnown(const Actor &earlier, const Actor &now) const {
  auto own = acquired.find(now.thread());
  return known.covers(earlier) || (own != acquired.end() && own->second.covers(earlier));
}
