#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *at) {
    fprintf(stderr, "not JSON: %.40s\n", at);
    exit(1);
}

static void *get_memory(size_t size) {
    void *memory = calloc(1, size);
    if (memory == NULL) abort();
    return memory;
}

static const char *skip(const char *at) {
    return at + strspn(at, " \t\r\n");
}

static unsigned read_hex(const char *at) {
    char digits[5] = {0}, *end;
    strncpy(digits, at, 4);
    unsigned value = (unsigned)strtoul(digits, &end, 16);
    if (end != digits + 4) fail(at);
    return value;
}

static char *put_utf8(char *to, unsigned code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* Reads the string at a quotation mark; where it ends. */
static const char *read_string(const char *at, char **string) {
    if (*at != '"') fail(at);
    /* No string is longer than the way it is written. */
    char *to = *string = get_memory(strlen(at));
    for (at++; *at != '"'; at++) {
        if (*at == '\0') fail(at);
        if (*at != '\\') {
            *to++ = *at;
            continue;
        }
        static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        const char *escape = strchr(escapes, *++at);
        if (*at == 'u') {
            unsigned code = read_hex(at + 1);
            at += 4;
            if (code >> 10 == 0x36 && at[1] == '\\' && at[2] == 'u') {
                code = 0x10000 + ((code & 0x3ff) << 10 | (read_hex(at + 3) & 0x3ff));
                at += 6;
            }
            to = put_utf8(to, code);
        } else if (*at != '\0' && escape != NULL) {
            *to++ = meant[escape - escapes];
        } else {
            fail(at);
        }
    }
    return at + 1;
}

static const char *read_value(const char *at, json_value *into);

static const char *read_inside(const char *at, json_value *into, char close) {
    json_value **next = &into->child;
    at = skip(at + 1);
    if (*at == close) return at + 1;
    for (;;) {
        json_value *item = *next = get_memory(sizeof *item);
        next = &item->next;
        if (close == '}') {
            at = skip(read_string(skip(at), &item->key));
            if (*at++ != ':') fail(at);
        }
        at = skip(read_value(skip(at), item));
        if (*at == close) return at + 1;
        if (*at++ != ',') fail(at);
    }
}

static const char *read_value(const char *at, json_value *into) {
    const char *start = at;
    if (*at == '{') {
        into->type = 'o';
        at = read_inside(at, into, '}');
    } else if (*at == '[') {
        into->type = 'a';
        at = read_inside(at, into, ']');
    } else if (*at == '"') {
        into->type = 's';
        at = read_string(at, &into->string);
    } else {
        size_t length = strcspn(at, ",]} \t\r\n");
        into->type = *at == 'n' ? '0' : *at == 't' || *at == 'f' ? *at : 'n';
        if (length == 0) fail(at);
        at += length;
    }
    into->source = get_memory((size_t)(at - start) + 1);
    memcpy(into->source, start, (size_t)(at - start));
    return at;
}

json_value *json_parse(const char *text) {
    json_value *document = get_memory(sizeof *document);
    const char *end = skip(read_value(skip(text), document));
    if (*end != '\0') fail(end);
    return document;
}

void json_free(json_value *json) {
    while (json != NULL) {
        json_value *next = json->next;
        json_free(json->child);
        free(json->source);
        free(json->string);
        free(json->key);
        free(json);
        json = next;
    }
}

const json_value *json_get(const json_value *object, const char *key) {
    if (object == NULL || object->type != 'o') return NULL;
    for (const json_value *item = object->child; item != NULL; item = item->next)
        if (strcmp(item->key, key) == 0) return item;
    return NULL;
}

const char *json_string(const json_value *object, const char *key) {
    const json_value *value = json_get(object, key);
    return value ? value->string : NULL;
}

void json_print(const char *string) {
    putchar('"');
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;
        if (byte < 0x20)
            printf("\\u%04x", byte);
        else if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else
            putchar(byte);
    }
    putchar('"');
}
