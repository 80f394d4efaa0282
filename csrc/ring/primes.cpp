#include "primes.hpp"

#include <algorithm>
#include <string>

#include "../base/error.hpp"

namespace heflow::ring {

Word multiply_mod(Word a, Word b, Word p) { return static_cast<Word>(static_cast<unsigned __int128>(a) * b % p); }

Word power_mod_vartime(Word base, Word exponent, Word p) {
  Word result = 1 % p;
  for (base %= p; exponent != 0; exponent >>= 1, base = multiply_mod(base, base, p)) {
    if ((exponent & 1) != 0) result = multiply_mod(result, base, p);
  }
  return result;
}

Word inverse_mod_vartime(Word a, Word p) { return power_mod_vartime(a, p - 2, p); }

bool is_prime_vartime(Word n) {
  // These bases decide every 64-bit number (Sorenson and Webster 2015).
  constexpr Word kBases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  if (n < 2) return false;
  for (Word base : kBases) {
    if (n % base == 0) return n == base;
  }
  const int twos = __builtin_ctzll(n - 1);
  return std::all_of(std::begin(kBases), std::end(kBases), [&](Word base) {
    Word x = power_mod_vartime(base, (n - 1) >> twos, n);
    if (x == 1 || x == n - 1) return true;
    for (int i = 1; i < twos; ++i) {
      x = multiply_mod(x, x, n);
      if (x == n - 1) return true;
    }
    return false;
  });
}

std::vector<Word> ntt_primes(unsigned bits, unsigned log_degree, std::size_t count, const std::vector<Word>& taken) {
  std::vector<Word> primes;
  const Word step = Word{2} << log_degree, least = Word{1} << (bits - 1);
  Word candidate = ((Word{1} << bits) - 1) / step * step + 1;
  for (; candidate > least && primes.size() < count; candidate -= step) {
    if (candidate >> bits != 0 || std::find(taken.begin(), taken.end(), candidate) != taken.end()) continue;
    if (is_prime_vartime(candidate)) primes.push_back(candidate);
  }
  if (primes.size() < count) {
    throw Error(ErrorKind::parameter, "there are only " + std::to_string(primes.size()) + " primes of " + std::to_string(bits) +
                                          " bits for ring degree 2^" + std::to_string(log_degree) + " and " +
                                          std::to_string(count) + " are needed: use more bits");
  }
  return primes;
}

}  // namespace heflow::ring
