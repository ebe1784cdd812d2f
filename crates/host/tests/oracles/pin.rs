//! The PIN and its counter, the admin key, as other people's programs see them.

use crate::desk::{Desk, Line, run};
use crate::life::INITIALISE;

const WRONG: Line =
    run("pkcs15-tool -r 0 --verify-pin --auth-id 80 --pin 00000000").fails(255).says(&["PIN code or key incorrect"]);
const RIGHT: Line = run("pkcs15-tool -r 0 --verify-pin --auth-id 80 --pin 12345678");

const fn tries(says: &'static [&'static str; 1]) -> Line {
    run("pkcs15-tool -r 0 --list-pins").says(says)
}

#[test]
fn a_pin_is_counted_down_blocked_and_unblocked() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[
        INITIALISE,
        tries(&["Tries left     : 3"]),
        WRONG,
        tries(&["Tries left     : 2"]),
        WRONG,
        tries(&["Tries left     : 1"]),
        // A right one restores the counter.
        RIGHT,
        tries(&["Tries left     : 3"]),
        WRONG,
        WRONG,
        WRONG,
        tries(&["Tries left     : 0"]),
        run("pkcs15-tool -r 0 --verify-pin --auth-id 80 --pin 12345678")
            .fails(255)
            .says(&["Authentication method blocked"]),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 -O")
            .fails(1)
            .says(&["CKR_PIN_LOCKED (0xa4)"]),
        run("pkcs11-tool --module $M -L").says(&["user PIN locked"]),
    ]);
    assert_eq!(desk.card().pin.tries_left, 0);
    desk.check(&[
        run("gids-tool -r 0 --unblock --admin-key $B --pin 12345678")
            .fails(1)
            .says(&["AUTHENTICATE_ADMIN", "Security status not satisfied"]),
        tries(&["Tries left     : 0"]),
        run("gids-tool -r 0 --unblock --admin-key $A --pin 12345678").says(&["Unblock PIN done successfully"]),
        tries(&["Tries left     : 3"]),
        RIGHT,
    ]);
    assert_eq!(desk.card().pin.tries_left, 3);
}

#[test]
fn pin_and_admin_key_are_changed() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[
        INITIALISE,
        run("pkcs15-tool -r 0 --change-pin --auth-id 80 --pin 12345678 --new-pin 87654321"),
        run("pkcs15-tool -r 0 --verify-pin --auth-id 80 --pin 87654321"),
        run("pkcs15-tool -r 0 --verify-pin --auth-id 80 --pin 12345678")
            .fails(255)
            .says(&["PIN code or key incorrect"]),
        run("pkcs15-tool -r 0 --change-pin --auth-id 80 --pin 12345678 --new-pin 11112222")
            .fails(3)
            .says(&["tries left: 1"]),
        tries(&["Tries left     : 1"]),
        run("gids-tool -r 0 --change-admin-key --admin-key $A --new-admin-key $B"),
        run("gids-tool -r 0 --unblock --admin-key $A --pin 12345678").fails(1).says(&["Security status not satisfied"]),
        run("gids-tool -r 0 --unblock --admin-key $B --pin 12345678").says(&["Unblock PIN done successfully"]),
        RIGHT,
    ]);
}
