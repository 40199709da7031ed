// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cli/command.h"
#include "cli/table.h"

namespace fairlead::cli {
namespace {

Answer<Invocation> parsed(std::vector<std::string> words) { return parse(words); }

TEST(Parse, RefusesWithAWordOfWhatWasMeant) {
  struct {
    std::vector<std::string> words;
    std::string said;
  } const cases[] = {
      {{"voucher", "imprt", "x"}, "'voucher import'"},
      {{"devise", "list"}, "'device'"},
      {{"xyzzy"}, "fairlead help"},
      {{"device", "list", "--stat", "waiting"}, "'state'"},
      {{"device", "list", "-s"}, "written in full"},
      {{"device", "show"}, "DEVICE is missing"},
      {{"device", "show", "a", "b"}, "'b' is one word too many"},
      {{"revoke", "a"}, "--reason is missing"},
      {{"revoke", "a", "--reason"}, "wants a value"},
      {{"revoke", "a", "--reason="}, "empty value"},
      {{"revoke", "a", "--reason", "x", "--reason", "y"}, "stands twice"},
      {{"status", "--json=1"}, "takes no value"},
      {{"status", "--account", "x"}, "no option --account for status"},
  };
  for (const auto& each : cases) {
    auto in = parsed(each.words);
    ASSERT_FALSE(in) << each.said;
    EXPECT_EQ(in.error().kind, ProblemKind::usage);
    auto text = in.error().message + " " + in.error().advice;
    EXPECT_NE(text.find(each.said), std::string::npos) << text;
  }
}

TEST(Parse, TakesOptionsAnywhereAndArgumentsAfterTwoDashes) {
  auto in = parsed(
      {"--json", "voucher", "--account=acme", "import", "a", "--dry-run", "-", "--", "--odd"});
  ASSERT_TRUE(in) << in.error().message;
  EXPECT_EQ(in->command->name, "voucher import");
  EXPECT_EQ(in->arguments, (std::vector<std::string>{"a", "-", "--odd"}));
  EXPECT_EQ(in->get("account"), "acme");
  EXPECT_TRUE(in->has("json") && in->has("dry-run"));
}

TEST(Parse, HelpNeedsNoArguments) {
  for (std::vector<std::string> words : {std::vector<std::string>{"help", "device", "show"},
                                         {"device", "show", "--help"},
                                         {"device", "show", "-h"}}) {
    auto in = parsed(words);
    ASSERT_TRUE(in);
    EXPECT_TRUE(in->help);
    EXPECT_EQ(in->command->name, "device show");
  }
  EXPECT_EQ(parsed({"help", "factory", "rendezvous"})->help_for, "factory rendezvous");
  EXPECT_EQ(parsed({})->command, nullptr);
}

TEST(Parse, NumbersAreWholeAndWithinBounds) {
  for (std::string bad : {"0", "1001", "-1", "x", "7x", "99999999999999999999"})
    EXPECT_FALSE(parsed({"device", "list", "--limit=" + bad})->number("limit", 5, 1, 1000)) << bad;
  EXPECT_EQ(parsed({"device", "list", "--limit", "1000"})->number("limit", 5, 1, 1000).value(),
            1000);
  EXPECT_EQ(parsed({"device", "list"})->number("limit", 5, 1, 1000).value(), 5);
}

TEST(Commands, AreUniqueRunnableAndKnownToHelpAndCompletion) {
  std::set<std::string_view> names;
  std::string bash = completion_script("bash").value();
  for (const auto& each : commands()) {
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_NE(each.run, nullptr) << each.name;
    EXPECT_NE(bash.find("\"" + std::string(each.name) + "\""), std::string::npos) << each.name;
    Invocation in{.command = &each};
    EXPECT_NE(help_text(in).find(usage_line(each)), std::string::npos);
    for (const auto& option : each.options)
      for (const auto& global : global_options())
        EXPECT_TRUE(option.name.empty() || option.name != global.name) << option.name;
  }
  EXPECT_NE(completion_script("zsh")->find("bashcompinit"), std::string::npos);
  EXPECT_FALSE(completion_script("fish"));
}

// Parsing must know whether a word is an option's value before it knows the command.
TEST(Commands, AnOptionTakesAValueEverywhereOrNowhere) {
  std::map<std::string_view, bool> takes;
  for (const auto& each : commands())
    for (const auto& option : each.options) {
      if (option.name.empty()) continue;
      auto [known, added] = takes.emplace(option.name, !option.value.empty());
      EXPECT_EQ(known->second, !option.value.empty()) << each.name << " --" << option.name;
    }
}

TEST(Table, CutsTheWidestColumnAndNeverAnId) {
  Table table{{"ID", "NAME", "STATE"},
              {{"0123456789abcdef", "a pump with a very long name", "online"}},
              {true, false, true}};
  EXPECT_EQ(layout(table, 0),
            "ID                NAME                          STATE\n"
            "0123456789abcdef  a pump with a very long name  online\n");
  EXPECT_EQ(layout(table, 40),
            "ID                NAME            STATE\n"
            "0123456789abcdef  a pump with a…  online\n");
  EXPECT_NE(layout(table, 5).find("0123456789abcdef"), std::string::npos);
}

TEST(Table, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("Pümpe"), 5u);
  EXPECT_EQ(display_width("泵"), 2u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);
  EXPECT_EQ(cut_to("泵泵泵", 4), "泵…");
  EXPECT_EQ(layout({{"A", "B"}, {{"泵", "x"}, {"abc", "y"}}}, 0), "A    B\n泵   x\nabc  y\n");
}

TEST(Table, LetsNoCellCommandTheTerminal) {
  EXPECT_EQ(layout({{"A"}, {{"x\x1b[31m\ny"}}}, 0), "A\nx\xEF\xBF\xBD[31m y\n");
  EXPECT_EQ(layout_pairs({{"a", "x\x07"}, {"long", "y"}, {"empty", ""}}),
            "a:     x\xEF\xBF\xBD\nlong:  y\n");
}

TEST(Wrapped, BreaksAtBlanksAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("one two three four", 14, 2), "one two\n  three four");
  EXPECT_EQ(wrapped("one two", 0, 2), "one two");
}

TEST(Parse, ACommandMayBeTheBeginningOfAnother) {
  std::vector<std::string> print{"label", "read.jsonl", "--out", "x.pdf"},
      read{"label", "read", "x"};
  EXPECT_EQ(parse(print)->command->name, "label");
  EXPECT_EQ(parse(print)->arguments, std::vector<std::string>{"read.jsonl"});
  EXPECT_EQ(parse(read)->command->name, "label read");
  EXPECT_EQ(parse(read)->arguments, std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace fairlead::cli
