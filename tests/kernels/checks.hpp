// Kernels against stored results, on any machine with a C++ compiler: no Python, no library beside the standard one.
//
// Inputs are drawn from SplitMix64, so that both sides know them; a result is stored as the CRC-64/XZ of its 64-bit words
// (tests/vectors/kernels.txt, made by make_kernels.py with Python's integers).
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace heflow::checks {

using Word = std::uint64_t;
using Words = std::vector<Word>;

class Source {
 public:
  explicit Source(Word seed) : state_(seed) {}
  Word next();
  Words words(std::size_t count);
  Words below(std::size_t count, Word bound);                  // each draw modulo the bound
  Words number(std::size_t words, std::size_t bits);           // one integer of at most so many bits
  std::vector<double> integers(std::size_t n, unsigned bits);  // of either sign, below 2^bits in size

 private:
  Word state_;
};

class Report {
 public:
  explicit Report(const char* vectors);
  void result(const std::string& name, const Word* words, std::size_t count);
  void result(const std::string& name, const Words& words) { result(name, words.data(), words.size()); }
  void expect(const std::string& name, bool right);
  int end();  // 0 if everything stored was checked and right

 private:
  std::map<std::string, Word> stored_;
  std::size_t right_ = 0, wrong_ = 0;
};

void check_bigint(Report& report);
void check_ring(Report& report);
void check_embedding(Report& report);
void check_random(Report& report);
void check_sums(Report& report);

}  // namespace heflow::checks
