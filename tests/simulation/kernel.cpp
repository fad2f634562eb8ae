#include "tests/simulation/kernel.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace flink::simulation {
namespace {

Kernel* theKernel = nullptr;
/// The lane whose item the calling thread runs.
thread_local Lane* currentLane = nullptr;

constexpr Duration kLookAtClock = std::chrono::nanoseconds(100);
constexpr Duration kLongestStep = std::chrono::microseconds(20);
constexpr std::int64_t kEpochMs = 1'700'000'000'000;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6U) + (hash >> 2U);
  hash *= 0xff51afd7ed558ccdULL;
  return hash ^ (hash >> 33U);
}

}  // namespace

// --- lanes ---------------------------------------------------------------------------------------

void Lane::postAfter(Duration delay, std::function<void()> fn) {
  if (closed_) return;
  MonotonicTime due = kernel_.now() + delay;
  if (!queue_.empty()) due = std::max(due, queue_.back().due);
  queue_.push_back({due, std::move(fn)});
}

void Lane::close() {
  closed_ = true;
  // What is dropped may post as it goes.
  const auto dropped = std::exchange(queue_, {});
}

void Lane::closeAndWait() {
  close();
  if (busy_ && !isCurrent()) kernel_.park([this] { return !busy_; });
}

bool Lane::isCurrent() const {
  return currentLane == this;
}

// --- time and chance -----------------------------------------------------------------------------

MonotonicTime Kernel::SimulatedClock::now() const {
  kernel_.now_ += kLookAtClock;
  return kernel_.now_;
}

EpochMillis Kernel::SimulatedClock::wallMillis() const {
  const auto passed =
      std::chrono::duration_cast<std::chrono::milliseconds>(kernel_.now_.time_since_epoch());
  return static_cast<EpochMillis>(kEpochMs + passed.count());
}

Kernel::Kernel(std::uint64_t seed) : clock_(*this), rng_(makeSeededRng(seed)), hash_(mix(0, seed)) {
  FLINK_CHECK(theKernel == nullptr, "one simulation at a time");
  theKernel = this;
  now_ += std::chrono::hours(1);
}

Kernel::~Kernel() {
  {
    const std::lock_guard lock(baton_);
    FLINK_CHECK(parked_.empty(), "a simulation ends while something waits inside it");
    ending_ = true;
    for (Waiter* waiter : idle_) {
      waiter->hasBaton = true;
      waiter->wakeUp.notify_one();
    }
  }
  for (auto& thread : threads_) thread.join();
  theKernel = nullptr;
}

Kernel& Kernel::current() {
  FLINK_CHECK(theKernel != nullptr, "there is no simulation");
  return *theKernel;
}

Process* Kernel::runningProcess() {
  return currentLane == nullptr ? nullptr : currentLane->process().get();
}

std::uint64_t Kernel::below(std::uint64_t bound) {
  if (bound < 2) return 0;
  const std::uint64_t drawn = rng_->below(bound);
  trace(drawn);
  return drawn;
}

bool Kernel::chance(double probability) {
  return probability > 0 && below(1'000'000) < static_cast<std::uint64_t>(probability * 1'000'000);
}

Duration Kernel::upTo(Duration longest) {
  return Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(longest.count()))));
}

std::unique_ptr<Rng> Kernel::makeRng() {
  return makeSeededRng(rng_->next());
}

void Kernel::trace(std::uint64_t what) {
  hash_ = mix(hash_, what);
}

// --- lanes and timers ----------------------------------------------------------------------------

std::shared_ptr<Lane> Kernel::makeLane(ProcessRef process) {
  auto lane = std::make_shared<Lane>(*this, nextLane_++, std::move(process));
  lanes_.push_back(lane);
  return lane;
}

Kernel::TimerId Kernel::schedule(const std::shared_ptr<Lane>& lane, Duration after,
                                 std::function<void()> fn) {
  const TimerId id = nextTimer_++;
  const MonotonicTime due = now_ + after;
  timers_.emplace(std::pair(due, id), Timer{lane, std::move(fn)});
  timerDue_.emplace(id, due);
  return id;
}

void Kernel::cancel(TimerId timer) {
  const auto found = timerDue_.find(timer);
  if (found == timerDue_.end()) return;
  const auto entry = timers_.find({found->second, timer});
  const Timer dropped = std::move(entry->second);  // destroyed when the tables are in order again
  timers_.erase(entry);
  timerDue_.erase(found);
}

