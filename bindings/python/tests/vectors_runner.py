"""Runs the shared vectors: see tests/vectors/README.md at the top of the repository."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import callcta
from callcta import CallCtaError, Client, Recipient, Violation

Json = dict[str, Any]


def button(case: Json) -> callcta.Button:
    """Builds a button through its class."""
    if "raw" in case:
        return callcta.RawButton(case["raw"])
    arguments = dict(case)
    match arguments.pop("type"):
        case "audio_call":
            return callcta.AudioCallButton(**arguments)
        case "web_url":
            return callcta.WebUrlButton(arguments.pop("title", None), **arguments)
        case "postback":
            return callcta.PostbackButton(**arguments)
        case "phone_number":
            return callcta.PhoneNumberButton(number=arguments.pop("payload"), **arguments)
        case "account_link":
            return callcta.AccountLinkButton(**arguments)
        case "account_unlink":
            return callcta.AccountUnlinkButton(**arguments)
        case "game_play":
            return callcta.GamePlayButton(**arguments)
        case other:
            raise ValueError(other)


def buttons(case: Json) -> Json:
    """The arguments with which a model is made, buttons built."""
    made = dict(case)
    if "buttons" in made:
        made["buttons"] = [button(each) for each in made["buttons"]]
    if "default_action" in made:
        made["default_action"] = button(made["default_action"])
    return made


def element(case: Json) -> callcta.Element:
    """Builds a card."""
    if "raw" in case:
        return callcta.Element.from_dict(case["raw"])
    return callcta.Element(**buttons(case))


def message(case: Json) -> callcta.Message:
    """Builds a message through its class."""
    if "raw" in case:
        return callcta.RawMessage(case["raw"])
    if "json" in case:
        return callcta.Message.from_json(case["json"])
    arguments = buttons(case)
    match arguments.pop("template"):
        case "generic":
            cards = [element(each) for each in arguments.pop("elements")]
            return callcta.GenericTemplate(cards, **arguments)
        case "button":
            return callcta.ButtonTemplate(**arguments)
        case "call_prompt":
            return callcta.CallPrompt(**arguments)
        case other:
            raise ValueError(other)


def recipient(case: str | Json) -> str | Recipient:
    """Builds a recipient."""
    if isinstance(case, str):
        return case
    return Recipient.from_dict(case["raw"]) if "raw" in case else Recipient(**case)


def report_violations(violations: list[Violation] | tuple[Violation, ...]) -> list[Json]:
    """Violations as a report has them."""
    names = "path", "rule", "severity", "message"
    return [{name: getattr(violation, name) for name in names} for violation in violations]


def report_error(error: CallCtaError) -> Json:
    """An error as a report has it."""
    names = "kind", "delivery", "may_retry", "code", "subcode", "trace_id", "http_status"
    report = {name: getattr(error, name) for name in (*names, "retry_after")}
    report |= {"text": str(error), "violations": report_violations(error.violations)}
    return {name: value for name, value in report.items() if value not in (None, [])}


def run(url: str, case: Json) -> Json:
    """Checks and sends one case."""
    settings = dict(case.get("client", {}))
    if "calling_not_enabled" in settings:
        pairs = settings.pop("calling_not_enabled")
        settings["calling_not_enabled_codes"] = [tuple(pair) for pair in pairs]
    options = dict(case.get("options", {}))
    if "deadline_in_s" in options:
        seconds = timedelta(seconds=options.pop("deadline_in_s"))
        options["deadline"] = datetime.now(UTC) + seconds
    to = recipient(case.get("to", "1254477777772919"))
    try:
        built = message(case["message"])
    except callcta.InvalidMessageError as error:
        return {"violations": report_violations(error.violations), "error": report_error(error)}

    violations = callcta.validate_request(to, built, **options)
    report: Json = {
        "violations": report_violations(violations),
        "message": json.loads(built.to_json()),
    }
    with Client("1234567890", "test-token", base_url=url, attempts=1, **settings) as client:
        try:
            receipt = client.send(to, built, **options)
        except CallCtaError as error:
            return {**report, "error": report_error(error)}
    report["receipt"] = {"message_id": receipt.message_id}
    if receipt.recipient_id is not None:
        report["receipt"]["recipient_id"] = receipt.recipient_id
    return report


def main() -> None:
    """Runs every case of every file."""
    url = os.environ["CALLCTA_VECTORS_URL"]
    for path in sorted(Path(os.environ["CALLCTA_VECTORS_DIR"]).glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            report = run(f"{url}/{path.stem}/{case['name']}", case)
            print(json.dumps({"file": path.stem, "name": case["name"], **report}))


if __name__ == "__main__":
    main()
