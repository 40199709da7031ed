// SPDX-License-Identifier: Apache-2.0
// Whole invocations against a server in a function.
#include "cli/run.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <sstream>

#include "support/fake_transport.h"
#include "support/temporary_directory.h"

namespace fairlead::cli {
namespace {

// Gives the test's own server to a run that wants to own one.
class Borrowed final : public client::Transport {
 public:
  explicit Borrowed(client::Transport& transport) : transport_(transport) {}
  Result<client::ApiResponse> exchange(const client::ApiRequest& request) override {
    return transport_.exchange(request);
  }

 private:
  client::Transport& transport_;
};

struct Run : testing::Test {
  test::TemporaryDirectory home;
  test::FakeTransport server;
  std::string out, err, secret = "correct horse";
  std::map<std::string, std::string> environment{{"HOME", home.path().string()},
                                                 {"FAIRLEAD_TOKEN", "fl_t"}};
  std::vector<Duration> waits;
  World::Target target;

  int run(std::vector<std::string> words) {
    out.clear();
    err.clear();
    World world{
        .console = {.out = [&](auto text) { out += text; },
                    .err = [&](auto text) { err += text; },
                    .ask_secret = [&](auto) -> Answer<std::string> { return secret; },
                    .local_time = [](Time time) { return to_rfc3339(time).substr(11, 8); }},
        .clock = [] { return Time{}; },
        .wait = [&](Duration time) { waits.push_back(time); },
        .environment = [&](const std::string& name) { return environment[name]; },
        .connect = [&](const World::Target& to) -> Answer<std::unique_ptr<client::Transport>> {
          target = to;
          return std::make_unique<Borrowed>(server);
        }};
    return static_cast<int>(cli::run(world, words));
  }
  std::string file(const std::string& name, const std::string& content) {
    auto path = home.path() / name;
    std::ofstream(path) << content;
    return path.string();
  }
  std::string content(const std::string& name) {
    std::stringstream all;
    all << std::ifstream(home.path() / name).rdbuf();
    return all.str();
  }
};

TEST_F(Run, EachProblemHasItsExitCodeAndASentence) {
  const std::pair<unsigned, int> cases[] = {{400, 1}, {401, 3}, {403, 3}, {404, 4},
                                            {405, 1}, {409, 5}, {412, 5}, {413, 1},
                                            {429, 1}, {500, 1}, {503, 1}};
  for (auto [status, code] : cases) {
    server.answer("GET /api/v1/profiles/p",
                  R"({"error":{"code":"x","message":"the words","advice":"Do that."}})", status);
    EXPECT_EQ(run({"profile", "show", "p"}), code) << status;
    EXPECT_EQ(err, "fairlead: the words\nDo that.\n");
    EXPECT_EQ(out, "");
  }
  server.script = [](const auto&) { return fail(Errc::io, "can't connect"); };
  EXPECT_EQ(run({"profile", "show", "p"}), 6);
  EXPECT_NE(err.find("http://127.0.0.1:8041: can't connect"), std::string::npos) << err;
  server.script = [](const auto&) { return fail(Errc::untrusted, "issued by X"); };
  EXPECT_EQ(run({"profile", "show", "p"}), 6);
  EXPECT_NE(err.find("--ca"), std::string::npos);
  EXPECT_EQ(run({"profile"}), 2);
  EXPECT_EQ(run({"profile", "show"}), 2);
}

TEST_F(Run, AWrongFileIsAnsweredByWhatToWriteAndADevicesAddressNeedsNoScheme) {
  server.answer("POST /api/v1/trusted-keys",
                R"({"error":{"code":"malformed","message":"no PEM block in it"}})", 400);
  EXPECT_EQ(run({"trust", "add", file("maker.pem", "nonsense")}), 1);
  EXPECT_NE(err.find("-----BEGIN"), std::string::npos) << err;
  auto code = file("code", "abcd1234");
  server.script = [](const auto&) { return fail(Errc::io, "can't connect"); };
  EXPECT_EQ(run({"upstreams", "--address", "127.0.0.1:1", "--code-file", code}), 6) << err;
  EXPECT_EQ(target.server, "http://127.0.0.1:1");
  EXPECT_EQ(err.find("8041"), std::string::npos) << "the server has no part in it: " << err;
}

TEST_F(Run, LoginKeepsTheTokenForItsOwnerOnlyAndTheNextRunUsesIt) {
  environment["FAIRLEAD_TOKEN"] = "";
  server.answer("POST /api/v1/login", R"({"token":"fl_new","expires":"2026-11-25T02:00:00Z"})");
  ASSERT_EQ(run({"--server", "https://box.example:8041/", "login", "--user", "ada"}), 0) << err;
  EXPECT_EQ(out + err, "Signed in to https://box.example:8041 as ada until 02:00:00.\n");
  EXPECT_EQ(server.seen.back().body, R"({"user":"ada","password":"correct horse"})");
  auto file = home.path() / ".config/fairlead/credentials";
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);

