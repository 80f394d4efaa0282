#include "chacha20.hpp"

#include <cstring>

#include "../base/isa.hpp"
#include "../base/wipe.hpp"
#include "kernels.hpp"

namespace heflow {

void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept {
#if defined(HEFLOW_HAVE_AVX512IFMA)
  constexpr std::size_t kGroup = 16, kFew = 3;  // so few are faster one by one
  if (blocks > kFew && runs_avx512ifma()) {
    const std::size_t whole = blocks / kGroup * kGroup;
    chacha20_avx512(out, key, nonce, counter, whole);
    out += 64 * whole, counter += whole, blocks -= whole;
    if (blocks > kFew) {
      std::uint8_t group[64 * kGroup];
      chacha20_avx512(group, key, nonce, counter, kGroup);
      std::memcpy(out, group, 64 * blocks);
      wipe(group, sizeof group);
      return;
    }
  }
#endif
  chacha20_portable(out, key, nonce, counter, blocks);
}

}  // namespace heflow
