// The loops around exact sums.
#include <cstring>

#include "../../csrc/base/buffer.hpp"
#include "../../csrc/ckks/kernels.hpp"
#include "checks.hpp"

namespace heflow::checks {
namespace {

template <class Real>
Words bits_of(const std::vector<Real>& values) {
  Words words;
  for (Real value : values) {
    const auto wide = static_cast<double>(value);
    Word bits;
    std::memcpy(&bits, &wide, sizeof bits);
    words.push_back(bits);
  }
  return words;
}

}  // namespace

void check_sums(Report& report) {
  const ckks::SumKernels& k = ckks::kPortableSumKernels;
  constexpr std::size_t n = 512;
  constexpr Word q = 0x3ffffffff0001;  // any 50 bits
  const ckks::Fields fields{2, 16, 14};
  const ckks::Quantiser how{1, 32767.5, 65535};
  Source source(3);
  std::vector<double> reals = source.integers(2 * n, 53);
  for (double& x : reals) x *= 0x1p-52;  // in [-2, 2)
  const std::vector<float> floats(reals.begin(), reals.end());
  Buffer words(n), other(n), r(n);
  const auto result = [&](const char* what, const Buffer& buffer) {
    report.result(std::string("sums/") + what, buffer.data(), n);
  };

  ckks::Counts counts;
  k.quantise_double(words.data(), reals.data(), n, fields, how, &counts), result("quantise_double", words);
  report.result("sums/counts", {counts.clipped, counts.invalid});
  k.quantise_float(r.data(), floats.data(), n, fields, how, &counts), result("quantise_float", r);
  std::vector<double> restored(2 * n);
  const double largest = k.restore_double(restored.data(), words.data(), n, fields, 1 / 32767.5, -1);
  report.result("sums/restore_double", bits_of(restored));
  std::vector<float> restored_floats(2 * n);
  const double same = k.restore_float(restored_floats.data(), words.data(), n, fields, 1 / 32767.5, -1);
  report.result("sums/restore_float", bits_of(restored_floats));
  report.expect("sums/restored", largest == 65535 && same == largest);

  const Words a = source.below(n, q), b = source.below(n, q);
  std::memcpy(words.data(), a.data(), n * sizeof(Word)), std::memcpy(other.data(), b.data(), n * sizeof(Word));
  std::vector<std::int8_t> small(n);
  for (std::int8_t& x : small) x = static_cast<std::int8_t>(source.next() % 43) - 21;
  k.round_difference(r.data(), words.data(), other.data(), small.data(), n, q, 0), result("round_difference", r);
  k.round_difference(r.data(), words.data(), other.data(), small.data(), n, q, 11), result("round_difference_drop", r);
  for (unsigned width : {8u, 39u, 57u}) {
    const Words values = source.number(n, 64 * n);
    Words cut(values);
    for (Word& x : cut) x &= (Word{1} << width) - 1;
    std::memcpy(words.data(), cut.data(), n * sizeof(Word));
    std::vector<std::uint8_t> packed(n / 8 * width);
    k.pack(packed.data(), words.data(), n, width);
    Words bytes(packed.begin(), packed.end());
    report.result("sums/pack/" + std::to_string(width), bytes);
    std::memcpy(r.data(), a.data(), n * sizeof(Word));
    const Word most = k.unpack_add(r.data(), packed.data(), n, width, 12345);
    report.result("sums/largest/" + std::to_string(width), {most});
    result(("unpack_add/" + std::to_string(width)).c_str(), r);
  }
  std::memcpy(r.data(), a.data(), n * sizeof(Word));
  k.add_multiple(r.data(), other.data(), n, 99991), result("add_multiple", r);
}

}  // namespace heflow::checks
