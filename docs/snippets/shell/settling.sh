callcta campaign run people.csv --message greeting.json --journal autumn.journal > first-result.txt
callcta campaign settle --journal autumn.journal --assume-sent --kind network --yes
callcta campaign report --journal autumn.journal
callcta campaign status --journal autumn.journal
