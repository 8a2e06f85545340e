from callcta import Client
from callcta.calling import CallSettings

# [begin settings]
with Client.from_env() as client:
    print("may call:", str(client.calling.feature_status().is_enabled).lower())
    if not client.calling.settings().audio_enabled:
        client.calling.set_settings(CallSettings(audio_enabled=True))
    print("audio:", str(client.calling.settings().audio_enabled).lower())
# [end]
