// Small samples. Bit counts go by nibble look-up inside registers: constant time. The only table in memory is read at
// the positions of what is skipped, which say nothing about what is kept.
#include "../../base/simd.hpp"
#include "backend.hpp"

namespace heflow::avx2 {
namespace {

using Vec = __m256i;

inline Vec load(const std::uint64_t* p) { return _mm256_loadu_si256(reinterpret_cast<const Vec*>(p)); }
inline Vec broadcast(std::uint64_t x) { return _mm256_set1_epi64x(static_cast<long long>(x)); }

// Entry m: the numbers of the bits of m that are 0, one a byte, from the lowest up.
struct Kept {
  std::uint64_t of[256];
};

constexpr Kept make_kept() {
  Kept kept{};
  for (unsigned m = 0; m < 256; ++m) {
    unsigned at = 0;
    for (std::uint64_t i = 0; i < 8; ++i) {
      if ((m >> i & 1) == 0) kept.of[m] |= i << (8 * at++);
    }
  }
  return kept;
}

constexpr Kept kKept = make_kept();
constexpr std::uint64_t kUpperHalf = 0x0808080808080808;

// Sum of bits 0..20 less sum of bits 32..52 of each word; nothing else is set.
inline Vec difference(Vec x) {
  const Vec table = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const Vec nibble = _mm256_set1_epi8(15);
  const Vec low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, nibble));
  const Vec high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
  // Bytes of the lower half count for, those of the upper half against.
  const Vec pairs = _mm256_maddubs_epi16(_mm256_add_epi8(low, high), broadcast(0xffffffff01010101));
  const Vec halves = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  return _mm256_add_epi32(halves, _mm256_srli_epi64(halves, 32));
}

// The low bytes of eight words.
inline void store_bytes(std::int8_t* out, Vec a, Vec b) {
  const Vec bytes = _mm256_setr_epi8(0, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 8, -1, -1, -1, -1,
                                     -1, -1, -1, -1, -1, -1, -1, -1);
  const Vec first = _mm256_shuffle_epi8(a, bytes), second = _mm256_slli_epi64(_mm256_shuffle_epi8(b, bytes), 32);
  const Vec all = _mm256_or_si256(first, second);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out),
                   _mm_or_si128(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
}

}  // namespace

bool cut_below(std::uint64_t* words, std::size_t count, std::uint64_t mask, std::uint64_t p) noexcept {
  const Vec bits = broadcast(mask), last = broadcast(p - 1);
  Vec beyond = _mm256_setzero_si256();
  for (std::size_t i = 0; i < count; i += 4) {
    const Vec x = _mm256_and_si256(load(words + i), bits);
    beyond = _mm256_or_si256(beyond, _mm256_sub_epi64(last, x));
    _mm256_storeu_si256(reinterpret_cast<Vec*>(words + i), x);
  }
  return _mm256_movemask_pd(_mm256_castsi256_pd(beyond)) == 0;
}

std::size_t ternary(std::int8_t* out, const std::uint8_t* bytes, std::size_t count) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; i += 8) {
    // Eight pairs to eight bytes, four times.
    Vec x = _mm256_cvtepu16_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + i)));
    x = _mm256_and_si256(_mm256_or_si256(x, _mm256_slli_epi64(x, 24)), broadcast(0x000000ff000000ff));
    x = _mm256_and_si256(_mm256_or_si256(x, _mm256_slli_epi64(x, 12)), broadcast(0x000f000f000f000f));
    x = _mm256_and_si256(_mm256_or_si256(x, _mm256_slli_epi64(x, 6)), broadcast(0x0303030303030303));
    const auto skipped = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8(3))));
    const std::uint32_t masks[4] = {skipped & 255, skipped >> 8 & 255, skipped >> 16 & 255, skipped >> 24};
    const Vec order =
        _mm256_set_epi64x(static_cast<long long>(kKept.of[masks[3]] | kUpperHalf), static_cast<long long>(kKept.of[masks[2]]),
                          static_cast<long long>(kKept.of[masks[1]] | kUpperHalf), static_cast<long long>(kKept.of[masks[0]]));
    const Vec values = _mm256_shuffle_epi8(_mm256_sub_epi8(x, _mm256_set1_epi8(1)), order);
    const std::uint64_t parts[4] = {static_cast<std::uint64_t>(_mm256_extract_epi64(values, 0)),
                                    static_cast<std::uint64_t>(_mm256_extract_epi64(values, 1)),
                                    static_cast<std::uint64_t>(_mm256_extract_epi64(values, 2)),
                                    static_cast<std::uint64_t>(_mm256_extract_epi64(values, 3))};
    for (int k = 0; k < 4; ++k) {
      __builtin_memcpy(out + kept, &parts[k], sizeof parts[k]);
      kept += 8 - static_cast<unsigned>(__builtin_popcount(masks[k]));
    }
  }
  return kept;
}

void centred_binomial21(std::int8_t* out, const std::uint64_t* words, std::size_t third) noexcept {
  const Vec low = broadcast(0x1fffff), high = broadcast(std::uint64_t{0x1fffff} << 32);
  const auto within = [&](Vec x) {
    return difference(_mm256_or_si256(_mm256_and_si256(x, low), _mm256_and_si256(_mm256_slli_epi64(x, 11), high)));
  };
  const auto across = [&](Vec x, Vec y) {
    return difference(_mm256_or_si256(_mm256_srli_epi64(x, 43), _mm256_and_si256(_mm256_srli_epi64(y, 11), high)));
  };
  for (std::size_t i = 0; i < third; i += 8) {
    const Vec x0 = load(words + i), x1 = load(words + i + 4), y0 = load(words + third + i), y1 = load(words + third + i + 4);
    store_bytes(out + i, within(x0), within(x1));
    store_bytes(out + third + i, within(y0), within(y1));
    store_bytes(out + 2 * third + i, across(x0, y0), across(x1, y1));
  }
}

}  // namespace heflow::avx2

namespace heflow {

const RandomKernels kAvx2RandomKernels = {8, &avx2::chacha20, &avx2::cut_below, &avx2::ternary, &avx2::centred_binomial21};

}  // namespace heflow
