//! The directory over sockets, for peers that mean no good: each gets the protocol's own answer, and others are served.
#![expect(clippy::panic, clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use autoenroll_model::Profile;
use autoenroll_net::ldap::{self, Directory, Tls};
use autoenroll_net::{Accounts, Live, Pace, Passwords, bounds};
use autoenroll_world::WorldSpec;
use autoenroll_world::spec::UserSpec;
use rasn::types::SetOf;
use rasn_ldap::{
    AttributeValueAssertion, AuthenticationChoice, BindRequest, Control, Filter, LdapMessage, MatchingRuleAssertion,
    ProtocolOp, ResultCode, SearchRequest, SearchRequestDerefAliases, SearchRequestScope, SubstringChoice,
    SubstringFilter,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Serves a domain with one user, in tasks of the present runtime.
async fn serve() -> SocketAddr {
    let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
    spec.users = vec![UserSpec::named("alice", 1104, &spec.domain)];
    let live = Arc::new(Live::new(spec, Pace::Frozen).unwrap());
    let accounts = Accounts { passwords: Passwords { common: Some("secret".to_owned()), ..Passwords::default() } };
    let directory = Arc::new(Directory::new(live, accounts).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(ldap::serve(listener, directory, Tls::None));
    at
}

struct Client(TcpStream);

impl Client {
    async fn connect(at: SocketAddr) -> Self {
        Self(TcpStream::connect(at).await.unwrap())
    }

    /// Sends octets; the next message that comes, or nothing when the connection ends.
    async fn say(&mut self, octets: &[u8]) -> Option<LdapMessage> {
        // Somebody who was hung up on cannot say more.
        let _ = self.0.write_all(octets).await;
        self.hear().await
    }

    async fn hear(&mut self) -> Option<LdapMessage> {
        let mut came = Vec::new();
        loop {
            if let Ok(message) = rasn::ber::decode(&came) {
                return Some(message);
            }
            match self.0.read_u8().await {
                Ok(octet) => came.push(octet),
                Err(_) => return None,
            }
        }
    }

    async fn bind(&mut self) -> ResultCode {
        match self.say(&bind()).await.unwrap().protocol_op {
            ProtocolOp::BindResponse(answer) => answer.result_code,
            other => panic!("{other:?}"),
        }
    }

    /// The outcome of a search, and how many entries there were.
    async fn search(&mut self, filter: Filter) -> (usize, ResultCode) {
        let mut message = self.say(&search(filter)).await;
        let mut entries = 0;
        loop {
            match message.expect("an answer").protocol_op {
                ProtocolOp::SearchResEntry(_) => entries += 1,
                ProtocolOp::SearchResDone(done) => return (entries, done.0.result_code),
                other => panic!("{other:?}"),
            }
            message = self.hear().await;
        }
    }
}

fn bind() -> Vec<u8> {
    let password = AuthenticationChoice::Simple(b"secret"[..].into());
    let request = BindRequest::new(3, "CONTOSO\\alice".into(), password);
    rasn::ber::encode(&LdapMessage::new(1, ProtocolOp::BindRequest(request))).unwrap()
}

fn search(filter: Filter) -> Vec<u8> {
    let request = SearchRequest::new(
        "DC=contoso,DC=com".into(),
        SearchRequestScope::WholeSubtree,
        SearchRequestDerefAliases::DerefAlways,
        0,
        0,
        false,
        filter,
        vec!["cn".into()],
    );
    let mut message = LdapMessage::new(2, ProtocolOp::SearchRequest(request));
    message.controls = Some(vec![Control::new(b"1.2.3"[..].into(), false, None)]);
    rasn::ber::encode(&message).unwrap()
}

fn is_alice() -> Filter {
    Filter::EqualityMatch(AttributeValueAssertion::new("sAMAccountName".into(), b"ALICE"[..].into()))
}

fn nested(depth: usize) -> Filter {
    (1..depth).fold(is_alice(), |filter, _| Filter::And(SetOf::from(vec![filter])))
}

#[tokio::test]
async fn two_hundred_clients_at_once_are_answered() {
    let at = serve().await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        clients.push(Client::connect(at).await);
    }
    let work = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            assert_eq!(client.bind().await, ResultCode::Success);
            assert_eq!(client.search(is_alice()).await, (1, ResultCode::Success));
        })
    });
    for done in work.collect::<Vec<_>>() {
        done.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_message_ends_with_a_notice() {
    let at = serve().await;
    let too_long = [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF];
    let cases: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0x30, 0x80, 0, 0],
        &too_long,
        &[0x30, 3, 4, 1, 1],
        &[0x30, 5, 2, 1, 0, 0x63, 0],
        &[0x30, 5, 2, 1, 1, 0x7E, 0],
    ];
    for octets in cases {
        let mut client = Client::connect(at).await;
        let notice = client.say(octets).await.unwrap_or_else(|| panic!("no notice for {octets:02x?}"));
        let ProtocolOp::ExtendedResp(answer) = notice.protocol_op else { panic!("another answer") };
        let name = answer.response_name.unwrap();
        assert_eq!((notice.message_id, answer.result_code), (0, ResultCode::ProtocolError), "{octets:02x?}");
        assert_eq!(name.as_ref(), b"1.3.6.1.4.1.1466.20036");
        assert_eq!(client.hear().await, None, "{octets:02x?}");
    }
    assert_eq!(Client::connect(at).await.bind().await, ResultCode::Success);
}

