"""A campaign with a bar of rich, in an event loop: `pip install rich`."""

from __future__ import annotations

import asyncio
import sys

from callcta.campaign import Campaign
from rich.progress import Progress


async def main(journal: str) -> None:
    """Goes on with a campaign that was planned, with the environment's token."""
    campaign = Campaign(journal)
    run = campaign.run_async(every=0.2)
    with Progress() as progress:
        task = progress.add_task("messages", total=campaign.count())
        async for snapshot in run:
            rate = f"{snapshot.rate:.0f}/s"
            progress.update(task, completed=snapshot.done, description=rate)
    print(run.standing and run.standing.status)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
