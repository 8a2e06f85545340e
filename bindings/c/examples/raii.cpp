// The same in C++17: handles that free themselves, errors as exceptions.
//
//     CALLCTA_PAGE_ID=… CALLCTA_ACCESS_TOKEN=… ./raii PSID
//
// CALLCTA_BASE_URL leads to an emulator instead of the platform.
#include <callcta.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T *handle) const {
        Free(handle);
    }
};

template <typename T, auto Free>
using Handle = std::unique_ptr<T, Freed<Free>>;

using Button = Handle<callcta_button, callcta_button_free>;
using Client = Handle<callcta_client, callcta_client_free>;
using Config = Handle<callcta_config, callcta_config_free>;
using Element = Handle<callcta_element, callcta_element_free>;
using Message = Handle<callcta_message, callcta_message_free>;
using Receipt = Handle<callcta_receipt, callcta_receipt_free>;

// What a failed call said.
class Error : public std::runtime_error {
public:
    explicit Error(callcta_error *error)
        : std::runtime_error(error->message), error_(error, callcta_error_free) {}

    const callcta_error *operator->() const { return error_.get(); }

private:
    std::shared_ptr<callcta_error> error_;
};

// Calls a function that can fail.
template <typename Function, typename... Arguments>
void call(Function function, Arguments... arguments) {
    callcta_error *error;
    if (function(arguments..., &error) != CALLCTA_OK) throw Error(error);
}

// Calls a function that gives a handle.
template <typename Handle, typename Function, typename... Arguments>
Handle make(Function function, Arguments... arguments) {
    typename Handle::pointer made;
    call(function, arguments..., &made);
    return Handle(made);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " PSID\n";
        return 2;
    }
    try {
        auto config = make<Config>(callcta_config_from_env);
        auto client = make<Client>(callcta_client_new, config.get());

        auto button = make<Button>(callcta_button_audio_call, "Call Now", 5);
        auto card = make<Element>(callcta_element_new, "Contact Support!");
        call(callcta_element_add_button, card.get(), button.get());
        auto message = make<Message>(callcta_message_generic);
        call(callcta_message_add_element, message.get(), card.get());

        auto receipt = make<Receipt>(callcta_client_send, client.get(), argv[1], message.get());
        std::cout << receipt->message_id << '\n';
    } catch (const Error &error) {
        std::cerr << error->kind << ": " << error.what() << '\n';
        return 1;
    }
}
