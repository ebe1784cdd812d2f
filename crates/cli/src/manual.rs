//! `autoenroll manual`: the help of each command as a page for `man`.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use clap::builder::Resettable;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::arguments::{Arguments, Manual};
use crate::console::Console;
use crate::{Exit, Failure, file};

pub(crate) fn run(arguments: &Manual, console: &mut Console<'_>) -> Result<Exit, Failure> {
    // Building gives each command its full name, `autoenroll-run`.
    let mut command = Arguments::command();
    command.build();
    match (&arguments.to, arguments.command.as_deref()) {
        (Some(directory), _) => write(&command, directory, console)?,
        (None, None) => console.out.write_all(&page(&command)?)?,
        (None, Some(name)) => {
            let found = command.get_subcommands().find(|one| one.get_name() == name);
            let found = found.ok_or_else(|| unknown(&command, name))?;
            console.out.write_all(&page(found)?)?;
        }
    }
    Ok(Exit::Ok)
}

fn write(command: &clap::Command, directory: &Path, console: &mut Console<'_>) -> Result<(), Failure> {
    let wrong = |path: &Path, error| Failure::Usage(format!("{} cannot be written: {error}", path.display()));
    fs::create_dir_all(directory).map_err(|error| wrong(directory, error))?;
    let commands: Vec<&clap::Command> = [command].into_iter().chain(command.get_subcommands()).collect();
    for one in &commands {
        let path = directory.join(format!("{}.1", title(one)));
        file::put(&path, &page(one)?).map_err(|error| wrong(&path, error))?;
    }
    writeln!(console.out, "{} pages are written to {}", commands.len(), directory.display())?;
    Ok(())
}

/// The page of one command.
fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let source = concat!("autoenroll ", env!("CARGO_PKG_VERSION"));
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    // The generator would fill the lines of examples.
    let without = command.clone().after_help(Resettable::Reset);
    Man::new(without).title(title(command)).source(source).render(&mut page)?;
    if !after.is_empty() {
        page.extend_from_slice(examples(&after).as_bytes());
    }
    Ok(page)
}

/// What follows the options: a section for each paragraph that has a heading, its lines as they are; text otherwise.
fn examples(after: &str) -> String {
    let mut roff = Roff::new();
    for paragraph in after.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        match paragraph.split_once(":\n") {
            Some((heading, lines)) => {
                roff.control("SH", [heading.to_uppercase().as_str()]).control("nf", []);
                for line in lines.lines() {
                    roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
                }
                roff.control("fi", []);
            }
            None => {
                roff.control("PP", []).text([roman(paragraph)]);
            }
        }
    }
    // With straight apostrophes, which can be copied; the definition they need is repeated.
    roff.render()
}

/// `autoenroll`, or `autoenroll-run`.
fn title(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn unknown(command: &clap::Command, name: &str) -> Failure {
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let help = match autoenroll_scenario::suggestion(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    };
    Failure::Usage(format!("there is no command `{name}`; {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_options_and_examples() {
        let mut command = Arguments::command();
        command.build();
        let plain = |page: Vec<u8>| String::from_utf8(page).unwrap().replace('\\', "");
        for one in command.get_subcommands().chain([&command]) {
            let page = plain(page(one).unwrap());
            assert!(page.contains(&format!("\n.TH {} 1 ", title(one))), "{page}");
            for option in one.get_arguments().filter(|option| !option.is_hide_set()).filter_map(|one| one.get_long()) {
                assert!(
                    page.contains(&format!("\nfB--{option}fR")) || page.contains(&format!(", fB--{option}fR")),
                    "{page}"
                );
            }
            let examples = one.get_after_help().is_some_and(|text| text.to_string().contains("Examples:\n"));
            assert_eq!(page.contains("\n.SH EXAMPLES\n.nf\n"), examples, "{page}");
        }
    }

    #[test]
    fn lines_of_examples_stay_and_text_is_filled() {
        let page = examples("Examples:\n  a  -b 'c'\n  .d\n\nSome text.");
        let expected = ".SH EXAMPLES\n.nf\na  \\-b \\*(Aqc\\*(Aq\n\\&.d\n.fi\n.PP\nSome text.\n";
        assert!(page.ends_with(expected), "{page}");
    }
}