#[tokio::test]
async fn filters_beyond_the_bounds_are_refused_and_the_connection_goes_on() {
    let at = serve().await;
    let mut client = Client::connect(at).await;
    assert_eq!(client.search(is_alice()).await, (0, ResultCode::OperationsError));
    client.bind().await;
    let wide = |terms: usize| Filter::Or(SetOf::from(vec![is_alice(); terms]));
    let cases = [
        (nested(bounds::FILTER_DEPTH), (1, ResultCode::Success)),
        (nested(bounds::FILTER_DEPTH + 1), (0, ResultCode::AdminLimitExceeded)),
        (wide(bounds::FILTER_TERMS - 1), (1, ResultCode::Success)),
        (wide(bounds::FILTER_TERMS), (0, ResultCode::AdminLimitExceeded)),
    ];
    for (filter, expected) in cases {
        assert_eq!(client.search(filter).await, expected);
    }
    // Deeper than the codec goes: the outcome is that of a search all the same.
    let mut octets = vec![0x87, 2, b'c', b'n'];
    for _ in 0..400 {
        let length = u32::try_from(octets.len()).unwrap().to_be_bytes();
        octets = [&[0xA2, 0x84][..], &length, &octets].concat();
    }
    let head = [4, 0, 0x0A, 1, 2, 0x0A, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
    let body = [&head[..], &octets, &[0x30, 0]].concat();
    let wrap = |tag: u8, content: &[u8]| {
        [&[tag, 0x84][..], &u32::try_from(content.len()).unwrap().to_be_bytes(), content].concat()
    };
    let message = wrap(0x30, &[&[2, 1, 9][..], &wrap(0x63, &body)].concat());
    let answer = client.say(&message).await.unwrap();
    let ProtocolOp::SearchResDone(done) = answer.protocol_op else { panic!("another answer") };
    assert_eq!((answer.message_id, done.0.result_code), (9, ResultCode::ProtocolError));
    assert_eq!(client.search(is_alice()).await, (1, ResultCode::Success));
}

/// Of the one account: RFC 4511 4.5.1.7, and the rules of [MS-ADTS] 3.1.1.3.4.4.
#[tokio::test]
async fn filters_hold_or_do_not_or_are_undefined() {
    let at = serve().await;
    let mut client = Client::connect(at).await;
    client.bind().await;
    let term = |name: &str, value: &[u8]| AttributeValueAssertion::new(name.into(), value.into());
    let equal = |name: &str, value: &str| Filter::EqualityMatch(term(name, value.as_bytes()));
    let rule = |rule: &str, name: &str, value: &str| {
        let value = value.as_bytes().into();
        Filter::ExtensibleMatch(MatchingRuleAssertion::new(Some(rule.into()), Some(name.into()), value, false))
    };
    let like = |name: &str, parts: &[(&str, &str)]| {
        let part = |(place, text): &(&str, &str)| match *place {
            "first" => SubstringChoice::Initial(text.as_bytes().into()),
            "last" => SubstringChoice::Final(text.as_bytes().into()),
            _ => SubstringChoice::Any(text.as_bytes().into()),
        };
        Filter::Substrings(SubstringFilter::new(name.into(), parts.iter().map(part).collect()))
    };
    let not = |filter: Filter| Filter::Not(Box::new(filter));
    let all = |filters: Vec<Filter>| Filter::And(SetOf::from(filters));
    let any = |filters: Vec<Filter>| Filter::Or(SetOf::from(filters));
    let undefined = || equal("nonsense", "1");
    let (and, or) = ("1.2.840.113556.1.4.803", "1.2.840.113556.1.4.804");
    let cases = [
        (all(vec![]), true),
        (any(vec![]), false),
        (undefined(), false),
        (not(undefined()), false),
        (any(vec![undefined(), is_alice()]), true),
        (not(all(vec![undefined(), is_alice()])), false),
        (not(all(vec![undefined(), not(is_alice())])), true),
        (equal("objectCategory", "person"), true),
        (equal("objectCategory", "CN=Person, CN=Schema,CN=Configuration,dc=contoso,dc=com"), true),
        (equal("objectCategory", "computer"), false),
        (equal("OBJECTCLASS", "Top"), true),
        (equal("2.5.4.3", "alice"), true),
        (equal("cn;lang-de", "alice"), true),
        (equal("userAccountControl", "0512"), true),
        (equal("userAccountControl", "x"), false),
        (equal("objectSid", "S-1-5-21-1004336348-1177238915-682003330-1104"), true),
        (equal("anr", "ali"), true),
        (equal("anr", "lice"), false),
        (Filter::ApproxMatch(term("cn", b"ALICE")), true),
        (Filter::GreaterOrEqual(term("userAccountControl", b"512")), true),
        (Filter::GreaterOrEqual(term("userAccountControl", b"513")), false),
        (Filter::LessOrEqual(term("userAccountControl", b"513")), true),
        (Filter::LessOrEqual(term("userAccountControl", b"-1")), false),
        (Filter::GreaterOrEqual(term("objectSid", b"\x01")), false),
        (Filter::Present("mail".into()), true),
        (Filter::Present("userCertificate".into()), false),
        (not(Filter::Present("userCertificate".into())), true),
        (like("mail", &[("first", "ALI"), ("any", "@"), ("last", ".com")]), true),
        (like("mail", &[("first", "alice"), ("last", "alice@contoso.com")]), false),
        (like("mail", &[("any", "contoso"), ("any", "alice")]), false),
        (like("distinguishedName", &[("first", "CN=alice")]), false),
        (rule(and, "userAccountControl", "512"), true),
        (rule(and, "userAccountControl", "513"), false),
        (rule(or, "userAccountControl", "513"), true),
        (rule(or, "userAccountControl", "1"), false),
        (rule(and, "cn", "1"), false),
        (rule("1.2.3", "userAccountControl", "512"), false),
    ];
    for (filter, expected) in cases {
        let told = format!("{filter:?}");
        let found = client.search(all(vec![filter, Filter::Present("sAMAccountName".into())])).await;
        assert_eq!(found, (usize::from(expected), ResultCode::Success), "{told}");
    }
}

/// Damaged in every octet, and cut at every octet: an answer, a notice or the end, and no panic.
#[tokio::test]
async fn damaged_messages_do_no_harm() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        told(panic);
    }));
    let at = serve().await;
    let whole = [bind(), search(nested(3))];
    for message in &whole {
        for place in 0..message.len() {
            for damage in [0x01, 0x80, 0xFF] {
                let mut damaged = message.clone();
                damaged[place] ^= damage;
                let mut client = Client::connect(at).await;
                client.0.write_all(&damaged).await.unwrap();
                client.0.shutdown().await.unwrap();
                while client.hear().await.is_some() {}
            }
            let mut client = Client::connect(at).await;
            client.0.write_all(&message[..place]).await.unwrap();
            client.0.shutdown().await.unwrap();
            while client.hear().await.is_some() {}
        }
    }
    assert_eq!(Client::connect(at).await.bind().await, ResultCode::Success);
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}

/// The clock of the runtime goes on by itself when nobody has anything to do, so that nothing waits for real.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_half_a_message_is_hung_up_on() {
    let at = serve().await;
    for (said, limit) in [(&[][..], bounds::IDLE), (&[0x30, 5, 2][..], bounds::MESSAGE_TIME)] {
        let begun = tokio::time::Instant::now();
        let mut client = Client::connect(at).await;
        assert_eq!(client.say(said).await, None);
        let waited = begun.elapsed();
        assert!(waited >= limit && waited < limit + bounds::MESSAGE_TIME * 2, "{waited:?}");
    }
}
