set -eu

# Starts the emulator and waits for its first line.
mkfifo ready
callcta emulate --quiet > ready &
trap "kill $!; rm ready" EXIT
read -r line < ready
field() { printf '%s' "$line" | sed "s/.*\"$1\":\[\{0,1\}\"\([^\"]*\)\".*/\1/"; }
url=$(field url)
export CALLCTA_BASE_URL="$url" CALLCTA_PAGE_ID="$(field page_id)"
export CALLCTA_ACCESS_TOKEN="$(field access_token)" CALLCTA_PSID="$(field psids)"

# The bot under test sends a card; the person taps its button.
id=$(./start | sed 's/sent //')
curl -sf "$url/_emulator/messages" | grep -q '"audio_call"'
tap() { curl -s -o tap.json -w '%{http_code}' "$url/_emulator/tap" -d "{\"message_id\":\"$id\"}"; }
[ "$(tap)" = 200 ]
grep -q connect tap.json

# Six days later nobody rings any more.
curl -sf -o clock.json "$url/_emulator/clock" -d '{"advance_days":6}'
[ "$(tap)" = 409 ]

# An answer that never comes: the program says that it doesn't know.
curl -sf -o faults.json "$url/_emulator/faults" -d '{"action":{"type":"drop"},"apply":"after"}'
! ./start 2> errors.txt
grep -q unknown errors.txt
echo "all is well"
