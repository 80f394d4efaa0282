// What this CPU can do and this operating system lets it.
#pragma once

#include <string>

namespace heflow {

struct CpuFeatures {
  bool pclmul, fma, avx2, avx512f, avx512dq, avx512vl, avx512bw, avx512ifma, avx512vbmi, avx512vpopcntdq, vpclmulqdq;
};

const CpuFeatures& cpu_features() noexcept;      // all false off x86-64
bool cpu_has(const std::string& name) noexcept;  // one of them by its name
bool runs_avx2() noexcept;                       // everything that the objects in avx2/ are compiled for
bool runs_avx512ifma() noexcept;                 // the same for avx512ifma/

// For what no context chooses, as streams and checksums: the widest that this CPU runs, no wider than HEFLOW_BACKEND
// asks for when it is first needed.
enum class Isa { portable, avx2, avx512ifma };
Isa widest_isa() noexcept;

std::string cpu_name();

}  // namespace heflow
