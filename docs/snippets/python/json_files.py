from pathlib import Path

from callcta import Message

message = Message.from_json(Path("card.json").read_text())
for violation in message.validate():
    print(violation.severity, violation.path, violation.message)
