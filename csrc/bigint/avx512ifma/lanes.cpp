// Rows to lanes and back: 8 x 8 transposes, and the split between 64-bit words and 52-bit limbs.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

constexpr unsigned kMaxWords = 2 * kMaxLimbs;

// out[j] lane i = in[i] lane j.
HEFLOW_INLINE void transpose(Vec (&out)[8], const Vec (&in)[8]) {
  Vec a[8], b[8];
  unroll<0, 4>([&](auto i) HEFLOW_LAMBDA {
    a[2 * i] = _mm512_unpacklo_epi64(in[2 * i], in[2 * i + 1]);
    a[2 * i + 1] = _mm512_unpackhi_epi64(in[2 * i], in[2 * i + 1]);
  });
  unroll<0, 2>([&](auto i) HEFLOW_LAMBDA {
    b[4 * i] = _mm512_shuffle_i64x2(a[4 * i], a[4 * i + 2], 0x88);
    b[4 * i + 1] = _mm512_shuffle_i64x2(a[4 * i + 1], a[4 * i + 3], 0x88);
    b[4 * i + 2] = _mm512_shuffle_i64x2(a[4 * i], a[4 * i + 2], 0xdd);
    b[4 * i + 3] = _mm512_shuffle_i64x2(a[4 * i + 1], a[4 * i + 3], 0xdd);
  });
  unroll<0, 4>([&](auto i) HEFLOW_LAMBDA {
    out[i] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0x88);
    out[i + 4] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0xdd);
  });
}

HEFLOW_INLINE __mmask8 first_words(unsigned count) { return static_cast<__mmask8>(count >= 8 ? 0xff : (1u << count) - 1); }

}  // namespace

void load_rows(Word* r, const Word* const* rows, unsigned width) noexcept {
  for (unsigned g = 0; g < width; g += 8) {
    const __mmask8 mask = first_words(width - g);
    Vec in[8], out[8];
    unroll<0, 8>([&](auto l) HEFLOW_LAMBDA { in[l] = _mm512_maskz_loadu_epi64(mask, rows[l] + g); });
    transpose(out, in);
    unroll<0, 8>([&](auto i) HEFLOW_LAMBDA {
      if (g + i < width) vec(r)[g + i] = out[i];
    });
  }
}

void store_rows(Word* const* rows, const Word* x, unsigned width) noexcept {
  for (unsigned g = 0; g < width; g += 8) {
    const __mmask8 mask = first_words(width - g);
    Vec in[8], out[8];
    unroll<0, 8>([&](auto i) HEFLOW_LAMBDA { in[i] = g + i < width ? vec(x)[g + i] : zero(); });
    transpose(out, in);
    unroll<0, 8>([&](auto l) HEFLOW_LAMBDA { _mm512_mask_storeu_epi64(rows[l] + g, mask, out[l]); });
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
      limb = _mm512_srli_epi64(vec(staged)[k], shift);
      if (shift != 0) limb = _mm512_or_si512(limb, _mm512_slli_epi64(vec(staged)[k + 1], 64 - shift));
    }
    vec(r)[i] = low(limb);
  }
}

void store_words(Word* const* rows, unsigned words, const Word* x, unsigned limbs) noexcept {
  alignas(64) Word staged[kLanes * kMaxWords];
  for (unsigned k = 0; k < words; ++k) {
    const unsigned bit = 64 * k, i = bit / kRadix, shift = bit % kRadix;
    Vec word = i < limbs ? _mm512_srli_epi64(vec(x)[i], shift) : zero();
    if (i + 1 < limbs) word = _mm512_or_si512(word, _mm512_slli_epi64(vec(x)[i + 1], kRadix - shift));
    if (2 * kRadix - shift < 64 && i + 2 < limbs) {
      word = _mm512_or_si512(word, _mm512_slli_epi64(vec(x)[i + 2], 2 * kRadix - shift));
    }
    vec(staged)[k] = word;
  }
  store_rows(rows, staged, words);
}

}  // namespace heflow::bigint::avx512ifma
