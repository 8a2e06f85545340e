callcta check --strict card.json
