#include "../../base/simd.hpp"
#include "../kernels.hpp"

namespace heflow {
namespace {

// By so many bytes.
constexpr std::uint64_t kBy256[2] = {power(2048 + 63), power(2048 - 1)};
constexpr std::uint64_t kBy64[2] = {power(512 + 63), power(512 - 1)};
constexpr std::uint64_t kBy16[2] = {power(128 + 63), power(128 - 1)};

inline __m128i constants(const std::uint64_t* by) {
  return _mm_set_epi64x(static_cast<long long>(by[1]), static_cast<long long>(by[0]));
}

inline __m512i load(const std::uint8_t* p) { return _mm512_loadu_si512(p); }

// Four registers side by side, moved on, plus what stands there.
inline __m512i fold(__m512i r, __m512i by, __m512i next) {
  constexpr int kXor = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(r, by, 0x00), _mm512_clmulepi64_epi128(r, by, 0x11), next, kXor);
}

inline __m128i fold(__m128i r, __m128i by, __m128i next) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(r, by, 0x00), _mm_clmulepi64_si128(r, by, 0x11)), next);
}

}  // namespace

std::size_t fold_checksum_avx512(std::uint8_t* folded, const std::uint8_t* data, std::size_t bytes,
                                 std::uint64_t crc) noexcept {
  const __m512i by256 = _mm512_broadcast_i32x4(constants(kBy256)), by64 = _mm512_broadcast_i32x4(constants(kBy64));
  const __m128i by16 = constants(kBy16);
  __m512i r0 = _mm512_xor_si512(load(data), _mm512_zextsi128_si512(_mm_cvtsi64_si128(static_cast<long long>(crc))));
  __m512i r1 = load(data + 64), r2 = load(data + 128), r3 = load(data + 192);
  std::size_t at = 256;
  for (; at + 256 <= bytes; at += 256) {
    r0 = fold(r0, by256, load(data + at)), r1 = fold(r1, by256, load(data + at + 64));
    r2 = fold(r2, by256, load(data + at + 128)), r3 = fold(r3, by256, load(data + at + 192));
  }
  r3 = fold(fold(fold(r0, by64, r1), by64, r2), by64, r3);
  for (; at + 64 <= bytes; at += 64) r3 = fold(r3, by64, load(data + at));
  __m128i last = _mm512_castsi512_si128(r3);
  last = fold(last, by16, _mm512_extracti32x4_epi32(r3, 1));
  last = fold(last, by16, _mm512_extracti32x4_epi32(r3, 2));
  last = fold(last, by16, _mm512_extracti32x4_epi32(r3, 3));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded), last);
  return at;
}

}  // namespace heflow
