#include "primes.hpp"

#include <algorithm>
#include <cmath>
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

namespace {

// The prime of exactly `bits` bits that is 1 modulo 2N, not taken, and nearest to `target`.
Word nearest_ntt_prime(long double target, unsigned bits, unsigned log_degree, const std::vector<Word>& taken) {
  const Word step = Word{2} << log_degree, least = Word{1} << (bits - 1), end = Word{1} << bits;
  const long double inside = std::clamp(target, static_cast<long double>(least), static_cast<long double>(end - 1));
  const Word start = static_cast<Word>(inside) / step * step + 1;
  const auto usable = [&](Word n) {
    return n >= least && n < end && std::find(taken.begin(), taken.end(), n) == taken.end() && is_prime_vartime(n);
  };
  for (Word away = 0; away <= least; away += step) {  // below and above in turn
    if (start > away && usable(start - away)) return start - away;
    if (usable(start + away + step)) return start + away + step;
  }
  throw Error(ErrorKind::parameter, "there are not enough primes of " + std::to_string(bits) + " bits: use more bits");
}

}  // namespace

std::vector<Word> chain_primes(const std::vector<unsigned>& bits, unsigned log_degree, unsigned scale_bits, std::size_t data) {
  const auto follows = [&](std::size_t i) { return i < data && (bits[i] == scale_bits || bits[i] == scale_bits + 1); };
  const auto usable = [](unsigned b) { return b >= 20 && b <= kMaxPrimeBits; };
  if (!std::all_of(bits.begin(), bits.end(), usable)) throw Error(ErrorKind::parameter, "primes have 20 to 50 bits");
  std::vector<Word> primes(bits.size()), taken;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (!follows(i)) taken.push_back(primes[i] = ntt_primes(bits[i], log_degree, 1, taken).front());
  }
  const long double unit = std::ldexp(1.0L, static_cast<int>(scale_bits));
  long double scale = unit;
  for (std::size_t i = data; i-- > 0;) {
    if (!follows(i)) continue;
    taken.push_back(primes[i] = nearest_ntt_prime(scale * scale / unit, bits[i], log_degree, taken));
    scale = scale * scale / static_cast<long double>(primes[i]);
  }
  return primes;
}

}  // namespace heflow::ring