  server.answer("GET /api/v1/me", R"({"id":"ada"})");
  server.answer("GET /api/v1/status", R"({"devices":3})");
  ASSERT_EQ(run({"status"}), 0) << err;
  EXPECT_EQ(target.server, "https://box.example:8041");
  EXPECT_EQ(server.seen.back().authorization, "Bearer fl_new");
  EXPECT_NE(out.find("devices:  3\n"), std::string::npos) << out;

  ASSERT_EQ(run({"logout"}), 0);
  EXPECT_EQ(content(".config/fairlead/credentials").find("fl_new"), std::string::npos);
  ::chmod(file.c_str(), 0644);
  EXPECT_EQ(run({"status"}), 1);
  EXPECT_NE(err.find("may be read by others"), std::string::npos);
}

TEST_F(Run, AWrongPasswordKeepsNothing) {
  server.answer("POST /api/v1/login", R"({"error":{"message":"user or password is wrong"}})", 401);
  EXPECT_EQ(run({"login", "--user", "ada"}), 3);
  EXPECT_FALSE(std::filesystem::exists(home.path() / ".config/fairlead/credentials"));
}

TEST_F(Run, JsonIsExactlyWhatTheServerSaid) {
  std::string body = "{\"items\": [ {\"id\":\"acme\" , \"new_member\":1} ]}\n";
  server.answer("GET /api/v1/accounts?limit=100", body);
  ASSERT_EQ(run({"--json", "account", "list"}), 0) << err;
  EXPECT_EQ(out, body);
  ASSERT_EQ(run({"account", "list"}), 0);
  EXPECT_EQ(out, "ID    NAME  CREATED\nacme\n");
}

TEST_F(Run, AListGoesOnOnlyWhenAsked) {
  server.answer("GET /api/v1/devices?limit=1", R"({"items":[{"id":"d1"}],"next":"d1"})");
  ASSERT_EQ(run({"device", "list", "--limit", "1"}), 0);
  EXPECT_NE(err.find("--after d1"), std::string::npos);
  server.answer("GET /api/v1/devices?limit=1000", R"({"items":[{"id":"d1"}],"next":"d1"})");
  server.answer("GET /api/v1/devices?limit=1000&after=d1", R"({"items":[{"id":"d2"}]})");
  ASSERT_EQ(run({"device", "list", "--all", "--json"}), 0);
  EXPECT_EQ(std::ranges::count(out, '\n'), 2);
  EXPECT_EQ(err, "");
}

TEST_F(Run, RevokeFindsTheDeviceAndGivesTheReason) {
  server.answer("GET /api/v1/devices?search=SN-17&limit=100",
                R"({"items":[{"id":"d1","serial":"SN-17"}]})");
  server.answer("GET /api/v1/devices/d1", R"({"id":"d1","serial":"SN-17"})");
  server.answer("POST /api/v1/devices/d1/revoke", R"({"id":"d1","state":"revoked"})");
  ASSERT_EQ(run({"revoke", "SN-17", "--reason", "stolen"}), 0) << err;
  EXPECT_EQ(server.seen.back().body, R"({"reason":"stolen"})");
  EXPECT_EQ(run({"revoke", "SN-99", "--reason", "x"}), 4);
}

TEST_F(Run, AFileThatADeviceLeftIsWrittenByteByByte) {
  std::string bytes("\x1b[2J\0{}", 7);
  server.answer("GET /api/v1/devices/d1", R"({"id":"d1","name":"pump"})");
  server.answer(
      "GET /api/v1/devices/d1/uploads?limit=100",
      R"({"items":[{"name":"logs/a","size":7,"sha384":"ab","at":"2026-11-24T12:00:00Z"}]})");
  server.answer("GET /api/v1/devices/d1/uploads/logs%2Fa", bytes);
  ASSERT_EQ(run({"device", "uploads", "d1"}), 0) << err;
  EXPECT_NE(out.find("logs/a"), out.npos);
  EXPECT_EQ(run({"device", "fetch", "d1", "logs/a"}), 2);  // never straight to a terminal
  ASSERT_EQ(run({"device", "fetch", "d1", "logs/a", "--out", (home.path() / "a").string()}), 0)
      << err;
  EXPECT_EQ(content("a"), bytes);
  EXPECT_EQ(out, "");
  EXPECT_EQ(run({"device", "fetch", "d1", "logs/b", "--out", (home.path() / "b").string()}), 4);
}

TEST_F(Run, ExplainTellsTheStoryAndWhatToDo) {
  server.answer("GET /api/v1/devices/d1",
                R"({"id":"d1","name":"pump","state":"failed","state_reason":"no route"})");
  server.answer("GET /api/v1/devices/d1/timeline",
                R"({"items":[{"at":"2026-11-24T12:00:00Z","level":"notice","text":"Imported."},
                   {"at":"2026-11-24T12:02:05Z","level":"warning","text":"It failed.",
                    "advice":"Mend it."}]})");
  ASSERT_EQ(run({"explain", "d1"}), 0) << err;
  EXPECT_EQ(out,
            "pump (id d1)\nState: failed (no route)\n\n"
            "12:00:00                            Imported.\n"
            "12:02:05            +2 min 5 s    ! It failed.\n\n"
            "What to do next: Mend it.\n");
}

