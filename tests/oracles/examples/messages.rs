//! Fills a folder with one message of every kind: `cargo run -p autoenroll-oracles --example messages -- FOLDER`.

fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("which folder?");
        std::process::exit(2);
    };
    autoenroll_oracles::messages::write(folder.as_ref());
}
