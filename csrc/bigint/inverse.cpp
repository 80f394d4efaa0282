#include "inverse.hpp"

#include "modexp_window.hpp"

namespace heflow::bigint {
namespace {

__extension__ typedef __int128 Wide;
using Signed = std::int64_t;

constexpr unsigned kSteps = 62;
constexpr Word kMask62 = (Word{1} << kSteps) - 1;
using Digits = std::vector<Signed, WipingAllocator<Signed>>;  // 62-bit digits, the last one signed

Digits to_digits(const Natural& x, std::size_t size) {
  Natural limbs(size);
  to_limbs(limbs.data(), size, kSteps, x);
  return Digits(limbs.begin(), limbs.end());
}

struct Matrix {
  Signed u, v, q, r;  // 2^62 times the transition of 62 divsteps
};

// 62 divsteps on the low words of (f, g), skipping runs of zeros at once.
Signed divsteps_vartime(Signed delta, Word f, Word g, Matrix& t) {
  Word u = 1, v = 0, q = 0, r = 1;
  unsigned left = kSteps;
  for (;;) {
    const unsigned zeros = g == 0 ? left : static_cast<unsigned>(__builtin_ctzll(g));
    const unsigned step = zeros < left ? zeros : left;
    g >>= step;
    u <<= step;
    v <<= step;
    delta += step;
    left -= step;
    if (left == 0) break;
    if (delta > 0) {  // (f, g) -> (g, -f)
      delta = -delta;
      const Word f0 = f, u0 = u, v0 = v;
      f = g, u = q, v = r;
      g = 0 - f0, q = 0 - u0, r = 0 - v0;
    }
    g += f;  // both odd: the sum is even, and the shift above takes the factor out
    q += u;
    r += v;
  }
  t = {static_cast<Signed>(u), static_cast<Signed>(v), static_cast<Signed>(q), static_cast<Signed>(r)};
  return delta;
}

// (f, g) = t (f, g) / 2^62, exactly, where both have `size` digits; returns how many they still need.
std::size_t update_fg(Digits& f, Digits& g, std::size_t size, const Matrix& t) {
  Wide cf = static_cast<Wide>(t.u) * f[0] + static_cast<Wide>(t.v) * g[0];
  Wide cg = static_cast<Wide>(t.q) * f[0] + static_cast<Wide>(t.r) * g[0];
  cf >>= kSteps;
  cg >>= kSteps;
  for (std::size_t i = 1; i < size; ++i) {
    const Signed fi = f[i], gi = g[i];
    cf += static_cast<Wide>(t.u) * fi + static_cast<Wide>(t.v) * gi;
    cg += static_cast<Wide>(t.q) * fi + static_cast<Wide>(t.r) * gi;
    f[i - 1] = static_cast<Signed>(static_cast<Word>(cf) & kMask62);
    g[i - 1] = static_cast<Signed>(static_cast<Word>(cg) & kMask62);
    cf >>= kSteps;
    cg >>= kSteps;
  }
  const Signed top_f = f[size - 1] = static_cast<Signed>(cf), top_g = g[size - 1] = static_cast<Signed>(cg);
  if (size == 2 || top_f != top_f >> 63 || top_g != top_g >> 63) return size;
  // The top digits are signs alone: the digits below them take these over.
  f[size - 2] = static_cast<Signed>(static_cast<Word>(f[size - 2]) | static_cast<Word>(top_f) << kSteps);
  g[size - 2] = static_cast<Signed>(static_cast<Word>(g[size - 2]) | static_cast<Word>(top_g) << kSteps);
  return size - 1;
}

// (d, e) = t (d, e) / 2^62 modulo n, kept in (-2n, n).
void update_de(Digits& d, Digits& e, const Matrix& t, const Digits& n, Word n_inverse) {
  const std::size_t size = n.size();
  const Signed sign_d = d[size - 1] >> 63, sign_e = e[size - 1] >> 63;
  Signed md = (t.u & sign_d) + (t.v & sign_e), me = (t.q & sign_d) + (t.r & sign_e);
  Wide cd = static_cast<Wide>(t.u) * d[0] + static_cast<Wide>(t.v) * e[0];
  Wide ce = static_cast<Wide>(t.q) * d[0] + static_cast<Wide>(t.r) * e[0];
  md -= static_cast<Signed>((n_inverse * static_cast<Word>(cd) + static_cast<Word>(md)) & kMask62);
  me -= static_cast<Signed>((n_inverse * static_cast<Word>(ce) + static_cast<Word>(me)) & kMask62);
  cd += static_cast<Wide>(n[0]) * md;
  ce += static_cast<Wide>(n[0]) * me;
  cd >>= kSteps;
  ce >>= kSteps;
  for (std::size_t i = 1; i < size; ++i) {
    cd += static_cast<Wide>(t.u) * d[i] + static_cast<Wide>(t.v) * e[i] + static_cast<Wide>(n[i]) * md;
    ce += static_cast<Wide>(t.q) * d[i] + static_cast<Wide>(t.r) * e[i] + static_cast<Wide>(n[i]) * me;
    d[i - 1] = static_cast<Signed>(static_cast<Word>(cd) & kMask62);
    e[i - 1] = static_cast<Signed>(static_cast<Word>(ce) & kMask62);
    cd >>= kSteps;
    ce >>= kSteps;
  }
  d[size - 1] = static_cast<Signed>(cd);
  e[size - 1] = static_cast<Signed>(ce);
}

// x += factor * n, digits normalised again.
void add_multiple(Digits& x, const Digits& n, Signed factor, Signed sign) {
  Wide carry = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    carry += static_cast<Wide>(x[i]) * sign + static_cast<Wide>(n[i]) * factor;
    const bool last = i + 1 == x.size();
    x[i] = last ? static_cast<Signed>(carry) : static_cast<Signed>(static_cast<Word>(carry) & kMask62);
    carry >>= kSteps;
  }
}

// Whether the number of `size` digits is 0, 1 or -1.
bool is_value(const Digits& x, std::size_t size, Signed value) {
  for (std::size_t i = 0; i < size; ++i) {
    const Signed digit = i == 0 ? value : value >> 63;
    if (x[i] != (i + 1 == size ? digit : static_cast<Signed>(static_cast<Word>(digit) & kMask62))) return false;
  }
  return true;
}

}  // namespace

