//! What `ldapsearch` prints of a directory is imported as the directory is, whatever it is asked to leave out. A slapd
//! of its own holds the directory; it listens on a socket of the file system only.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::suite;
use autoenroll_import::{Format, Half, Import, read};
use autoenroll_oracles::templates::{Generation, directory};
use autoenroll_oracles::tools::{self, OpenLdap};

const SERVICES: &str = "CN=Public Key Services,CN=Services,CN=Configuration,DC=contoso,DC=test";

/// Attributes of templates and services, each with the syntax that Active Directory gives it.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("displayName", TEXT),
    ("flags", INTEGER),
    ("revision", INTEGER),
    ("pKIDefaultKeySpec", INTEGER),
    ("pKIKeyUsage", OCTETS),
    ("pKIMaxIssuingDepth", INTEGER),
    ("pKICriticalExtensions", TEXT),
    ("pKIExpirationPeriod", OCTETS),
    ("pKIOverlapPeriod", OCTETS),
    ("pKIExtendedKeyUsage", TEXT),
    ("pKIDefaultCSPs", TEXT),
    ("msPKI-RA-Signature", INTEGER),
    ("msPKI-Enrollment-Flag", INTEGER),
    ("msPKI-Private-Key-Flag", INTEGER),
    ("msPKI-Certificate-Name-Flag", INTEGER),
    ("msPKI-Minimal-Key-Size", INTEGER),
    ("msPKI-Template-Schema-Version", INTEGER),
    ("msPKI-Template-Minor-Revision", INTEGER),
    ("msPKI-Cert-Template-OID", TEXT),
    ("msPKI-Supersede-Templates", TEXT),
    ("msPKI-RA-Policies", TEXT),
    ("msPKI-RA-Application-Policies", TEXT),
    ("msPKI-Certificate-Policy", TEXT),
    ("msPKI-Certificate-Application-Policy", TEXT),
    ("nTSecurityDescriptor", OCTETS),
    ("dNSHostName", TEXT),
    ("cACertificate", OCTETS),
    ("certificateTemplates", TEXT),
];
const TEXT: &str = "1.3.6.1.4.1.1466.115.121.1.15";
const INTEGER: &str = "1.3.6.1.4.1.1466.115.121.1.27";
const OCTETS: &str = "1.3.6.1.4.1.1466.115.121.1.40";

/// A running server, which ends with this.
struct Server {
    child: Child,
    url: String,
    client: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// # Panics
    /// When it does not come up within ten seconds.
    fn start(ldap: &OpenLdap, directory: &Import) -> Self {
        let folder = suite::new_folder("slapd");
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("the folder was made for this");
            path
        };
        std::fs::create_dir_all(folder.join("db")).expect("the folder was made for this");
        let configuration = write("slapd.conf", &configuration(ldap, &folder));
        let mut content = String::new();
        for (name, dn) in [
            ("Public Key Services", SERVICES.to_owned()),
            ("Certificate Templates", format!("CN=Certificate Templates,{SERVICES}")),
            ("Enrollment Services", format!("CN=Enrollment Services,{SERVICES}")),
        ] {
            let _ = write!(content, "dn: {dn}\nobjectClass: container\ncn: {name}\n\n");
        }
        content += &directory.to_ldif("CN=Configuration,DC=contoso,DC=test");
        let content = write("content.ldif", &content);
        let mut loader = Command::new(&ldap.server);
        let _ = tools::printed(loader.args(["-Ta", "-f"]).arg(&configuration).arg("-l").arg(&content));

