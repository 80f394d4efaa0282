#include "tables.hpp"

#include <atomic>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../base/buffer.hpp"
#include "../base/error.hpp"
#include "primes.hpp"

namespace heflow::ring {
namespace {

constexpr unsigned kTailBlock = 64, kTailEntries = 7;

unsigned reversed(unsigned x, unsigned bits) {
  unsigned result = 0;
  for (unsigned i = 0; i < bits; ++i) result |= ((x >> i) & 1) << (bits - 1 - i);
  return result;
}

// In blocks of 64 the last transposition is left out: position 8 i + j holds what belongs to 8 j + i.
std::uint32_t transposed(std::uint32_t index) { return (index & ~63u) | ((index & 7) << 3) | ((index >> 3) & 7); }

// Indices into a tree of `size` entries that lane k of tail block b reads.
template <class Body>
void for_tail(unsigned size, const Body& body) {
  for (unsigned block = 0; block < size / kTailBlock; ++block) {
    for (unsigned lane = 0; lane < 8; ++lane) {
      const unsigned i = 8 * block + lane;
      const unsigned tree[kTailEntries] = {size / 8 + i,         size / 4 + 2 * i,     size / 4 + 2 * i + 1, size / 2 + 4 * i,
                                           size / 2 + 4 * i + 1, size / 2 + 4 * i + 2, size / 2 + 4 * i + 3};
      for (unsigned j = 0; j < kTailEntries; ++j) body((block * kTailEntries + j) * 16 + lane, tree[j]);
    }
  }
}

Word primitive_root(Word p, Word order) {
  for (Word base = 2;; ++base) {
    const Word root = power_mod_vartime(base, (p - 1) / order, p);
    if (power_mod_vartime(root, order / 2, p) == p - 1) return root;
  }
}

Word bits_of(double x) {
  Word bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// An entry of a tree.
Factor make_root(const Kernels& kernels, Word w, Word p) {
  if (!kernels.real_roots) return make_factor(kernels, w, p);
  const double balanced = w > p / 2 ? -static_cast<double>(p - w) : static_cast<double>(w);
  return {bits_of(balanced), bits_of(balanced / static_cast<double>(p))};
}

struct OwnedNtt {
  const Kernels* kernels;
  Buffer words;
  NttTable table;
  OwnedNtt* next;
};

OwnedNtt* make_ntt(const Kernels& kernels, Word p, unsigned log_degree) {
  const unsigned degree = 1u << log_degree;
  const std::size_t tree = 2 * degree, tail = degree / kTailBlock * kTailEntries * 16;
  Buffer words(2 * (tree + tail));
  Word* place = words.data();
  NttTable table{};
  const auto fill = [&](Word root, const Factor*& factors, const Word*& tails) {
    auto* out = reinterpret_cast<Factor*>(place);
    std::vector<Word> powers(degree);
    powers[0] = 1;
    for (unsigned i = 1; i < degree; ++i) powers[i] = multiply_mod(powers[i - 1], root, p);
    for (unsigned k = 0; k < degree; ++k) out[k] = make_root(kernels, powers[reversed(k, log_degree)], p);
    Word* last = place + tree;
    for_tail(degree, [&](std::size_t at, unsigned k) { last[at] = out[k].value, last[at + 8] = out[k].quotient; });
    factors = out, tails = last, place += tree + tail;
  };
  const Word root = primitive_root(p, 2 * Word{degree}), inverse = inverse_mod_vartime(root, p);
  fill(root, table.forward, table.forward_tail);
  fill(inverse, table.inverse, table.inverse_tail);
  table.modulus = make_modulus(kernels, p);
  table.log_degree = log_degree;
  const unsigned largest = 2 * (log_degree > 15 ? log_degree : 15) + 2;
  table.uncorrected = p <= (~Word{0} >> (64 - kernels.radix_bits)) / largest;
  const Word scale = inverse_mod_vartime(degree, p);
  table.degree_inverse = make_factor(kernels, scale, p);
  table.last = make_factor(kernels, multiply_mod(power_mod_vartime(inverse, degree / 2, p), scale, p), p);
  return new OwnedNtt{&kernels, std::move(words), table, nullptr};
}

struct OwnedFft {
  Buffer words;
  FftTable table;
  OwnedFft* next;
};

OwnedFft* make_fft(unsigned log_degree) {
  const unsigned degree = 1u << log_degree, size = degree / 2;
  const std::size_t tail = size / kTailBlock * kTailEntries * 16;
  Buffer words(2 * size + tail);
  auto* real = reinterpret_cast<double*>(words.data());
  double *imaginary = real + size, *last = imaginary + size;
  // Node k splits X^m - e^(i pi angle / N) into its two square roots: angle / 2, and that plus N.
  std::vector<unsigned long> angles(2 * size);
  angles[1] = size;
  real[0] = imaginary[0] = 0;
  const long double unit = std::acos(-1.0L) / degree;
  for (unsigned k = 1; k < size; ++k) {
    const unsigned long half = angles[k] / 2;
    real[k] = static_cast<double>(std::cos(unit * half)), imaginary[k] = static_cast<double>(std::sin(unit * half));
    angles[2 * k] = half, angles[2 * k + 1] = (half + degree) % (2 * degree);
  }
  for_tail(size, [&](std::size_t at, unsigned k) { last[at] = real[k], last[at + 8] = imaginary[k]; });
  return new OwnedFft{std::move(words), {log_degree, real, imaginary, last}, nullptr};
}

// A list that only grows: readers need no lock, and a fork at any time is safe. Two threads may both make a
// table; one copy is then never found again.
template <class Owned, class Found, class Make>
const Owned& cached(std::atomic<Owned*>& head, const Found& found, const Make& make) {
  for (Owned* at = head.load(std::memory_order_acquire); at != nullptr; at = at->next) {
    if (found(*at)) return *at;
  }
  Owned* made = make();
  made->next = head.load(std::memory_order_relaxed);
  while (!head.compare_exchange_weak(made->next, made, std::memory_order_release, std::memory_order_relaxed)) {}
  return *made;
}

std::atomic<OwnedNtt*> ntt_tables{nullptr};
std::atomic<OwnedFft*> fft_tables{nullptr};

void require_degree(unsigned log_degree) {
  if (log_degree < kMinLogDegree || log_degree > kMaxLogDegree)
    throw Error(ErrorKind::parameter,
                "the ring degree 2^" + std::to_string(log_degree) + " is not one of 1024, 2048, ..., 65536");
}

}  // namespace

Modulus make_modulus(const Kernels& kernels, Word p) {
  const Word mask = ~Word{0} >> (64 - kernels.radix_bits);
  Modulus m{};
  m.p = p;
  Word inverse = p;  // right to 3 bits; each step doubles them
  for (int i = 0; i < 5; ++i) inverse *= 2 - p * inverse;
  m.inverse = inverse & mask;
  const auto r = static_cast<Word>((static_cast<unsigned __int128>(1) << kernels.radix_bits) % p);
  m.square = multiply_mod(r, r, p);
  m.quotient = static_cast<Word>((static_cast<unsigned __int128>(1) << kernels.radix_bits) / p);
  m.bits = 64 - static_cast<unsigned>(__builtin_clzll(p));
  return m;
}

Factor make_factor(const Kernels& kernels, Word w, Word p) {
  return {w, static_cast<Word>((static_cast<unsigned __int128>(w) << kernels.radix_bits) / p)};
}

const NttTable& ntt_table(const Kernels& kernels, Word p, unsigned log_degree) {
  require_degree(log_degree);
  const auto found = [&](const OwnedNtt& owned) {
    return owned.kernels == &kernels && owned.table.modulus.p == p && owned.table.log_degree == log_degree;
  };
  return cached(ntt_tables, found,
                [&] {
                  if (p >> kMaxPrimeBits != 0 || (p - 1) % (Word{2} << log_degree) != 0 || !is_prime_vartime(p)) {
                    throw Error(ErrorKind::parameter, std::to_string(p) + " is not a prime below 2^50 that is 1 modulo " +
                                                          std::to_string(Word{2} << log_degree));
                  }
                  return make_ntt(kernels, p, log_degree);
                })
      .table;
}

const FftTable& fft_table(unsigned log_degree) {
  require_degree(log_degree);
  return cached(
             fft_tables, [&](const OwnedFft& owned) { return owned.table.log_degree == log_degree; },
             [&] { return make_fft(log_degree); })
      .table;
}

std::uint32_t position_of_exponent(std::uint32_t exponent, unsigned log_degree) {
  return transposed(reversed((exponent - 1) / 2, log_degree));
}

std::uint32_t exponent_at_position(std::uint32_t position, unsigned log_degree) {
  return 2 * reversed(transposed(position), log_degree) + 1;
}

}  // namespace heflow::ring