bool inverse_vartime(Natural& result, const Natural& a, const Natural& n) {
  const std::size_t size = (64 * n.size()) / kSteps + 2;
  const Digits modulus = to_digits(n, size);
  Digits f = modulus, g = to_digits(a, size), d(size, 0), e(size, 0);
  e[0] = 1;
  Word n_inverse = n[0];
  for (int i = 0; i < 5; ++i) n_inverse *= 2 - n[0] * n_inverse;
  Signed delta = 1;
  std::size_t left = size;  // digits that f and g still have
  while (!is_value(g, left, 0)) {
    Matrix t;
    const Word f_low = static_cast<Word>(f[0]) | static_cast<Word>(f[1]) << kSteps;
    const Word g_low = static_cast<Word>(g[0]) | static_cast<Word>(g[1]) << kSteps;
    delta = divsteps_vartime(delta, f_low, g_low, t);
    update_de(d, e, t, modulus, n_inverse);
    left = update_fg(f, g, left, t);
  }
  const bool plus_one = is_value(f, left, 1), minus_one = is_value(f, left, -1);
  if (!plus_one && !minus_one) return false;  // f = +-gcd
  add_multiple(d, modulus, 0, plus_one ? 1 : -1);
  while (d[size - 1] < 0) add_multiple(d, modulus, 1, 1);
  result.assign(n.size() + 1, 0);  // d < 2n may need a bit more than n has words for
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t bit = kSteps * i, k = bit / 64, shift = bit % 64;
    if (k < result.size()) result[k] |= static_cast<Word>(d[i]) << shift;
    if (shift > 64 - kSteps && k + 1 < result.size()) result[k + 1] |= static_cast<Word>(d[i]) >> (64 - shift);
  }
  while (!less(result, n)) result = subtract(result, n);
  result.resize(n.size());
  return true;
}

