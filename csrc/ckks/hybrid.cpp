#include "hybrid.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "../ring/fused.hpp"
#include "../ring/primes.hpp"
#include "../threads/parallel_for.hpp"

namespace heflow::ckks {
namespace {

using Words = std::vector<std::size_t>;
using Limb = const Word*;
using Keys = std::vector<const SwitchKey*>;

// From residues modulo the primes `from`, with product D, to those of other primes: with the balanced y_i = x_i / (D / q_i) mod
// q_i, the number sum_i y_i D / q_i is x + u D for a small u (docs/maths/ckks.md, hybrid key switching).
class Extension {
 public:
  Extension(const Context& context, Words from) : context_(context), from_(std::move(from)), y_(context, from_.size()) {}

  // Where what is known modulo prime number `k` of `from` lies, and may be laid before it is taken.
  Word* place(std::size_t k) { return y_[k]; }

  // Take x modulo prime number `k` of `from`, in NTT order. Its factor rides on the transform's 1/N.
  void load(std::size_t k, Limb x) {
    const std::size_t i = from_[k];
    Word scale = 1;
    for (std::size_t other : from_) {
      if (other != i) scale = times(scale, context_.inverse(other, i).value, i);
    }
    ring::NttTable table = context_.table(i);
    table.degree_inverse = context_.factor(times(table.degree_inverse.value, scale, i), i);
    table.last = context_.factor(times(table.last.value, scale, i), i);
    ring::inverse_product(context_.kernels(), y_[k], x, nullptr, nullptr, table);
  }

  // x modulo prime j outside `from`, in coefficient order.
  std::vector<ring::Term> terms(std::size_t j) const {
    std::vector<ring::Term> result;
    for (std::size_t k = 0; k < from_.size(); ++k) {
      Word weight = 1;
      for (std::size_t other : from_) {
        if (other != from_[k]) weight = times(weight, context_.prime(other, j).value, j);
      }
      result.push_back({y_[k], &context_.modulus(from_[k]), context_.factor(weight, j)});
    }
    return result;
  }

  // 1 / D modulo prime j outside `from`.
  Factor inverse(std::size_t j) const {
    Word result = 1;
    for (std::size_t i : from_) result = times(result, context_.inverse(i, j).value, j);
    return context_.factor(result, j);
  }

 private:
  Word times(Word a, Word b, std::size_t j) const { return ring::multiply_mod(a, b, context_.modulus(j).p); }

  const Context& context_;
  Words from_;
  Limbs y_;
};

// A polynomial over the first data primes, decomposed.
class Digits {
 public:
  Digits(const Context& context, std::vector<Limb> d) : context_(context), d_(std::move(d)) {
    const std::size_t each = context.digit_primes();
    for (std::size_t first = 0; first < d_.size(); first += each) {
      Words from;
      for (std::size_t i = first; i < std::min(first + each, d_.size()); ++i) from.push_back(i);
      digits_.emplace_back(context, std::move(from));
    }
    parallel_for(d_.size(), [&](std::size_t i) { digits_[i / each].load(i % each, d_[i]); });
  }

  // The inner products with keys modulo prime j, summed; each permuted by its key's rotation if `turned`.
  void products(Word* r0, Word* r1, const Keys& keys, bool turned, std::size_t j) const {
    const ring::Kernels& k = context_.kernels();
    const std::size_t n = context_.degree(), count = digits_.size(), each = context_.digit_primes();
    const Modulus& m = context_.modulus(j);
    Limbs scratch(context_, count + 3);
    Word *part0 = scratch[count], *part1 = scratch[count + 1], *next = scratch[count + 2];
    Limb digit[ring::kMaxPrimes], keys0[ring::kMaxPrimes], keys1[ring::kMaxPrimes];
    for (std::size_t g = 0; g < count; ++g) {
      const bool inside = j < d_.size() && j / each == g;
      digit[g] = inside ? d_[j] : scratch[g];
      if (inside) continue;
      const std::vector<ring::Term> terms = digits_[g].terms(j);
      ring::forward_terms(k, scratch[g], terms.data(), terms.size(), context_.table(j));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const SwitchKey& key = *keys[i];
      const auto collect = [&](Word* r, Limb part) {
        k.permute(i == 0 ? r : next, part, key.positions.data(), n);
        if (i > 0) k.add(r, r, next, n, m);
      };
      for (std::size_t g = 0; g < count; ++g) keys0[g] = key.b[g * key.primes + j], keys1[g] = key.a[g * key.primes + j];
      k.inner_products(turned ? part0 : r0, turned ? part1 : r1, digit, keys0, keys1, count, n, m);
      if (turned) collect(r0, part0), collect(r1, part1);
    }
  }

