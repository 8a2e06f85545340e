"""Reads the header as tools do that know no macros, and calls the library through it.

    python3 cdef.py include/callcta.h LIBRARY

Needs cffi.
"""

import re
import subprocess
import sys

from cffi import FFI


def declarations(path):
    """What is left of the header without its macros and those of the system."""
    with open(path, encoding="utf-8") as file:
        header = re.sub(r"^#include .*$", "", file.read(), flags=re.M)
    command = ["cc", "-std=c11", "-E", "-P", "-x", "c", "-"]
    return subprocess.run(command, input=header, capture_output=True, text=True, check=True).stdout


def main(header, library):
    ffi = FFI()
    ffi.cdef(declarations(header))
    lib = ffi.dlopen(library)
    text = ffi.string

    def made(kind, function, *arguments):
        output, error = ffi.new(f"{kind} **"), ffi.new("callcta_error **")
        status = function(*arguments, output, error)
        assert status == lib.CALLCTA_OK, text(error[0].message)
        return output[0]

    call = made("callcta_button", lib.callcta_button_audio_call, b"Call", lib.CALLCTA_DAYS_DEFAULT)
    message = made("callcta_message", lib.callcta_message_buttons, b"Hello")
    assert lib.callcta_message_add_button(message, call, ffi.NULL) == lib.CALLCTA_OK
    json = made("char", lib.callcta_message_to_json, message)
    assert b"expires_in_days" not in text(json)
    request = made(
        "callcta_request", lib.callcta_request_new, lib.CALLCTA_RECIPIENT_PSID, b"1", message
    )
    error = ffi.new("callcta_error **")
    status = lib.callcta_request_set(request, lib.CALLCTA_SETTING_TIMEOUT_MS, b"5000", error)
    assert status == lib.CALLCTA_INVALID_ARGUMENT
    assert text(error[0].kind) == text(lib.callcta_status_name(status)) == b"invalid_argument"
    assert error[0].delivery == lib.CALLCTA_DELIVERY_NOT_SENT
    lib.callcta_error_free(error[0])
    lib.callcta_request_free(request)
    lib.callcta_string_free(json)
    lib.callcta_message_free(message)
    lib.callcta_button_free(call)
    assert lib.CALLCTA_PACE == 40
    print("cdef: as expected")


if __name__ == "__main__":
    main(*sys.argv[1:])
