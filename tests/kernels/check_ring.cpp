// Polynomials modulo one prime.
#include <cstring>
#include <string>

#include "../../csrc/base/buffer.hpp"
#include "../../csrc/ring/primes.hpp"
#include "../../csrc/ring/tables.hpp"
#include "checks.hpp"

namespace heflow::checks {
namespace {

using namespace ring;

Buffer aligned(const Words& words) {
  Buffer buffer(words.size());
  std::memcpy(buffer.data(), words.data(), words.size() * sizeof(Word));
  return buffer;
}

void check_prime(Report& report, unsigned bits, unsigned log_degree) {
  const Kernels& k = kPortableKernels;
  const std::size_t n = std::size_t{1} << log_degree;
  const Word p = ntt_primes(bits, log_degree, 1)[0], other = ntt_primes(45, log_degree, 1)[0];
  const NttTable& table = ntt_table(k, p, log_degree);
  const Modulus& m = table.modulus;
  const Modulus to = make_modulus(k, other);
  Source source(100 * bits + log_degree);
  const Buffer a = aligned(source.below(n, p)), b = aligned(source.below(n, p)), c = aligned(source.below(n, p)),
               d = aligned(source.below(n, p)), lazy = aligned(source.below(n, Word{1} << 50));
  const Factor w = make_factor(k, source.next() % p, p);
  Buffer r(n), s(n), t(n), prepared(n);
  const std::string name = "ring/" + std::to_string(bits) + "/" + std::to_string(n) + "/";
  const auto result = [&](const char* what, const Buffer& limb) { report.result(name + what, limb.data(), n); };
  const auto copy = [&](Buffer& target, const Buffer& from) { std::memcpy(target.data(), from.data(), n * sizeof(Word)); };

  copy(r, a), k.forward(r.data(), table), result("forward", r);
  k.inverse(r.data(), table);
  report.expect(name + "round trip", std::memcmp(r.data(), a.data(), n * sizeof(Word)) == 0);
  copy(r, a), k.forward_lazy(r.data(), table), k.reduce(r.data(), r.data(), n, m), result("forward_lazy", r);
  copy(r, a), k.inverse(r.data(), table), result("inverse", r);

  k.add(r.data(), a.data(), b.data(), n, m), result("add", r);
  k.subtract(r.data(), a.data(), b.data(), n, m), result("subtract", r);
  k.negate(r.data(), a.data(), n, m), result("negate", r);
  k.reduce(r.data(), lazy.data(), n, m), result("reduce", r);
  k.prepare(prepared.data(), b.data(), n, m);
  k.multiply(r.data(), lazy.data(), prepared.data(), n, m), result("multiply", r);
  k.multiply_add(r.data(), lazy.data(), prepared.data(), c.data(), n, m), result("multiply_add", r);
  k.scale(r.data(), lazy.data(), w, n, m), result("scale", r);
  k.scale_add(r.data(), lazy.data(), w, c.data(), n, m), result("scale_add", r);
  k.difference_scale(r.data(), a.data(), b.data(), w, nullptr, n, m), result("difference_scale", r);
  k.difference_scale(r.data(), a.data(), b.data(), w, c.data(), n, m), result("difference_scale_add", r);
  k.tensor(r.data(), s.data(), t.data(), a.data(), b.data(), c.data(), d.data(), n, m);
  result("tensor0", r), result("tensor1", s), result("tensor2", t);
  copy(t, a), k.forward_lazy(t.data(), table);
  const Word *digits[3] = {t.data(), c.data(), d.data()}, *keys0[3] = {prepared.data(), prepared.data(), prepared.data()},
             *keys1[3] = {prepared.data(), d.data(), a.data()};
  k.inner_products(r.data(), s.data(), digits, keys0, keys1, 3, n, m), result("inner_products", r);
  k.inner_products(s.data(), r.data(), digits, keys1, keys0, 1, n, m), result("inner_products_single", s);

  k.switch_modulus(r.data(), a.data(), n, m, to), result("switch_modulus", r);
  std::vector<std::int8_t> small(n);
  for (std::int8_t& x : small) x = static_cast<std::int8_t>(source.next() % 43) - 21;
  k.from_int8(r.data(), small.data(), n, m), result("from_int8", r);
  const std::vector<double> integers = source.integers(n, 50);
  std::vector<double> wide = source.integers(n, 50), balanced(n);
  for (std::size_t i = 0; i < n; ++i) wide[i] = wide[i] * 0x1p48 + integers[i];
  k.from_doubles(r.data(), integers.data(), n, m), result("from_doubles", r);
  k.from_wide_doubles(r.data(), wide.data(), n, m), result("from_wide_doubles", r);
  k.to_doubles(balanced.data(), a.data(), n, m);
  for (std::size_t i = 0; i < n; ++i) r.data()[i] = static_cast<Word>(static_cast<std::int64_t>(balanced[i]));
  result("to_doubles", r);
  std::vector<std::uint32_t> positions(n);
  for (std::uint32_t i = 0; i < n; ++i)
    positions[i] = position_of_exponent(5 * exponent_at_position(i, log_degree) % (2u << log_degree), log_degree);
  k.permute(r.data(), a.data(), positions.data(), n), result("permute", r);
}

}  // namespace

void check_ring(Report& report) {
  for (unsigned bits : {30u, 47u, 50u}) {
    for (unsigned log_degree : {10u, 11u}) check_prime(report, bits, log_degree);
  }
}

}  // namespace heflow::checks
