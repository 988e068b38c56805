"""How long `analyse` takes, and how much memory, on generated mail.

``python benchmarks/analyse.py [--messages 1000000] [--people 20000] [--json PATH]``

Generates the mail, scans it in one process and analyses it in another, so that the peak memory is that of the analysis.
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
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        config = place / "analyser.toml"
        config.write_text(
            f'[lake]\npath = "lake"\n[[sources]]\nname = "generated"\ntype = "table"\npath = "{place}/mail"\n'
        )
        people, messages = str(options.people), str(options.messages)
        generate = (sys.executable, str(HERE / "generate.py"), "--messages", messages, "--people", people)
        run(*generate, "--out", f"{place}/mail")
        scan, scan_cpu, scan_memory = run(sys.executable, "-m", "analyser", "--config", str(config), "scan", "--json")
        analyse, cpu, memory = run(sys.executable, "-m", "analyser", "--config", str(config), "analyse", "--json")
    result = {
        "benchmark": "analyse",
        "messages": options.messages,
        "people": options.people,
        "cores": os.cpu_count(),
        "scan_seconds": round(scan, 1),
        "scan_cpu_seconds": round(scan_cpu, 1),
        "scan_peak_mib": round(scan_memory),
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
