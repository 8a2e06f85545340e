/* Reads JSON into a tree. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>

typedef struct json_value json_value;

struct json_value {
    /* One of o a s n t f 0: object, array, string, number, true, false, null. */
    char type;
    /* Its text in the document, as a copy. */
    char *source;
    /* What a string says. */
    char *string;
    /* Its key, if it is in an object. */
    char *key;
    /* The first inside, and the next beside it. */
    json_value *child, *next;
};

/* The document; ends the program if it is not JSON. */
json_value *json_parse(const char *text);
void json_free(json_value *json);
/* The value of a key; NULL if there is none, or `object` is NULL. */
const json_value *json_get(const json_value *object, const char *key);
/* The string of a key, or NULL. */
const char *json_string(const json_value *object, const char *key);
/* Writes a string as JSON. */
void json_print(const char *string);

#endif
