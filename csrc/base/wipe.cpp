#include "wipe.hpp"

#include <cstring>

namespace heflow {

void wipe(void* memory, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  std::memset(memory, 0, bytes);
  __asm__ __volatile__("" : : "r"(memory) : "memory");  // the stores are observed here
}

}  // namespace heflow
