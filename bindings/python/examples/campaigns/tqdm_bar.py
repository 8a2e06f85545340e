"""A campaign with a bar of tqdm: `pip install tqdm`."""

from __future__ import annotations

import sys

from callcta.campaign import Campaign, Snapshot
from tqdm import tqdm


def main(journal: str) -> None:
    """Goes on with a campaign that was planned, with the environment's token."""
    campaign = Campaign(journal)
    with tqdm(total=campaign.count(), unit="message") as bar:

        def show(snapshot: Snapshot) -> None:
            bar.update(snapshot.done - bar.n)
            bar.set_postfix({state: count for state, count in snapshot.states.items() if count})

        standing = campaign.run(on_progress=show, every=0.2)
    print(standing.status)


if __name__ == "__main__":
    main(sys.argv[1])
