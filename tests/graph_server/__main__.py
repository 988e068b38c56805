"""Serve a generated tenant until Ctrl-C, and say where."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading

from graph_server import GraphServer, World

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--mailboxes", type=int, default=20)
parser.add_argument("--messages", type=int, default=2_000)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--validate", type=float, default=0.0, help="share of exchanges held against the contract")
chosen = parser.parse_args()
world = World.generate(mailboxes=chosen.mailboxes, messages=chosen.messages, seed=chosen.seed)
with GraphServer(world, validate=chosen.validate) as server, contextlib.suppress(KeyboardInterrupt):
    sys.stdout.write(f"authority {server.authority}\ngraph {server.graph}\nclient_id {server.client_id}\n")
    sys.stdout.writelines(f"export {name}={value}\n" for name, value in server.environment.items())
    threading.Event().wait()
