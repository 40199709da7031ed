// SPDX-License-Identifier: Apache-2.0
// The rows of the table of commands that are for a plant.
#include <algorithm>

#include "cli/context.h"

namespace fairlead::cli {

namespace {

constexpr std::string_view row_words = "ROW is a row's id, name or serial.";
constexpr Option project_option{"project", "FILE", "the project; its journal is beside it", true};
constexpr Option bundle_option{"bundle", "FILE", "the file that is carried to and fro", true};
constexpr Option serial_option{"serial", "SERIAL", "of the device", true};
constexpr Option product_uri_option{"product-uri", "URI", "of the device, where it has one"};
constexpr Option code_option{"code", "CODE", "on its label; others can see it while it is typed"};
constexpr Option interface_option{"interface", "A,B", "browse on these only (default: all)"};
constexpr Option address_option{"address", "HOST:PORT,...", "look for a device there too"};
constexpr Option range_option{"range", "10.77.0.0/24:8080", "ask each address of it"};
constexpr Option seconds_option{"seconds", "N", "how long to look around (default 3)"};
constexpr Option quiet_option{"no-announcements", "", "don't browse; ask addresses only"};
constexpr Option seen_option{"seen", "FILE", "what `fairlead scanner` printed; don't look around"};

constexpr Option rows_account_option{"account", "ACCOUNT", "for rows that name none"};
constexpr Option rows_button_option{"button", "",
                                    "rows without a code: their buttons were pressed"};

// `own`, then how to look around.
constexpr Options with_looking(std::initializer_list<Option> own) {
  Options out{};
  auto rest = std::ranges::copy(own, out.begin()).out;
  std::ranges::copy(std::initializer_list<Option>{interface_option, address_option, range_option,
                                                  seconds_option, quiet_option, seen_option},
                    rest);
  return out;
}

constexpr Command table[] = {
    {.name = "scan",
     .summary = "Look for devices on this network",
     .options = with_looking({}),
     .more =
         "Browsing finds what announces itself on the networks of this machine's interfaces, by\n"
         "IPv6 link-local addresses too. It ends at the next router: beyond, name addresses, or\n"
         "run `fairlead scanner` there. What devices say of themselves is not proven yet.",
     .examples = "  fairlead scan\n"
                 "  fairlead scan --interface eth1 --range 10.77.0.0/24\n"
                 "  ssh cell fairlead scanner --seconds 5 | fairlead scan --seen -",
     .run = scan_plant,
     .needs_server = false},
    {.name = "scanner",
     .summary = "Print what is seen, line by line, until stopped",
     .options = {{interface_option, address_option, range_option, seconds_option, quiet_option}},
     .more = "For another program, which may be elsewhere: a line of JSON for each sighting.",
     .examples = "  ssh cell fairlead scanner > seen.jsonl",
     .run = scanner,
     .needs_server = false},
    {.name = "plan import",
     .summary = "Take a table over into a project",
     .arguments = {{{"FILE"}}},
     .options = {{project_option,
                  {"map", "HEADER=FIELD,...", "what a column means; remembered for such tables"},
                  {"sheet", "NAME", "of a workbook (default: the first)"},
                  {"dry-run", "", "check only, keep nothing"}}},
     .more = "FILE is a workbook (.xlsx) or a CSV table with a header. Rows keep their\n"
             "ids when the table is imported again; rows that it has no longer are put aside.\n"
             "All of the table is taken over, or nothing, and each reason names row and column.",
     .examples = "  fairlead plan import hall2.csv --project hall2.plan --map \"Tag No=name\"",
     .run = plan_import,
     .needs_server = false},
    {.name = "plan compare",
     .summary = "Show the plan beside what is there",
     .options = with_looking({project_option}),
     .run = plan_compare,
     .needs_server = false},
    {.name = "apply",
     .summary = "Provision the devices of a plan",
     .options = with_looking({project_option,
                              {"dry-run", "", "show what would be done"},
                              {"at-once", "N", "devices at a time (default 8)"},
                              {"rows", "A,B", "only these rows: by id, name or serial"},
                              rows_account_option,
                              rows_button_option}),
     .more =
         "Each step is written to PROJECT.journal before the next; after an interruption apply\n"
         "again: it goes on. Ctrl-C begins no further device and ends with those at hand.\n"
         "Exit code 7 says that some were not provisioned.",
     .examples = "  fairlead apply --project hall2.plan --dry-run\n"
                 "  fairlead apply --project hall2.plan --at-once 16",
     .run = apply_plan},
    {.name = "plan bind",
     .summary = "Say which device a row is for",
     .arguments = {{{"ROW"}}},
     .options = {{project_option, serial_option, product_uri_option, code_option}},
     .more = row_words,
     .examples = "  fairlead plan bind \"pump 7\" --project hall2.plan --serial SN-0017",
     .run = plan_bind,
     .needs_server = false},
    {.name = "plan replace",
     .summary = "Give a row another device, because the one before failed",
     .arguments = {{{"ROW"}}},
     .options = {{project_option,
                  serial_option,
                  product_uri_option,
                  code_option,
                  {"reason", "TEXT", "why; goes into the journal", true}}},
     .more =
         "The row keeps its id and name. Apply afterwards: the device before is revoked at the\n"
         "moment when the new one is granted access. ROW is an id, a name or a serial.",
     .examples =
         "  fairlead plan replace \"pump 7\" --project hall2.plan --serial SN-0099 --reason "
         "\"motor burnt\"",
     .run = plan_replace,
     .needs_server = false},
    {.name = "plan ignore",
     .summary = "Don't show a found device as new any more",
     .arguments = {{{"DEVICE"}}},
     .options = {{project_option, {"again", "", "show it again"}}},
     .more = "DEVICE is the key that `fairlead --json scan` shows.",
     .run = plan_ignore,
     .needs_server = false},
    {.name = "plan undo",
     .summary = "Take back at the server what apply did for rows",
     .options = {{project_option,
                  {"rows", "A,B", "which: by id, name or serial", true},
                  {"reason", "TEXT", "why; goes into the device's record", true}}},
     .more =
         "A device that apply made known is revoked; one that was known gets its name back. The\n"
         "device itself is not reset: that is done at the device.",
     .run = plan_undo},
    {.name = "plan export",
     .summary = "Write the plan as a table",
     .options = {{project_option,
                  {"out", "FILE", "FILE.xlsx or FILE.csv", true},
                  {"with-codes", "", "the devices' codes too: whoever has them can provision"}}},
     .run = plan_export,
     .needs_server = false},
    {.name = "report",
     .summary = "Show what became of each row of a plan",
     .options = {{project_option, {"out", "FILE", "write FILE.xlsx or FILE.csv instead"}}},
     .examples = "  fairlead report --project hall2.plan --out hall2-report.xlsx",
     .run = report,
     .needs_server = false},
    {.name = "nameplate",
     .summary = "Write digital nameplates of a plan's devices (AAS, IDTA 02006)",
     .options = {{project_option,
                  {"vendors", "FILE", "JSON with each vendor's street, postcode, town, country",
                   true},
                  {"out", "FILE", "where to write the JSON", true}}},
     .more = "Rows that lack a value that a nameplate must have are named and left out.",
     .run = nameplate,
     .needs_server = false},
    {.name = "bundle collect",
     .summary = "Collect Offers of a plan's devices where no server is reachable",
     .options =
         with_looking({project_option, bundle_option, rows_account_option, rows_button_option}),
     .more =
         "Then, where the server is: `fairlead bundle exchange`; then, at the devices again:\n"
         "`fairlead bundle deliver`. The bundle holds no codes and needs no secrecy on the way.",
     .run = bundle_collect,
     .needs_server = false},
    {.name = "bundle exchange",
     .summary = "Fetch Grants for the Offers of a bundle",
     .options = {{bundle_option,
                  {"account", "ID",
                   "for devices that name none, as on a USB stick; default: the user's"}}},
     .more =
         "May be repeated: what waited for a decision is asked for again. The file that a device\n"
         "wrote to a USB stick is a bundle too; then bring the stick back to the device.",
     .examples =
         "  fairlead bundle exchange --bundle /media/usb/fairlead/SN-17.json --account acme",
     .run = bundle_exchange},
    {.name = "bundle deliver",
     .summary = "Hand the Grants of a bundle to their devices",
     .options = with_looking({project_option, bundle_option, rows_button_option}),
     .run = bundle_deliver,
     .needs_server = false},
    {.name = "identify",
     .summary = "Let a device show itself, so that a person finds it",
     .arguments = {{{"ROW", false}}},
     .options = {{{"address", "URL", "where the device listens"},
                  {"project", "FILE", "or the project in which ROW is"},
                  {"for", "SECONDS", "how long (default 10, at most 60; 0: stop)"},
                  {"code-file", "FILE", "the code on its label; else the row's, or asked for"},
                  {"button", "", "no code: its button was pressed within two minutes"},
                  interface_option,
                  range_option,
                  seconds_option,
                  quiet_option,
                  seen_option}},
     .examples = "  fairlead identify \"pump 7\" --project hall2.plan",
     .run = identify,
     .needs_server = false},
};

}  // namespace

std::span<const Command> plant_commands() { return table; }

}  // namespace fairlead::cli
