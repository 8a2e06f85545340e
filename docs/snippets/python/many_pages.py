import os

from callcta import AudioCallButton, ButtonTemplate, Client, Outboxes

first = Client.from_env()
second = Client.from_env(
    page_id=os.environ["SECOND_PAGE_ID"],
    access_token=os.environ["SECOND_ACCESS_TOKEN"],
    share_connections=first,
)
letter = ButtonTemplate("We are open.", [AudioCallButton("Call Now")])

# One set of threads; a queue, a pace of 40 and counters for each Page.
outboxes = Outboxes(workers=200)
pages = [
    (outboxes.outbox(first), "200000000000001"),
    (outboxes.outbox(second), "200000000000011"),
]
messages = ((outbox, psid, letter) for outbox, psid in pages)
for _outbox, _outcome in outboxes.send_many(messages):
    pass  # write it down
outboxes.drain()
for outbox, _ in pages:
    counts = outbox.counts()
    print(f"{outbox.client.page_id}: {counts.sent} sent")
    for kind, delivery, count in counts.kinds:
        print(f"  {count} {delivery}: {kind}")
