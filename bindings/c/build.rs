//! Gives the shared library its soname, and keeps it loaded: threads may still run its
//! code, and the ends of theirs, after a `dlclose`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libcallcta.so.0");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
