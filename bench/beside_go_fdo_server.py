# SPDX-License-Identifier: Apache-2.0
"""go-fdo-server, as tests/interop builds it, under the load of to2_bench in turns with ours: durable beside durable."""
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
TARGET = 5  # times its rate


def program(folder):
    """It, built into `folder`; None and a loud word where it can't be."""
    sys.path.insert(0, str(root / "tests/interop"))
    from toolchains import Missing, build_go_fdo_server
    try:
        return build_go_fdo_server(folder)
    except (Missing, AssertionError) as why:
        print(f"bench: SKIPPED: go-fdo-server under the same load. {why}", file=sys.stderr)
        return None


def measure(run_bench, binaries, benches, figures, quick):
    peer = program(benches)
    if not peer:
        return None
    # It takes so long for an onboarding that a round of few devices is long enough.
    ours, theirs = run_bench("to2_bench", "--server", binaries / "fairlead-server", "--go-fdo-server", peer,
                             "--devices", 200 if quick else 400, "--rounds", 1 if quick else 3)
    ratio, by_the_clock = (round(ours[rate] / theirs[rate], 2) for rate in ("per_server_cpu_second", "per_second"))
    figures.add("TO2 without certificate, P-256, durable, per CPU second", ours["per_server_cpu_second"], "onboardings",
                f"{TARGET}x go-fdo-server", ratio >= TARGET, f"go-fdo-server ({theirs['per_server_cpu_second']:,})", ratio)
    figures.add("  by the clock, load generator on the same cores", ours["per_second"], "per second", None, None,
                f"go-fdo-server ({theirs['per_second']:,})", by_the_clock)
    return {"fairlead": ours, "go_fdo_server": theirs, "ratio": ratio, "ratio_by_the_clock": by_the_clock}
