//! Who asks: by a name and a password in the message or in a header, by NTLM on the connection, by a certificate shown
//! to TLS, or nobody.

use autoenroll_wire::ldif::{from_base64, to_base64};
use autoenroll_world::Caller;

use super::Web;
use super::ask::{Answer, Ask};
use super::paths::Authentication;
use crate::accounts::Accounts;
use crate::live::LiveWorld;
use crate::ntlm;
use crate::soap::{Envelope, Fault, Subcode};

/// A connection: what was said on it counts for what comes on it later.
#[derive(Debug, Default)]
pub struct Connection {
    /// The address of the peer, for the log.
    pub peer: String,
    /// The challenge that was sent and not answered yet.
    challenge: Option<[u8; 8]>,
    /// Who has proved who it is by NTLM.
    proved: Option<String>,
    /// Who asked last.
    told: Option<String>,
}

impl Connection {
    /// A connection with that peer.
    #[must_use]
    pub fn with_peer(peer: &str) -> Self {
        Self { peer: peer.to_owned(), ..Self::default() }
    }

    /// As whom the last question came.
    pub(super) fn told(&self) -> Option<&str> {
        self.told.as_deref()
    }
}

impl Web {
    /// Who sends a message to a service with that authentication.
    ///
    /// # Errors
    /// The fault that answers it.
    pub(super) fn sender(
        &self,
        connection: &mut Connection,
        ask: &Ask,
        authentication: Authentication,
        envelope: &Envelope<'_, '_>,
        world: &LiveWorld,
    ) -> Result<Caller, Fault> {
        let wrong = || Fault::sender("the name or the password is wrong").with(Subcode::FailedAuthentication);
        let caller = match authentication {
            Authentication::Anonymous => Caller::Anonymous,
            Authentication::UserName => {
                let account = match (&envelope.security.username_token, basic(ask)) {
                    (Some(token), _) => self.accounts.check(world, &token.name, token.password.as_bytes()),
                    (None, Some((name, password))) => self.accounts.check(world, &name, password.as_bytes()),
                    (None, None) => {
                        let fault = Fault::sender("this service needs a name and a password");
                        return Err(fault.with(Subcode::InvalidSecurity));
                    }
                };
                Caller::Account(account.ok_or_else(wrong)?)
            }
            Authentication::Certificate => {
                let shown = ask.certificate.as_deref().ok_or_else(|| {
                    Fault::sender("this service needs a certificate of the client").with(Subcode::InvalidSecurity)
                })?;
                let account = world.account_of_certificate(shown).ok_or_else(|| {
                    let reason = "the certificate is none that a CA here has issued and that is valid now";
                    Fault::sender(reason).with(Subcode::FailedAuthentication)
                })?;
                Caller::Account(account)
            }
            Authentication::Kerberos => {
                let fault = Fault::sender("this service would need Kerberos, which is not spoken here");
                return Err(fault.with(Subcode::UnsupportedSecurityToken));
            }
        };
        connection.told = Some(caller.name().to_owned());
        Ok(caller)
    }

    /// Who asks for a page: by Basic each time, or by NTLM once for the connection.
    ///
    /// # Errors
    /// The answer that asks for credentials.
    pub(super) fn reader(&self, connection: &mut Connection, ask: &Ask) -> Result<String, Answer> {
        let header = ask.authorization.as_deref().unwrap_or_default();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        let account = match scheme.to_ascii_lowercase().as_str() {
            "ntlm" | "negotiate" => {
                connection.proved = None;
                self.ntlm(connection, ask, rest)?
            }
            "basic" => basic(ask).and_then(|(name, password)| {
                self.live.with(|world| self.accounts.check(world, &name, password.as_bytes())).ok().flatten()
            }),
            _ => connection.proved.clone(),
        };
        connection.told.clone_from(&account);
        account.ok_or_else(|| self.challenge())
    }

    /// A step of NTLM; the account at its end.
    fn ntlm(&self, connection: &mut Connection, ask: &Ask, token: &str) -> Result<Option<String>, Answer> {
        let message = from_base64(token.trim()).and_then(|octets| ntlm::Message::read(&octets));
        match message {
            Some(ntlm::Message::Negotiate) => {
                let names = self.live.with(|world| {
                    let published = world.published();
                    (published.netbios().to_owned(), published.dns().to_owned())
                });
                let Ok((netbios, dns)) = names else { return Ok(None) };
                let Some(challenge) = ntlm::fresh_challenge() else { return Ok(None) };
                connection.challenge = Some(challenge);
                let host = ask.host_name();
                let names = ntlm::Names { netbios: &netbios, dns: &dns, host };
                let sent = to_base64(&ntlm::challenge(challenge, names));
                Err(Answer::text(401, "").with("www-authenticate", &format!("NTLM {sent}")))
            }
            Some(ntlm::Message::Authenticate(answer)) => {
                let Some(challenge) = connection.challenge.take() else { return Ok(None) };
                let said = match answer.domain.as_str() {
                    "" | "." => answer.user.clone(),
                    domain => format!("{domain}\\{}", answer.user),
                };
                let account = self.live.with(|world| Accounts::find(world, &said)).ok().flatten();
                let password = account.as_deref().and_then(|account| self.accounts.passwords.of(account));
                let proved =
                    password.is_some_and(|password| !password.is_empty() && answer.proves(password, challenge));
                connection.proved = account.filter(|_| proved);
                Ok(connection.proved.clone())
            }
            None => Ok(None),
        }
    }

    fn challenge(&self) -> Answer {
        let realm = self.live.with(|world| world.published().dns().to_owned()).unwrap_or_default();
        Answer::text(401, "a name and a password are needed\n")
            .with("www-authenticate", "NTLM")
            .with("www-authenticate", &format!("Basic realm=\"{realm}\""))
    }
}

/// Name and password of `Authorization: Basic` (RFC 7617).
fn basic(ask: &Ask) -> Option<(String, String)> {
    let (scheme, token) = ask.authorization.as_deref()?.split_once(' ')?;
    let octets = from_base64(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (name, password) = std::str::from_utf8(&octets).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
