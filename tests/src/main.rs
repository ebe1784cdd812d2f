//! The command itself, built once more beside the tests: Cargo tells tests where the programs of their own package are,
//! and no others.

fn main() -> std::process::ExitCode {
    autoenroll_cli::main()
}
