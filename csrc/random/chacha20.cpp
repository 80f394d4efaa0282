#include "chacha20.hpp"

#include "../base/isa.hpp"
#include "kernels.hpp"

namespace heflow {

void chacha20(std::uint8_t* out, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
              std::size_t blocks) noexcept {
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (blocks >= 16 && runs_avx512ifma()) {
    const std::size_t whole = blocks / 16 * 16;
    chacha20_avx512(out, key, nonce, counter, whole);
    out += 64 * whole, counter += whole, blocks -= whole;
  }
#endif
  chacha20_portable(out, key, nonce, counter, blocks);
}

}  // namespace heflow
