// SPDX-License-Identifier: Apache-2.0
// Which token and which keys of it, as a PKCS#11 URI (RFC 7512), without its "pkcs11:":
//
//   uri     = [ attribute *( ";" attribute ) ] [ "?" query *( "&" query ) ]
//   path    : token, manufacturer, model, serial      all that are given have to match
//             object                                  the labels of our keys begin with this
//   query   : module-path                             the library that drives the token
//             pin-source = "file:" path               where the PIN is
//   value   = *( pchar / "%" HEXDIG HEXDIG )
//
// An attribute may stand once. Any other is refused: `id` and `type` name one object where we keep
// many, and `pin-value` would show the PIN in a configuration file.
#pragma once

#include <string>

#include "base/result.h"

namespace fairlead::keystore::pkcs11 {

struct TokenUri {
  std::string token, manufacturer, model, serial;  // empty: any
  std::string label_prefix;                        // at most label_prefix_bytes_max
  std::string module_path;                         // empty: not said
  std::string pin_file;                            // empty: not said
};
inline constexpr std::size_t uri_bytes_max = 1024;
inline constexpr std::size_t label_prefix_bytes_max = 64;

Result<TokenUri> decode_token_uri(std::string_view text);  // malformed, unsupported, refused

}  // namespace fairlead::keystore::pkcs11
