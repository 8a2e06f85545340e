callcta campaign plan people.csv --message greeting.json --check
callcta campaign run people.csv --message greeting.json --journal autumn.journal
callcta campaign export --journal autumn.journal | cut -d, -f1,2,5,6
