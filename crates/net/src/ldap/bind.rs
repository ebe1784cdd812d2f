//! Binds (RFC 4511 4.2): simple ones with the passwords of accounts, NTLM as "sicily", and nobody in particular.

use rasn_ldap::{AuthenticationChoice, BindRequest, ProtocolOp, ResultCode};

use super::message::{Sicily, bind_response, write_sicily};
use super::session::{Directory, Session};
use crate::accounts::Accounts;
use crate::ntlm;

/// Lets a client say who it is. Whatever comes of it, who it was before counts no more.
pub(super) fn bind(directory: &Directory, session: &mut Session, request: &BindRequest) -> ProtocolOp {
    session.bound = None;
    session.pages.clear();
    if request.version != 3 {
        return bind_response(ResultCode::ProtocolError, "only version 3 is spoken here");
    }
    let password = match &request.authentication {
        AuthenticationChoice::Simple(password) => password.as_ref(),
        AuthenticationChoice::Sasl(sasl) => {
            let why = format!(
                "the mechanism {} is not offered; only simple binds are",
                sasl.mechanism.as_str().escape_debug()
            );
            return bind_response(ResultCode::AuthMethodNotSupported, &why);
        }
        _ => return bind_response(ResultCode::AuthMethodNotSupported, "only simple binds are offered"),
    };
    // A name without a password is nobody in particular, as in Active Directory ([MS-ADTS] 5.1.1.1.1).
    if password.is_empty() {
        return bind_response(ResultCode::Success, "");
    }
    match directory.live.with(|world| directory.accounts.check(world, &request.name, password)) {
        Ok(Some(account)) => {
            session.bound = Some(account);
            bind_response(ResultCode::Success, "")
        }
        // `data 52e` is what clients of Active Directory look for.
        Ok(None) => {
            let why = "80090308: no account has that name and that password, data 52e";
            bind_response(ResultCode::InvalidCredentials, why)
        }
        Err(error) => bind_response(ResultCode::Other, &format!("the world cannot go on: {error}")),
    }
}

/// One of the three binds of NTLM; its answer is written. Sealing and signing do not follow: clients that want them are
/// served over TLS.
pub(super) fn sicily(directory: &Directory, session: &mut Session, id: u32, sent: &Sicily, to: &mut Vec<u8>) {
    session.bound = None;
    session.pages.clear();
    let challenge = session.challenge.take();
    let refused = "80090308: no account has that name and that password, data 52e";
    match sent {
        Sicily::Discovery => write_sicily(id, ResultCode::Success, b"NTLM", "", to),
        Sicily::Negotiate(octets) => {
            let published = directory.live.with(|world| world.published());
            let is_first = matches!(ntlm::Message::read(octets), Some(ntlm::Message::Negotiate));
            let (Ok(published), Some(fresh), true) = (published, ntlm::fresh_challenge(), is_first) else {
                return write_sicily(
                    id,
                    ResultCode::ProtocolError,
                    b"",
                    "no first message of NTLM, or no challenge",
                    to,
                );
            };
            let host = format!("{}.{}", published.controller().unwrap_or("dc").to_lowercase(), published.dns());
            let names = ntlm::Names { netbios: published.netbios(), dns: published.dns(), host: &host };
            session.challenge = Some(fresh);
            write_sicily(id, ResultCode::Success, &ntlm::challenge(fresh, names), "", to);
        }
        Sicily::Response(octets) => {
            let proved = match (ntlm::Message::read(octets), challenge) {
                (Some(ntlm::Message::Authenticate(answer)), Some(challenge)) => {
                    let found = directory.live.with(|world| Accounts::find(world, &answer.user));
                    let password = |account: &String| directory.accounts.passwords.of(account);
                    found.ok().flatten().filter(|account| {
                        password(account).is_some_and(|it| !it.is_empty() && answer.proves(it, challenge))
                    })
                }
                _ => None,
            };
            session.bound = proved;
            match session.bound {
                Some(_) => write_sicily(id, ResultCode::Success, b"", "", to),
                None => write_sicily(id, ResultCode::InvalidCredentials, b"", refused, to),
            }
        }
    }
}
