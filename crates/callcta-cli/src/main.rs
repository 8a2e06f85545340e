//! The program `callcta`.
fn main() {}
