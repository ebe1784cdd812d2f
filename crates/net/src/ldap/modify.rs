//! Modifications (RFC 4511 4.6): `userCertificate` of accounts, and nothing else.

use autoenroll_model::Token;
use autoenroll_world::published::Published;
use rasn_ldap::{ChangeOperation, LdapResult, ModifyRequest, ModifyRequestChanges, ResultCode};

use super::dn;
use super::message::result;
use super::schema;
use super::search::{BIND_FIRST, is_administrator};
use super::session::{Directory, Session};
use super::tree::Object;
use crate::bounds;

/// Why something was not written.
type Refusal = (ResultCode, String);

/// Writes, all of it or nothing.
pub(super) fn modify(
    directory: &Directory,
    session: &Session,
    request: &ModifyRequest,
    permissive: bool,
) -> LdapResult {
    match try_modify(directory, session, request, permissive) {
        Ok(()) => result(ResultCode::Success, "", ""),
        Err((code, why)) => result(code, "", &why),
    }
}

fn try_modify(
    directory: &Directory,
    session: &Session,
    request: &ModifyRequest,
    permissive: bool,
) -> Result<(), Refusal> {
    let refuse = |code, why: &str| Err((code, why.to_owned()));
    let Ok((published, tree)) = directory.now() else { return refuse(ResultCode::Other, "the world cannot go on") };
    let Some(token) = session.token(&published) else { return refuse(ResultCode::OperationsError, BIND_FIRST) };
    if published.controller().is_err() {
        return refuse(ResultCode::Unavailable, "no domain controller of this world answers at present");
    }
    let Some(key) = dn::normal(&request.object) else {
        return refuse(ResultCode::InvalidDnSyntax, "the object is no distinguished name");
    };
    let Some(object) = tree.get(&key).filter(|object| object.is_visible(&token)) else {
        return refuse(ResultCode::NoSuchObject, "there is no such object");
    };
    let account = may_write(object, session, &published, &token)?;
    let known = published.principals().find(|it| it.name == account);
    let mut values = known.map(|it| it.object.certificates.clone()).unwrap_or_default();
    for change in &request.changes {
        apply(change, &mut values, permissive)?;
    }
    if values.len() > bounds::VALUES {
        let why = format!("an object has at most {} certificates here", bounds::VALUES);
        return Err((ResultCode::AdminLimitExceeded, why));
    }
    let written = directory.live.with(|world| world.write_user_certificates(account, values));
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(unknown)) => Err((ResultCode::NoSuchObject, unknown.to_string())),
        Err(error) => Err((ResultCode::Other, format!("the world cannot go on: {error}"))),
    }
}

/// The account of an object, when the client may write to it: its own, or any for an administrator or a publisher of
/// certificates.
fn may_write<'a>(
    object: &'a Object,
    session: &Session,
    published: &Published,
    token: &Token,
) -> Result<&'a str, Refusal> {
    let publishers = format!("{}-517", published.sid()).parse();
    let may = is_administrator(published, token) || publishers.is_ok_and(|sid| token.has(&sid));
    match &object.account {
        Some(account) if may || session.bound.as_ref() == Some(account) => Ok(account),
        Some(_) => {
            let why = "userCertificate can be written by the account itself, Domain Admins and Cert Publishers";
            Err((ResultCode::InsufficientAccessRights, why.to_owned()))
        }
        None => Err((ResultCode::InsufficientAccessRights, "only accounts can be written to".to_owned())),
    }
}

fn apply(change: &ModifyRequestChanges, values: &mut Vec<Vec<u8>>, permissive: bool) -> Result<(), Refusal> {
    let name = change.modification.r#type.split(';').next().unwrap_or_default();
    match schema::attribute(name) {
        Some(of) if of.name == "userCertificate" => {}
        Some(of) => {
            let why = format!("{} cannot be written here, only userCertificate can", of.name);
            return Err((ResultCode::InsufficientAccessRights, why));
        }
        None => {
            return Err((ResultCode::NoSuchAttribute, "the schema has no such attribute".to_owned()));
        }
    }
    let brought: Vec<Vec<u8>> = change.modification.vals.to_vec().into_iter().map(|it| it.as_ref().to_vec()).collect();
    if brought.len() > bounds::VALUES || brought.iter().any(|value| value.len() > bounds::VALUE) {
        let why = format!("at most {} values of {} octets are taken", bounds::VALUES, bounds::VALUE);
        return Err((ResultCode::AdminLimitExceeded, why));
    }
    if brought.iter().any(Vec::is_empty) {
        return Err((ResultCode::InvalidAttributeSyntax, "a certificate has octets".to_owned()));
    }
    match change.operation {
        ChangeOperation::Replace => values.clear(),
        ChangeOperation::Delete if brought.is_empty() => {
            if values.is_empty() && !permissive {
                return Err((ResultCode::NoSuchAttribute, "there is no value to delete".to_owned()));
            }
            values.clear();
        }
        ChangeOperation::Add | ChangeOperation::Delete => {}
    }
    for value in brought {
        let at = values.iter().position(|known| *known == value);
        match (change.operation, at) {
            (ChangeOperation::Delete, Some(at)) => {
                values.remove(at);
            }
            (ChangeOperation::Delete, None) if permissive => {}
            (ChangeOperation::Delete, None) => {
                return Err((ResultCode::NoSuchAttribute, "there is no such value to delete".to_owned()));
            }
            (ChangeOperation::Add, Some(_)) if !permissive => {
                return Err((ResultCode::AttributeOrValueExists, "the value is there already".to_owned()));
            }
            (_, Some(_)) => {}
            (_, None) => values.push(value),
        }
    }
    Ok(())
}
