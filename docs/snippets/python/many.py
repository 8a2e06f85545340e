from collections.abc import Iterator
from pathlib import Path

from callcta import AudioCallButton, ButtonTemplate, Client, Failed, Message, Sent


def letters() -> Iterator[tuple[str, Message]]:
    with Path("psids.txt").open() as file:
        for line in file:
            yield line.strip(), ButtonTemplate("We are open.", [AudioCallButton("Call Now")])


counts: dict[str, int] = {}
with Client.from_env() as client:
    for outcome in client.send_many(letters()):
        match outcome:
            case Sent():
                what = "sent"
            case Failed(error=error):
                what = f"{error.delivery}: {error.kind}"
        counts[what] = counts.get(what, 0) + 1
for what, count in sorted(counts.items()):
    print(count, what)
