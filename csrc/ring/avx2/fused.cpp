// Transforms whose first loads compute what is transformed, and whose last stores compute with it.
#include "backend.hpp"
#include "ntt.hpp"

namespace heflow::ring::avx2 {
namespace {

struct Int8 {
  const std::int8_t* a;
  __attribute__((always_inline)) Reals operator()(std::size_t i) const { return load_int8(a + i); }
};

// A single term with the weight 1.
struct Switched {
  const Word* limb;
  Balanced balanced;
  Constants c;
  Switched(const Term& term, const Modulus& m) : limb(term.limb), balanced(*term.modulus), c(constants(m)) {}
  __attribute__((always_inline)) Reals operator()(std::size_t i) const { return reduce(balanced(limb + i), c); }
};

// The sum of `Count` terms, 2 to 4, each at most (1/2 + 1/16) p in size, and of canonical residues, if any.
template <int Count>
struct Summed {
  const Word *limbs[Count], *before;
  Balanced balanced[Count];
  Root weights[Count];
  Constants c;
  Summed(const Term* terms, const Modulus& m, const Word* addend) : before(addend), c(constants(m)) {
    for (int k = 0; k < Count; ++k)
      limbs[k] = terms[k].limb, balanced[k] = Balanced(*terms[k].modulus), weights[k] = broadcast(terms[k].weight, m);
  }
  __attribute__((always_inline)) Reals operator()(std::size_t i) const {
    Reals total = times(balanced[0](limbs[0] + i), weights[0], c);
    HEFLOW_UNROLL
    for (int k = 1; k < Count; ++k) total = plus(total, times(balanced[k](limbs[k] + i), weights[k], c));
    return reduce(before == nullptr ? total : plus(total, load_reals(before + i, c)), c);
  }
};

template <class Sink>
HEFLOW_INLINE void transform_terms(Word* r, const Term* terms, std::size_t count, const Sink& sink, const NttTable& table) {
  const Modulus& m = table.modulus;
  if (count == 1 && terms[0].weight.value == 1) return transform(r, Switched(terms[0], m), sink, table);
  const Word* before = nullptr;
  for (; count > 4; count -= 3, terms += 3, before = r) {
    const Summed<3> some(terms, m, before);
    for (std::size_t i = 0; i < std::size_t{1} << table.log_degree; i += kLanes) store(r + i, to_words(some(i), some.c));
  }
  if (count == 4) return transform(r, Summed<4>(terms, m, before), sink, table);
  if (count == 3) return transform(r, Summed<3>(terms, m, before), sink, table);
  const Term pair[2] = {terms[0], count == 2 ? terms[1] : Term{terms[0].limb, terms[0].modulus, {0, 0}}};
  transform(r, Summed<2>(pair, m, before), sink, table);
}

// w a + c
struct Joined {
  const double *a, *c;
  bool is_wide;
  Root w;
  Wide wide;
  __attribute__((always_inline)) Reals operator()(std::size_t i) const {
    Reals x = _mm256_setzero_pd();
    if (c != nullptr) x = is_wide ? wide(_mm256_load_pd(c + i)) : _mm256_load_pd(c + i);
    if (a != nullptr) x = plus(x, times(_mm256_load_pd(a + i), w, wide.c));
    return reduce(x, wide.c);
  }
};

struct AddProduct {
  Word* r;
  const Word *u, *prepared;
  template <bool Free>
  __attribute__((always_inline)) void put(std::size_t i, Reals x, const Constants& c) const {
    store(r + i, to_words(reduce(plus(x, product(u + i, prepared + i, c)), c), c));
  }
};

// The difference is at most 11.3p in size if Free, else 3.9p: below 2^52.
struct Divide {
  Word* r;
  const Word *a, *d;
  Root factor, inverse;
  template <bool Free>
  __attribute__((always_inline)) void put(std::size_t i, Reals x, const Constants& c) const {
    Reals s = minus(load_reals(a + i, c), x);
    if (d != nullptr) s = plus(s, times(load_reals(d + i, c), factor, c));
    store(r + i, to_words(times(s, inverse, c), c));
  }
};

// a prepared + c
struct Product {
  const Word *a, *prepared, *addend;
  Constants c;
  __attribute__((always_inline)) Reals operator()(std::size_t i) const {
    const Reals x = product(a + i, prepared + i, c);
    return addend == nullptr ? x : reduce(plus(x, load_reals(addend + i, c)), c);
  }
};

void forward_int8(Word* r, const std::int8_t* a, const NttTable& table) noexcept {
  transform(r, Int8{a}, Store<true>{r}, table);
}

void forward_terms(Word* r, const Term* terms, std::size_t count, const NttTable& table) noexcept {
  transform_terms(r, terms, count, Store<true>{r}, table);
}

void forward_join(Word* r, const double* a, const Factor& w, const double* c, bool wide, const Word* u, const Word* prepared,
                  const NttTable& table) noexcept {
  const Modulus& m = table.modulus;
  transform(r, Joined{a, c, wide, broadcast(w, m), Wide(m)}, AddProduct{r, u, prepared}, table);
}

void forward_divide(Word* r, const Word* a, const Word* d, const Division& by, const NttTable& table) noexcept {
  const Modulus& m = table.modulus;
  transform_terms(r, by.terms, by.count, Divide{r, a, d, broadcast(by.factor, m), broadcast(by.inverse, m)}, table);
}

void inverse_product(Word* r, const Word* a, const Word* prepared, const Word* c, const NttTable& table) noexcept {
  if (prepared == nullptr) return transform_back(r, Words{a, constants(table.modulus)}, table);
  transform_back(r, Product{a, prepared, c, constants(table.modulus)}, table);
}

void remainders(double* r, const Word* a, const std::int8_t* e, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Reals error = load_int8(e + i);
    _mm256_store_pd(r + i, minus(reduce(plus(load_reals(a + i, c), error), c), error));
  }
}

void round_scaled(double* r, const double* a, double scale, const std::int8_t* e, std::size_t n) noexcept {
  const Reals factor = _mm256_set1_pd(scale);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Reals scaled = _mm256_mul_pd(_mm256_load_pd(a + i), factor);
    const Reals x = _mm256_round_pd(scaled, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_store_pd(r + i, e == nullptr ? x : plus(x, load_int8(e + i)));
  }
}

}  // namespace

const FusedKernels kFused = {&forward_int8,    &forward_terms, &forward_join, &forward_divide,
                             &inverse_product, &remainders,    &round_scaled};

}  // namespace heflow::ring::avx2
