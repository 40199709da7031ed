// SPDX-License-Identifier: Apache-2.0
// Labels: printed for one device or a batch, and read back as somebody scanned them.
#include <algorithm>
#include <charconv>
#include <set>

#include "cli/context.h"
#include "client/label/label.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t batch_bytes_max = 64u << 20, scan_bytes_max = 16u << 10;
constexpr double length_min = 5, length_max = 1000;  // millimetres
constexpr std::string_view serial_place = "{serial}";

using Facts = std::vector<local::LabelFacts>;

std::unexpected<Problem> wrong(std::string text) {
  return problem(ProblemKind::usage, std::move(text));
}

Answer<double> length(std::string_view text, std::string_view option, double min) {
  double out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !(out >= min) || out > length_max)
    return wrong("--" + std::string(option) + ": '" + std::string(text) + "' are no millimetres");
  return out;
}

// "62x29"
Answer<std::pair<double, double>> lengths(Context& context, std::string_view option,
                                          std::string otherwise, double min) {
  const std::string text = context.in.get(option, std::move(otherwise));
  const std::size_t by = text.find('x');
  if (by == text.npos) return wrong("--" + std::string(option) + " is written as 62x29");
  TRY(double first, length(std::string_view(text).substr(0, by), option, min));
  TRY(double second, length(std::string_view(text).substr(by + 1), option, min));
  return std::pair(first, second);
}

Answer<std::optional<client::Paper>> sheet_wish(Context& context) {
  if (!context.in.has("sheet")) return std::optional<client::Paper>();
  client::Paper out;
  const std::string size = context.in.get("sheet");
  if (size == "letter") {
    out.width = 215.9;
    out.height = 279.4;
  } else if (size != "a4") {
    return wrong("--sheet is a4 or letter");
  }
  TRY(out.margin, length(context.in.get("margin", "5"), "margin", 0));
  TRY(auto gaps, lengths(context, "gap", "0x0", 0));
  std::tie(out.gap_x, out.gap_y) = gaps;
  TRY(auto skip, context.in.number("skip", 0, 0, 1000));
  out.skip = static_cast<std::size_t>(skip);
  return std::optional(out);
}

Answer<client::LabelForm> form_wish(Context& context) {
  client::LabelForm out;
  TRY(auto size, lengths(context, "size", "50x25", length_min));
  std::tie(out.width, out.height) = size;
  TRY(auto dpi, context.in.number("dpi", 300, 72, 2400));
  out.dpi = static_cast<unsigned>(dpi);
  TRY(out.paper, sheet_wish(context));
  return out;
}

Answer<local::LabelFacts> facts_of_options(Context& context, client::QrContent content) {
  local::LabelFacts out{context.in.get("serial"),  context.in.get("model"),
                        context.in.get("vendor"),  context.in.get("product-uri"),
                        context.in.get("dpp-uri"), {}};
  if (out.serial.empty())
    return wrong(
        "say FILE (what devices wrote by --label), or --serial and the rest of one device");
  const bool with_code = content == client::QrContent::setup ||
                         content == client::QrContent::espressif || context.in.has("code-file");
  if (!with_code) return out;
  local::SetupLabel setup;
  const std::string transport = context.in.get("transport", "ble");
  if (transport != "ble" && transport != "softap") return wrong("--transport is ble or softap");
  setup.transport = transport == "ble" ? local::LabelTransport::ble : local::LabelTransport::softap;
  setup.name = context.in.get(
      "name", transport == "ble" ? local::setup_name(out.serial) : std::string(out.serial));
  TRY(setup.code, code_of_label(context));
  if (!setup.code.empty()) setup.username = "wifiprov";
  out.setup = std::move(setup);
  return out;
}

// A batch is taken as a whole or not at all.
Answer<Facts> facts_of_file(const std::string& file) {
  TRY(auto text, read_text_file(file, batch_bytes_max));
  Facts out;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    ++number;
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    auto facts = local::decode_label_facts(line);
    if (!facts)
      return problem(ProblemKind::failed,
                     file + ", line " + std::to_string(number) + ": " + facts.error().context);
    out.push_back(std::move(*facts));
  }
  if (out.empty()) return problem(ProblemKind::failed, "there is no device in " + file);
  return out;
}

std::string file_for(std::string pattern, std::string serial) {
  for (char& c : serial) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 c == '-' || c == '_' || (c == '.' && &c != serial.data());
    if (!plain) c = '_';
  }
  const std::size_t at = pattern.find(serial_place);
  return at == pattern.npos ? pattern : pattern.replace(at, serial_place.size(), serial);
}

// What goes where: each label into a file of its own, or all into one.
struct Output {
  std::string file;
  std::vector<client::PrintedLabel> labels;
};

