// Which backends exist, which can run here, and the table of the one asked for.
#pragma once

#include <string>
#include <vector>

#include "kernels.hpp"

namespace heflow::bigint {

struct BackendInfo {
  std::string name;
  bool available;
  std::string reason;  // empty if available
  std::vector<std::string> features;
};

std::vector<BackendInfo> backends();                  // from plain to fast
const Kernels& kernels_for(const std::string& name);  // Error(backend) if unknown or unavailable: never a fall-back

}  // namespace heflow::bigint
