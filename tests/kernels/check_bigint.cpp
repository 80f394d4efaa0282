// Arithmetic modulo n and n^2. Results are taken out of Montgomery form, so that no radix shows.
#include <string>

#include "../../csrc/base/buffer.hpp"
#include "../../csrc/bigint/modulus.hpp"
#include "checks.hpp"

namespace heflow::checks {
namespace {

using bigint::Kernels;
using bigint::LinearTerm;
using bigint::Modulus;

// Numbers of one modulus as lane groups of the single lane of `portable`.
class Bench {
 public:
  Bench(const Modulus& modulus, Report& report, const std::string& name)
      : m_(modulus), k_(modulus.kernels()), report_(report), name_(name) {}

  Buffer load(const Words& x, unsigned limbs) const {
    Buffer group(limbs);
    const Word* rows[1] = {x.data()};
    k_.load_words(group.data(), limbs, rows, static_cast<unsigned>(x.size()));
    return group;
  }
  Buffer residue(const Words& x) const {  // x R
    Buffer group = load(x, m_.limbs());
    k_.mont_mul(group.data(), group.data(), m_.to_montgomery().data(), m_.view());
    return group;
  }
  Buffer dual(const Words& x) const {  // x R modulo n^2
    const Buffer chunks = load(x, 2 * m_.limbs());
    Buffer group(m_.dual_group_words());
    const LinearTerm terms[2] = {
        {chunks.data(), m_.limbs(), m_.import_low().c0.data(), m_.import_low().c1.data()},
        {chunks.data() + m_.limbs(), m_.limbs(), m_.import_high().c0.data(), m_.import_high().c1.data()}};
    k_.dual_linear(group.data(), terms, 2, m_.view());
    return group;
  }
  void store(const char* what, const Word* limbs, unsigned count, std::size_t words) const {
    Words out(words);
    Word* rows[1] = {out.data()};
    k_.store_words(rows, static_cast<unsigned>(words), limbs, count);
    report_.result(name_ + what, out);
  }
  void residue_result(const char* what, Buffer& group) const {
    k_.reduce(group.data(), group.data(), m_.view());
    store(what, group.data(), m_.limbs(), m_.words());
  }
  void dual_result(const char* what, Buffer& group) const {
    k_.dual_reduce(group.data(), group.data(), m_.view());
    k_.dual_compose(group.data(), group.data(), m_.view());
    store(what, group.data(), 2 * m_.limbs(), m_.square_words());
  }

 private:
  const Modulus& m_;
  const Kernels& k_;
  Report& report_;
  std::string name_;
};

Buffer dual_one(const Modulus& m) {
  Buffer one(m.dual_group_words());
  broadcast(one.data(), m.import_low(), m);
  return one;
}

void check_modulus(Report& report, std::size_t bits) {
  Source source(bits);
  Words n = source.number((bits + 63) / 64, bits);
  n[0] |= 1, n.back() |= Word{1} << ((bits - 1) % 64);
  const Modulus m(bigint::kPortableKernels, bigint::Natural(n.begin(), n.end()));
  const Kernels& k = m.kernels();
  const Bench bench(m, report, "bigint/" + std::to_string(bits) + "/");
  const Words a = source.number(m.words(), bits - 1), b = source.number(m.words(), bits - 1);
  const Words x = source.number(m.square_words(), 2 * bits - 2), y = source.number(m.square_words(), 2 * bits - 2);

  const Buffer ar = bench.residue(a), br = bench.residue(b);
  Buffer r(m.group_words());
  k.mont_mul(r.data(), ar.data(), br.data(), m.view());
  bench.residue_result("mont_mul", r);
  k.mont_sqr(r.data(), ar.data(), m.view());
  bench.residue_result("mont_sqr", r);
  const Buffer al = bench.load(a, m.limbs()), bl = bench.load(b, m.limbs());
  const LinearTerm terms[2] = {{al.data(), m.limbs(), m.to_montgomery().data(), nullptr},
                               {bl.data(), 2, m.to_negative().data(), nullptr}};
  k.linear(r.data(), terms, 2, m.view());
  bench.residue_result("linear", r);
  k.add(r.data(), al.data(), bl.data(), m.limbs());
  bench.store("add", r.data(), m.limbs(), m.words() + 1);

  const Buffer xr = bench.dual(x), yr = bench.dual(y);
  Buffer d(m.dual_group_words());
  k.dual_mul(d.data(), xr.data(), yr.data(), m.view());
  bench.dual_result("dual_mul", d);
  k.dual_sqr(d.data(), xr.data(), m.view());
  bench.dual_result("dual_sqr", d);
  k.dual_mul(d.data(), xr.data(), dual_one(m).data(), m.view());  // x R^2
  k.dual_mul_half(d.data(), d.data(), al.data(), m.view());
  bench.dual_result("dual_mul_half", d);
}

void check_tables(Report& report) {
  const Kernels& k = bigint::kPortableKernels;
  constexpr unsigned kEntries = 16, kWidth = 36;
  const Words table = Source(1).words(kEntries * kWidth);
  bool right = true;
  Words lanes(kWidth), rows(kWidth);
  for (Word index = 0; index < kEntries; ++index) {
    k.select_lanes(lanes.data(), table.data(), kEntries, kWidth, &index);
    k.select_rows(rows.data(), table.data(), kEntries, kWidth, &index);
    for (unsigned i = 0; i < kWidth; ++i) {
      right = right && lanes[i] == table[index * kWidth + i] && rows[i] == table[i * kEntries + index];
    }
  }
  report.expect("bigint/select", right);
  const Word* from[1] = {table.data()};
  Word* to[1] = {rows.data()};
  k.load_rows(lanes.data(), from, kWidth);
  k.store_rows(to, lanes.data(), kWidth);
  report.expect("bigint/rows", std::equal(rows.begin(), rows.end(), table.begin()));
}

}  // namespace

void check_bigint(Report& report) {
  for (std::size_t bits : {61, 512, 1000, 1024, 1536, 2048, 3072, 4096}) check_modulus(report, bits);
  check_tables(report);
}

}  // namespace heflow::checks
