#include "fused.hpp"

#include <algorithm>
#include <cstring>

#include "../base/wipe.hpp"
#include "primes.hpp"

namespace heflow::ring {
namespace {

constexpr std::size_t kPart = 512;  // words on the stack between two loops

// body(part, at, count) over parts of a limb; they may hold secrets.
template <class Body>
void by_parts(std::size_t n, const Body& body) {
  alignas(64) Word part[kPart];
  for (std::size_t at = 0; at < n; at += kPart) body(part, at, std::min(kPart, n - at));
  wipe(part, sizeof part);
}

std::size_t degree(const NttTable& table) { return std::size_t{1} << table.log_degree; }

// The sum of terms modulo m. The halves that make representatives positive are taken off in one constant.
void sum_terms(const Kernels& k, Word* r, const Term* terms, std::size_t count, std::size_t n, const Modulus& m) {
  if (count == 1 && terms[0].weight.value == 1) return k.switch_modulus(r, terms[0].limb, n, *terms[0].modulus, m);
  Word shift = 0;
  for (std::size_t t = 0; t < count; ++t)
    shift = (shift + multiply_mod(terms[t].modulus->p / 2 % m.p, terms[t].weight.value, m.p)) % m.p;
  alignas(64) Word half[kPart];
  by_parts(n, [&](Word* part, std::size_t at, std::size_t size) {
    std::fill(r + at, r + at + size, shift == 0 ? 0 : m.p - shift);
    for (std::size_t t = 0; t < count; ++t) {
      std::fill(half, half + size, terms[t].modulus->p / 2);
      k.add(part, terms[t].limb + at, half, size, *terms[t].modulus);
      k.scale_add(r + at, part, terms[t].weight, r + at, size, m);
    }
  });
}

}  // namespace

void forward_int8(const Kernels& k, Word* r, const std::int8_t* a, const NttTable& table) {
  if (k.fused != nullptr) return k.fused->forward_int8(r, a, table);
  k.from_int8(r, a, degree(table), table.modulus);
  k.forward_lazy(r, table);
}

void forward_terms(const Kernels& k, Word* r, const Term* terms, std::size_t count, const NttTable& table) {
  if (k.fused != nullptr) return k.fused->forward_terms(r, terms, count, table);
  sum_terms(k, r, terms, count, degree(table), table.modulus);
  k.forward_lazy(r, table);
}

void forward_join(const Kernels& k, Word* r, const double* a, const Factor& w, const double* c, bool wide, const Word* u,
                  const Word* prepared, const NttTable& table) {
  if (k.fused != nullptr) return k.fused->forward_join(r, a, w, c, wide, u, prepared, table);
  const Modulus& m = table.modulus;
  const auto read = wide ? k.from_wide_doubles : k.from_doubles;
  if (a == nullptr) {
    if (c != nullptr) read(r, c, degree(table), m);
  } else {
    k.from_doubles(r, a, degree(table), m);
    if (c == nullptr) k.scale(r, r, w, degree(table), m);
    by_parts(c == nullptr ? 0 : degree(table), [&](Word* part, std::size_t at, std::size_t count) {
      read(part, c + at, count, m);
      k.scale_add(r + at, r + at, w, part, count, m);
    });
  }
  k.forward(r, table);
  k.multiply_add(r, u, prepared, r, degree(table), m);
}

void forward_divide(const Kernels& k, Word* r, const Word* a, const Word* d, const Division& by, const NttTable& table) {
  if (k.fused != nullptr) return k.fused->forward_divide(r, a, d, by, table);
  const Modulus& m = table.modulus;
  sum_terms(k, r, by.terms, by.count, degree(table), m);
  k.forward(r, table);
  if (d == nullptr) return k.difference_scale(r, a, r, by.inverse, nullptr, degree(table), m);
  by_parts(degree(table), [&](Word* part, std::size_t at, std::size_t count) {
    k.scale_add(part, d + at, by.factor, a + at, count, m);
    k.difference_scale(r + at, part, r + at, by.inverse, nullptr, count, m);
  });
}

void inverse_product(const Kernels& k, Word* r, const Word* a, const Word* prepared, const Word* c, const NttTable& table) {
  if (k.fused != nullptr) return k.fused->inverse_product(r, a, prepared, c, table);
  const std::size_t n = degree(table);
  if (prepared == nullptr) {
    if (r != a) std::memcpy(r, a, n * sizeof *r);
  } else if (c == nullptr) {
    k.multiply(r, a, prepared, n, table.modulus);
  } else {
    k.multiply_add(r, a, prepared, c, n, table.modulus);
  }
  k.inverse(r, table);
}

void remainders(const Kernels& k, double* r, const Word* a, const std::int8_t* e, std::size_t n, const Modulus& m) {
  if (k.fused != nullptr) return k.fused->remainders(r, a, e, n, m);
  by_parts(n, [&](Word* part, std::size_t at, std::size_t count) {
    k.from_int8(part, e + at, count, m);
    k.add(part, part, a + at, count, m);
    k.to_doubles(r + at, part, count, m);
    for (std::size_t i = 0; i < count; ++i) r[at + i] -= e[at + i];
  });
}

void round_scaled(const Kernels& k, double* r, const double* a, double scale, const std::int8_t* e, std::size_t n) {
  if (k.fused != nullptr) return k.fused->round_scaled(r, a, scale, e, n);
  for (std::size_t i = 0; i < n; ++i) {
    const double x = a[i] * scale, shift = x < 0 ? -0x1p52 : 0x1p52, rounded = x + shift - shift;
    r[i] = x < 0x1p52 && x > -0x1p52 ? rounded : x;  // larger ones are integers already
  }
  for (std::size_t i = 0; e != nullptr && i < n; ++i) r[i] += e[i];
}

}  // namespace heflow::ring
