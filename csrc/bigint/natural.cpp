#include "natural.hpp"

#include "../base/constant_time.hpp"

namespace heflow::bigint {
namespace {

using Word = std::uint64_t;
__extension__ typedef unsigned __int128 Wide;

Word word_at(const Natural& x, std::size_t i) { return i < x.size() ? x[i] : 0; }

// x = 2 x + bit; returns the bit that fell out.
Word shift_in(Natural& x, Word bit) {
  for (Word& word : x) {
    const Word out = word >> 63;
    word = (word << 1) | bit;
    bit = out;
  }
  return bit;
}

// a - b if that is >= 0 (counting `overflow` as a bit above a), else a; the return value says which. `difference`
// is working memory as long as a.
Word subtract_if_possible(Natural& a, Word overflow, const Natural& b, Natural& difference) {
  Word borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide t = static_cast<Wide>(a[i]) - word_at(b, i) - borrow;
    difference[i] = static_cast<Word>(t);
    borrow = static_cast<Word>(t >> 64) & 1;
  }
  const Word possible = overflow | (borrow ^ 1), mask = ct_mask(possible);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = ct_select(mask, difference[i], a[i]);
  return possible;
}

}  // namespace

Natural natural_from_bytes(const std::uint8_t* bytes, std::size_t count) {
  Natural x((count + 7) / 8, 0);
  for (std::size_t i = 0; i < count; ++i) x[i / 8] |= static_cast<Word>(bytes[i]) << (8 * (i % 8));
  return x;
}

std::size_t bit_length(const Natural& x) {
  for (std::size_t i = x.size(); i-- > 0;) {
    if (x[i] != 0) {
      std::size_t bits = 64 * i;
      for (Word top = x[i]; top != 0; top >>= 1) ++bits;
      return bits;
    }
  }
  return 0;
}

bool is_zero(const Natural& x) { return bit_length(x) == 0; }

bool less(const Natural& a, const Natural& b) {
  const std::size_t size = a.size() > b.size() ? a.size() : b.size();
  Word borrow = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Wide t = static_cast<Wide>(word_at(a, i)) - word_at(b, i) - borrow;
    borrow = static_cast<Word>(t >> 64) & 1;
  }
  return borrow != 0;
}

Natural multiply(const Natural& a, const Natural& b) {
  Natural product(a.size() + b.size(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    Word carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const Wide t = static_cast<Wide>(a[i]) * b[j] + product[i + j] + carry;
      product[i + j] = static_cast<Word>(t);
      carry = static_cast<Word>(t >> 64);
    }
    product[i + b.size()] = carry;
  }
  return product;
}

QuotientRemainder divide(const Natural& x, const Natural& n) {
  QuotientRemainder result{Natural(x.size(), 0), Natural(n.size(), 0)};
  Natural difference(n.size());
  for (std::size_t bit = 64 * x.size(); bit-- > 0;) {
    const Word overflow = shift_in(result.remainder, (x[bit / 64] >> (bit % 64)) & 1);
    result.quotient[bit / 64] |= subtract_if_possible(result.remainder, overflow, n, difference) << (bit % 64);
  }
  return result;
}

Natural subtract(const Natural& a, const Natural& b) {
  Natural difference(a.size());
  Word borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide t = static_cast<Wide>(a[i]) - word_at(b, i) - borrow;
    difference[i] = static_cast<Word>(t);
    borrow = static_cast<Word>(t >> 64) & 1;
  }
  return difference;
}

Natural times_power_of_two(Natural x, long power, const Natural& n) {
  x.resize(n.size(), 0);
  Natural difference(n.size());
  for (; power > 0; --power) {
    const Word overflow = shift_in(x, 0);
    subtract_if_possible(x, overflow, n, difference);
  }
  for (; power < 0; ++power) {  // (x + n) / 2 where x is odd
    const Word odd = ct_mask(x[0] & 1);
    Word carry = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Wide t = static_cast<Wide>(x[i]) + (n[i] & odd) + carry;
      x[i] = static_cast<Word>(t);
      carry = static_cast<Word>(t >> 64);
    }
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = (x[i] >> 1) | ((i + 1 < x.size() ? x[i + 1] : carry) << 63);
  }
  return x;
}

void to_limbs(std::uint64_t* limbs, std::size_t count, unsigned radix_bits, const Natural& x) {
  const Word mask = (Word{1} << radix_bits) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = radix_bits * i, k = bit / 64, shift = bit % 64;
    Word limb = word_at(x, k) >> shift;
    if (shift != 0) limb |= word_at(x, k + 1) << (64 - shift);
    limbs[i] = limb & mask;
  }
}

}  // namespace heflow::bigint
