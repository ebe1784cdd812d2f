//! A CA whose settled rows are elsewhere answers as one that has them all.

use std::sync::{Arc, Mutex};

use autoenroll_ca::{Ca, RevocationReason, Row, Shelf};
use autoenroll_model::{CaReply, Disposition, Duration, EnrollmentFlags, HResult, Template};
use autoenroll_wire::Certificate;

use crate::lab::{Ask, alice, ca, start, template};

/// Keeps so many octets, and gives them back unless it is broken.
#[derive(Debug)]
struct Crate {
    kept: Mutex<Vec<u8>>,
    room: usize,
    broken: bool,
}

impl Shelf for Crate {
    fn put(&self, octets: &[u8]) -> Option<u64> {
        let mut kept = self.kept.lock().unwrap();
        let at = kept.len();
        (at + octets.len() <= self.room).then(|| {
            kept.extend(octets);
            at as u64
        })
    }

    fn get(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        let at = usize::try_from(at).ok()?;
        let kept = self.kept.lock().unwrap();
        kept.get(at..at + length).filter(|_| !self.broken).map(<[u8]>::to_vec)
    }
}

fn pending() -> Template {
    Template { enrollment_flags: Some(EnrollmentFlags::PEND_ALL_REQUESTS), ..template("Pending") }
}

fn shelved(room: usize, broken: bool) -> (Ca, Arc<Crate>) {
    let (mut ca, shelf) =
        (ca(vec![template("User"), pending()]), Arc::new(Crate { kept: Mutex::default(), room, broken }));
    ca.shelve(shelf.clone());
    (ca, shelf)
}

/// What a client and a manager see of a CA with requests of every state, and what its database has.
fn story(mut ca: Ca) -> (Vec<CaReply>, Vec<Row>, Vec<u8>) {
    let (user, pending) = (template("User"), pending());
    let ask = |template| Ask::for_template(template).submission();
    let asked = [ask(&user), ask(&pending), ask(&pending), ask(&pending), ask(&user), Ask::bare().submission()];
    let mut replies: Vec<CaReply> = asked.iter().map(|asked| ca.submit(start(), &alice(), asked)).collect();
    let later = start() + Duration::HOUR;
    assert_eq!(ca.approve(later, "carol", 2), Ok(Disposition::Issued));
    ca.deny(later, "carol", 3).unwrap();
    for id in [2, 5] {
        let serial = ca.database().row(id).unwrap().serial.clone().unwrap();
        ca.revoke(later, &serial, RevocationReason::KeyCompromise).unwrap();
        assert_eq!(ca.revocation(&serial), Some((later, RevocationReason::KeyCompromise)));
        assert!(ca.revoke(later, &serial, RevocationReason::KeyCompromise).is_err(), "it is revoked already");
    }
    assert!(ca.approve(later, "carol", 1).is_err(), "it is issued already");
    replies.extend((1..=7).map(|id| ca.retrieve(id)));
    let rows = ca.database().rows().map(Arc::unwrap_or_clone).collect();
    (replies, rows, ca.publish_crl(later))
}

#[test]
fn a_ca_answers_alike_wherever_its_rows_are() {
    let here = story(ca(vec![template("User"), pending()]));
    assert_eq!(here.1.len(), 6);
    // All of them, none, and some.
    for room in [usize::MAX, 0, 6_000] {
        let (ca, shelf) = shelved(room, false);
        assert_eq!(story(ca), here, "with room for {room} octets");
        assert_eq!(shelf.kept.lock().unwrap().is_empty(), room == 0);
    }
}

#[test]
fn a_row_that_cannot_be_read_is_one_that_there_is_not() {
    let (mut ca, _) = shelved(usize::MAX, true);
    let reply = ca.submit(start(), &alice(), &Ask::for_template(&template("User")).submission());
    let serial = Certificate::parse(reply.certificate.as_deref().unwrap()).unwrap().serial;
    assert_eq!(ca.retrieve(1).disposition, Disposition::Failed(HResult::CERTSRV_E_PROPERTY_EMPTY));
    assert!(ca.revoke(start(), &serial, RevocationReason::Unspecified).is_err());
}
