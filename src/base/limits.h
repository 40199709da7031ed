// SPDX-License-Identifier: Apache-2.0
// Every bound on input, in one place: the page an auditor asks for. Tested at max and at max + 1.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fairlead::limits {

// Codecs
inline constexpr std::size_t cbor_depth_max = 16;
inline constexpr std::size_t certificate_bytes_max = 8 * 1024;
inline constexpr std::size_t certificate_chain_max = 8;
inline constexpr std::size_t csr_bytes_max = 8 * 1024;
inline constexpr std::size_t pem_bytes_max = 1024 * 1024;

// What may be asked to stand in a certificate
inline constexpr std::size_t name_characters_max = 64;  // RFC 5280 A.1: ub-common-name and others
inline constexpr std::size_t subject_alternative_names_max = 16;
inline constexpr std::size_t subject_alternative_uri_bytes_max = 512;
inline constexpr auto certificate_lifetime_min = std::chrono::minutes(1);
inline constexpr auto certificate_lifetime_max = std::chrono::days(36'525);
inline constexpr auto certificate_backdate_max = std::chrono::days(7);

// FDO
inline constexpr std::size_t fdo_message_bytes_max = 65'535;  // FDO 1.1: "at most 65535 bytes"
inline constexpr std::size_t fdo_message_bytes_default =
    2'000;  // what a peer that announces 0 can take
inline constexpr std::size_t service_info_bytes_default = 1'300;  // FDO 1.1: null or 0 means 1300
inline constexpr std::size_t voucher_entries_max = 64;
inline constexpr std::size_t voucher_bytes_max = 64 * 1024;
inline constexpr std::size_t device_info_bytes_max = 512;
inline constexpr std::size_t rendezvous_directives_max = 16;
inline constexpr std::size_t rendezvous_instructions_max = 32;
inline constexpr std::size_t rendezvous_addresses_max = 16;
inline constexpr std::size_t service_info_rounds_idle_max =
    2'000;  // rounds without progress before giving up
inline constexpr std::size_t service_info_value_bytes_max = 64 * 1024;
inline constexpr std::size_t upload_bytes_max = 1024 * 1024;  // a file that a device leaves
inline constexpr std::size_t uploads_per_device_max = 64;     // the oldest makes room

// Local provisioning
inline constexpr std::size_t local_message_bytes_max = 4'096;  // either way, on any carrier
inline constexpr std::size_t local_value_bytes_max = 512;      // of a BLE characteristic
inline constexpr std::size_t local_part_bytes_max = 450;       // content of one part of a document
inline constexpr std::size_t local_username_bytes_max = 64;
inline constexpr std::size_t local_code_bytes_max = 64;
inline constexpr std::size_t local_version_bytes_max = 1'024;
inline constexpr std::size_t local_request_bytes_max = 40 * 1024;  // one command, joined
inline constexpr std::size_t handshakes_max = 4;                   // at once; the oldest makes room
inline constexpr unsigned wrong_codes_max = 20;                    // then the door closes
inline constexpr std::size_t wrong_code_sources_max = 32;          // remembered
inline constexpr auto wrong_code_wait_max = std::chrono::minutes(5);
inline constexpr auto door_window = std::chrono::minutes(5);    // after a button or a command
inline constexpr auto button_window = std::chrono::minutes(2);  // without a code
inline constexpr auto door_after_commit = std::chrono::seconds(30);
inline constexpr auto session_idle = std::chrono::seconds(60);   // then others may come in
inline constexpr auto session_return = std::chrono::seconds(3);  // the same client, started again
inline constexpr auto fail_safe = std::chrono::minutes(5);       // then what was begun is undone
inline constexpr std::size_t ssid_bytes_max = 32;
inline constexpr std::size_t wifi_passphrase_bytes_max = 63;  // a key of 64 hex digits is refused
inline constexpr std::size_t scan_entries_max = 24;           // sent; a stock device has 16
inline constexpr std::size_t scan_entries_taken_max = 128;
inline constexpr std::size_t offer_bytes_max = 8 * 1024;
inline constexpr std::size_t grant_bytes_max = 32 * 1024;

// Wi-Fi Easy Connect
inline constexpr std::size_t dpp_message_bytes_max = 10'000;  // hostapd's own limit on TCP
inline constexpr std::size_t dpp_attributes_max = 32;
inline constexpr std::size_t dpp_configurations_max = 10;  // in one response
inline constexpr std::size_t dpp_json_bytes_max = 4'096;
inline constexpr std::size_t dpp_text_bytes_max = 256;  // of a member in it
inline constexpr std::size_t dpp_uri_bytes_max = 512;
inline constexpr std::size_t dpp_channels_max = 64;
inline constexpr auto dpp_step_deadline = std::chrono::seconds(10);
inline constexpr auto dpp_pending_deadline = std::chrono::minutes(2);  // somebody scans a code
inline constexpr auto dpp_join_deadline = std::chrono::seconds(16);    // as long as hostapd waits
inline constexpr std::size_t dpp_connections_max = 64;                 // of relays, at once
inline constexpr std::size_t dpp_connections_per_address_max = 16;     // a hostapd has 15 at most
inline constexpr std::size_t dpp_attempts_per_key_max = 10;            // within dpp_attempts_window
inline constexpr auto dpp_attempts_window = std::chrono::minutes(10);
inline constexpr std::size_t wifi_passphrase_bytes_min = 8;
inline constexpr std::size_t wifi_reply_bytes_max = 64 * 1024;  // of wpa_supplicant, one answer

// Labels
inline constexpr std::size_t label_text_bytes_max = 2'953;    // ISO/IEC 18004: version 40, level L
inline constexpr std::size_t label_member_bytes_max = 512;    // of the JSON in it
inline constexpr std::size_t ndef_message_bytes_max = 8'192;  // the largest tags in use hold that
inline constexpr std::size_t ndef_records_max = 16;

// HTTP
inline constexpr std::size_t http_header_bytes_max = 8 * 1024;
inline constexpr std::size_t http_headers_max = 100;
inline constexpr auto http_header_deadline = std::chrono::seconds(10);
inline constexpr auto http_body_deadline = std::chrono::seconds(20);
inline constexpr auto http_idle_deadline = std::chrono::seconds(60);
inline constexpr auto http_write_deadline = std::chrono::seconds(20);
inline constexpr std::size_t http_url_bytes_max = 2'048;
inline constexpr std::size_t http_client_idle_max = 64;  // connections kept open, in all
inline constexpr std::size_t http_client_idle_per_origin_max = 8;
inline constexpr auto http_client_idle_age =
    std::chrono::seconds(50);                        // shorter than a server's 60 s
inline constexpr std::size_t tls_sessions_max = 64;  // origins whose TLS session is remembered
inline constexpr auto loop_stop_deadline = std::chrono::seconds(5);
inline constexpr std::size_t resolver_threads_max = 4;
inline constexpr std::size_t resolver_queue_max = 256;
inline constexpr auto reply_deadline = std::chrono::seconds(30);

}  // namespace fairlead::limits
