// SPDX-License-Identifier: Apache-2.0
#include "client/operator/voucher_import.h"

#include <algorithm>
#include <boost/json.hpp>

#include "client/operator/api.h"

namespace fairlead::client {

namespace {
constexpr std::size_t batches_ahead = 4;
constexpr Duration import_limit = std::chrono::minutes(2);  // a thousand vouchers on a small box
}  // namespace

void VoucherImport::refuse(const FoundVoucher& voucher, std::string guid, std::string reason) {
  ++counts_.refused;
  refusals_.push_back(
      {voucher.where, voucher.file, voucher.number, std::move(guid), std::move(reason)});
}

void VoucherImport::add(FoundVoucher voucher) {
  if (!voucher.refusal.empty()) return refuse(voucher, {}, voucher.refusal);
  if (done_.contains(voucher.digest) || !sent_.insert(voucher.digest).second) {
    ++counts_.done_before;
    return;
  }
  waiting_bytes_ += voucher.pem.size();
  waiting_.push_back(std::move(voucher));
}

bool VoucherImport::wants_more() const {
  return waiting_.size() < batches_ahead * import_batch_vouchers_max &&
         waiting_bytes_ < batches_ahead * import_batch_bytes_max;
}

VoucherImport::Batch VoucherImport::take(bool more_comes) {
  Batch batch;
  attempt_counted_ = false;
  if (!again_.empty()) {
    batch = std::move(again_.front());
    again_.pop_front();
    return batch;
  }
  bool enough =
      waiting_.size() >= import_batch_vouchers_max || waiting_bytes_ >= import_batch_bytes_max;
  if (more_comes && !enough) return batch;
  std::size_t bytes = 0;
  while (!waiting_.empty() && batch.size() < import_batch_vouchers_max) {
    bytes += waiting_.front().pem.size();
    if (bytes > import_batch_bytes_max) break;
    waiting_bytes_ -= waiting_.front().pem.size();
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

ApiRequest VoucherImport::request_for(const Batch& batch) const {
  ApiRequest request{.method = "POST",
                     .target = with_query(api_path({"vouchers", "import"}),
                                          {{"account", options_.account},
                                           {"dry_run", options_.dry_run ? "true" : ""}}),
                     .content_type = "text/plain",
                     .limit = import_limit};
  for (const auto& voucher : batch) request.body += voucher.pem;
  return request;
}

Duration VoucherImport::wait_time() const {
  return std::chrono::seconds(1) * (1u << std::min(attempts_ > 0 ? attempts_ - 1 : 0, 6u));
}

void VoucherImport::put_back(Batch batch) { again_.push_back(std::move(batch)); }

Answer<VoucherImport::Next> VoucherImport::answered(Batch batch,
                                                    const Result<ApiResponse>& response) {
  bool good = response && response->status >= 200 && response->status <= 299;
  if (good) {
    attempts_ = 0;
    if (auto recorded = record(batch, *response); !recorded)
      return std::unexpected(std::move(recorded).error());
    return Next::go_on;
  }
  Problem why = response ? problem_of(*response) : problem_of(response.error());
  switch (why.kind) {
    case ProblemKind::busy:
    case ProblemKind::unreachable:
      // What of this batch was taken in nevertheless will be "unchanged" the next time.
      put_back(std::move(batch));
      // Several requests sent together fail together: that is one attempt.
      if (!std::exchange(attempt_counted_, true)) ++attempts_;
      if (attempts_ >= import_attempts_max) return std::unexpected(std::move(why));
      return Next::wait;
    case ProblemKind::bad_request:
    case ProblemKind::too_large:
      if (batch.size() == 1) {
        refuse(batch.front(), {}, why.message);
      } else {
        auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
        put_back(Batch(std::make_move_iterator(batch.begin()), std::make_move_iterator(middle)));
        put_back(Batch(std::make_move_iterator(middle), std::make_move_iterator(batch.end())));
      }
      return Next::go_on;
    default:
      put_back(std::move(batch));
      return std::unexpected(std::move(why));
  }
}

// {"results":[{"index","guid","result":"imported|unchanged|refused","reason"}]}, one for each
// voucher of the batch. Anything else is not counted as done.
Answer<void> VoucherImport::record(const Batch& batch, const ApiResponse& response) {
  auto strange = [] {
    return problem(ProblemKind::server_fault,
                   "the server's answer does not say what became of each voucher",
                   "Compare the versions of `fairlead` and the server.");
  };
  boost::system::error_code error;
  json::value body = json::parse(response.body, error);
  const json::object* object = !error ? body.if_object() : nullptr;
  const json::value* results = object ? object->if_contains("results") : nullptr;
  if (!results || !results->is_array() || results->get_array().size() != batch.size())
    return strange();
  std::vector<bool> told(batch.size(), false);
  for (const auto& row : results->get_array()) {
    const json::value* index = row.is_object() ? row.get_object().if_contains("index") : nullptr;
    if (!index || !index->is_int64() || index->get_int64() < 0 ||
        static_cast<std::size_t>(index->get_int64()) >= batch.size())
      return strange();
    auto i = static_cast<std::size_t>(index->get_int64());
    if (told[i]) return strange();
    told[i] = true;
    std::string result = text_at(row, "result");
    if (result == "refused") {
      refuse(batch[i], plain_text(text_at(row, "guid")), plain_text(text_at(row, "reason")));
      continue;
    }
    if (result != "imported" && result != "unchanged") return strange();
    ++(result == "imported" ? counts_.imported : counts_.unchanged);
    if (!options_.dry_run) newly_done_.push_back(batch[i].digest);
  }
  return {};
}

}  // namespace fairlead::client
