callcta code order.json --lang rust
callcta code order.json --lang python
callcta code order.json --lang typescript
callcta code order.json --lang c
callcta preview order.json --out order.html
