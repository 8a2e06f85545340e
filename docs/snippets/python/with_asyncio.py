import asyncio
import os

from callcta import AudioCallButton, ButtonTemplate
from callcta.aio import Client

message = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])


async def main() -> None:
    async with Client.from_env() as client:
        people = [os.environ["CALLCTA_PSID"]] * 3
        receipts = await asyncio.gather(*(client.send(psid, message) for psid in people))
        print(len(receipts), "sent")
        try:
            async with asyncio.timeout(3):
                await client.send("200000000000003", message)
        except TimeoutError as error:
            # What is known about the message that was given up.
            print(getattr(error.__cause__, "delivery", None))


asyncio.run(main())
