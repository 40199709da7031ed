// SPDX-License-Identifier: Apache-2.0
// The SSL_CTX that libmosquitto uses: our key behind a Signer, our trust anchors, and the reason
// when it ends badly, which libmosquitto does not pass on.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "upstream/mqtt_link.h"

namespace fairlead::upstream {
namespace {

std::string in_words(const X509_NAME* name) {
  std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return "?";
  char* text = nullptr;
  auto size = BIO_get_mem_data(out.get(), &text);
  return "'" + std::string(text, static_cast<std::size_t>(size)) + "'";
}

bool is_address(const std::string& host) {
  in6_addr ignored;
  return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

}  // namespace

struct MqttTlsCallbacks {
  static int verify(X509_STORE_CTX* presented, void* user) {
    auto& tls = *static_cast<MqttTls*>(user);
    if (X509_verify_cert(presented) == 1) return 1;
    explain(tls, presented);
    ERR_clear_error();
    return 0;
  }

  static void explain(MqttTls& tls, X509_STORE_CTX* checked) {
    int error = X509_STORE_CTX_get_error(checked);
    auto* at_fault = X509_STORE_CTX_get_current_cert(checked);
    if (!at_fault) at_fault = X509_STORE_CTX_get0_cert(checked);
    std::string whose = "the certificate of the broker " + tls.host_;
    auto& out = tls.finding_;
    out.reason = LinkReason::tls_untrusted;
    switch (error) {
      case X509_V_ERR_CERT_HAS_EXPIRED:
        out.reason = LinkReason::tls_expired;
        out.words = whose + " has expired, or this system's clock is wrong";
        return;
      case X509_V_ERR_CERT_NOT_YET_VALID:
        out.reason = LinkReason::tls_expired;
        out.words = whose + " is not valid yet, or this system's clock is wrong";
        return;
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        out.words =
            whose + " (" + in_words(X509_get_subject_name(at_fault)) + ") is for another name";
        return;
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        out.words = whose + " is issued by " + in_words(X509_get_issuer_name(at_fault)) +
                    ", which is not trusted";
        return;
      default:
        out.words = whose + " is not accepted: " + X509_verify_cert_error_string(error);
    }
  }

  static void watch(const SSL* ssl, int where, int value) {
    auto& tls = *static_cast<MqttTls*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    auto& out = tls.finding_;
    if (where & SSL_CB_HANDSHAKE_DONE) out.complete = true;
    if ((where & SSL_CB_HANDSHAKE_START) && !out.complete && !tls.host_is_address_) {
      // libmosquitto names the address that it connects to; servers choose by the name.
      SSL_set_tlsext_host_name(const_cast<SSL*>(ssl), tls.host_.c_str());
    }
    if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
    if (out.reason != LinkReason::none) return;
    int alert = value & 0xFF;
    switch (alert) {
      case SSL_AD_CLOSE_NOTIFY:
        return;
      case SSL_AD_BAD_CERTIFICATE:
      case SSL_AD_UNSUPPORTED_CERTIFICATE:
      case SSL_AD_CERTIFICATE_REVOKED:
      case SSL_AD_CERTIFICATE_EXPIRED:
      case SSL_AD_CERTIFICATE_UNKNOWN:
      case SSL_AD_UNKNOWN_CA:
      case SSL_AD_ACCESS_DENIED:
      case SSL_AD_CERTIFICATE_REQUIRED:
        out.reason = LinkReason::certificate_refused;
        out.words = "the broker " + tls.host_ +
                    " does not accept our certificate: " + SSL_alert_desc_string_long(value);
        return;
      default:
        out.reason = LinkReason::tls_failed;
        out.words = "the broker " + tls.host_ + " ends TLS: " + SSL_alert_desc_string_long(value);
    }
  }
};

Result<std::unique_ptr<MqttTls>> MqttTls::create(const net::TlsClient& settings,
                                                 const std::string& host) {
  std::unique_ptr<MqttTls> out(new MqttTls);
  out->host_ = host;
  out->host_is_address_ = is_address(host);
  TRY(out->context_, net::make_client_context(settings, host));
  auto* context = out->context_.get();
  SSL_CTX_set_cert_verify_callback(context, MqttTlsCallbacks::verify, out.get());
  SSL_CTX_set_app_data(context, out.get());
  SSL_CTX_set_info_callback(context, MqttTlsCallbacks::watch);
  return out;
}

}  // namespace fairlead::upstream
