from callcta import Client

# [begin diagnosis]
with Client.from_env() as client:
    diagnosis = client.doctor()
print(f"{diagnosis.status}: {diagnosis.verdict}")
if diagnosis.cause:
    print(f"{diagnosis.cause.id}: {diagnosis.cause.fix}")
# [end]
