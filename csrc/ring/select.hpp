// The table of the backend asked for; names and availability are those of modular arithmetic (bigint).
#pragma once

#include <string>

#include "kernels.hpp"

namespace heflow::ring {

const Kernels& kernels_for(const std::string& name);  // Error(backend) if unknown or unavailable: never a fall-back

}  // namespace heflow::ring
