// SPDX-License-Identifier: Apache-2.0
#include <vector>

// Every command, its options, and what its help says.
#include "cli/context.h"

namespace fairlead::cli {

namespace {

constexpr Option limit_option{"limit", "N", "at most so many (default 100)"};
constexpr Option after_option{"after", "CURSOR", "go on after the last page"};
constexpr Option all_option{"all", "", "everything, page by page"};
constexpr Option reason_option{"reason", "TEXT", "why; goes into the device's record", true};
constexpr Option key_option{"key", "FINGERPRINT",
                            "this key only (default: the one that asked last; reject: all)"};
constexpr Option of_account_option{"account", "ACCOUNT", "only those of this account"};
constexpr Option adapter_option{"bluetooth-adapter", "A",
                                "this machine's adapter: hci0 (default: the first)"};
constexpr Option code_file_option{"code-file", "FILE",
                                  "the code on its label; else it is asked for"};
constexpr Option username_option{"username", "NAME", "stock firmware: as on its label (wifiprov)"};
constexpr Option without_encryption_option{"without-encryption", "",
                                           "stock firmware that knows none: all the same"};
constexpr Option button_option{"button", "", "no code: its button was pressed within two minutes"};
constexpr std::string_view roles = "admin factory operator engineer installer auditor";
constexpr std::string_view device_words = "DEVICE is a device's id, GUID, serial or name.";

constexpr Option globals[] = {
    {"server", "URL", "the server's API (default: FAIRLEAD_SERVER, or the last login's)"},
    {"token-file", "FILE", "file with a token (default: FAIRLEAD_TOKEN, or the last login's)"},
    {"ca", "FILE", "PEM of the authority to trust for https (default: FAIRLEAD_CA, system's)"},
    {"plain-http", "", "allow http:// to another machine: token and data can be read on the way"},
    {"json", "", "the API's JSON on standard output"},
    {"help", "", "show help"},
};

constexpr Command table[] = {
    {.name = "login",
     .summary = "Sign in and keep the token",
     .options = {{{"user", "USER", "user name", true}}},
     .more = "The password is asked for, or read as one line from standard input.\n"
             "The token is kept in ~/.config/fairlead/credentials, readable by you only.",
     .examples = "  fairlead --server https://box.example:8041 login --user ada",
     .run = login},
    {.name = "logout",
     .summary = "Forget the token that login kept",
     .run = logout,
     .needs_server = false},
    {.name = "status", .summary = "Show who you are and what the server holds", .run = status},
    {.name = "explain",
     .summary = "Tell a device's story, and what to do next",
     .arguments = {{{"DEVICE"}}},
     .more = device_words,
     .examples = "  fairlead explain SN-0017",
     .run = explain_device},
    {.name = "revoke",
     .summary = "Lock a device out, at once",
     .arguments = {{{"DEVICE"}}},
     .options = {{reason_option}},
     .more = device_words,
     .examples = "  fairlead revoke SN-0017 --reason \"stolen from the yard\"",
     .run = revoke},
    {.name = "decommission",
     .summary = "Take a device out of use for good: lock it out, have it remove its secrets",
     .arguments = {{{"DEVICE"}}},
     .options = {{reason_option}},
     .more = device_words,
     .examples = "  fairlead decommission SN-0017 --reason \"scrapped\"",
     .run = decommission},
    {.name = "replace",
     .summary = "Put one device in the place of another, under its name; the old one is out of use",
     .arguments = {{{"OLD"}, {"NEW"}}},
     .more = device_words,
     .examples = "  fairlead replace pump-17 SN-0099",
     .run = replace_device},
    {.name = "readmit",
     .summary = "Let a device come again that is revoked or out of use",
     .arguments = {{{"DEVICE"}}},
     .more = device_words,
     .examples = "  fairlead readmit SN-0017",
     .run = readmit},
    {.name = "provision",
     .summary = "Bring the device beside you to the server",
     .options = {{{"address", "URL", "where the device listens: http://HOST:PORT"},
                  {"bluetooth", "NAME", "or its name or address by Bluetooth; see nearby"},
                  adapter_option,
                  code_file_option,
                  button_option,
                  username_option,
                  without_encryption_option,
                  {"wifi", "NETWORK", "the Wi-Fi network that it is to join; see networks"},
                  {"wifi-passphrase-file", "FILE", "its passphrase (default: asked for)"},
                  {"easy-connect", "URI", "give it to the key in this DPP: URI of the label only"},
                  {"account", "ACCOUNT", "whose device it is to be"},
                  {"name", "NAME", "what people call it"}}},
     .more = "The device shows that it knows the code, makes its key and an Offer; the server "
             "decides;\n"
             "the device joins the network, tries the upstream that it was given, and keeps both "
             "only if\n"
             "it was let in. A wrong passphrase is asked for again, without starting afresh.\n"
             "The passphrase goes to the device by Wi-Fi Easy Connect where it has it.\n"
             "When the server wants a person's decision first, approve and provision again.\n"
             "A device with stock firmware of Espressif's gets the Wi-Fi network, and that is all.",
     .examples = "  fairlead provision --address http://10.77.0.5:8080 --code-file label.txt\n"
                 "  fairlead provision --bluetooth PROV_01b1e8 --wifi PlantFloor",
     .run = provision},
    {.name = "label",
     .summary = "Print the label of a device, or of a batch: QR code, serial, code",
     .arguments = {{{"FILE", false}}},
     .options = {{{"out", "FILE", "a .pdf, .svg, .png, or .ndef for an NFC tag", true},
                  {"qr", "WHAT", "what the QR code says (default: setup)", false,
                   "setup espressif link dpp"},
                  {"size", "WxH", "of a label, in mm (default: 50x25)"},
                  {"dpi", "N", "of the printer (default: 300): modules are whole dots"},
                  {"sheet", "PAPER", "many labels on a page", false, "a4 letter"},
                  {"margin", "MM", "of the sheet at least (default: 5)"},
                  {"gap", "XxY", "between the labels of a sheet, in mm (default: 0x0)"},
                  {"skip", "N", "places of the first sheet that are used up"},
                  {"serial", "SERIAL", "one device, without FILE: its serial"},
                  {"model", "MODEL", "its model"},
                  {"vendor", "VENDOR", "its maker"},
                  {"product-uri", "URI", "its identification link (IEC 61406)"},
                  {"dpp-uri", "URI", "its bootstrap URI of Wi-Fi Easy Connect"},
                  code_file_option,
                  button_option,
                  {"transport", "T", "how apps reach it (default: ble)", false, "ble softap"},
                  {"name", "NAME", "what it calls itself there (default: as the device does)"}}},
     .more =
         "FILE holds what devices wrote by `fairlead-device initialize --label`: a line each; - is "
         "standard\n"
         "input. setup is the JSON of Espressif's apps with product URI and DPP URI where there "
         "are any,\n"
         "espressif the same without them, link and dpp the bare URI.\n"
         "{serial} in the name of --out makes a file for each device. Files are readable by their\n"
         "owner only: they hold codes.",
     .examples =
         "  fairlead label batch.jsonl --out labels.pdf --sheet a4 --size 63.5x38.1 --gap 2.5x0\n"
         "  fairlead label batch.jsonl --out 'tags/{serial}.ndef' --qr link\n"
         "  fairlead label --serial SN-17 --model Pump --code-file code --out label.png "
         "--dpi 203",
     .run = print_labels,
     .needs_server = false},
    {.name = "label read",
     .summary = "Say what a scanned label or tag says, or why it is none",
     .arguments = {{{"FILE", false}}},
     .options = {{{"with-code", "", "show the code, too"}}},
     .more =
         "FILE (default: standard input) holds what a scanner read from a QR code, or with a name "
         "that\n"
         "ends with .ndef the message of an NFC tag.",
     .examples = "  zbarimg --raw -q label.png | fairlead label read",
     .run = read_label,
     .needs_server = false},
    {.name = "networks",
     .summary = "Which Wi-Fi networks the device beside you hears",
     .options = {{{"address", "URL", "where the device listens: http://HOST:PORT"},
                  {"bluetooth", "NAME", "or its name or address by Bluetooth; see nearby"},
                  adapter_option,
                  code_file_option,
                  button_option,
                  username_option,
                  without_encryption_option}},
     .more = "A name that is no text is shown as 0x and its bytes, and taken so by --wifi.",
     .examples = "  fairlead networks --bluetooth PROV_01b1e8",
     .run = show_networks,
     .needs_server = false},
    {.name = "upstreams",
     .summary = "Which upstreams a device sees, and the choice among them",
     .options = {{{"address", "URL", "where the device listens: http://HOST:PORT", true},
                  code_file_option,
                  button_option,
                  {"choose", "KEY", "this one first: eight or more digits of its key, or its URI"},
                  {"give", "URI", "this one first, seen or not: https://HOST:PORT"},
                  {"key", "HEX", "with --give: SHA-256 of the key it has to have"},
                  {"forget", "", "none is chosen any more"}}},
     .more = "What DHCP, DNS-SD and a name said to the device, and what came of looking. They are "
             "hints:\n"
             "none is trusted for being named. The device asks each for proof by its voucher; what "
             "you choose\n"
             "comes first, is kept over restarts, and is held to the key that you saw.",
     .examples =
         "  fairlead upstreams --address http://10.77.0.5:8080\n"
         "  fairlead upstreams --address http://10.77.0.5:8080 --choose 3fa94c10\n"
         "  fairlead upstreams --address http://10.77.0.5:8080 --give https://10.77.0.2:8040",
     .run = show_upstreams,
     .needs_server = false},
    {.name = "nearby",
     .summary = "List devices in provisioning mode that Bluetooth reaches",
     .options = {{{"seconds", "N", "how long to look (5)"}, adapter_option}},
     .run = nearby,
     .needs_server = false},
    {.name = "device list",
     .summary = "List devices",
     .options = {{{"search", "TEXT", "beginning of name, serial, GUID or device info"},
                  {"state", "STATE", "only those in this state", false,
                   "known onboarding onboarded waiting granted online offline revoked failed"},
                  {"profile", "PROFILE", "only those of this profile"},
                  of_account_option,
                  limit_option,
                  after_option,
                  all_option}},
     .examples = "  fairlead device list --state waiting\n"
                 "  fairlead --json device list --all > devices.jsonl",
     .run = device_list},
    {.name = "device add",
     .summary = "Write down a device that has no voucher",
     .arguments = {{{"SERIAL"}}},
     .options = {{{"account", "ACCOUNT", "whose device it is"},
                  {"name", "NAME", "people's name for it"},
                  {"model", "MODEL", "what it is; profiles may go by it"}}},
     .examples = "  fairlead device add SN-0017 --account acme\n"
                 "  fairlead device otp SN-0017",
     .run = device_add},
    {.name = "device otp",
     .summary = "Make a one-time password, by which the device gets its certificate (EST)",
     .arguments = {{{"DEVICE"}}},
     .options = {{{"hours", "N", "how long it is good (default: 24, at most 2160)"}}},
     .more =
         "The password goes to standard output and is shown once. It is good for one key. A new\n"
         "one makes the one before worthless.",
     .run = device_otp},
    {.name = "device dpp",
     .summary = "Enter the DPP URI of a device's label, or show it",
     .arguments = {{{"DEVICE"}, {"URI", false}}},
     .more = device_words,
     .examples = "  fairlead device dpp SN-0017 'DPP:V:2;K:MDkwEw...;;'",
     .run = device_dpp},
    {.name = "device show",
     .summary = "Show one device",
     .arguments = {{{"DEVICE"}}},
     .more = device_words,
     .run = device_show},
    {.name = "device rename",
     .summary = "Give a device a name, or groups",
     .arguments = {{{"DEVICE"}, {"NAME"}}},
     .options = {{{"groups", "A,B", "the groups it belongs to from now on"}}},
     .more = device_words,
     .examples = "  fairlead device rename SN-0017 pump-17 --groups pumps,hall-2",
     .run = device_rename},
    {.name = "device uploads",
     .summary = "List the files that a device left",
     .arguments = {{{"DEVICE"}}},
     .more = device_words,
     .run = device_uploads},
    {.name = "device fetch",
     .summary = "Write out a file that a device left",
     .arguments = {{{"DEVICE"}, {"NAME"}}},
     .options = {{{"out", "FILE", "where to write it", true}}},
     .more = "NAME as `fairlead device uploads` shows it. DEVICE is a device's id, GUID, serial or "
             "name.",
     .examples = "  fairlead device fetch SN-0017 install.log --out SN-0017.log",
     .run = device_fetch},
    {.name = "device waiting",
     .summary = "Show the adoption queue: who waits for a decision, why, and with which keys",
     .options = {{of_account_option, limit_option, after_option}},
     .run = device_waiting},
    {.name = "device approve",
     .summary = "Let a waiting device in",
     .arguments = {{{"DEVICE"}}},
     .options = {{key_option}},
     .more = device_words,
     .run = device_approve},
    {.name = "device reject",
     .summary = "Turn a waiting device away",
     .arguments = {{{"DEVICE"}}},
     .options = {{reason_option, key_option}},
     .more = device_words,
     .run = device_reject},
    {.name = "voucher list",
     .summary = "List ownership vouchers",
     .options = {{{"state", "STATE", "only those in this state", false,
                   "made owned pending superseded handed_over replaced"},
                  {"serial", "SERIAL", "only those of this serial"},
                  of_account_option,
                  limit_option,
                  after_option,
                  all_option}},
     .run = voucher_list},
    {.name = "voucher show",
     .summary = "Show one voucher, and what stands in it",
     .arguments = {{{"GUID"}}},
     .more =
         "GUID may also be the serial of its device. Keys are shown by their fingerprints: the\n"
         "SHA-256 of the public key (SubjectPublicKeyInfo).",
     .run = voucher_show},
    {.name = "voucher registrations",
     .summary = "List where vouchers are registered, until when, and what is wrong",
     .options = {{{"failing", "", "only those whose last try failed"},
                  {"at", "URL", "only those at this rendezvous server"},
                  of_account_option,
                  limit_option,
                  after_option,
                  all_option}},
     .more = "A device whose owner is registered nowhere looks for it in vain.",
     .examples = "  fairlead voucher registrations --failing",
     .run = voucher_registrations},
    {.name = "voucher import",
     .summary = "Import vouchers, one or a hundred thousand",
     .arguments = {{{"FILE", true, true}}},
     .options = {{{"account", "ACCOUNT", "whose devices they are"},
                  {"dry-run", "", "check only, change nothing"},
                  {"report", "FILE", "a line of JSON for each voucher that is refused"},
                  {"resume", "", "go on with an interrupted import; needs --report"}}},
     .more =
         "FILE holds any number of vouchers as PEM, or as CBOR one after the other; or it is a\n"
         "folder of such files, or - for standard input. An archive is unpacked on the way:\n"
         "tar -xOf delivery.tgz | fairlead voucher import -\n"
         "Importing a voucher twice changes nothing.\n"
         "What was imported is noted in REPORT.journal; --resume never sends that again, and\n"
         "tries again what was refused. Exit code 7 says that some were refused.",
     .examples =
         "  fairlead voucher import pump.voucher.pem\n"
         "  fairlead voucher import delivery/ --account acme --report refused.jsonl\n"
         "  fairlead voucher import delivery/ --account acme --report refused.jsonl --resume",
     .run = voucher_import},
    {.name = "voucher extend",
     .summary = "Hand a voucher over to the next owner",
     .arguments = {{{"GUID"}}},
     .options = {{{"to", "PEM", "file with the next owner's public key or certificate", true},
                  {"out", "FILE", "where to write the extended voucher (default: standard output)"},
                  {"unconfirmed", "", "also when the device was not seen yet under this GUID"}}},
     .more = "GUID may also be the serial of its device. From then on the device is theirs: it is "
             "cut off here, and finds them by itself.\n"
             "A voucher that holds its keys as certificates (X5CHAIN) goes to a certificate or a\n"
             "chain only, leaf first.",
     .examples = "  fairlead voucher extend SN-0017 --to acme-owner.pem --out SN-0017.voucher.pem",
     .run = voucher_extend},
    {.name = "voucher export",
     .summary = "Write vouchers as PEM",
     .arguments = {{{"GUID", false}}},
     .options = {{{"all", "", "every voucher that you may see"},
                  {"state", "STATE", "with --all: only those in this state", false,
                   "made owned pending superseded handed_over"},
                  {"out", "DIR", "folder for GUID.pem files (default: standard output)"}}},
     .more = "GUID may also be the serial of its device.",
     .examples = "  fairlead voucher export --all --state made --out vouchers/",
     .run = voucher_export},
    {.name = "profile list", .summary = "List enrolment profiles", .run = profile_list},
    {.name = "profile show",
     .summary = "Show a profile",
     .arguments = {{{"PROFILE"}}},
     .run = profile_show},
    {.name = "profile put",
     .summary = "Write a profile",
     .arguments = {{{"FILE"}}},
     .options = {{{"id", "PROFILE", "its name (default: the file's, without .json)"},
                  {"revision", "N", "only if it is at this revision"}}},
     .more = "FILE is the document, or what `profile show` printed: then name and revision are\n"
             "taken from it, and nobody else's change is overwritten. - is standard input.",
     .examples = "  fairlead profile show pumps > pumps.json\n"
                 "  editor pumps.json\n"
                 "  fairlead profile put pumps.json",
     .run = profile_put},
    {.name = "profile delete",
     .summary = "Delete a profile",
     .arguments = {{{"PROFILE"}}},
     .run = profile_delete},
    {.name = "profile wifi",
     .summary = "Show the Wi-Fi network of a profile's devices",
     .arguments = {{{"PROFILE"}}},
     .run = profile_wifi},
    {.name = "profile set-wifi",
     .summary = "Set the Wi-Fi network that a profile's devices get by Wi-Fi Easy Connect",
     .arguments = {{{"PROFILE"}}},
     .options = {{{"ssid", "NAME", "the network's name", true},
                  {"akm", "AKM", "how stations show that they may join (default: psk+sae)", false,
                   "psk sae psk+sae dpp dpp+sae dpp+psk+sae"}}},
     .more = "The passphrase is asked for, or read as one line from standard input.",
     .examples = "  fairlead profile set-wifi pumps --ssid PlantFloor",
     .run = profile_set_wifi},
    {.name = "profile remove-wifi",
     .summary = "Forget the Wi-Fi network of a profile's devices",
     .arguments = {{{"PROFILE"}}},
     .run = profile_remove_wifi},
    {.name = "dpp",
     .summary = "Show how access points and devices know this server's Controller (Easy Connect)",
     .more = "hostapd.conf: dpp_controller=ipaddr=ADDRESS pkhash=HASH\n"
             "              dpp_configurator_connectivity=1",
     .run = show_controller},
    {.name = "trust list", .summary = "List keys whose vouchers are accepted", .run = trust_list},
    {.name = "trust add",
     .summary = "Accept vouchers of a manufacturer or owner",
     .arguments = {{{"FILE"}}},
     .options =
         {{{"kind", "KIND",
            "manufacturer (default), owner, device_ca for EST, or tpm_ca for proofs by a TPM",
            false, "manufacturer owner device_ca tpm_ca"},
           {"account", "ACCOUNT", "for this account only (default: yours, or everybody)"},
           {"name", "NAME", "what people call it"}}},
     .more = "FILE holds a public key or a certificate as PEM; - is standard input.",
     .examples = "  fairlead trust add maker.pem --name \"Pump Works\"",
     .run = trust_add},
    {.name = "trust remove",
     .summary = "No longer accept a key",
     .arguments = {{{"FINGERPRINT"}}},
     .options = {{{"account", "ACCOUNT", "that of this account (default: yours, or everybody's)"}}},
     .more = "The beginning of the fingerprint is enough if no other key begins like it.",
     .run = trust_remove},
    {.name = "factory keys",
     .summary = "Show this server's own public keys and authorities",
     .options = {{{"owner", "", "the owner's public key only: give it to who sells to you"},
                  {"owner-certificate", "",
                   "the same as a certificate only: for vouchers that hold certificates (X5CHAIN)"},
                  {"manufacturer", "", "the manufacturer's public key only"},
                  {"operational-ca", "",
                   "the certificate of the CA for devices' operational certificates only"},
                  {"device-ca", "", "the certificate of the device CA only"}}},
     .examples = "  fairlead factory keys --owner > owner.pem",
     .run = factory_keys},
    {.name = "factory rendezvous show",
     .summary = "Show where new devices will look for their owner",
     .run = factory_rendezvous_show},
    {.name = "factory rendezvous set",
     .summary = "Set where new devices will look for their owner",
     .options = {{{"file", "FILE", "several directives, as JSON; instead of the following"},
                  {"dns", "NAME", "host name of the rendezvous server"},
                  {"ip", "ADDRESS", "its address"},
                  {"device-port", "PORT", "port for devices"},
                  {"owner-port", "PORT", "port for owners"},
                  {"protocol", "P", "http, https or rest", false, "http https rest"},
                  {"bypass", "", "it is the owner already: no rendezvous"},
                  {"delay", "SECONDS", "pause before the device tries again"}}},
     .examples = "  fairlead factory rendezvous set --dns rv.example --device-port 8040 "
                 "--owner-port 8040 --protocol http",
     .run = factory_rendezvous_set},
    {.name = "rendezvous list",
     .summary = "List what owners registered at this rendezvous server",
     .options = {{limit_option, after_option, all_option}},
     .run = rendezvous_list},
    {.name = "account list", .summary = "List accounts", .run = account_list},
    {.name = "account add",
     .summary = "Add an account",
     .arguments = {{{"ID"}}},
     .options = {{{"name", "NAME", "what people call it"}}},
     .examples = "  fairlead account add acme --name \"Acme Ltd\"",
     .run = account_add},
    {.name = "user list", .summary = "List users", .run = user_list},
    {.name = "user add",
     .summary = "Add a user",
     .arguments = {{{"ID"}}},
     .options = {{{"role", "ROLE", "admin, factory, operator, engineer, installer or auditor", true,
                   roles},
                  {"account", "ACCOUNT", "the account whose things they see"},
                  {"no-password", "", "tokens only"}}},
     .more = "The password is asked for, or read as one line from standard input.",
     .examples = "  fairlead user add ada --role operator --account acme",
     .run = user_add},
    {.name = "user change",
     .summary = "Change a user's role or password, or disable them",
     .arguments = {{{"ID"}}},
     .options = {{{"role", "ROLE", "the new role", false, roles},
                  {"password", "", "ask for a new password"},
                  {"disable", "", "no longer let them in"},
                  {"enable", "", "let them in again"}}},
     .run = user_change},
    {.name = "token list", .summary = "List tokens", .run = token_list},
    {.name = "token add",
     .summary = "Make a token for a program",
     .options = {{{"label", "TEXT", "what it is for", true},
                  {"scopes", "A,B", "what it may do (default: all that you may)"},
                  {"days", "N", "how long it holds (default 90)"}}},
     .more = "The token alone goes to standard output; it is shown this once.",
     .examples = "  fairlead token add --label dashboard --scopes devices:read,status:read > token",
     .run = token_add},
    {.name = "token remove",
     .summary = "Make a token worthless",
     .arguments = {{{"ID"}}},
     .run = token_remove},
    {.name = "audit list",
     .summary = "Show who did what, from where",
     .options = {{{"last", "N", "the last so many entries (default 50, at most 1000)"}}},
     .run = audit_list},
    {.name = "audit export",
     .summary = "Write the whole audit log to a file",
     .options = {{{"out", "FILE", "one JSON object a line", true}}},
     .more = "The chain is checked on the way.",
     .run = audit_export},
    {.name = "audit verify",
     .summary = "Check that nobody changed the audit log",
     .arguments = {{{"FILE", false}}},
     .options = {{{"known", "ENTRY:LINK", "what an earlier check printed"}}},
     .more =
         "Without FILE (an export) the server's log is read. Prints the last entry's number and "
         "link.\n"
         "Who can write the registry can write the whole log anew: only --known finds that out.",
     .examples = "  fairlead audit verify --known \"$(cat last-audit)\" > last-audit.new",
     .run = audit_verify},
    {.name = "completion",
     .summary = "Print a completion script",
     .arguments = {{{"SHELL"}}},
     .more = "SHELL is bash or zsh.",
     .examples = "  source <(fairlead completion bash)",
     .run = completion,
     .needs_server = false},
    {.name = "version", .summary = "Print the version", .run = version, .needs_server = false},
};

}  // namespace

std::span<const Command> commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> out(std::begin(table), std::end(table));
    auto plant = plant_commands();
    out.insert(out.end(), plant.begin(), plant.end());
    return out;
  }();
  return all;
}
std::span<const Option> global_options() { return globals; }

}  // namespace fairlead::cli
