callcta doctor
