from datetime import timedelta

import pytest
from callcta import (
    AudioCallButton,
    CallCtaError,
    Client,
    Element,
    GenericTemplate,
    OutsideWindowError,
    Receipt,
)
from callcta.testing import Emulator, TapRefusedError


def offer_call(client: Client, psid: str) -> Receipt:
    """The bot under test."""
    call = AudioCallButton("Call Now", expires_in_days=5)
    return client.send(psid, GenericTemplate([Element("Contact Support!", buttons=[call])]))


def test_a_card_that_rings_and_expires(callcta_emulator: Emulator) -> None:
    with callcta_emulator.client() as client:
        receipt = offer_call(client, callcta_emulator.psids[0])
    (sent,) = callcta_emulator.messages()
    match sent.message:
        case GenericTemplate(elements=[Element(buttons=[AudioCallButton(title="Call Now")])]):
            pass
        case other:
            pytest.fail(f"another card: {other}")

    assert callcta_emulator.tap(receipt.message_id)["call"]
    callcta_emulator.advance(timedelta(days=6))
    with pytest.raises(TapRefusedError):
        callcta_emulator.tap(receipt.message_id)


def test_what_can_go_wrong(callcta_emulator: Emulator) -> None:
    with callcta_emulator.client() as client:
        with pytest.raises(OutsideWindowError):
            offer_call(client, "200000000000002")
        callcta_emulator.arm("drop", apply="after")
        with pytest.raises(CallCtaError) as failed:
            offer_call(client, callcta_emulator.psids[0])
    assert failed.value.delivery == "unknown"
    assert len(callcta_emulator.requests()) == 2, "what may have arrived is not sent again"
