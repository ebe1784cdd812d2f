//! Certificates per second, beside `openssl x509 -req` with the same CA key and the same requests:
//! `cargo run --release -p autoenroll-oracles --example issuance -- [COUNT]`.
//!
//! Both read each request from a file, verify it, and write a certificate to a file. OpenSSL is one process for each
//! certificate, as that command is; how long a process takes that does nothing but start is measured as well.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use autoenroll_keys::KeyAlgorithm;
use autoenroll_model::Submission;
use autoenroll_oracles::lab::{self, Ask, CA, Form, alice, key, start, template};

fn main() -> ExitCode {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(200);
    let folder = std::env::temp_dir().join(format!("autoenroll-issuance-{}", std::process::id()));
    let outcome =
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string()).and_then(|()| measure(&folder, count));
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        eprintln!("{}: {error}", folder.display());
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(folder: &Path, count: u32) -> Result<(), String> {
    println!("{:<22} {:>12} {:>14} {:>22}", "CA key, client key", "ours", "openssl", "openssl, less starting");
    for ca_key in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256] {
        for client in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256] {
            let user = template("User");
            let ask = Ask { form: Form::Pkcs10, ..Ask::for_template(&user, key("client", client)) };
            let mut ca = lab::ca(ca_key, vec![user]);
            write(folder, "request.der", &ask.request())?;
            write(folder, "ca.cer", ca.identity().certificate())?;
            write(folder, "ca.key", &ca.identity().private_key().pkcs8_der())?;

            let begin = Instant::now();
            for number in 0..count {
                let request = std::fs::read(folder.join("request.der")).map_err(|error| error.to_string())?;
                let submission = Submission { ca: CA.into(), request, ..ask.submission() };
                let reply = ca.submit(start(), &alice(), &submission);
                write(folder, &format!("{number}.cer"), &reply.certificate.ok_or(reply.message)?)?;
            }
            let ours = f64::from(count) / begin.elapsed().as_secs_f64();

            let begin = Instant::now();
            for number in 0..count {
                let arguments = [
                    "x509",
                    "-req",
                    "-inform",
                    "DER",
                    "-in",
                    "request.der",
                    "-CA",
                    "ca.cer",
                    "-CAkey",
                    "ca.key",
                    "-days",
                    "365",
                    "-outform",
                    "DER",
                ];
                run(
                    folder,
                    Command::new("openssl").args(arguments).args([
                        "-set_serial",
                        &(number + 1).to_string(),
                        "-out",
                        &format!("{number}.cer"),
                    ]),
                )?;
            }
            let whole = begin.elapsed();
            let begin = Instant::now();
            for _ in 0..count {
                run(folder, Command::new("openssl").arg("version"))?;
            }
            let net = whole.saturating_sub(begin.elapsed()).as_secs_f64().max(1e-9);
            let keys = format!("{ca_key}, {client}");
            println!(
                "{keys:<22} {ours:>10.0}/s {:>12.0}/s {:>20.0}/s",
                f64::from(count) / whole.as_secs_f64(),
                f64::from(count) / net
            );
        }
    }
    Ok(())
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), String> {
    std::fs::write(folder.join(name), content).map_err(|error| format!("{name}: {error}"))
}

fn run(folder: &Path, command: &mut Command) -> Result<(), String> {
    let output = command.current_dir(folder).output().map_err(|error| format!("openssl: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
