#include "modexp_few.hpp"

#include <algorithm>

#include "modexp_window.hpp"

namespace heflow::bigint {

double few_powers_cost(std::size_t bits, std::size_t length, std::size_t outputs, unsigned lanes) {
  constexpr double kSquare = 0.75, kTable = 6, kLookUp = 1.2, kWindow = 3.2, kFold = 4;
  const auto groups = static_cast<double>((length + lanes - 1) / lanes), b = static_cast<double>(bits);
  return static_cast<double>(outputs) * (kSquare * b + groups * (kTable + kLookUp * b / kWindow) + kFold);
}

bool magnitude(Word* out, const std::int64_t* integer, std::size_t words) {
  const Word sign = integer[words - 1] < 0 ? ~Word{0} : 0;
  Word carry = sign & 1;
  for (std::size_t k = 0; k < words; ++k) {
    const Word word = static_cast<Word>(integer[k]) ^ sign;
    out[k] = word + carry;
    carry = carry & (word == ~Word{0});
  }
  return sign != 0;
}

BatchPtr few_powers_vartime(const Batch& batch, const std::int64_t* vectors, std::size_t count, std::size_t length,
                            const SignedIntegers& weights, std::size_t rows, std::size_t bits) {
  const Modulus& m = batch.modulus();
  const unsigned lanes = m.lanes();
  const std::size_t words = m.dual_group_words(), each = weights.words_each, groups = (length + lanes - 1) / lanes;
  std::vector<Word> sizes((rows * length + 1) * each, 0);  // the last one stays 0: for lanes beyond the end
  std::vector<bool> negative(rows * length);
  bool any_negative = false;
  for (std::size_t i = 0; i < rows * length; ++i) {
    negative[i] = magnitude(sizes.data() + i * each, weights.words + i * each, each);
    any_negative |= negative[i];
  }
  const BatchPtr inverse = any_negative ? invert_vartime(batch) : nullptr;
  Buffer products(count * rows * words);
  parallel_for(count * rows, [&](std::size_t output) {
    const std::size_t row = output % rows;
    const std::int64_t* items = vectors + output / rows * length;
    Buffer bases(groups * words), scratch(words);
    std::vector<const Word*> exponents(groups * lanes, sizes.data() + rows * length * each);
    for (std::size_t j = 0; j < groups * lanes; ++j) {
      const std::size_t weight = row * length + std::min(j, length - 1),
                        item = static_cast<std::size_t>(items[std::min(j, length - 1)]);
      const Batch& source = negative[weight] ? *inverse : batch;
      const Word* from = source.group(item / lanes) + item % lanes;
      Word* to = bases.data() + j / lanes * words + j % lanes;
      for (std::size_t i = 0; i < words; i += lanes) to[i] = from[i];
      if (j < length) exponents[j] = sizes.data() + weight * each;
    }
    Word* product = products.data() + output * words;
    multi_power_lanes(product, bases.data(), exponents.data(), groups, bits, Ring::modulo_n_squared, m);
    multiply_lanes(product, scratch.data(), m);
  });
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), count * rows);
  gather_rows(*result, products.data());
  return result;
}

}  // namespace heflow::bigint
