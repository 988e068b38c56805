"""Serve generated mailboxes until Ctrl-C, and say where."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading

from ews_server import EwsServer, World
from ews_server.app import BUILDS

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--mailboxes", type=int, default=20)
parser.add_argument("--messages", type=int, default=2_000)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--version", choices=BUILDS, default="2019")
parser.add_argument("--validate", type=float, default=0.0, help="share of exchanges held against the schema")
chosen = parser.parse_args()
world = World.generate(mailboxes=chosen.mailboxes, messages=chosen.messages, seed=chosen.seed)
with EwsServer(world, validate=chosen.validate, version=chosen.version) as server:
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"endpoint {server.endpoint}\nusername {server.username}\n")
        sys.stdout.writelines(f"export {name}={value!r}\n" for name, value in server.environment.items())
        sys.stdout.flush()
        threading.Event().wait()
