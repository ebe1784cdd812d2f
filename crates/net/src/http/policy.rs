//! The policy server ([MS-XCEP]).

use autoenroll_model::FileTime;
use autoenroll_world::spec::PolicyServiceSpec;

use super::ask::Ask;
use super::paths::{Authentication, uris};
use super::{Connection, Web, broken};
use crate::live::LiveWorld;
use crate::soap::{self, Envelope, Fault, xml};
use crate::{wstep, xcep};

impl Web {
    /// Answers a GetPolicies.
    pub(super) fn policies(
        &self,
        connection: &mut Connection,
        ask: &Ask,
        authentication: Authentication,
        service: Option<&PolicyServiceSpec>,
    ) -> Result<String, Fault> {
        let document = xml::parse(ask.message()?)?;
        let envelope = Envelope::read(&document)?;
        if envelope.action != xcep::GET_POLICIES {
            return Err(envelope.unsupported_action());
        }
        let answered = self.live.with(|world| {
            let caller = self.sender(connection, ask, authentication, &envelope, world)?;
            let question = xcep::Question::read(envelope.content)?;
            let mut response =
                world.policies_from_outside(&caller, service).map_err(|code| wstep::refused(&code, "", None))?;
            response.not_changed = question.last_update.is_some_and(|asked| self.changed(world) < asked);
            for ca in &mut response.authorities {
                ca.uris = uris(world, &ca.name, &ask.host, ca.priority.unwrap_or(1));
            }
            let published = world.published();
            let answer = xcep::Answer { forest: published.forest(), domain: published.netbios(), response: &response };
            let id = envelope.message_id.as_deref();
            Ok(soap::message(xcep::GET_POLICIES_RESPONSE, id, |writer| answer.write(writer, &question)))
        });
        let answered = answered.unwrap_or_else(|error| Err(broken(&error)));
        answered.map_err(|fault| fault.answering(envelope.message_id.clone()))
    }

    /// When templates or CAs last changed, as far as anybody asked: what has changed since the last question counts as
    /// changed now. A client that asked in the same second gets everything once more.
    fn changed(&self, world: &LiveWorld) -> FileTime {
        let (version, now) = (world.published().usn(), world.wall());
        self.state(|state| match state.changed {
            Some((seen, at)) if seen == version && at <= now => at,
            _ => {
                state.changed = Some((version, now));
                now
            }
        })
    }
}
