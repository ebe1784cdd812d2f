//! Fills a folder with one message of every kind, and with what the scenario suite says:
//! `cargo run -p autoenroll-oracles --example messages -- FOLDER`.

fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("which folder?");
        std::process::exit(2);
    };
    autoenroll_oracles::messages::write(folder.as_ref());
    let scenarios = autoenroll_oracles::suite::write(folder.as_ref());
    eprintln!("messages of {scenarios} scenarios");
}
