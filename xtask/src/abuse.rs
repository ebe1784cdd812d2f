//! `cargo xtask abuse`: damaged inputs by the million, by the program in `abuse`, in a release build.

use std::ffi::OsString;
use std::process::Command;

use clap::Args;

#[derive(Args)]
pub(crate) struct Options {
    /// What the program takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    arguments: Vec<OsString>,
}

/// Builds and runs the program.
///
/// # Errors
/// When it cannot be run, or something does not hold in a case.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--package", "autoenroll-abuse", "--"]).args(&options.arguments);
    let status = command.current_dir(crate::root()).status();
    let status = status.map_err(|error| format!("the program cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err("something does not hold, or too little was reached".to_owned()) }
}