TEST_F(Run, AProfileShownAndPutBackOverwritesNobodysChange) {
  auto name = file("p.json", R"({"id":"pumps","revision":7,"document":{"a":1}})");
  server.answer("PUT /api/v1/profiles/pumps", R"({"revision":8})");
  ASSERT_EQ(run({"profile", "put", name}), 0) << err;
  EXPECT_EQ(server.seen.back().if_match, "\"7\"");
  EXPECT_EQ(server.seen.back().body, R"({"a":1})");
  server.answer("PUT /api/v1/profiles/q", R"({"revision":1})");
  ASSERT_EQ(run({"profile", "put", file("q.json", "{ \"a\":1 }")}), 0) << err;
  EXPECT_EQ(server.seen.back().if_match, "");
  EXPECT_EQ(server.seen.back().body, "{ \"a\":1 }");
  EXPECT_EQ(run({"profile", "put", file("r.json", "{")}), 1);
}

struct Import : Run {
  std::set<std::string> taken;
  std::size_t requests = 0, fail_from = SIZE_MAX;

  // Four base64 digits are a voucher to this server.
  static std::string digits(unsigned n) {
    constexpr std::string_view base64 =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return {base64[n >> 18 & 63], base64[n >> 12 & 63], base64[n >> 6 & 63], base64[n & 63]};
  }
  static std::string pem_of(unsigned n) {
    return "-----BEGIN OWNERSHIP VOUCHER-----\n" + digits(n) +
           "\n-----END OWNERSHIP VOUCHER-----\n";
  }
  void SetUp() override {
    server.script = [this](const client::ApiRequest& request) -> test::FakeTransport::Answer {
      if (++requests > fail_from) return client::ApiResponse{401, {}, {}};
      constexpr std::string_view begin = "BEGIN OWNERSHIP VOUCHER-----\n";
      json::array rows;
      for (auto at = request.body.find(begin); at != std::string::npos;
           at = request.body.find(begin, at + 1)) {
        std::string voucher = request.body.substr(at + begin.size(), 4);
        bool bad = voucher == digits(13);
        if (!bad) {
          EXPECT_TRUE(taken.insert(voucher).second) << "sent twice";
        }
        rows.push_back({{"index", rows.size()},
                        {"guid", "g"},
                        {"result", bad ? "refused" : "imported"},
                        {"reason", "unlucky"}});
      }
      return client::ApiResponse{200, {}, json::serialize(json::object{{"results", rows}})};
    };
  }
  std::string many(unsigned count) {
    std::string all;
    for (unsigned n = 0; n < count; ++n) all += pem_of(n);
    return file("all.pem", all);
  }
};

TEST_F(Import, RefusesWhatMakesNoSense) {
  EXPECT_EQ(run({"voucher", "import", "x", "--resume"}), 2);
  EXPECT_EQ(run({"voucher", "import", "x", "--resume", "--report", "r", "--dry-run"}), 2);
  EXPECT_EQ(run({"voucher", "import", "/nowhere/at/all"}), 1);
  EXPECT_EQ(run({"voucher", "import", file("empty.pem", "nothing")}), 1);
  EXPECT_NE(err.find("There is no voucher in"), std::string::npos);
  EXPECT_EQ(requests, 0u);
}

TEST_F(Import, WritesALineForEachRefusalAndExitsWithSeven) {
  auto report = (home.path() / "refused.jsonl").string();
  EXPECT_EQ(run({"voucher", "import", many(2500), "--report", report}), 7) << err;
  EXPECT_EQ(taken.size(), 2499u);
  auto line = json::parse(content("refused.jsonl"));
  EXPECT_EQ(client::text_at(line, "reason"), "unlucky");
  EXPECT_NE(client::text_at(line, "where").find("all.pem:40"), std::string::npos);
  EXPECT_NE(err.find("2,499 imported, 1 refused"), std::string::npos) << err;
}

