#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Examples for the checks: what they must find, and what they must leave alone."""
import pathlib
import tempfile
import unittest

import check_await
import check_events
import check_fuzzers
import check_layers
import check_named_tests


def tree(files):
    folder = tempfile.TemporaryDirectory()
    for name, text in files.items():
        path = pathlib.Path(folder.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class Await(unittest.TestCase):
    def test_finds_what_lives_across_a_suspension(self):
        for body in ("co_await send(encode(Hello{.guid = guid}));", "co_await send(Hello{});",
                     "auto x = co_await (a ? f() : g());", "auto [a, b] = co_await f();",
                     "CO_TRY(auto [a, b], co_await f());", "co_await f([&] { return 1; });",
                     "co_await f(x, [](int y) -> int { return y; });", "send(Hello{co_await f()});",
                     "const auto& [a, b] = co_await f();", "if (co_await f(Hello{}) ) return;",
                     "CO_TRY_VOID(co_await within(d, send(View{})));", "Hello{1}.send(co_await f());"):
            self.assertTrue(list(check_await.check_text(f"Task<void> g() {{ int a; {body} }}")), body)

    def test_leaves_the_rest_alone(self):
        for body in ("Hello h{.guid = guid}; co_await send(encode(h));", "x = a ? b : c; co_await f(x);",
                     "if (co_await f()) { Hello h{}; }", "if (a ? b : c) co_await f();", "auto x = a[1] + co_await f(b[2]);",
                     "// co_await f(Hello{})\n", 'co_await f("{?[");', "co_await f(1'000, '{');",
                     "CO_TRY(auto reply, co_await within(limits::x, c.receive()));", "auto t = [] { }; co_await t();",
                     "co_spawn(l, [=]() -> Task<void> { co_await f(); }, h);", "for (;;) { co_await f(); }",
                     "if (co_await f()) return Hello{};", "while (co_await f()) { x = a ? b : c; }",
                     "[[maybe_unused]] auto x = co_await f();"):
            self.assertEqual(list(check_await.check_text(f"Task<void> g() {{ int a; {body} }}")), [], body)


class Layers(unittest.TestCase):
    LAYERS = "base:\ncodec: base\ncrypto: base\nfdo: base codec\nregistry: base\npki: base\nnet: base\nserver: base net registry pki/est\n"

    def complaints(self, name, text):
        with tree({"tools/layers.txt": self.LAYERS, "src/" + name: text}) as root:
            return list(check_layers.check(pathlib.Path(root)))

    def test_finds_a_missing_arrow(self):
        for name, text in (("codec/a.h", '#include "fdo/a.h"'), ("codec/a.cpp", '#include "support/a.h"'),
                           ("server/a.h", '#include "pki/ca.h"'), ("server/a.cpp", '#include "registry/sqlite/a.h"'),
                           ("codec/a.h", '#include "a.h"'), ("util/a.h", ""), ("base/a.cpp", "#include <openssl/evp.h>"),
                           ("fdo/a.cpp", "#include <openssl/evp.h>"), ("base/a.cpp", "#include <unistd.h>"),
                           ("fdo/a.cpp", "#include <thread>"), ("fdo/a.cpp", "#  include <sys/socket.h>")):
            self.assertEqual(len(self.complaints(name, text)), 1, f"{name}: {text}")

    def test_leaves_the_rest_alone(self):
        for name, text in (("codec/a.h", '#include "base/a.h"\n#include <vector>'), ("codec/a_test.cpp", '#include "support/a.h"'),
                           ("server/a.h", '#include "pki/est/a.h"'), ("server/main.cpp", '#include "registry/sqlite/a.h"'),
                           ("server/a_test.cpp", '#include "registry/sqlite/a.h"'), ("fdo/a_test.cpp", "#include <fstream>"),
                           ("registry/sqlite/b.cpp", '#include "registry/sqlite/a.h"'), ("net/a.cpp", "#include <thread>"),
                           ("crypto/a.cpp", "#include <openssl/evp.h>"), ("base/log.cpp", "#include <unistd.h>")):
            self.assertEqual(self.complaints(name, text), [], f"{name}: {text}")

    def test_keeps_vendor_types_in_their_room(self):
        for user, count in (("net/user.cpp", 0), ("server/user.cpp", 1), ("server/main.cpp", 0)):
            with tree({"tools/layers.txt": self.LAYERS, "src/net/inner.h": "#include <boost/asio/ssl.hpp>",
                       "src/net/outer.h": '#include "net/inner.h"', f"src/{user}": '#include "net/outer.h"'}) as root:
                self.assertEqual(len(list(check_layers.check(pathlib.Path(root)))), count, user)


class Events(unittest.TestCase):
    def test_finds_unused_events_and_unfuzzed_decoders(self):
        with tree({"docs/log-events/a.md": "## USED  info\nx\n\n## UNUSED  info\ny\n", "src/fdo/a.cpp": "log(event::used);",
                   "src/fdo/a.h": "int decode_a(View);\nint decode_b(View);", "fuzz/a_fuzz.cpp": "decode_a(x);"}) as root:
            root = pathlib.Path(root)
            self.assertEqual([line for _, line, _ in check_events.unused_events(root)], [4])
            self.assertEqual([line for _, line, _ in check_fuzzers.unfuzzed_decoders(root)], [2])


class NamedTests(unittest.TestCase):
    def test_finds_the_names_of_tests_that_are_gone(self):
        page = "| 20 | `A.Is` and `A.Was`, `tests/gone_test.py` |\n"
        with tree({"docs/identity-tests.md": "`B.test_is`, `B.test_was`\n", "tests/b_test.py": "class B:\n  def test_is(self): 1\n",
                   "docs/negative-tests.md": page, "docs/threat-model.md": "`A.Was`\n", "src/x/a_test.cpp": "TEST_F(A,\n       Is) {}\nTEST(A, Wasnt) {}\n",
                   "tests/readme": ""}) as root:
            found = list(check_named_tests.missing_tests(pathlib.Path(root)))
        gone = "there is no test A.Was; name the one that shows it now"
        self.assertEqual(found, [("docs/identity-tests.md", 1, gone.replace("A.Was", "B.test_was")),
                                 ("docs/negative-tests.md", 1, gone), ("docs/negative-tests.md", 1, "there is no tests/gone_test.py"),
                                 ("docs/threat-model.md", 1, gone)])


if __name__ == "__main__":
    unittest.main()