 private:
  const Context& context_;
  std::vector<Limb> d_;
  std::vector<Extension> digits_;
};

// What becomes of (c0, c1, c2), c0 + c1 s + c2 t, under keys from t: limbs over the data primes in use, or none.
struct Switch {
  std::vector<Limb> c0, c1, c2;
  Keys keys;
  bool rescale;               // by the last prime, too
  bool turned;                // by each key's rotation, before the sum, or
  const SwitchKey* turn_all;  // by that of this key, at the end
};

// (P (c0, c1) + sum of keys c2) / P, or / (P q_l) for l the last data prime in use, rounded. First the primes of the divisor,
// then, one after the other, those of the result: what belongs to one of them is done while it is in the cache.
void apply(const Switch& task, Batch& result, std::size_t item, const Context& context) {
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree(), results = result.primes();
  const std::vector<Limb>* addends[2] = {&task.c0, &task.c1};
  const Digits digits(context, task.c2);
  Words from;
  for (std::size_t s = 0; s < context.specials(); ++s) from.push_back(context.special() + s);
  if (task.rescale) from.push_back(results);
  Extension rest[2] = {{context, from}, {context, from}};
  parallel_for(from.size(), [&](std::size_t s) {
    const std::size_t j = from[s];
    digits.products(rest[0].place(s), rest[1].place(s), task.keys, task.turned, j);
    for (std::size_t part = 0; part < 2; ++part) {
      Word* x = rest[part].place(s);
      if (j < context.special() && !addends[part]->empty())
        k.scale_add(x, (*addends[part])[j], context.special_product(j), x, n, context.modulus(j));
      rest[part].load(s, x);
    }
  });
  parallel_for(results, [&](std::size_t i) {
    Limbs sums(context, 3);
    digits.products(sums[0], sums[1], task.keys, task.turned, i);
    const Factor inverse = rest[0].inverse(i);
    for (std::size_t part = 0; part < 2; ++part) {
      const std::vector<ring::Term> terms = rest[part].terms(i);
      const ring::Division by = {terms.data(), terms.size(), context.special_product(i), inverse};
      Word* out = task.turn_all == nullptr ? result.limb(item, part, i) : sums[2];
      ring::forward_divide(k, out, sums[part], addends[part]->empty() ? nullptr : (*addends[part])[i], by, context.table(i));
      if (task.turn_all != nullptr) k.permute(result.limb(item, part, i), out, task.turn_all->positions.data(), n);
    }
  });
}

std::vector<Limb> limbs_of(const Limbs& limbs, std::size_t count) {
  std::vector<Limb> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(limbs[i]);
  return result;
}

std::vector<Limb> limbs_of(const Batch& a, std::size_t item, std::size_t part) {
  std::vector<Limb> result;
  for (std::size_t i = 0; i < a.primes(); ++i) result.push_back(a.limb(item, part, i));
  return result;
}

// Ciphertexts side by side if there is one for each thread, else one after the other, each on all threads.
template <class Body>
void for_items(std::size_t items, const Body& body) {
  if (items >= thread_count()) return parallel_for(items, body);
  for (std::size_t item = 0; item < items; ++item) body(item);
}

}  // namespace

BatchPtr multiply_hybrid(const Batch& a, const Batch& b, const SwitchKey& key) {
  const Context& context = a.context();
  const std::size_t primes = std::min(a.primes(), b.primes()), n = context.degree();
  auto result = std::make_shared<Batch>(a.context_ptr(), a.size(), primes - 1);
  for_items(a.size(), [&](std::size_t item) {
    Limbs d0(context, primes), d1(context, primes), d2(context, primes);
    parallel_for(primes, [&](std::size_t i) {
      context.kernels().tensor(d0[i], d1[i], d2[i], a.limb(item, 0, i), a.limb(item, 1, i), b.limb(item, 0, i),
                               b.limb(item, 1, i), n, context.modulus(i));
    });
    const Switch task = {limbs_of(d0, primes), limbs_of(d1, primes), limbs_of(d2, primes), {&key}, true, false, nullptr};
    apply(task, *result, item, context);
  });
  return result;
}

BatchPtr rotations(const Batch& a, const std::vector<std::shared_ptr<SwitchKey>>& keys, bool keep) {
  const Context& context = a.context();
  const std::size_t primes = a.primes(), n = context.degree();
  auto result = std::make_shared<Batch>(a.context_ptr(), a.size(), primes);
  Keys pointers;
  for (const auto& key : keys) pointers.push_back(key.get());
  for_items(a.size(), [&](std::size_t item) {
    const std::vector<Limb> c0 = limbs_of(a, item, 0), c1 = limbs_of(a, item, 1);
    if (keys.size() == 1 && !keep) return apply({c0, {}, c1, pointers, false, false, pointers[0]}, *result, item, context);
    // The first parts turn without a key.
    Limbs turned(context, primes);
    parallel_for(primes, [&](std::size_t i) {
      Limbs next(context, 1);
      if (keep) std::memcpy(turned[i], c0[i], n * sizeof(Word));
      for (std::size_t r = 0; r < pointers.size(); ++r) {
        const bool first = r == 0 && !keep;
        context.kernels().permute(first ? turned[i] : next[0], c0[i], pointers[r]->positions.data(), n);
        if (!first) context.kernels().add(turned[i], turned[i], next[0], n, context.modulus(i));
      }
    });
    apply({limbs_of(turned, primes), keep ? c1 : std::vector<Limb>{}, c1, pointers, false, true, nullptr}, *result, item,
          context);
  });
  return result;
}

}  // namespace heflow::ckks
