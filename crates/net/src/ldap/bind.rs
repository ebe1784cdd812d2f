//! Binds (RFC 4511 4.2): simple ones with the passwords of accounts, and nobody in particular.

use rasn_ldap::{AuthenticationChoice, BindRequest, ProtocolOp, ResultCode};

use super::message::bind_response;
use super::session::{Directory, Session};

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
