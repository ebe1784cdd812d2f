//! The KDC of a domain controller of Samba: Heimdal's, with a directory behind it.

use std::fs;
use std::path::Path;

use autoenroll_model::FileTime;

use crate::programs::{LONG_AGO, Programs, run};

/// How it is set up. The realm is always CONTOSO.TEST, and `userPrincipalName` is by itself alice@contoso.test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Samba {
    /// It trusts the CA of the world, and has no revocation list.
    Usual,
    /// It trusts another CA.
    Stranger,
    /// It has the CA's revocation list.
    List,
    /// Nobody has told it to take certificates.
    Off,
    /// It has been told not to look for names in certificates.
    NoNames,
    /// alice has another user principal name.
    OtherName,
    /// The account alice is called otherwise, and its user principal name with it.
    OtherAccount,
    /// The account is disabled.
    Disabled,
    /// The account has expired.
    Expired,
    /// The password has to be changed.
    MustChange,
}

/// As Active Directory writes it.
pub(crate) const REALM: &str = "CONTOSO.TEST";

/// What is needed of Debian's packages, beside what every realm needs.
pub(crate) const NEEDED: [(&str, &str); 4] = [
    ("/usr/sbin/samba", "samba"),
    ("/usr/bin/samba-tool", "samba-common-bin"),
    ("/usr/lib/python3/dist-packages/samba/provision", "python3-samba"),
    ("/usr/share/samba/setup/ad-schema", "samba-ad-provision"),
];

/// And of modules. Without that of the second `samba-tool domain provision` fails at its very end.
pub(crate) const MODULES: [(&str, &str); 2] =
    [("samba/ldb/acl.so", "samba-dsdb-modules"), ("samba/vfs/acl_xattr.so", "samba-vfs-modules")];

impl Samba {
    /// What it needs in its own folder, beside `ca.pem` and `crl.pem`: a copy of the directory that was prepared.
    pub(crate) fn furnish(self, programs: &Programs, wall: FileTime, ground: &Path, here: &Path, ports: [u16; 2]) {
        fs::write(here.join("smb.conf"), smb_conf(here, ports)).unwrap();
        fs::write(here.join("kdc-krb5.conf"), self.kdc_krb5_conf(ground, here)).unwrap();
        // A second line of `pkinit_anchors` does not count.
        let trusts = if self == Self::Stranger { "" } else { "ca.pem" };
        let ground = ground.display();
        let account = match self {
            Self::Usual | Self::Stranger | Self::List | Self::Off | Self::NoNames => ":",
            Self::OtherName => "rename alice --upn=alice.smith@contoso.test",
            Self::OtherAccount => "rename alice --samaccountname=alice.smith --upn=alice.smith@contoso.test",
            Self::Disabled => "disable alice",
            Self::Expired => "setexpiry alice --days=-1",
            Self::MustChange => "setpassword alice --newpassword=Pass.word2 --must-change-at-next-login",
        };
        let account = match account {
            ":" => String::new(),
            change => format!("\nsamba-tool user {change} -s smb.conf -H directory/private/sam.ldb"),
        };
        let lines =
            format!("cp -a {ground}/directory .\nmkdir run\ncat {ground}/kdc-ca.pem {trusts} > anchors.pem{account}");
        run(programs, here, wall, &[], &lines).unwrap();
    }

    fn kdc_krb5_conf(self, ground: &Path, here: &Path) -> String {
        let (ground, here) = (ground.display(), here.display());
        let lines = [
            (self != Self::Off, "enable-pkinit = yes".to_owned()),
            (self == Self::NoNames, "pkinit_principal_in_certificate = no".to_owned()),
            (self == Self::List, format!("pkinit_revoke = FILE:{here}/crl.pem")),
            (true, format!("pkinit_identity = FILE:{ground}/kdc.pem,{ground}/kdc.key")),
            (true, format!("pkinit_anchors = FILE:{here}/anchors.pem")),
        ];
        let lines: String = lines.iter().filter(|(it, _)| *it).map(|(_, line)| format!(" {line}\n")).collect();
        format!(
            "[libdefaults]\n default_realm = {REALM}\n dns_lookup_realm = false\n dns_lookup_kdc = false\n[kdc]\n{lines}"
        )
    }
}

/// A domain with the accounts `alice` and `bob`.
pub(crate) fn prepare(programs: &Programs, ground: &Path) {
    fs::write(ground.join("smb.conf"), smb_conf(ground, [0; 2])).unwrap();
    run(programs, ground, LONG_AGO, &[], DOMAIN).unwrap();
}

/// Attributes of files are kept in a file: those of the file system are not for everybody who is root in a container.
/// The configuration that `provision` writes is not used: it names folders of the machine's own Samba here and there.
const DOMAIN: &str = "\
mkdir directory run
samba-tool domain provision --realm=CONTOSO.TEST --domain=CONTOSO --server-role=dc --dns-backend=NONE \\
  --adminpass=Pass.word1 --targetdir=$PWD/directory --host-name=dc1 --host-ip=127.0.0.1 \\
  --option=posix:eadb=$PWD/directory/eadb.tdb '--option=interfaces = 127.0.0.1/8' '--option=bind interfaces only = yes'
for name in alice bob; do
  samba-tool user create $name Pass.word1 -s smb.conf -H directory/private/sam.ldb
  samba-tool user setexpiry $name --noexpiry -s smb.conf -H directory/private/sam.ldb
done";

/// The KDC alone, at ports of its own, with everything below its folder.
fn smb_conf(here: &Path, [kerberos, password]: [u16; 2]) -> String {
    let here = here.display();
    format!(
        "\
[global]
 netbios name = DC1
 workgroup = CONTOSO
 realm = {REALM}
 server role = active directory domain controller
 server services = kdc
 interfaces = 127.0.0.1/8
 bind interfaces only = yes
 krb5 port = {kerberos}
 kpasswd port = {password}
 private dir = {here}/directory/private
 state directory = {here}/directory/state
 cache directory = {here}/directory/cache
 lock directory = {here}/directory
 binddns dir = {here}/directory/bind-dns
 pid directory = {here}/run
 ncalrpc dir = {here}/run
 ntp signd socket directory = {here}/run
 winbindd socket directory = {here}/run
 log file = {here}/run/log
"
    )
}
