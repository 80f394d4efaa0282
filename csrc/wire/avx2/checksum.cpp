#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow {
namespace {

constexpr std::uint64_t kFar[2] = {power(512 + 63), power(512 - 1)};
constexpr std::uint64_t kNear[2] = {power(128 + 63), power(128 - 1)};

inline __m128i load(const std::uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }

inline __m128i moved(__m128i r, __m128i by) {
  return _mm_xor_si128(_mm_clmulepi64_si128(r, by, 0x00), _mm_clmulepi64_si128(r, by, 0x11));
}

}  // namespace

std::size_t fold_checksum(std::uint8_t* folded, const std::uint8_t* data, std::size_t bytes, std::uint64_t crc) noexcept {
  const __m128i far = _mm_set_epi64x(static_cast<long long>(kFar[1]), static_cast<long long>(kFar[0]));
  const __m128i near = _mm_set_epi64x(static_cast<long long>(kNear[1]), static_cast<long long>(kNear[0]));
  __m128i r0 = _mm_xor_si128(load(data), _mm_cvtsi64_si128(static_cast<long long>(crc)));
  __m128i r1 = load(data + 16), r2 = load(data + 32), r3 = load(data + 48);
  std::size_t at = 64;
  for (; at + 64 <= bytes; at += 64) {
    r0 = _mm_xor_si128(moved(r0, far), load(data + at));
    r1 = _mm_xor_si128(moved(r1, far), load(data + at + 16));
    r2 = _mm_xor_si128(moved(r2, far), load(data + at + 32));
    r3 = _mm_xor_si128(moved(r3, far), load(data + at + 48));
  }
  r1 = _mm_xor_si128(r1, moved(r0, near));
  r2 = _mm_xor_si128(r2, moved(r1, near));
  r3 = _mm_xor_si128(r3, moved(r2, near));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded), r3);
  return at;
}

}  // namespace heflow