        let socket = folder.join("socket");
        let url = format!("ldapi://{}", socket.display().to_string().replace('/', "%2F"));
        let mut server = Command::new(&ldap.server);
        server.args(["-d", "0", "-h", &url, "-f"]).arg(&configuration).stderr(Stdio::null());
        let child = server.spawn().expect("slapd is there");
        let server = Self { child, url, client: ldap.client.clone() };
        let begun = Instant::now();
        while !socket.exists() {
            assert!(begun.elapsed() < Duration::from_secs(10), "slapd does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn search(&self, arguments: &[&str]) -> String {
        let mut client = Command::new(&self.client);
        tools::printed(client.args(["-x", "-H", &self.url, "-b", SERVICES]).args(arguments))
    }
}

fn configuration(ldap: &OpenLdap, folder: &Path) -> String {
    let mut text =
        String::from("attributetype ( 0.9.2342.19200300.100.1.25 NAME 'dc' SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )\n");
    for (number, (name, syntax)) in (1..).zip(ATTRIBUTES) {
        let _ = writeln!(text, "attributetype ( 1.3.6.1.4.1.99999.1.{number} NAME '{name}' SYNTAX {syntax} )");
    }
    let all: Vec<&str> = ATTRIBUTES.iter().map(|(name, _)| *name).collect();
    for (number, class) in (1..).zip(["container", "pKICertificateTemplate", "pKIEnrollmentService"]) {
        let may = all.join(" $ ");
        let _ = writeln!(
            text,
            "objectclass ( 1.3.6.1.4.1.99999.2.{number} NAME '{class}' SUP top STRUCTURAL MUST cn MAY ( {may} ) )"
        );
    }
    let (modules, db) = (ldap.modules.display(), folder.join("db"));
    let db = db.display();
    text + &format!("modulepath {modules}\nmoduleload back_mdb\ndatabase mdb\nsuffix \"{SERVICES}\"\ndirectory {db}\n")
}

/// What an answer says, in the order of names: a server gives objects in an order of its own.
fn said(text: &str) -> Import {
    assert_eq!(Format::of(text.as_bytes()), Some(Format::Ldif), "{text}");
    let mut import = read("answer", text.as_bytes(), Half::User).unwrap_or_else(|error| panic!("{error}\n{text}"));
    import.templates.sort_by(|one, other| one.template.name.cmp(&other.template.name));
    import
}

#[test]
fn ldapsearch_is_imported_as_the_directory_is() {
    let Some(ldap) = tools::openldap() else { return };
    let mut directory = directory(Generation::Later);
    directory.templates.sort_by(|one, other| one.template.name.cmp(&other.template.name));
    let server = Server::start(&ldap, &directory);

    for form in [&["-LLL"][..], &["-L"], &[], &["-LLL", "-o", "ldif-wrap=no"], &["-z", "0", "(cn=*)"]] {
        let import = said(&server.search(form));
        let templates = |import: &Import| import.templates.iter().map(|one| one.template.clone()).collect::<Vec<_>>();
        assert_eq!(templates(&import), templates(&directory), "{form:?}");
        assert_eq!(import.authorities, directory.authorities, "{form:?}");
    }

    // What was not asked for is absent, and told.
    let import =
        said(&server.search(&["-LLL", "(objectClass=pKICertificateTemplate)", "cn", "flags", "msPKI-Enrollment-Flag"]));
    assert_eq!(import.templates.len(), directory.templates.len());
    for (part, whole) in import.templates.iter().zip(&directory.templates) {
        assert_eq!(part.template.name, whole.template.name);
        assert_eq!(part.template.flags, whole.template.flags);
        assert_eq!(part.template.enrollment_flags, whole.template.enrollment_flags);
        assert!(!part.says("pKIExpirationPeriod") && !part.says("revision"), "{part:?}");
        let told = |finding: &&autoenroll_import::Finding| {
            finding.object == part.template.name && finding.attribute.contains("pKIExpirationPeriod, pKIOverlapPeriod")
        };
        assert_eq!(import.findings.iter().filter(told).count(), 1, "{:?}", import.findings);
    }

    // Without a name, a class and a certificate there are a host and the templates still.
    let import =
        said(&server.search(&["-LLL", "(objectClass=pKIEnrollmentService)", "dNSHostName", "certificateTemplates"]));
    let ([part], [whole]) = (&import.authorities[..], &directory.authorities[..]) else { panic!("one CA") };
    assert_eq!(part.authority.name, whole.authority.name);
    assert_eq!(part.authority.host, whole.authority.host);
    assert_eq!(part.authority.templates, whole.authority.templates);
    assert!(part.authority.certificate.is_empty());
}
