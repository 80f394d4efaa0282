// One pool of threads for the process: started on first use, left behind at fork and started anew.
#pragma once

#include <cstddef>
#include <exception>

namespace heflow {

// Threads that take part in a parallel loop, the caller included. Default: HEFLOW_NUM_THREADS, else the CPUs
// that this process may use. Error(parameter) if HEFLOW_NUM_THREADS or n is not a number in 1..1024.
std::size_t thread_count();
void set_thread_count(std::size_t n);

// Asked by the calling thread at least every 50 ms; true stops the loop with Interrupted.
using InterruptCheck = bool (*)();
void set_interrupt_check(InterruptCheck check) noexcept;

class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

namespace detail {
using TileFunction = void (*)(const void* body, std::size_t tile);
void run_tiles(std::size_t tiles, TileFunction function, const void* body);
}  // namespace detail

}  // namespace heflow