namespace {

// Of x = a R, the one number that all lanes of `group` hold: a^-1 R, in every lane.
bool invert_broadcast_vartime(Word* group, const Modulus& modulus) {
  const Kernels& k = modulus.kernels();
  k.reduce(group, group, modulus.view());
  Buffer plain(modulus.lanes() * modulus.words());
  Word* rows[kMaxLanes];
  for (unsigned l = 0; l < modulus.lanes(); ++l) rows[l] = plain.data() + l * modulus.words();
  k.store_words(rows, static_cast<unsigned>(modulus.words()), group, modulus.limbs());
  Natural inverse;
  if (!inverse_vartime(inverse, Natural(plain.data(), plain.data() + modulus.words()), modulus.n())) return false;
  for (unsigned l = 0; l < modulus.lanes(); ++l) rows[l] = inverse.data();
  k.load_words(group, modulus.limbs(), rows, static_cast<unsigned>(modulus.words()));
  const LinearTerm term{group, modulus.limbs(), modulus.to_montgomery().data(), nullptr};
  k.linear(group, &term, 1, modulus.view());
  return true;
}

// Whether the lanes from `distance` on repeat those before them, twice `distance` lanes long.
bool repeats(const Word* group, unsigned distance, const Modulus& modulus) {
  Word different = 0;
  for (std::size_t i = 0; i < modulus.group_words(); i += modulus.lanes()) {
    for (unsigned l = 0; l < distance; ++l) different |= group[i + l] ^ group[i + l + distance];
  }
  return different == 0;
}

bool invert_group_vartime(Word* group, const Modulus& modulus) {
  const Kernels& k = modulus.kernels();
  const std::size_t words = modulus.group_words();
  // Fold: product over pairs, fours, eights of lanes; then unfold the one inverse the same way back. Lanes that
  // repeat others, as those of few items do, need no folding.
  unsigned different = modulus.lanes(), levels = 0;
  while (different > 1 && repeats(group, different / 2, modulus)) different /= 2;
  while ((1u << levels) < different) ++levels;
  Buffer folded((levels + 1) * words), exchanged(words);
  for (std::size_t i = 0; i < words; ++i) folded.data()[i] = group[i];
  for (unsigned level = 0; level < levels; ++level) {
    const Word* current = folded.data() + level * words;
    exchange_lanes(exchanged.data(), current, 1u << level, words, modulus);
    k.mont_mul(folded.data() + (level + 1) * words, current, exchanged.data(), modulus.view());
  }
  Word* inverse = folded.data() + levels * words;
  if (!invert_broadcast_vartime(inverse, modulus)) return false;
  for (unsigned level = levels; level-- > 0;) {
    exchange_lanes(exchanged.data(), folded.data() + level * words, 1u << level, words, modulus);
    k.mont_mul(inverse, inverse, exchanged.data(), modulus.view());
  }
  for (std::size_t i = 0; i < words; ++i) group[i] = inverse[i];
  return true;
}

bool invert_group(Word* group, const Modulus& modulus, InverseMethod method) {
  if (method == InverseMethod::divsteps_vartime) return invert_group_vartime(group, modulus);
  Natural exponent = subtract(modulus.n(), Natural{2});
  power_shared(group, group, exponent, modulus.bits(), Ring::modulo_n, modulus, Lookup::constant_time);
  return true;
}

}  // namespace

bool invert_groups(Word* data, std::size_t groups, std::size_t stride, const Modulus& modulus, InverseMethod method) {
  if (groups == 0) return true;
  const Kernels& k = modulus.kernels();
  const std::size_t words = modulus.group_words();
  Buffer prefix(groups * words, Content::secret), inverse(words, Content::secret), swapped(words, Content::secret);
  const auto copy = [words](Word* to, const Word* from) {
    for (std::size_t i = 0; i < words; ++i) to[i] = from[i];
  };
  copy(prefix.data(), data);
  for (std::size_t g = 1; g < groups; ++g) {
    k.mont_mul(prefix.data() + g * words, prefix.data() + (g - 1) * words, data + g * stride, modulus.view());
  }
  copy(inverse.data(), prefix.data() + (groups - 1) * words);
  if (!invert_group(inverse.data(), modulus, method)) return false;
  for (std::size_t g = groups; g-- > 1;) {
    copy(swapped.data(), data + g * stride);
    k.mont_mul(data + g * stride, inverse.data(), prefix.data() + (g - 1) * words, modulus.view());
    k.mont_mul(inverse.data(), inverse.data(), swapped.data(), modulus.view());
  }
  copy(data, inverse.data());
  return true;
}

bool invert_dual_groups(Word* result, const Word* data, std::size_t groups, const Modulus& modulus, InverseMethod method) {
  const Kernels& k = modulus.kernels();
  const ModulusView& view = modulus.view();
  const std::size_t words = modulus.group_words(), stride = 2 * words;
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < words; ++i) result[g * stride + i] = data[g * stride + i];
  }
  if (!invert_groups(result, groups, stride, modulus, method)) return false;
  // With y0 = x0^-1 modulo n: x y0 = 1 + e n, so x^-1 = y0 (1 - e n).
  Buffer product(stride, Content::secret);
  for (std::size_t g = 0; g < groups; ++g) {
    Word* y0 = result + g * stride;
    k.dual_mul_half(product.data(), data + g * stride, y0, view);
    k.dual_reduce(product.data(), product.data(), view);
    const LinearTerm e{product.data() + words, modulus.limbs(), modulus.to_negative().data(), nullptr};
    k.linear(product.data(), &e, 1, view);
    k.mont_mul(y0 + words, product.data(), y0, view);
  }
  return true;
}

}  // namespace heflow::bigint
