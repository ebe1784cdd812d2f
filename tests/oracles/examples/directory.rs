//! Prints the default templates of Windows and a CA that issues them as LDIF: `cargo run -p autoenroll-oracles
//! --example directory`.

use autoenroll_oracles::templates::{Generation, directory};

fn main() {
    print!("{}", directory(Generation::Later).to_ldif("CN=Configuration,DC=contoso,DC=test"));
}
