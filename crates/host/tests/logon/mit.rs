//! A KDC of MIT Kerberos, with a database and configuration of its own.

use std::fs;
use std::path::Path;

use crate::programs::{LONG_AGO, Programs, run};

/// How it is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mit {
    /// It trusts the CA of the world, has its list, and takes user principal names and the purpose of a logon with a
    /// card. The realm is written as the name in the certificate is.
    Usual,
    /// It trusts another CA.
    Stranger,
    /// It has no revocation list, and wants one.
    NoList,
    /// It has no revocation list, and wants none.
    NoListWanted,
    /// It takes no user principal names, as when nothing is said.
    NoNames,
    /// It wants the purpose of RFC 4556, as when nothing is said.
    OwnPurpose,
    /// The realm is written in capitals, as Active Directory writes it.
    Capitals,
    /// The same, and the database says that the subject is alice's.
    CapitalsAndSubject,
}

impl Mit {
    /// The realm, as the KDC writes it.
    pub(crate) const fn realm(self) -> &'static str {
        if matches!(self, Self::Capitals | Self::CapitalsAndSubject) { "CONTOSO.TEST" } else { "contoso.test" }
    }

    /// What it needs in its own folder, beside `ca.pem` and `crl.pem`.
    pub(crate) fn furnish(self, ground: &Path, here: &Path, port: u16) {
        for entry in fs::read_dir(ground.join(self.realm())).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), here.join(entry.file_name())).unwrap();
        }
        fs::write(here.join("kdc.conf"), kdc_conf(here, ground, port, self)).unwrap();
        fs::write(here.join("kdc-krb5.conf"), kdc_krb5_conf(here, self)).unwrap();
    }
}

/// What is needed of Debian's packages, beside what every realm needs.
pub(crate) const NEEDED: [(&str, &str); 2] =
    [("/usr/sbin/krb5kdc", "krb5-kdc"), ("/usr/sbin/kadmin.local", "krb5-admin-server")];

/// A database for each way to write the realm.
pub(crate) fn prepare(programs: &Programs, ground: &Path) {
    for realm in ["contoso.test", "CONTOSO.TEST"] {
        let here = ground.join(realm);
        fs::create_dir(&here).unwrap();
        fs::write(here.join("kdc.conf"), database_conf(&here, realm)).unwrap();
        let own = here.join("kdc.conf").display().to_string();
        run(programs, &here, LONG_AGO, &[("R", realm), ("KRB5_CONFIG", &own)], DATABASE).unwrap();
    }
}

/// Alice's certificates are known by their subject, too, where a KDC looks at that.
const DATABASE: &str = "\
kdb5_util create -s -r $R -P master
printf '%s\\n' 'addprinc -nokey +requires_preauth alice' 'addprinc -nokey +requires_preauth bob' \\
  'set_string alice pkinit_cert_match <SUBJECT>CN=alice$' | kadmin.local -r $R";

fn database_conf(here: &Path, realm: &str) -> String {
    let here = here.display();
    format!("[realms]\n {realm} = {{\n  database_name = {here}/principal\n  key_stash_file = {here}/stash\n }}\n")
}

fn kdc_conf(here: &Path, kdc: &Path, port: u16, setup: Mit) -> String {
    let (here, kdc, realm) = (here.display(), kdc.display(), setup.realm());
    let unless = |other: Mit, line: String| if setup == other { String::new() } else { line };
    let world = unless(Mit::Stranger, format!("pkinit_anchors = FILE:{here}/ca.pem"));
    let names = unless(Mit::NoNames, "pkinit_allow_upn = true".to_owned());
    let purpose = unless(Mit::OwnPurpose, "pkinit_eku_checking = scLogin".to_owned());
    let wants = unless(Mit::NoListWanted, "pkinit_require_crl_checking = true".to_owned());
    let listed = !matches!(setup, Mit::NoList | Mit::NoListWanted);
    let list = if listed { format!("pkinit_revoke = FILE:{here}/crl.pem") } else { String::new() };
    format!(
        "\
[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {here}/principal
  key_stash_file = {here}/stash
  pkinit_identity = FILE:{kdc}/kdc.pem,{kdc}/kdc.key
  pkinit_anchors = FILE:{kdc}/kdc-ca.pem
  {wants}
  {world}
  {names}
  {purpose}
  {list}
 }}
"
    )
}

fn kdc_krb5_conf(here: &Path, setup: Mit) -> String {
    let here = here.display();
    // What maps a certificate: names in it, and what the database says. The second alone, or the first alone.
    let without = if setup == Mit::CapitalsAndSubject { "pkinit_san" } else { "dbmatch" };
    format!("[logging]\n kdc = FILE:{here}/kdc.log\n[plugins]\n certauth = {{\n  disable = {without}\n }}\n")
}
