"""Runs the shared vectors of calling: see tests/vectors/calling/README.md at the top."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from callcta import CallCtaError, Client, Receipt
from callcta.calling import Calling, CallSettings, MediaTrack


def ask(calling: Calling, case: dict[str, Any]) -> Any:
    """Makes the request of a case."""
    method = getattr(calling, case["ask"])
    given: dict[str, Any] = dict(case.get("with", {}))
    if case.get("unchecked"):
        given["unchecked"] = True
    if "settings" in given:
        wire = given.pop("settings")
        settings = CallSettings.from_dict(wire)
        assert CallSettings.from_dict(settings.to_dict()) == settings
        return method(settings, **given)
    if "tracks" in given:
        given["tracks"] = [MediaTrack(**track) for track in given["tracks"]]
    return method(**given)


def told(result: Any) -> Any:
    """What a method returned, as JSON."""
    if isinstance(result, Receipt):
        return {"message_id": result.message_id, "recipient_id": result.recipient_id}
    if not hasattr(result, "to_dict") and result is not None:
        return [item.to_dict() for item in result]
    return None if result is None else result.to_dict()


def failed(error: CallCtaError) -> dict[str, Any]:
    """What is told of an error."""
    known = {
        "kind": error.kind,
        "delivery": error.delivery,
        "may_retry": error.may_retry,
        "http_status": error.http_status,
        "code": error.graph and error.graph.code,
        "subcode": error.graph and error.graph.subcode,
        "violations": [violation.to_dict() for violation in error.violations] or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def run(case: dict[str, Any], url: str) -> dict[str, Any]:
    """What comes of one case."""
    client = Client("1234567890", "test-token", attempts=1, base_url=url)
    try:
        return {"result": told(ask(client.calling, case))}
    except CallCtaError as error:
        return {"error": failed(error)}


def main() -> None:
    """Runs every case of every file."""
    url = os.environ["CALLCTA_VECTORS_URL"]
    for path in sorted(Path(os.environ["CALLCTA_VECTORS_DIR"]).glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            known = {"file": path.stem, "name": case["name"]}
            print(json.dumps({**known, **run(case, f"{url}/{path.stem}/{case['name']}")}))


if __name__ == "__main__":
    main()
