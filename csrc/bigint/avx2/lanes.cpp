// Rows to lanes and back: 4 x 4 transposes, and the split between 64-bit words and 51-bit limbs.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::bigint::avx2 {
namespace {

constexpr unsigned kMaxWords = 2 * kMaxLimbs;

// out[j] lane i = in[i] lane j.
HEFLOW_INLINE void transpose(Vec (&out)[4], const Vec (&in)[4]) {
  const Vec a = _mm256_unpacklo_epi64(in[0], in[1]), b = _mm256_unpackhi_epi64(in[0], in[1]);
  const Vec c = _mm256_unpacklo_epi64(in[2], in[3]), d = _mm256_unpackhi_epi64(in[2], in[3]);
  out[0] = _mm256_permute2x128_si256(a, c, 0x20);
  out[1] = _mm256_permute2x128_si256(b, d, 0x20);
  out[2] = _mm256_permute2x128_si256(a, c, 0x31);
  out[3] = _mm256_permute2x128_si256(b, d, 0x31);
}

HEFLOW_INLINE Vec load(const Word* p) { return _mm256_loadu_si256(reinterpret_cast<const Vec*>(p)); }
HEFLOW_INLINE void store(Word* p, Vec x) { _mm256_storeu_si256(reinterpret_cast<Vec*>(p), x); }

}  // namespace

void load_rows(Word* r, const Word* const* rows, unsigned width) noexcept {
  unsigned g = 0;
  for (; g + 4 <= width; g += 4) {
    const Vec in[4] = {load(rows[0] + g), load(rows[1] + g), load(rows[2] + g), load(rows[3] + g)};
    Vec out[4];
    transpose(out, in);
    for (unsigned i = 0; i < 4; ++i) vec(r)[g + i] = out[i];
  }
  for (; g < width; ++g) {
    for (unsigned l = 0; l < kLanes; ++l) r[g * kLanes + l] = rows[l][g];
  }
}

void store_rows(Word* const* rows, const Word* x, unsigned width) noexcept {
  unsigned g = 0;
  for (; g + 4 <= width; g += 4) {
    const Vec in[4] = {vec(x)[g], vec(x)[g + 1], vec(x)[g + 2], vec(x)[g + 3]};
    Vec out[4];
    transpose(out, in);
    for (unsigned l = 0; l < kLanes; ++l) store(rows[l] + g, out[l]);
  }
  for (; g < width; ++g) {
    for (unsigned l = 0; l < kLanes; ++l) rows[l][g] = x[g * kLanes + l];
  }
}

void load_words(Word* r, unsigned limbs, const Word* const* rows, unsigned words) noexcept {
  alignas(64) Word staged[kLanes * (kMaxWords + 1)];
  load_rows(staged, rows, words);
  vec(staged)[words] = zero();
  for (unsigned i = 0; i < limbs; ++i) {
    const unsigned bit = kRadix * i, k = bit / 64, shift = bit % 64;
    Vec limb = zero();
    if (k < words) {
      limb = _mm256_srli_epi64(vec(staged)[k], static_cast<int>(shift));
      if (shift != 0) limb = either(limb, _mm256_slli_epi64(vec(staged)[k + 1], static_cast<int>(64 - shift)));
    }
    vec(r)[i] = low(limb);
  }
}

void store_words(Word* const* rows, unsigned words, const Word* x, unsigned limbs) noexcept {
  alignas(64) Word staged[kLanes * kMaxWords];
  for (unsigned k = 0; k < words; ++k) {
    const unsigned bit = 64 * k, i = bit / kRadix, shift = bit % kRadix;
    Vec word = i < limbs ? _mm256_srli_epi64(vec(x)[i], static_cast<int>(shift)) : zero();
    if (i + 1 < limbs) word = either(word, _mm256_slli_epi64(vec(x)[i + 1], static_cast<int>(kRadix - shift)));
    if (2 * kRadix - shift < 64 && i + 2 < limbs) {
      word = either(word, _mm256_slli_epi64(vec(x)[i + 2], static_cast<int>(2 * kRadix - shift)));
    }
    vec(staged)[k] = word;
  }
  store_rows(rows, staged, words);
}

}  // namespace heflow::bigint::avx2
