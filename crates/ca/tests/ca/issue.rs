//! What an issued certificate says.

use autoenroll_model::Disposition;
use autoenroll_wire::Certificate;

use crate::lab::{Ask, alice, ca, start, template};

#[test]
fn a_cmc_request_becomes_a_certificate() {
    let user = template("User");
    let mut ca = ca(vec![user.clone()]);
    let reply = ca.submit(start(), &alice(), &Ask::for_template(&user).submission());
    assert_eq!(reply.disposition, Disposition::Issued, "{}", reply.message);
    let certificate = Certificate::parse(&reply.certificate.unwrap()).unwrap();
    assert_eq!(certificate.subject.to_string(), "CN=Alice Adams,OU=Staff,DC=contoso,DC=com");
    assert_eq!(certificate.upn().as_deref(), Some("alice@contoso.com"));
}
