//! Shells complete names of scenarios, worlds, profiles, codes and requirements: bash, zsh and fish are asked.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use autoenroll_tests::{Autoenroll, scratch};

/// A line that somebody typed, up to the cursor; what must be offered there, and what must not.
const LINES: &[(&str, &[&str], &[&str])] = &[
    ("autoenroll ru", &["run"], &["show"]),
    ("autoenroll run found", &["founding/"], &["found", "founding/second-provider"]),
    ("autoenroll run founding/sec", &["founding/second-provider"], &["founding/third-provider"]),
    ("autoenroll run --fil", &["--filter"], &["--format"]),
    ("autoenroll show founding/balloon-cl", &["founding/balloon-clicked", "founding/balloon-clicked[on-icon]"], &[]),
    ("autoenroll check mine", &["mine.toml", "mine-too/"], &["minutes.txt"]),
    ("autoenroll run --profile ser", &["server-2003-sp1", "server-2025"], &["windows-7-sp1"]),
    ("autoenroll plan enr", &["enrolling"], &["contoso"]),
    ("autoenroll diff --world smart", &["smart-card"], &["contoso"]),
    ("autoenroll card pi", &["piv"], &["gids"]),
    ("autoenroll fixtures SmartcardL", &["SmartcardLogon"], &["SmartcardUser"]),
    ("autoenroll explain AE050", &["AE0501", "AE0502"], &["AE0101"]),
    ("autoenroll explain S9.", &["S9.blocked", "S9.cancel"], &["S8.empty"]),
    ("autoenroll explain gp-tri", &["gp-triggers"], &[]),
    ("autoenroll explain founding/sec", &["founding/second-provider"], &[]),
    ("autoenroll completions ", &["bash", "fish", "zsh"], &[]),
];

/// A directory with what a shell needs: the program under its own name, its scripts, and files to be completed.
struct Home {
    directory: PathBuf,
}

impl Home {
    fn new(shell: &str, script: &str) -> Self {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("completions-{shell}"));
        for folder in ["bin", "here/mine-too", "scripts"] {
            fs::create_dir_all(directory.join(folder)).unwrap();
        }
        for file in ["here/mine.toml", "here/minutes.txt"] {
            fs::write(directory.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink(program(), directory.join("bin/autoenroll")).unwrap();
        let ran = Autoenroll::new(program(), ["completions", shell]).run();
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{shell}");
        fs::write(directory.join("scripts").join(script), ran.out).unwrap();
        Self { directory }
    }

    /// What a shell prints, where it is installed; `None` where it is not, which CI does not take.
    fn ask(&self, shell: &[&str], line: &str) -> Option<Vec<String>> {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.directory.join("bin").display());
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).arg(line).env_clear().env("PATH", path).env("HOME", &self.directory);
        command.env("SCRIPTS", self.directory.join("scripts")).env("TERM", "dumb").env("LC_ALL", "C.UTF-8");
        let output = match command.current_dir(self.directory.join("here")).stdin(Stdio::null()).output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                assert!(std::env::var_os("CI").is_none(), "{} is not installed", shell[0]);
                println!("skipped: {} is not installed", shell[0]);
                return None;
            }
            Err(error) => panic!("{}: {error}", shell[0]),
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{line}: {text}{}", String::from_utf8_lossy(&output.stderr));
        Some(text.lines().map(str::to_owned).collect())
    }
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_autoenroll-under-test")
}

fn check(home: &Home, shell: &[&str]) {
    for (line, offered, others) in LINES {
        let Some(found) = home.ask(shell, line) else { return };
        for value in *offered {
            assert!(found.iter().any(|one| one == value), "{line}⇥ offers {found:?}, and not {value}");
        }
        for value in *others {
            assert!(!found.iter().any(|one| one == value), "{line}⇥ offers {value}");
        }
    }
}

/// As readline calls the function, after bash-completion has found the script by its name.
#[test]
fn bash_completes() {
    const ASK: &str = r#"
        source "$SCRIPTS/autoenroll"
        read -r -a COMP_WORDS <<< "$0"
        [[ $0 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$0 COMP_POINT=${#0} COMP_TYPE=9
        complete -p autoenroll > /dev/null
        _clap_complete_autoenroll autoenroll "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    check(&Home::new("bash", "autoenroll"), &["bash", "--norc", "-c", ASK]);
}

#[test]
fn fish_completes() {
    const ASK: &str = "source $SCRIPTS/autoenroll.fish; complete --do-complete $argv[1] | cut -f 1";
    check(&Home::new("fish", "autoenroll.fish"), &["fish", "--no-config", "--command", ASK]);
}

/// In a terminal of its own, with the script as a file below `fpath`, at the first press of the key.
#[test]
fn zsh_completes() {
    let home = Home::new("zsh", "_autoenroll");
    let script = home.directory.join("ask.zsh");
    fs::write(&script, ASK_ZSH).unwrap();
    for (line, completed) in [
        ("autoenroll ru", "autoenroll run "),
        ("autoenroll run found", "autoenroll run founding/"),
        ("autoenroll run founding/sec", "autoenroll run founding/second-provider "),
        ("autoenroll run --profile windows-1", "autoenroll run --profile windows-10-22h2 "),
        ("autoenroll check mine.t", "autoenroll check mine.toml "),
        ("autoenroll plan enr", "autoenroll plan enrolling "),
        ("autoenroll explain S9.bl", "autoenroll explain S9.blocked "),
    ] {
        let Some(found) = home.ask(&["zsh", "--no-rcs", &script.display().to_string()], line) else { return };
        assert_eq!(found, [completed], "{line}⇥");
    }
}

/// Types a line and the key into a zsh behind a terminal; another key prints the line as it is then.
const ASK_ZSH: &str = r#"
zmodload zsh/zpty
zpty inner zsh --no-rcs -i
zpty -w inner 'PS1= PS2=; unset zle_bracketed_paste; stty -echo; fpath=($SCRIPTS $fpath)
autoload -Uz compinit && compinit -u -D
show () { zle -I; print -r -- "<${BUFFER}>"; BUFFER= }
zle -N show; bindkey "^X" show; print rea""dy'
zpty -r inner answer '*ready*' || exit 1
zpty -w -n inner "$1"$'\t\x18'
zpty -r inner answer '*<*>*' || exit 1
print -r -- "${${answer##*<}%%>*}"
zpty -d inner
"#;

/// The scripts name the files by which each shell finds them.
#[test]
fn the_help_says_where_a_script_belongs() {
    let ran = Autoenroll::new(program(), ["completions", "--help"]).run();
    for place in ["bash-completion/completions/autoenroll", ".zfunc/_autoenroll", "fish/completions/autoenroll.fish"] {
        assert!(ran.out.contains(place), "{}", ran.out);
    }
}
