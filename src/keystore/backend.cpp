// SPDX-License-Identifier: Apache-2.0
#include "keystore/backend.h"

namespace fairlead::keystore {

Result<std::unique_ptr<Keystore>> open_keystore(std::string_view setting,
                                                std::span<const Backend> built_in,
                                                const std::filesystem::path& directory,
                                                const Credentials& credentials,
                                                Checkpoint checkpoint) {
  const std::size_t colon = setting.find(':');
  const std::string_view kind = setting.substr(0, colon);
  Place place{colon == setting.npos ? "" : std::string(setting.substr(colon + 1)), directory,
              credentials, std::move(checkpoint)};
  std::string kinds;
  for (const Backend& backend : built_in) {
    if (backend.kind == kind) return backend.open(place).in("keystore " + std::string(kind));
    kinds += (kinds.empty() ? "" : ", ") + std::string(backend.kind);
  }
  return fail(Errc::refused, "there is no keystore '" + std::string(kind) +
                                 "' in this program; it was built with: " + kinds);
}

}  // namespace fairlead::keystore
