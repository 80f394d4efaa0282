#include "context.hpp"

#include <algorithm>
#include <string>

#include "../base/error.hpp"
#include "../ring/primes.hpp"

namespace heflow::ckks {
namespace {

// Whether digits of `each` data primes have no more bits than the special primes together.
bool fits(const std::vector<Word>& primes, std::size_t data, std::size_t each) {
  const auto bits = [&](std::size_t first, std::size_t end) {
    unsigned total = 0;
    for (std::size_t i = first; i < end; ++i) total += 64 - static_cast<unsigned>(__builtin_clzll(primes[i]));
    return total;
  };
  for (std::size_t first = 0; first < data; first += each) {
    if (bits(first, std::min(first + each, data)) > bits(data, primes.size())) return false;
  }
  return true;
}

}  // namespace

Context::Context(const ring::Kernels& kernels, unsigned log_degree, std::vector<Word> primes, std::size_t specials)
    : kernels_(&kernels), log_degree_(log_degree), data_(primes.size() - specials) {
  if (primes.size() <= specials || primes.size() > ring::kMaxPrimes)
    throw Error(ErrorKind::parameter, "between 1 and 63 data primes are needed");
  for (std::size_t i = 0; i < primes.size(); ++i) {
    if (std::count(primes.begin(), primes.end(), primes[i]) != 1)
      throw Error(ErrorKind::parameter, "the prime " + std::to_string(primes[i]) + " is repeated: all must differ");
    tables_.push_back(&ring::ntt_table(kernels, primes[i], log_degree));
  }
  for (Word q : primes) {
    for (std::size_t i = 0; i < primes.size(); ++i) {
      const Word residue = q % primes[i];
      residues_.push_back(ring::make_factor(kernels, residue, primes[i]));
      inverses_.push_back(
          ring::make_factor(kernels, residue == 0 ? 0 : ring::inverse_mod_vartime(residue, primes[i]), primes[i]));
    }
  }
  for (std::size_t i = 0; i < data_; ++i) {
    Word product = 1;
    for (std::size_t s = data_; s < primes.size(); ++s) product = ring::multiply_mod(product, primes[s] % primes[i], primes[i]);
    special_products_.push_back(ring::make_factor(kernels, product, primes[i]));
  }
  while (specials > 1 && digit_primes_ < data_ && fits(primes, data_, digit_primes_ + 1)) ++digit_primes_;
  fft_ = &ring::fft_table(log_degree);
  // Slot j is the value at zeta^(5^j). The tree over half the exponents ends in the same order as the
  // transform of half the degree, with exponents 1, 5, 9, ... in the places of 1, 3, 5, ...
  const std::uint32_t twice = 2u << log_degree;
  std::vector<std::uint32_t> position(twice, 0), angle(2 * slots());
  angle[1] = static_cast<std::uint32_t>(slots());
  for (std::size_t k = 1; k < slots(); ++k) {
    const std::uint32_t half = angle[k] / 2;
    angle[2 * k] = half, angle[2 * k + 1] = half + static_cast<std::uint32_t>(degree());
  }
  for (std::size_t i = 0; i < slots(); ++i)
    position[angle[slots() + i]] = static_cast<std::uint32_t>((i & ~std::size_t{63}) | ((i & 7) << 3) | ((i >> 3) & 7));
  std::uint32_t exponent = 1;
  for (std::size_t j = 0; j < slots(); ++j, exponent = exponent * 5 % twice) slot_positions_.push_back(position[exponent]);
}

}  // namespace heflow::ckks
