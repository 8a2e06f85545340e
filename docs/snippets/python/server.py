from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callcta import AudioCallButton, ButtonTemplate, CallCtaError
from callcta.aio import Client
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

STATUS = {"not_sent": 503, "rejected": 409, "unknown": 502}
MESSAGE = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # One client for all requests; made here, and not at import, so that each worker has its own.
    async with Client.from_env() as app.state.client:
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/offer/{psid}", response_class=PlainTextResponse)
async def offer(psid: str, request: Request) -> PlainTextResponse:
    client: Client = request.app.state.client
    try:
        receipt = await client.send(psid, MESSAGE)
    except CallCtaError as error:
        return PlainTextResponse(error.kind, status_code=STATUS[error.delivery])
    return PlainTextResponse(receipt.message_id)