TEST_F(Import, GoesOnAfterAnInterruptionWithoutSendingAnythingTwice) {
  auto report = (home.path() / "refused.jsonl").string();
  auto all = many(9000);
  fail_from = 3;
  EXPECT_EQ(run({"voucher", "import", all, "--report", report}), 3);
  EXPECT_NE(err.find("--resume"), std::string::npos);
  EXPECT_EQ(taken.size(), 2999u);
  std::ofstream(report + ".journal", std::ios::app) << "0a0b";  // a line cut short by a crash
  fail_from = SIZE_MAX;
  EXPECT_EQ(run({"voucher", "import", all, "--report", report, "--resume"}), 7) << err;
  EXPECT_EQ(taken.size(), 8999u);
  EXPECT_EQ(std::ranges::count(content("refused.jsonl"), '\n'), 1);
  EXPECT_NE(err.find("2,999 done before"), std::string::npos) << err;
  requests = 0;
  EXPECT_EQ(run({"voucher", "import", all, "--report", report, "--resume"}), 7);
  EXPECT_EQ(requests, 1u);  // what was refused, only
  EXPECT_EQ(run({"voucher", "import", all, "--report", report, "--resume", "--account", "b"}), 1);
}

TEST_F(Import, ReadsFoldersAndADryRunLeavesNoJournal) {
  std::filesystem::create_directories(home.path() / "in/deep");
  file("in/a.pem", pem_of(1));
  file("in/deep/b.pem", pem_of(2));
  auto report = (home.path() / "r").string();
  ASSERT_EQ(run({"--json", "voucher", "import", (home.path() / "in").string(), "--dry-run",
                 "--report", report}),
            0)
      << err;
  EXPECT_NE(server.seen.back().target.find("dry_run=true"), std::string::npos);
  EXPECT_EQ(json::parse(out).at("imported").as_int64(), 2);
  EXPECT_FALSE(std::filesystem::exists(report + ".journal"));
}

TEST_F(Import, WaitsForABusyServer) {
  auto answer = server.script;
  server.script = [answer, busy = 2](const auto& request) mutable {
    return busy-- > 0 ? test::FakeTransport::Answer(client::ApiResponse{503, {}, {}})
                      : answer(request);
  };
  ASSERT_EQ(run({"voucher", "import", file("a.pem", pem_of(1))}), 0) << err;
  EXPECT_EQ(waits, (std::vector<Duration>{std::chrono::seconds(1), std::chrono::seconds(2)}));
}

TEST_F(Run, ATagIsWrittenWithoutPicturesAndAPictureRefusedInWords) {
  const std::string tag = (home.path() / "x.ndef").string(),
                    page = (home.path() / "x.pdf").string();
  ASSERT_EQ(run({"label", "--serial", "SN-1", "--out", tag}), 0) << err;
  ASSERT_EQ(run({"label", "read", tag, "--json"}), 0) << err;
  EXPECT_NE(out.find(R"("code":"not shown")"), std::string::npos) << out;
  ASSERT_EQ(run({"label", "read", tag, "--with-code"}), 0) << err;
  EXPECT_NE(out.find("correct horse"), std::string::npos) << out;
  EXPECT_EQ(run({"label", "--serial", "SN-1", "--out", page}), 1);
  EXPECT_NE(err.find("built without pictures"), std::string::npos) << err;
  EXPECT_FALSE(std::filesystem::exists(page));
}

TEST_F(Run, WrongWishesOfALabelAreRefusedBeforeAnythingIsWritten) {
  const std::string page = (home.path() / "x.pdf").string();
  const std::vector<std::vector<std::string>> wrong{
      {"--size", "50"},       {"--size", "4x25"},      {"--size", "50x1e9"},
      {"--size", "nanx25"},   {"--sheet", "a5"},       {"--dpi", "0"},
      {"--qr", "everything"}, {"--transport", "wire"}, {"--sheet", "a4", "--gap", "-1x0"}};
  for (const auto& words : wrong) {
    std::vector<std::string> all{"label", "--serial", "SN-1", "--out", page};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_EQ(run(all), 2) << words[0] << " " << words[1] << err;
  }
  EXPECT_EQ(run({"label", "--out", page}), 2);
  EXPECT_EQ(run({"label", "--serial", "SN-1", "--out", "x.gif"}), 2);
  EXPECT_EQ(run({"label", "read", file("scan", "WIFI:T:WPA;S:x;P:secret;;")}), 1);
  EXPECT_EQ(err, "fairlead: this is the login of a Wi-Fi network, not a device's label\n");
}

}  // namespace
}  // namespace fairlead::cli
