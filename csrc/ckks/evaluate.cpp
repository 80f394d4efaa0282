#include "evaluate.hpp"

#include <algorithm>
#include <cstring>

#include "../ring/fused.hpp"
#include "../ring/primes.hpp"
#include "../threads/parallel_for.hpp"
#include "hybrid.hpp"

namespace heflow::ckks {
namespace {

std::shared_ptr<Batch> like(const Batch& a, std::size_t primes) {
  return std::make_shared<Batch>(a.context_ptr(), a.size(), primes);
}

Word residue_of(std::int64_t w, Word p) {
  const Word size = (w < 0 ? 0 - static_cast<Word>(w) : static_cast<Word>(w)) % p;
  return w < 0 && size != 0 ? p - size : size;
}

// body(result, limb of a, limb of b, modulus) for every limb; every other time from the last one: in a chain of sums
// that is the one still in cache.
template <class Body>
BatchPtr limbwise(const Batch& a, const Batch& b, const Body& body) {
  const std::size_t primes = std::min(a.primes(), b.primes());
  auto result = like(a, primes);
  parallel_for(a.size(), [&](std::size_t item) {
    static thread_local bool backwards = false;
    backwards = !backwards;
    for (std::size_t step = 0; step < 2 * primes; ++step) {
      const std::size_t limb = backwards ? 2 * primes - 1 - step : step, part = limb / primes, i = limb % primes;
      body(result->limb(item, part, i), a.limb(item, part, i), b.limb(item, part, i), a.context().modulus(i));
    }
  });
  return result;
}

// Limbs of one polynomial divided by the last of them, rounded: out has one limb less.
template <class Limb, class Out>
void rescale(const Limb& limb, const Out& out, std::size_t primes, Word* last, const Context& context) {
  const ring::Kernels& k = context.kernels();
  const std::size_t l = primes - 1;
  ring::inverse_product(k, last, limb(l), nullptr, nullptr, context.table(l));
  for (std::size_t i = 0; i < l; ++i) {
    const ring::Term term = {last, &context.modulus(l), context.one(i)};
    const ring::Division by = {&term, 1, {}, context.inverse(l, i)};
    ring::forward_divide(k, out(i), limb(i), nullptr, by, context.table(i));
  }
}

// The digits of d, c = d mod q_i, against a switch key: (acc0, acc1) over `primes` data primes and P.
void switch_digits(Limbs& acc0, Limbs& acc1, const Word* const* d, std::size_t primes, const SwitchKey& key,
                   const Context& context) {
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  Limbs plain(context, primes), digits(context, primes);
  const Word *digit[ring::kMaxPrimes], *keys0[ring::kMaxPrimes], *keys1[ring::kMaxPrimes];
  for (std::size_t i = 0; i < primes; ++i) {
    ring::inverse_product(k, plain[i], d[i], nullptr, nullptr, context.table(i));
  }
  for (std::size_t t = 0; t <= primes; ++t) {
    const std::size_t j = t < primes ? t : context.special();
    for (std::size_t i = 0; i < primes; ++i) {
      keys0[i] = key.b[i * key.primes + j], keys1[i] = key.a[i * key.primes + j], digit[i] = digits[i];
      if (i == j) {
        digit[i] = d[i];
        continue;
      }
      const ring::Term term = {plain[i], &context.modulus(i), context.one(j)};
      ring::forward_terms(k, digits[i], &term, 1, context.table(j));
    }
    k.inner_products(acc0[t], acc1[t], digit, keys0, keys1, primes, n, context.modulus(j));
  }
}

// (acc + P d) / (P q_l), rounded, for l the last data prime in use.
template <class Out>
void divide_both(Limbs& acc, const Limbs& d, const Out& out, std::size_t primes, Word* scratch, const Context& context) {
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree(), l = primes - 1, special = context.special();
  const Modulus &p = context.modulus(special), &q = context.modulus(l);
  Word *low = acc[primes], *high = acc[l];
  k.inverse(low, context.table(special));
  k.scale_add(high, d[l], context.prime(special, l), high, n, q);
  k.inverse(high, context.table(l));
  // The number modulo P q_l is low + P t with t = (high - low) / P mod q_l, both balanced.
  k.switch_modulus(scratch, low, n, p, q);
  k.difference_scale(high, high, scratch, context.inverse(special, l), nullptr, n, q);
  for (std::size_t i = 0; i < l; ++i) {
    const Modulus& m = context.modulus(i);
    const Word inverse = ring::multiply_mod(context.inverse(special, i).value, context.inverse(l, i).value, m.p);
    const ring::Term terms[2] = {{low, &p, context.one(i)}, {high, &q, context.prime(special, i)}};
    const ring::Division by = {terms, 2, context.prime(special, i), context.factor(inverse, i)};
    ring::forward_divide(k, out(i), acc[i], d[i], by, context.table(i));
  }
}

}  // namespace

BatchPtr add(const Batch& a, const Batch& b) {
  const ring::Kernels& k = a.context().kernels();
  const std::size_t n = a.context().degree();
  return limbwise(a, b, [&](Word* r, const Word* x, const Word* y, const Modulus& m) { k.add(r, x, y, n, m); });
}

BatchPtr subtract(const Batch& a, const Batch& b) {
  const ring::Kernels& k = a.context().kernels();
  const std::size_t n = a.context().degree();
  return limbwise(a, b, [&](Word* r, const Word* x, const Word* y, const Modulus& m) { k.subtract(r, x, y, n, m); });
}

BatchPtr negate(const Batch& a) {
  const ring::Kernels& k = a.context().kernels();
  const std::size_t n = a.context().degree();
  return limbwise(a, a, [&](Word* r, const Word* x, const Word*, const Modulus& m) { k.negate(r, x, n, m); });
}

BatchPtr add_plain(const Batch& a, const Messages& messages) {
  const Context& context = a.context();
  auto result = like(a, a.primes());
  parallel_for(a.size(), [&](std::size_t item) {
    Limbs plain(context, a.primes());
    encode_row(plain, messages.values + item * context.slots(), messages, a.primes(), false, context);
    for (std::size_t i = 0; i < a.primes(); ++i) {
      context.kernels().add(result->limb(item, 0, i), a.limb(item, 0, i), plain[i], context.degree(), context.modulus(i));
      std::memcpy(result->limb(item, 1, i), a.limb(item, 1, i), context.degree() * sizeof(Word));
    }
  });
  return result;
}

BatchPtr add_integer(const Batch& a, const std::vector<std::int64_t>& w) {
  const Context& context = a.context();
  const std::size_t run = std::min<std::size_t>(context.degree(), 512);  // in the first-level cache
  auto result = like(a, a.primes());
  parallel_for(a.size(), [&](std::size_t item) {
    Buffer constant(run);
    for (std::size_t i = 0; i < a.primes(); ++i) {
      const Word* x = a.limb(item, 0, i);
      const Word residue = residue_of(w[item], context.modulus(i).p);
      std::fill_n(constant.data(), run, residue);
      for (std::size_t at = 0; at < context.degree(); at += run)
        context.kernels().add(result->limb(item, 0, i) + at, x + at, constant.data(), run, context.modulus(i));
      std::memcpy(result->limb(item, 1, i), a.limb(item, 1, i), context.degree() * sizeof(Word));
    }
  });
  return result;
}

BatchPtr multiply_plain(const Batch& a, const Messages& messages) {
  const Context& context = a.context();
  const std::size_t primes = a.primes(), n = context.degree();
  auto result = like(a, primes - 1);
  parallel_for(a.size(), [&](std::size_t item) {
    Limbs plain(context, primes), product(context, primes), scratch(context, 1);
    encode_row(plain, messages.values + item * context.slots(), messages, primes, true, context);
    for (std::size_t part = 0; part < 2; ++part) {
      for (std::size_t i = 0; i < primes; ++i)
        context.kernels().multiply(product[i], a.limb(item, part, i), plain[i], n, context.modulus(i));
      rescale([&](std::size_t i) { return product[i]; }, [&](std::size_t i) { return result->limb(item, part, i); }, primes,
              scratch[0], context);
    }
  });
  return result;
}

BatchPtr multiply_integer(const Batch& a, const std::vector<std::int64_t>& w) {
  const Context& context = a.context();
  const std::size_t primes = a.primes(), n = context.degree();
  auto result = like(a, primes - 1);
  parallel_for(a.size(), [&](std::size_t item) {
    Limbs product(context, primes), scratch(context, 1);
    for (std::size_t part = 0; part < 2; ++part) {
      for (std::size_t i = 0; i < primes; ++i) {
        const Modulus& m = context.modulus(i);
        context.kernels().scale(product[i], a.limb(item, part, i), context.factor(residue_of(w[item], m.p), i), n, m);
      }
      rescale([&](std::size_t i) { return product[i]; }, [&](std::size_t i) { return result->limb(item, part, i); }, primes,
              scratch[0], context);
    }
  });
  return result;
}

BatchPtr multiply(const Batch& a, const Batch& b, const SwitchKey& key) {
  const Context& context = a.context();
  if (context.specials() > 1) return multiply_hybrid(a, b, key);
  const std::size_t primes = std::min(a.primes(), b.primes()), n = context.degree();
  auto result = like(a, primes - 1);
  parallel_for(a.size(), [&](std::size_t item) {
    Limbs d0(context, primes), d1(context, primes), d2(context, primes), scratch(context, 1);
    Limbs acc0(context, primes + 1), acc1(context, primes + 1);
    const Word* digits[ring::kMaxPrimes];
    for (std::size_t i = 0; i < primes; ++i) {
      context.kernels().tensor(d0[i], d1[i], d2[i], a.limb(item, 0, i), a.limb(item, 1, i), b.limb(item, 0, i),
                               b.limb(item, 1, i), n, context.modulus(i));
      digits[i] = d2[i];
    }
    switch_digits(acc0, acc1, digits, primes, key, context);
    divide_both(acc0, d0, [&](std::size_t i) { return result->limb(item, 0, i); }, primes, scratch[0], context);
    divide_both(acc1, d1, [&](std::size_t i) { return result->limb(item, 1, i); }, primes, scratch[0], context);
  });
  return result;
}

BatchPtr rotate(const Batch& a, const std::shared_ptr<SwitchKey>& key) { return rotations(a, {key}, false); }

BatchPtr add_rotations(const Batch& a, const std::vector<std::shared_ptr<SwitchKey>>& keys) { return rotations(a, keys, true); }

BatchPtr drop(const Batch& a, std::size_t primes) {
  auto result = like(a, primes);
  const std::size_t words = primes * a.context().degree();
  parallel_for(a.size(), [&](std::size_t item) {
    for (std::size_t part = 0; part < 2; ++part)
      std::memcpy(result->limb(item, part, 0), a.limb(item, part, 0), words * sizeof(Word));
  });
  return result;
}

BatchPtr take(const Batch& a, const std::int64_t* items, std::size_t count) {
  auto result = std::make_shared<Batch>(a.context_ptr(), count, a.primes());
  const std::size_t words = 2 * a.primes() * a.context().degree();
  for (std::size_t i = 0; i < count; ++i)
    std::memcpy(result->limb(i, 0, 0), a.limb(static_cast<std::size_t>(items[i]), 0, 0), words * sizeof(Word));
  return result;
}

BatchPtr concatenate(const std::vector<BatchPtr>& parts) {
  std::size_t count = 0, at = 0;
  for (const BatchPtr& part : parts) count += part->size();
  const Batch& first = *parts.front();
  auto result = std::make_shared<Batch>(first.context_ptr(), count, first.primes());
  for (const BatchPtr& part : parts) {
    if (part->size() > 0) std::memcpy(result->limb(at, 0, 0), part->limb(0, 0, 0), part->bytes());
    at += part->size();
  }
  return result;
}

BatchPtr sum_groups(const Batch& a, const std::int64_t* items, std::size_t rows, std::size_t each) {
  const Context& context = a.context();
  auto result = std::make_shared<Batch>(a.context_ptr(), rows, a.primes());
  parallel_for(rows, [&](std::size_t row) {
    for (std::size_t part = 0; part < 2; ++part) {
      for (std::size_t i = 0; i < a.primes(); ++i) {
        Word* total = result->limb(row, part, i);
        std::memcpy(total, a.limb(static_cast<std::size_t>(items[row * each]), part, i), context.degree() * sizeof(Word));
        for (std::size_t c = 1; c < each; ++c) {
          context.kernels().add(total, total, a.limb(static_cast<std::size_t>(items[row * each + c]), part, i),
                                context.degree(), context.modulus(i));
        }
      }
    }
  });
  return result;
}

BatchPtr linear_map(const Batch& a, const Messages& messages, std::size_t rows) {
  const Context& context = a.context();
  const std::size_t primes = a.primes(), n = context.degree(), count = a.size();
  auto result = std::make_shared<Batch>(a.context_ptr(), rows, primes - 1);
  parallel_for(rows, [&](std::size_t row) {
    Limbs plain(context, primes), sum0(context, primes), sum1(context, primes), scratch(context, 1);
    for (std::size_t c = 0; c < count; ++c) {
      encode_row(plain, messages.values + (row * count + c) * context.slots(), messages, primes, true, context);
      for (std::size_t i = 0; i < primes; ++i) {
        const Modulus& m = context.modulus(i);
        if (c == 0) {
          context.kernels().multiply(sum0[i], a.limb(c, 0, i), plain[i], n, m);
          context.kernels().multiply(sum1[i], a.limb(c, 1, i), plain[i], n, m);
        } else {
          context.kernels().multiply_add(sum0[i], a.limb(c, 0, i), plain[i], sum0[i], n, m);
          context.kernels().multiply_add(sum1[i], a.limb(c, 1, i), plain[i], sum1[i], n, m);
        }
      }
    }
    rescale([&](std::size_t i) { return sum0[i]; }, [&](std::size_t i) { return result->limb(row, 0, i); }, primes, scratch[0],
            context);
    rescale([&](std::size_t i) { return sum1[i]; }, [&](std::size_t i) { return result->limb(row, 1, i); }, primes, scratch[0],
            context);
  });
  return result;
}

BatchPtr weighted_sums(const Batch& a, const std::int64_t* w, std::size_t rows) {
  const Context& context = a.context();
  const std::size_t primes = a.primes(), n = context.degree(), count = a.size();
  auto result = std::make_shared<Batch>(a.context_ptr(), rows, primes - 1);
  for (std::size_t row = 0; row < rows; ++row) {
    Limbs sums(context, 2 * primes);
    parallel_for(2 * primes, [&](std::size_t limb) {
      const std::size_t part = limb / primes, i = limb % primes;
      const Modulus& m = context.modulus(i);
      std::memset(sums[limb], 0, n * sizeof(Word));
      for (std::size_t c = 0; c < count; ++c) {
        const Factor factor = context.factor(residue_of(w[row * count + c], m.p), i);
        context.kernels().scale_add(sums[limb], a.limb(c, part, i), factor, sums[limb], n, m);
      }
    });
    parallel_for(2, [&](std::size_t part) {
      Limbs scratch(context, 1);
      rescale([&](std::size_t i) { return sums[part * primes + i]; }, [&](std::size_t i) { return result->limb(row, part, i); },
              primes, scratch[0], context);
    });
  }
  return result;
}

BatchPtr constant_only(const Batch& a) {
  const Context& context = a.context();
  const std::size_t n = context.degree();
  auto result = like(a, a.primes());
  parallel_for(a.size(), [&](std::size_t item) {
    Buffer limb(n);
    for (std::size_t i = 0; i < a.primes(); ++i) {
      std::memcpy(limb.data(), a.limb(item, 0, i), n * sizeof(Word));
      context.kernels().inverse(limb.data(), context.table(i));
      std::fill(result->limb(item, 0, i), result->limb(item, 0, i) + n, limb.data()[0]);  // a constant's values
      std::memcpy(result->limb(item, 1, i), a.limb(item, 1, i), n * sizeof(Word));
    }
  });
  return result;
}

}  // namespace heflow::ckks
