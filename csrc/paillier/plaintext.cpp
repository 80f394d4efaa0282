#include "plaintext.hpp"

#include <algorithm>

#include "../base/constant_time.hpp"

namespace heflow::paillier {
namespace {

__extension__ typedef unsigned __int128 Wide;

Word word_at(const Natural& x, std::size_t i) { return i < x.size() ? x[i] : 0; }

// r = mask ? n - x : x, where x <= n.
void negate_if(Word* r, const Word* x, Word mask, const bigint::Modulus& modulus) {
  Word borrow = 0;
  for (std::size_t i = 0; i < modulus.words(); ++i) {
    const Wide difference = static_cast<Wide>(modulus.n()[i]) - x[i] - borrow;
    borrow = static_cast<Word>(difference >> 64) & 1;
    r[i] = ct_select(mask, static_cast<Word>(difference), x[i]);
  }
}

// x ^ mask + (mask & 1): two's complement negation under a mask.
template <class Source, class Sink>
void complement_if(std::size_t words, Word mask, const Source& source, const Sink& sink) {
  Word carry = mask & 1;
  for (std::size_t i = 0; i < words; ++i) {
    const Wide sum = static_cast<Wide>(source(i) ^ mask) + carry;
    carry = static_cast<Word>(sum >> 64);
    sink(i, static_cast<Word>(sum));
  }
}

// All ones if 2 x < n, else 0.
template <class Source>
Word below_half(std::size_t words, const Source& x, const Natural& n) {
  Word borrow = 0, above = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const Word doubled = (x(i) << 1) | above;
    above = x(i) >> 63;
    borrow = static_cast<Word>((static_cast<Wide>(doubled) - word_at(n, i) - borrow) >> 64) & 1;
  }
  return ct_mask(borrow & (above ^ 1));
}

}  // namespace

Word to_residue(Word* residue, const std::int64_t* m, std::size_t words_each, const bigint::Modulus& modulus) {
  const std::size_t words = modulus.words(), wide = std::max(words, words_each);
  const Word negative = ct_mask(static_cast<Word>(m[words_each - 1]) >> 63);
  Natural magnitude(wide, 0);
  complement_if(
      wide, negative, [&](std::size_t i) { return i < words_each ? static_cast<Word>(m[i]) : negative; },
      [&](std::size_t i, Word word) { magnitude[i] = word; });
  const Word fits = below_half(wide, [&](std::size_t i) { return magnitude[i]; }, modulus.n());
  negate_if(residue, magnitude.data(), negative, modulus);
  return fits;
}

Word from_residue(std::int64_t* m, std::size_t words_each, const Word* residue, const Natural& limit,
                  const bigint::Modulus& modulus) {
  const std::size_t words = modulus.words();
  const Word negative = ~below_half(words, [&](std::size_t i) { return residue[i]; }, modulus.n());
  Natural magnitude(std::max({words, words_each, limit.size()}), 0);
  negate_if(magnitude.data(), residue, negative, modulus);
  Word borrow = 0;  // of limit - |m|
  for (std::size_t i = 0; i < magnitude.size(); ++i) {
    borrow = static_cast<Word>((static_cast<Wide>(word_at(limit, i)) - magnitude[i] - borrow) >> 64) & 1;
  }
  complement_if(
      words_each, negative, [&](std::size_t i) { return magnitude[i]; },
      [&](std::size_t i, Word word) { m[i] = static_cast<std::int64_t>(word); });
  return ct_mask(borrow ^ 1);
}

std::size_t words_for(const Natural& limit) { return bigint::bit_length(limit) / 64 + 1; }

}  // namespace heflow::paillier
