#include "pool.hpp"

#include <pthread.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../base/error.hpp"

namespace heflow {
namespace {

constexpr std::size_t kMostThreads = 1024;
constexpr auto kInterruptInterval = std::chrono::milliseconds(20);
// To wake a thread takes tens of microseconds, as long as a small loop: first look for work, yielding, this long.
constexpr auto kPatience = std::chrono::microseconds(50);

std::atomic<InterruptCheck> interrupt_check{nullptr};
std::atomic<std::size_t> chosen_count{0};  // 0: not chosen yet
thread_local bool inside_tile = false;

std::size_t available_cpus() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
#endif
  const unsigned n = std::thread::hardware_concurrency();
  return n == 0 ? 1 : n;
}

std::size_t default_count() {
  const char* text = std::getenv("HEFLOW_NUM_THREADS");
  if (text == nullptr || *text == '\0') return available_cpus();
  char* end = nullptr;
  const long n = std::strtol(text, &end, 10);
  if (*end != '\0' || n < 1 || n > static_cast<long>(kMostThreads)) {
    throw Error(ErrorKind::parameter, "HEFLOW_NUM_THREADS is '" + std::string(text) + "'; a number from 1 to 1024 is needed");
  }
  return static_cast<std::size_t>(n);
}

template <class Ready>
void linger(const Ready& ready) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!ready() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
}

struct Inside {
  Inside() { inside_tile = true; }
  ~Inside() { inside_tile = false; }
};

// One parallel loop. Lives as long as anyone holds it.
struct Loop {
  std::size_t tiles;
  detail::TileFunction function;
  const void* body;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable finished;
  std::atomic<std::size_t> working{0};  // helpers inside work(); changed under the mutex
  std::exception_ptr error;

  void fail(std::exception_ptr raised) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!error) error = raised;
    stop = true;
  }

  // Tiles until none is left; `between` is asked after each and may throw.
  template <class Between>
  void work(const Between& between) {
    const Inside inside;
    try {
      for (std::size_t tile; !stop && (tile = next++) < tiles;) {
        function(body, tile);
        between();
      }
    } catch (...) {
      fail(std::current_exception());
    }
  }
};

class Pool {
 public:
  // Threads beyond the caller's own take the loop if they are free.
  void offer(const std::shared_ptr<Loop>& loop, std::size_t helpers) {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (threads_ < helpers) {
      std::thread([this] { serve(); }).detach();
      ++threads_;
    }
    loop_ = loop;
    wanted_ = helpers;
    ++offers_;
    wake_.notify_all();
  }

  void withdraw(const std::shared_ptr<Loop>& loop) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (loop_ == loop) loop_.reset();
  }

 private:
  void serve() {
    pthread_setname();
    for (std::size_t seen = 0;;) {
      std::shared_ptr<Loop> loop;
      linger([&] { return offers_ != seen; });
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [this] { return loop_ != nullptr && wanted_ > 0; });
        loop = loop_, seen = offers_;
        --wanted_;
        const std::lock_guard<std::mutex> inner(loop->mutex);  // counted before withdraw() can return
        ++loop->working;
      }
      loop->work([] {});
      const std::lock_guard<std::mutex> lock(loop->mutex);
      if (--loop->working == 0) loop->finished.notify_all();
    }
  }

  static void pthread_setname() {
#if defined(__linux__)
    pthread_setname_np(pthread_self(), "heflow");
#endif
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<Loop> loop_;
  std::size_t wanted_ = 0, threads_ = 0;
  std::atomic<std::size_t> offers_{0};
};

// Never destroyed: its threads may run until the process ends. After fork the child has none of them and
// makes a new pool; the old one's memory is left as it is.
std::atomic<Pool*> pool{nullptr};
std::once_flag fork_handler;

Pool& current_pool() {
  std::call_once(fork_handler, [] { pthread_atfork(nullptr, nullptr, [] { pool = nullptr, inside_tile = false; }); });
  Pool* existing = pool;
  while (existing == nullptr) {
    auto* made = new Pool;
    if (pool.compare_exchange_strong(existing, made)) return *made;
    delete made;
  }
  return *existing;
}

// Calls the check, but not more often than it needs to be.
class Between {
 public:
  void operator()() {
    const InterruptCheck check = interrupt_check;
    const auto now = std::chrono::steady_clock::now();
    if (check == nullptr || now - last_ < kInterruptInterval) return;
    last_ = now;
    if (check()) throw Interrupted();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

std::size_t thread_count() {
  std::size_t count = chosen_count;
  if (count == 0) {
    count = default_count();
    chosen_count = count;
  }
  return count;
}

void set_thread_count(std::size_t n) {
  if (n < 1 || n > kMostThreads) {
    throw Error(ErrorKind::parameter, std::to_string(n) + " threads asked for; a number from 1 to 1024 is needed");
  }
  chosen_count = n;
}

void set_interrupt_check(InterruptCheck check) noexcept { interrupt_check = check; }

namespace detail {

void run_tiles(std::size_t tiles, TileFunction function, const void* body) {
  if (tiles == 0) return;
  if (inside_tile) {
    for (std::size_t tile = 0; tile < tiles; ++tile) function(body, tile);
    return;
  }
  if (tiles == 1) {  // nothing to share, and too short a loop to be interrupted
    const Inside inside;
    return function(body, 0);
  }
  const auto loop = std::make_shared<Loop>();
  loop->tiles = tiles;
  loop->function = function;
  loop->body = body;
  const std::size_t threads = thread_count(), helpers = (threads < tiles ? threads : tiles) - 1;
  Pool* offered = nullptr;
  if (helpers > 0) {
    offered = &current_pool();
    offered->offer(loop, helpers);
  }
  Between between;
  loop->work([&] { between(); });
  if (offered != nullptr) {
    offered->withdraw(loop);
    linger([&loop] { return loop->working == 0; });
    std::unique_lock<std::mutex> lock(loop->mutex);
    while (loop->working > 0) {
      if (loop->finished.wait_for(lock, kInterruptInterval) == std::cv_status::timeout) {
        lock.unlock();
        try {
          between();
        } catch (...) {
          loop->fail(std::current_exception());
        }
        lock.lock();
      }
    }
  }
  if (loop->error) std::rethrow_exception(loop->error);
}

}  // namespace detail
}  // namespace heflow
