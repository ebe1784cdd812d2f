//! The `autoenroll` command.

fn main() {}
