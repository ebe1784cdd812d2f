//! Pending requests, the manager, status queries, revocation, and what the database keeps.

use autoenroll_ca::{Approval, Ca, ManagerError, RequestState, RevocationReason};
use autoenroll_model::{CaReply, Disposition, Duration, EnrollmentFlags, GeneralFlags, HResult, Template};
use autoenroll_wire::Certificate;

use crate::lab::{Ask, alice, ca, start, template};

fn pend_all() -> Template {
    Template { enrollment_flags: Some(EnrollmentFlags::PEND_ALL_REQUESTS), ..template("User") }
}

/// A CA with one request for that template.
fn one_request(template: &Template) -> (Ca, CaReply) {
    let mut ca = ca(vec![template.clone()]);
    let reply = ca.submit(start(), &alice(), &Ask::for_template(template).submission());
    (ca, reply)
}

#[test]
fn a_pending_request_is_issued_when_the_manager_approves() {
    let (mut ca, reply) = one_request(&pend_all());
    assert_eq!((reply.request_id, reply.disposition), (1, Disposition::Pending));
    assert_eq!(reply.message, "Taken under submission");
    assert_eq!((reply.certificate.as_ref(), reply.response.as_ref()), (None, None));
    assert_eq!(ca.retrieve(1), reply, "nothing has changed");

    let later = start() + Duration::days(3);
    assert_eq!(ca.approve(later, "CONTOSO\\carol", 1), Ok(Disposition::Issued));
    let reply = ca.retrieve(1);
    assert_eq!((reply.disposition, reply.message.as_str()), (Disposition::Issued, "Resubmitted by CONTOSO\\carol"));
    let certificate = Certificate::parse(reply.certificate.as_deref().unwrap()).unwrap();
    assert_eq!(certificate.not_before, later, "validity begins with the approval");
    let row = ca.database().row(1).unwrap();
    assert_eq!((row.submitted, row.resolved, row.template.as_deref()), (start(), Some(later), Some("User")));
    assert_eq!(row.serial.as_deref(), Some(certificate.serial.as_slice()));
}

#[test]
fn a_request_that_the_manager_denies_stays_denied() {
    let (mut ca, _) = one_request(&pend_all());
    ca.deny(start() + Duration::HOUR, "CONTOSO\\carol", 1).unwrap();
    let reply = ca.retrieve(1);
    assert_eq!(reply.disposition, Disposition::Denied(HResult::CERTSRV_E_ADMIN_DENIED_REQUEST));
    assert_eq!(reply.message, "Denied by CONTOSO\\carol");
    let state = RequestState::Denied(HResult::CERTSRV_E_ADMIN_DENIED_REQUEST);
    assert_eq!(ca.approve(start(), "CONTOSO\\carol", 1), Err(ManagerError::NotPending { id: 1, state }));
}

#[test]
fn approval_looks_at_rights_and_templates_once_more() {
    let (mut ca, _) = one_request(&pend_all());
    ca.config_mut().templates = Vec::new();
    let denied = Disposition::Denied(HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE);
    assert_eq!(ca.approve(start(), "CONTOSO\\carol", 1), Ok(denied));
    assert_eq!(ca.retrieve(1).disposition, denied);
}

#[test]
fn the_ca_can_pend_what_the_template_does_not() {
    let user = template("User");
    let mut ca = ca(vec![user.clone()]);
    ca.config_mut().approval = Approval::Manager;
    let reply = ca.submit(start(), &alice(), &Ask::for_template(&user).submission());
    assert_eq!(reply.disposition, Disposition::Pending);
}

#[test]
fn actions_on_nothing_are_errors() {
    let (mut ca, reply) = one_request(&template("User"));
    assert_eq!(reply.disposition, Disposition::Issued);
    assert_eq!(ca.approve(start(), "carol", 7), Err(ManagerError::UnknownRequest { id: 7 }));
    assert_eq!(ca.deny(start(), "carol", 1), Err(ManagerError::NotPending { id: 1, state: RequestState::Issued }));
    let serial = vec![1, 2, 3];
    let unknown = ca.revoke(start(), &serial, RevocationReason::Unspecified).unwrap_err();
    assert_eq!(unknown.to_string(), "the CA has issued no certificate 010203 that could be revoked");
    assert_eq!(unknown.code(), HResult::CERTSRV_E_NO_REQUEST);
}

