//! Worlds with much of one thing: built, and a user logs on who needs nothing.

use autoenroll_model::{Ace, AceEffect, SecurityDescriptor, SimTime};
use autoenroll_world::WorldSpec;
use autoenroll_world::spec::GroupSpec;

use crate::stage;
use crate::{Ready, Work};

pub(crate) const WORKS: &[Work] = &[
    Work { name: "templates", size: "templates", prepare: |size| first_logon(templates(size)) },
    Work { name: "cas", size: "CAs with P-256 keys", prepare: |size| first_logon(authorities(size)) },
    Work {
        name: "access",
        size: "entries of an access control list, and as many groups of the user",
        prepare: |size| first_logon(access(size)),
    },
    Work {
        name: "nested-groups",
        size: "groups, each a member of the next",
        prepare: |size| first_logon(nested(size)),
    },
];

fn first_logon(spec: WorldSpec) -> Ready {
    Box::new(move || {
        let mut world = stage::world(spec);
        stage::log_on(&mut world, "alice", "WKS01");
        stage::until(&mut world, SimTime::START);
        stage::done(world)
    })
}

fn templates(size: u64) -> WorldSpec {
    let table = "[[world.template]]\nname = \"Own\"\nbased-on = \"User\"\n";
    let mut spec = stage::spec("", table);
    let like = spec.templates.iter().find(|template| template.template.name == "Own").cloned().expect("as written");
    for number in 0..size {
        let mut more = like.clone();
        more.template.name = format!("Own{number}");
        more.template.display_name.clone_from(&more.template.name);
        let oid = more.template.oid.as_ref().expect("a copy has an identifier of its own");
        more.template.oid = Some(format!("{}.{number}", oid.as_str()).parse().expect("one more arc"));
        for authority in &mut spec.authorities {
            authority.templates.push(more.template.name.clone());
        }
        spec.templates.push(more);
    }
    spec
}

fn authorities(size: u64) -> WorldSpec {
    let mut spec = stage::spec("", "[[world.ca]]\nname = \"Contoso Issuing CA\"\nkey = \"p-256\"\n");
    let like = spec.authorities.first().cloned().expect("the world has a CA");
    for number in 0..size {
        let mut more = like.clone();
        more.name = format!("CA {number}");
        more.host = Some(format!("ca{number}.contoso.test"));
        for names in [&mut spec.domain.trust.roots, &mut spec.domain.trust.ca, &mut spec.domain.trust.ntauth] {
            names.push(more.name.clone());
        }
        spec.authorities.push(more);
    }
    spec
}

fn access(size: u64) -> WorldSpec {
    let mut spec = stage::small();
    let mut entries = Vec::new();
    for number in 0..size {
        let relative = u32::try_from(number).unwrap_or(u32::MAX / 2) + 10_000;
        let sid = spec.domain.account(relative);
        spec.groups.push(GroupSpec { name: format!("Group {number}"), sid, members: vec!["alice".into()] });
        let trustee = spec.domain.account(relative + 0x0100_0000);
        let mask = autoenroll_model::rights::FULL;
        entries.push(Ace::new(AceEffect::Allow, trustee, mask));
    }
    for template in &mut spec.templates {
        template.template.security = SecurityDescriptor { owner: None, dacl: Some(entries.clone()) };
    }
    spec
}

fn nested(size: u64) -> WorldSpec {
    let mut spec = stage::small();
    let mut member = "alice".to_owned();
    for number in 0..size {
        let sid = spec.domain.account(u32::try_from(number).unwrap_or(u32::MAX / 2) + 10_000);
        let name = format!("Group {number}");
        spec.groups.push(GroupSpec { name: name.clone(), sid, members: vec![member] });
        member = name;
    }
    spec
}
