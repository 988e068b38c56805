"""Requests and answers against Microsoft's own description of Graph, in a thread beside the server."""

from __future__ import annotations

import os
import queue
import random
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.exceptions import ValidationError

if TYPE_CHECKING:
    from graph_server.ledger import Ledger
    from graph_server.message import Answer, Request

__all__ = ["Contract", "contract_file"]

ROOT = "https://graph.microsoft.com"
WAITING = 64


def contract_file() -> Path:
    """Where the contract lies: below ``ANALYSER_SHARED``, else beside the project. It need not be there."""
    shared = os.environ.get("ANALYSER_SHARED")
    place = Path(shared) if shared else Path(__file__).parents[3] / "shared"
    return place / "contracts" / "graph-openapi.yaml"


class Contract:
    """Checks the given share of all exchanges; what does not fit becomes a violation in the ledger."""

    def __init__(self, seed: int, ledger: Ledger) -> None:
        self.share, self.ledger, self.checked = 0.0, ledger, 0
        self._draw = random.Random(f"contract/{seed}")
        self._waiting: queue.Queue = queue.Queue(WAITING)
        self._api: OpenAPI | None = None

    def begin(self, share: float) -> None:
        """From now on check this share; the contract is read when it is first needed."""
        self.share = share
        if share and self._api is None:
            with contract_file().open(encoding="utf-8") as file:
                self._api = OpenAPI.from_dict(yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506
            threading.Thread(target=self._work, daemon=True).start()

    def submit(self, request: Request, answer: Answer, mailbox: str | None) -> None:
        """Check this exchange soon, or now if too many wait."""
        if not self.share or (self.share < 1 and self._draw.random() >= self.share):
            return
        try:
            self._waiting.put_nowait((request, answer, mailbox))
        except queue.Full:
            self._check(request, answer, mailbox)

    def settle(self) -> None:
        """Wait until all that was submitted is checked."""
        self._waiting.join()

    def _work(self) -> None:
        while True:
            exchange = self._waiting.get()
            try:
                self._check(*exchange)
            except Exception as problem:  # noqa: BLE001 - a check that fails must be seen, and not end all others
                self.ledger.violate("response_contract", f"not checked: {problem!r}", exchange[0], exchange[2])
            finally:
                self._waiting.task_done()

    def _check(self, request: Request, answer: Answer, mailbox: str | None) -> None:
        self.checked += 1
        kind = request.headers.get("content-type", "application/json")
        args = {name: value for name, value in request.query.items() if value}
        asked = MockRequest(ROOT, request.method.lower(), request.path, args=args, data=request.body, content_type=kind)
        try:
            self._api.validate_request(asked)
        except PathError as problem:
            self.ledger.violate("outside_contract", str(problem), request, mailbox)
            return
        except (OpenAPIError, ValidationError) as problem:
            self.ledger.violate("request_contract", _reason(problem), request, mailbox)
        if not answer.checked:
            return
        said = MockResponse(answer.body, status_code=answer.status, content_type=answer.content_type)
        try:
            self._api.validate_response(asked, said)
        except (OpenAPIError, ValidationError) as problem:
            self.ledger.violate("response_contract", f"{answer.status}: {_reason(problem)}", request, mailbox)


def _reason(problem: Exception) -> str:
    errors = getattr(problem.__cause__, "schema_errors", None) or [problem.__cause__ or problem]
    return "; ".join(str(getattr(error, "message", error))[:300] for error in errors)
