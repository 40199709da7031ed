# SPDX-License-Identifier: Apache-2.0
"""Import of many vouchers through `fairlead voucher import`: killed in the middle, resumed, with bad ones among them."""
import json
import signal
import subprocess
import sys
import time

from plant import Server, wait_for

bad = 25
seconds_max, vouchers_wanted = 30, 100_000
# Of what the signatures alone allow, so that a busy machine tells too. Two cores that make 100,000 in 30 s need about
# 0.2, the command line's own share included.
ratio_wanted = 0.25


def measure(binaries, benches, folder, count, figures):
    print(f"bench: import of {count:,} vouchers, {bad} of them bad", file=sys.stderr)
    server = Server(binaries, folder / "import")
    try:
        return run(server, benches, folder, count, figures)
    finally:
        server.stop()


def run(server, benches, folder, count, figures):
    owner = folder / "owner.pem"
    owner.write_text(server.json("factory", "keys")["owner"])
    subprocess.run([benches / "vouchers_bench", "--folder", folder, "--owner", owner, "--count", str(count),
                    "--bad", str(bad)], check=True)
    limits = [signatures_limit(benches, folder)]
    server.cli("trust", "add", folder / "maker.pem", "--kind", "manufacturer", "--name", "Bench maker")
    report = folder / "report"
    arguments = ["voucher", "import", folder / "vouchers", "--report", report]
    command = [server.binaries / "fairlead", "--server", f"http://127.0.0.1:{server.api_port}", "--token-file",
               server.token_file, *arguments]
    begin = time.monotonic()
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = folder / "report.journal"
    wait_for("a fifth of the import", lambda: first.poll() is not None or (
        journal.exists() and journal.stat().st_size > count // 5 * 32), 300)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = server.cli("--json", *arguments, "--resume", check=False)
    seconds = time.monotonic() - begin
    told = json.loads(second.stdout)
    imported = told["imported"] + told["unchanged"] + told["done_before"]
    refused = len(report.read_text().splitlines())
    if second.returncode != 7 or imported != count - bad or told["refused"] != bad or refused != bad:
        raise RuntimeError(f"import ended with {second.returncode}: {second.stdout} {second.stderr}")
    rate = round(count / seconds)
    per_core = server_cpu_rate(server, count)
    limits.append(signatures_limit(benches, folder))
    limit = round(sum(limits) / len(limits))
    ratio = round(per_core / limit, 2)
    figures.add(f"Import of {count:,} vouchers, kill and resume included", round(seconds, 1), "s",
                f"100,000 in {seconds_max} s", rate >= vouchers_wanted / seconds_max)
    figures.add("  vouchers per server CPU second", per_core, "per core", f"ratio {ratio_wanted}",
                ratio >= ratio_wanted, f"{limit:,} their signatures allow", ratio)
    return {"vouchers": count, "bad": bad, "seconds": round(seconds, 2), "per_second": rate,
            "per_server_cpu_second": per_core, "signatures_limit_per_cpu_second": limit,
            "ratio_to_signatures_limit": ratio, "refusals_reported_after_resume": refused, **told}


def signatures_limit(benches, folder):
    first = min((folder / "vouchers").iterdir())
    done = subprocess.run([benches / "vouchers_bench", "--limit", first], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["verified_per_cpu_second"]


def server_cpu_rate(server, count):
    with open(f"/proc/{server.process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return round(count / ((int(fields[11]) + int(fields[12])) / 100))
