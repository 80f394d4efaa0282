#include "chacha20.hpp"

#include <cstring>

#include "../base/wipe.hpp"
#include "select.hpp"

namespace heflow {

void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept {
  constexpr std::size_t kFew = 3, kMost = 16;  // so few are faster one by one; blocks of a group
  const RandomKernels& kernels = random_kernels();
  if (blocks > kFew) {
    const std::size_t whole = blocks / kernels.group * kernels.group;
    kernels.chacha20(out, key, nonce, counter, whole);
    out += 64 * whole, counter += whole, blocks -= whole;
  }
  if (blocks <= kFew) return kPortableRandomKernels.chacha20(out, key, nonce, counter, blocks);
  std::uint8_t group[64 * kMost];
  kernels.chacha20(group, key, nonce, counter, kernels.group);
  std::memcpy(out, group, 64 * blocks);
  wipe(group, sizeof group);
}

}  // namespace heflow