void Kernel::runDueTimers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    const auto first = timers_.begin();
    Timer timer = std::move(first->second);
    timerDue_.erase(first->first.second);
    timers_.erase(first);
    if (const auto lane = timer.lane.lock()) lane->post(std::move(timer.fn));
  }
}

bool Kernel::advanceClock() {
  MonotonicTime next = MonotonicTime::max();
  for (const auto& weak : lanes_) {
    const auto lane = weak.lock();
    if (lane == nullptr || lane->busy_ || lane->queue_.empty()) continue;
    next = std::min(next, std::max(lane->queue_.front().due, lane->stalledUntil_));
  }
  if (!timers_.empty()) next = std::min(next, timers_.begin()->first.first);
  if (next == MonotonicTime::max()) return false;
  now_ = std::max(now_, next);
  return true;
}

// --- what happens next ---------------------------------------------------------------------------

void Kernel::runItem(const std::shared_ptr<Lane>& lane) {
  auto fn = std::move(lane->queue_.front().fn);
  lane->queue_.pop_front();
  lane->busy_ = true;
  Lane* const outer = std::exchange(currentLane, lane.get());
  fn();
  fn = nullptr;  // what it holds goes while this lane still is the current one
  currentLane = outer;
  lane->busy_ = false;
  now_ += upTo(kLongestStep);
}

bool Kernel::step(Waiter& self) {
  runDueTimers();
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < parked_.size(); ++i) {
    if ((*parked_[i].ready)()) ready.push_back(i);
  }
  const std::size_t numParked = ready.size();
  std::vector<std::shared_ptr<Lane>> lanes;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    auto lane = lanes_[i].lock();
    if (lane == nullptr) continue;
    lanes_[kept++] = lanes_[i];
    if (lane->busy_ || lane->queue_.empty() || lane->queue_.front().due > now_ ||
        lane->stalledUntil_ > now_)
      continue;
    lanes.push_back(std::move(lane));
  }
  lanes_.resize(kept);
  if (numParked + lanes.size() == 0) return advanceClock();

  ++steps_;
  const std::size_t chosen = below(numParked + lanes.size());
  if (chosen < numParked) {
    const Parked parked = parked_[ready[chosen]];
    parked_.erase(parked_.begin() + static_cast<std::ptrdiff_t>(ready[chosen]));
    trace(ready[chosen]);
    idle_.push_back(&self);
    passTo(*parked.waiter, &self);
    return true;
  }
  const auto& lane = lanes[chosen - numParked];
  trace(lane->number_);
  trace(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  if (chance(stallProbability_)) {
    lane->stalledUntil_ = now_ + upTo(longestStall_);
    return true;
  }
  runItem(lane);
  return true;
}

// --- the baton -----------------------------------------------------------------------------------

void Kernel::passTo(Waiter& next, Waiter* self) {
  std::unique_lock lock(baton_);
  next.hasBaton = true;
  next.wakeUp.notify_one();
  if (self == nullptr) return;
  self->wakeUp.wait(lock, [&] { return self->hasBaton; });
  self->hasBaton = false;
}

Kernel::Waiter* Kernel::idleWaiter() {
  if (idle_.empty()) {
    std::unique_lock lock(baton_);
    bool started = false;
    std::condition_variable told;
    threads_.emplace_back([this, &started, &told] {
      Waiter self;
      std::unique_lock inner(baton_);
      idle_.push_back(&self);
      started = true;
      told.notify_one();
      self.wakeUp.wait(inner, [&] { return self.hasBaton; });
      self.hasBaton = false;
      inner.unlock();
      drive(self);
    });
    told.wait(lock, [&] { return started; });
  }
  Waiter* const waiter = idle_.back();
  idle_.pop_back();
  return waiter;
}

void Kernel::drive(Waiter& self) {
  while (!ending_) {
    const bool done = done_();
    if (done || now_ > limit_ || !step(self)) {
      outcome_ = done;
      idle_.push_back(&self);
      passTo(owner_, &self);
    }
  }
}

void Kernel::park(const std::function<bool()>& ready) {
  FLINK_CHECK(currentLane != nullptr, "only what runs inside the simulation waits in it");
  if (ready()) return;
  Waiter self;
  parked_.push_back({&ready, &self});
  passTo(*idleWaiter(), &self);
}

bool Kernel::run(std::function<bool()> done, Duration limit) {
  done_ = std::move(done);
  limit_ = now_ + limit;
  passTo(*idleWaiter(), &owner_);
  return outcome_;
}

}  // namespace flink::simulation
