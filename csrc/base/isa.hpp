// What this CPU can do and this operating system lets it.
#pragma once

#include <string>

namespace heflow {

struct CpuFeatures {
  bool pclmul, avx2, avx512f, avx512dq, avx512vl, avx512bw, avx512ifma;
};

const CpuFeatures& cpu_features() noexcept;  // all false off x86-64
bool runs_avx512ifma() noexcept;             // everything that the objects in avx512ifma/ are compiled for
std::string cpu_name();

}  // namespace heflow
