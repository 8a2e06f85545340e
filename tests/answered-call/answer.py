"""Answers one call, as the business, with aiortc.

Settings as for `Client.from_env`, the person to call in `CALLCTA_PSID`. callcta carries the
signalling; the sound is aiortc's: a tone in Opus, and what the person says is counted.
"""

import asyncio
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack
from callcta import AudioCallButton, ButtonTemplate, webhook
from callcta.aio import Client
from callcta.calling import CallSettings

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
SEEN = webhook.Deduplicator(1000)
FRAMES = 50
PATIENCE = 60.0


def receiver(events: "asyncio.Queue[webhook.Event]") -> ThreadingHTTPServer:
    """Takes webhooks on a free port; a framework does this better, see the guide."""
    loop = asyncio.get_running_loop()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            signatures = self.headers.get_all("x-hub-signature-256") or []
            try:
                received = webhook.verify_and_parse(
                    body, signatures[0] if len(signatures) == 1 else None, SECRETS
                )
            except webhook.WebhookError as error:
                self.send_response(error.http_status)
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            for event in received.events:
                if SEEN.is_new(event):
                    loop.call_soon_threadsafe(events.put_nowait, event)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


async def ringing(events: "asyncio.Queue[webhook.Event]") -> webhook.CallEvent:
    """The next call of somebody who tapped."""
    while True:
        event = await asyncio.wait_for(events.get(), PATIENCE)
        if isinstance(event, webhook.CallEvent) and event.event == "connect":
            return event


async def heard(track: MediaStreamTrack) -> int:
    """Listens until enough frames were heard."""
    for _ in range(FRAMES):
        await asyncio.wait_for(track.recv(), PATIENCE)
    return FRAMES


async def main() -> None:
    events: asyncio.Queue[webhook.Event] = asyncio.Queue()
    server = receiver(events)
    print(f"http://127.0.0.1:{server.server_port}/webhook", flush=True)
    async with Client.from_env() as client:
        await client.calling.set_settings(CallSettings(audio_enabled=True, call_routing="PARTNERS"))
        card = ButtonTemplate("Talk to us", [AudioCallButton("Call Now")])
        await client.send(os.environ["CALLCTA_PSID"], card)
        call = await ringing(events)

        # The engine offers, and the platform answers for the person.
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        voice: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()
        peer.on("track", lambda track: voice.done() or voice.set_result(track))
        peer.addTrack(MediaRelay().subscribe(AudioStreamTrack()))
        await peer.setLocalDescription(await peer.createOffer())
        session = await client.calling.accept(call.id, peer.localDescription.sdp, rang_at=call.time)
        await peer.setRemoteDescription(RTCSessionDescription(session.answer, "answer"))

        frames = await heard(await asyncio.wait_for(voice, PATIENCE))
        stats = await peer.getStats()
        sent = sum(it.packetsSent for it in stats.values() if it.type == "outbound-rtp")
        await client.calling.terminate(call.id)
        await peer.close()
    server.shutdown()
    print(f"{call.id}: {frames} frames heard, {sent} sent", flush=True)


asyncio.run(main())