#[test]
fn an_unknown_number_has_no_state() {
    let (mut ca, _) = one_request(&template("User"));
    ca.take_decisions();
    let reply = ca.retrieve(2);
    assert_eq!(reply.disposition, Disposition::Failed(HResult::CERTSRV_E_PROPERTY_EMPTY));
    let decisions = ca.take_decisions();
    assert_eq!((decisions[0].rule.as_str(), decisions[0].outcome), ("CA3.7.11.known", false));
}

#[test]
fn a_revoked_certificate_is_told_and_listed() {
    let (mut ca, reply) = one_request(&template("User"));
    let serial = Certificate::parse(reply.certificate.as_deref().unwrap()).unwrap().serial;
    let when = start() + Duration::HOUR;
    assert_eq!(ca.revocation(&serial), None);
    ca.revoke(when, &serial, RevocationReason::CertificateHold).unwrap();
    assert_eq!(ca.revocation(&serial), Some((when, RevocationReason::CertificateHold)));
    let reply = ca.retrieve(1);
    assert_eq!(reply.disposition, Disposition::Failed(HResult::CRYPT_E_REVOKED));
    assert_eq!(reply.certificate, None);
    assert!(ca.revoke(when, &serial, RevocationReason::Unspecified).is_err(), "it is revoked already");
}

#[test]
fn a_refused_request_has_a_row_with_what_came() {
    let user = template("User");
    let mut ca = ca(vec![user]);
    let submission = Ask { form: crate::lab::Form::Pkcs10, ..Ask::bare() }.submission();
    ca.submit(start(), &alice(), &submission);
    let row = ca.database().row(1).unwrap();
    assert_eq!(
        (row.request.as_slice(), row.requester.dn.as_str()),
        (submission.request.as_slice(), alice().dn.as_str())
    );
    insta::assert_snapshot!(row.message);
}

#[test]
fn a_template_may_ask_that_nothing_is_kept() {
    let user = template("User");
    let passing = Template { flags: GeneralFlags::DO_NOT_PERSIST_IN_DB, ..template("Passing") };
    let mut ca = ca(vec![user.clone(), passing.clone()]);
    let reply = ca.submit(start(), &alice(), &Ask::for_template(&passing).submission());
    assert_eq!((reply.request_id, reply.disposition), (1, Disposition::Issued));
    assert_eq!(ca.database().rows().count(), 0);
    assert_eq!(ca.retrieve(1).disposition, Disposition::Failed(HResult::CERTSRV_E_PROPERTY_EMPTY));
    let reply = ca.submit(start(), &alice(), &Ask::for_template(&user).submission());
    assert_eq!(reply.request_id, 2, "numbers are not given twice");
}

#[test]
fn issued_certificates_are_published_where_the_template_says_so() {
    let published = Template { enrollment_flags: Some(EnrollmentFlags::PUBLISH_TO_DS), ..template("User") };
    let (mut ca, reply) = one_request(&published);
    let publications = ca.take_publications();
    assert_eq!(publications.len(), 1);
    assert_eq!(
        (&publications[0].account, Some(&publications[0].certificate)),
        (&alice().sid, reply.certificate.as_ref())
    );
    assert!(ca.take_publications().is_empty());
    let (mut ca, _) = one_request(&template("User"));
    assert!(ca.take_publications().is_empty());
}

#[test]
fn several_cas_know_nothing_of_each_other() {
    let (one, _) = one_request(&template("User"));
    let mut two = one.clone();
    two.submit(start(), &alice(), &Ask::for_template(&template("User")).submission());
    assert_eq!((one.database().rows().count(), two.database().rows().count()), (1, 2));
}
