"""How long `analyse` takes, and how much memory, on generated mail.

``python benchmarks/analyse.py [--messages 1000000] [--people 20000] [--copies N] [--memory 1GB] [--lake DIR]
[--json PATH]``

Generates the mail, scans it in one process and analyses it in another, so that the peak memory is that of the analysis.
``--lake`` keeps mail and lake in a folder and takes the lake that it finds there, since generating and scanning ten
million copies takes longer than the analysis.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent


def run(*command):
    """Seconds, processor seconds (all threads) and peak MiB of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main():
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--copies", type=int, default=0, help="copies in all mailboxes together")
    parser.add_argument("--lake", type=pathlib.Path, help="folder to keep; without, a temporary one")
    parser.add_argument("--memory", default="1GB", help="limit of the engine: [lake] memory_limit")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = options.lake.absolute() if options.lake else pathlib.Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        config = place / "analyser.toml"
        config.write_text(
            f'[lake]\npath = "lake"\nmemory_limit = "{options.memory}"\n'
            f'[[sources]]\nname = "generated"\ntype = "table"\npath = "{place}/mail"\n'
        )
        asked = {name: str(getattr(options, name)) for name in ("messages", "people", "copies")}
        made, scanned = place / "scanned.json", {}
        if made.exists():
            scanned = json.loads(made.read_text(encoding="utf-8"))
            if scanned.pop("asked") != asked:
                raise SystemExit(f"{place} holds other mail: remove it, or ask for the same")
        else:
            flags = (part for name, value in asked.items() for part in (f"--{name}", value))
            run(sys.executable, str(HERE / "generate.py"), *flags, "--out", f"{place}/mail")
            scan, cpu, memory = run(sys.executable, "-m", "analyser", "--config", str(config), "scan", "--json")
            scanned = {
                "scan_seconds": round(scan, 1),
                "scan_cpu_seconds": round(cpu, 1),
                "scan_peak_mib": round(memory),
            }
            made.write_text(json.dumps({"asked": asked, **scanned}), encoding="utf-8")
        analyse, cpu, memory = run(sys.executable, "-m", "analyser", "--config", str(config), "analyse", "--json")
    result = {
        "benchmark": "analyse",
        "messages": options.messages,
        "people": options.people,
        "copies": max(options.copies, options.messages),
        "cores": os.cpu_count(),
        "memory_limit": options.memory,
        **scanned,
        "analyse_seconds": round(analyse, 1),
        "analyse_cpu_seconds": round(cpu, 1),
        "analyse_peak_mib": round(memory),
    }
    text = json.dumps(result, indent=1)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
