//! Cost of one APDU without cryptography. `cargo bench -p autoenroll-card`; each must stay below two microseconds.
fn main() {
    divan::main();
}
