// Words to limbs and back; one lane, so rows of limbs are copied as they are.
#include "backend.hpp"
#include "montgomery.hpp"

namespace heflow::bigint::portable {

void load_words(Word* r, unsigned limbs, const Word* const* rows, unsigned words) noexcept {
  const Word* row = rows[0];
  for (unsigned i = 0; i < limbs; ++i) {
    const unsigned bit = kRadix * i, k = bit / 64, shift = bit % 64;
    Word limb = k < words ? row[k] >> shift : 0;
    if (shift > 64 - kRadix && k + 1 < words) limb |= row[k + 1] << (64 - shift);
    r[i] = limb & kMask;
  }
}

void store_words(Word* const* rows, unsigned words, const Word* x, unsigned limbs) noexcept {
  for (unsigned k = 0; k < words; ++k) {
    const unsigned bit = 64 * k, i = bit / kRadix, shift = bit % kRadix;
    Word word = i < limbs ? x[i] >> shift : 0;
    if (i + 1 < limbs) word |= x[i + 1] << (kRadix - shift);
    if (2 * kRadix - shift < 64 && i + 2 < limbs) word |= x[i + 2] << (2 * kRadix - shift);
    rows[0][k] = word;
  }
}

void load_rows(Word* r, const Word* const* rows, unsigned width) noexcept { copy(r, rows[0], width); }

void store_rows(Word* const* rows, const Word* x, unsigned width) noexcept { copy(rows[0], x, width); }

}  // namespace heflow::bigint::portable
