//! The `autoenroll` command; everything is in the library, so that tests can build the same command.

fn main() -> std::process::ExitCode {
    autoenroll_cli::main()
}