Answer<std::vector<Output>> outputs_for(const std::string& pattern,
                                        std::vector<client::PrintedLabel> labels) {
  std::vector<Output> out;
  if (pattern.find(serial_place) == pattern.npos) {
    if (labels.size() > 1 && !pattern.ends_with(".pdf"))
      return problem(ProblemKind::usage, "such a file holds one label, and there are several",
                     "Write them into one .pdf, or say {serial}: --out 'labels/{serial}.svg'.");
    out.push_back({pattern, std::move(labels)});
    return out;
  }
  std::set<std::string> taken;
  for (auto& label : labels) {
    std::string file = file_for(pattern, label.serial);
    if (!taken.insert(file).second)
      return problem(ProblemKind::conflict, "two labels would be written to " + file);
    out.push_back({std::move(file), {std::move(label)}});
  }
  return out;
}

Answer<std::string> content_of(Context& context, const Output& output, client::LabelForm form) {
  auto ends = [&](std::string_view with) { return output.file.ends_with(with); };
  if (ends(".ndef")) {
    auto label = client::parse_label(output.labels.front().qr);
    if (!label) return problem(ProblemKind::failed, label.error().context);
    return std::string(as_text(client::label_tag(*label)));
  }
  if (!ends(".pdf") && !ends(".svg") && !ends(".png"))
    return wrong("--out ends with .pdf, .svg, .png or .ndef");
  if (form.paper && !ends(".pdf")) return wrong("--sheet goes with a .pdf");
  if (!context.draw_labels)
    return problem(ProblemKind::failed, "this program was built without pictures of labels",
                   "It can still write .ndef files.");
  form.format = ends(".pdf")   ? client::LabelFormat::pdf
                : ends(".svg") ? client::LabelFormat::svg
                               : client::LabelFormat::png;
  auto drawn = context.draw_labels(output.labels, form);
  if (!drawn) return problem(ProblemKind::failed, drawn.error().context);
  return std::move(*drawn);
}

void add(json::object& to, std::string_view name, const std::string& value) {
  if (!value.empty()) to[name] = value;
}

json::object said_by(const local::SetupLabel& label, bool with_code) {
  json::object out{{"kind", "setup"}, {"name", label.name}};
  out["transport"] = local::to_string(label.transport);
  out["security"] = label.security;
  add(out, "username", label.username);
  add(out, "code", label.code.empty() || with_code ? label.code : std::string("not shown"));
  add(out, "product_uri", label.product_uri);
  add(out, "dpp", label.dpp);
  return out;
}

json::object said_by(const client::ProductLink& link, bool) {
  return {{"kind", "link"}, {"product_uri", link.uri}};
}

json::object said_by(const dpp::BootstrapUri& uri, bool) {
  json::object out{{"kind", "dpp"}, {"dpp", dpp::encode_bootstrap_uri(uri)}};
  add(out, "information", uri.information);
  return out;
}

}  // namespace

Answer<void> print_labels(Context& context) {
  auto content = client::parse_qr_content(context.in.get("qr", "setup"));
  if (!content) return wrong("--qr is setup, espressif, link or dpp");
  TRY(auto form, form_wish(context));
  Facts devices;
  if (context.in.arguments.empty()) {
    TRY(auto one, facts_of_options(context, *content));
    devices.push_back(std::move(one));
  } else {
    TRY(devices, facts_of_file(context.argument(0)));
  }
  std::vector<client::PrintedLabel> labels;
  for (const auto& facts : devices) {
    auto label = client::print_label(facts, *content);
    if (!label) return problem(ProblemKind::failed, label.error().context);
    labels.push_back(std::move(*label));
  }
  TRY(auto outputs, outputs_for(context.in.get("out"), std::move(labels)));
  std::vector<std::string> contents;  // all, before the first is written
  for (const Output& output : outputs) {
    TRY(auto drawn, content_of(context, output, form));
    contents.push_back(std::move(drawn));
  }
  // Labels hold codes: nobody else's affair.
  for (std::size_t i = 0; i < outputs.size(); ++i)
    TRY_VOID(write_file(outputs[i].file, contents[i], 0600));
  context.console.note(std::to_string(devices.size()) +
                       (devices.size() == 1 ? " label is in " : " labels are in ") +
                       context.in.get("out") + ".");
  return {};
}

Answer<void> read_label(Context& context) {
  const std::string file = context.argument_or(0, "-");
  TRY(auto text, read_text_file(file, scan_bytes_max));
  auto label =
      file.ends_with(".ndef") ? client::parse_tag(as_view(text)) : client::parse_label(text);
  if (!label) return problem(ProblemKind::failed, label.error().context);
  const bool with_code = context.in.has("with-code");
  json::object said =
      std::visit([&](const auto& kind) { return said_by(kind, with_code); }, *label);
  if (context.as_json())
    context.print(json::serialize(said) + "\n");
  else
    context.print_members(said);
  return {};
}

}  // namespace fairlead::cli
